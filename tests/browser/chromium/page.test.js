// The page as `cargo xtask demo` serves it, visited from beginning to end in both languages, with WebGPU and without: told, trained,
// kept, reloaded, continued. No word on the console, no request elsewhere, a main thread that stays free, nothing that axe objects to.

import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { launch, until } from "../browser.js";
import { watch } from "../main-thread.js";
import { serve } from "../server.js";
import { equal, ok } from "../suite/check.js";

const dist = new URL("../../../www/dist", import.meta.url).pathname;
const CSP = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:" };
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const NAMES = {
  fr: {
    tell: "Raconter la suite", one: "Un seul jeton", train: "Entraîner le découpage", stop: "Arrêter", learn: "Entraîner", pause: "Pause", resume: "Reprendre",
    more: "Apprendre encore", keep: "Garder ici", open: "Ouvrir", download: "Télécharger", count: "Compter le texte", go: "Continuer", kernels: "Comparer les noyaux", twins: "Comparer le modèle", plan: "Afficher le plan",
    reason: "Raison", other: "English", software: "simulé par logiciel", none: "aucun GPU ne se présente", back: "Le GPU est revenu", loaded: /^Ouvert\s:/, unavailable: "Aucun GPU n’est utilisable ici", draft: "brouillon", step: "Pas", givenUp: "Arrêté avant le premier pas.", slash: "barre oblique",
  },
  en: {
    tell: "Tell on", one: "One token", train: "Train the tokenizer", stop: "Stop", learn: "Train", pause: "Pause", resume: "Resume",
    more: "Learn some more", keep: "Keep here", open: "Open", download: "Download", count: "Count the text", go: "Continue", kernels: "Compare the kernels", twins: "Compare the model", plan: "Show the plan",
    reason: "Reason", other: "Français", software: "simulated by software", none: "no GPU answers", back: "The GPU is back", loaded: /^Opened:/, unavailable: "No GPU can be opened here", draft: "draft", step: "Step", givenUp: "Stopped before the first step.", slash: "slash",
  },
};
/** Throws where a program is none: also where it declares a name twice. */
const parse = (code) => new (async () => {}).constructor(code.replaceAll(/^import .*$/gm, ""));
const number = (text) => Number(text.replaceAll(/\D/g, ""));

for (const [language, webgpu] of [["fr", true], ["en", false]]) {
  const names = NAMES[language];
  describe(`a visit in ${language}, WebGPU ${webgpu ? "on" : "off"}`, () => {
    let browser, server, page, tasks;
    const said = [];
    const press = (name, within = "body") => page.locator(within).getByRole("button", { name, exact: true }).click();
    /** Lets it tell; a tale may end as soon as it begins, then it tells another. */
    const told = async (place, least) => {
      let tale = "";
      for (let tries = 0; tries < 6 && tale.length < least; tries++) {
        await press(names.tell, place);
        await page.locator(`${place} .row .said:not(:empty)`).waitFor();
        await page.locator(place).getByRole("button", { name: names.tell, exact: true }).waitFor();
        [tale] = await texts(`${place} .tale`);
      }
      return tale;
    };
    /** Chooses a device. Not by a place on the page, which may move, nor `check`: without WebGPU the choice may be taken back before it looks. */
    const choose = (device) => page.locator(`#device-${device}`).evaluate((input) => input.click());
    const texts = (selector) => page.locator(selector).allTextContents();
    const objections = async () => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
    };
    before(async () => {
      server = await serve(dist, { headers: CSP });
      browser = await launch({ webgpu });
      page = await browser.newPage({ locale: language, viewport: { width: 390, height: 844 }, colorScheme: "light" });
      tasks = await watch(page);
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(String(error)));
      page.on("request", (request) => request.url().startsWith(server.url) || request.url().startsWith("blob:") || said.push(`asked ${request.url()}`));
      await page.addInitScript(() => {
        const look = () => (document.querySelector("#tell .bars li") === null ? requestAnimationFrame(look) : (window.alive = performance.now()));
        requestAnimationFrame(look);
      });
      await page.goto(server.url);
    });
    after(async () => {
      await browser?.close();
      server?.close();
    });

    test("it is alive soon after one arrives", { timeout: 60_000 }, async () => {
      await until(page, () => window.alive !== undefined);
      const alive = await page.evaluate(() => window.alive);
      console.log(`alive after ${Math.round(alive)} ms`);
      ok(alive < 5000, "alive within seconds, on a busy machine too");
      equal(await page.evaluate(() => document.documentElement.lang), language);
    });

    test("it says what computes, and why", { timeout: 60_000 }, async () => {
      await page.getByText(names.reason, { exact: true }).waitFor();
      const report = (await texts("#device dd")).join("\n");
      ok(report.includes(webgpu ? names.software : names.none), `the reason, not ${report}`);
    });

    test("the sliders redraw the same logits", { timeout: 20_000 }, async () => {
      const shares = () => page.locator("#tell .bars .number").allTextContents();
      const before = await shares();
      await page.locator("#tell-temperature").fill("2");
      const hot = await shares();
      ok(before[0] !== hot[0], "flatter when hot");
      await page.locator("#tell-top-k").fill("1");
      equal(await page.locator("#tell .bars li:not(.away)").count(), 1, "one is left of top-k 1");
      await page.locator("#tell-top-k").fill("41");
      await page.locator("#tell-temperature").fill("0.8");
      equal(await shares(), before, "the same again");
    });

    test("a token is drawn, one is chosen, and the tale goes on", { timeout: 60_000 }, async () => {
      const sentence = () => page.locator("#tell-sentence").inputValue();
      const first = await sentence();
      await press(names.one, "#tell");
      await until(page, (first) => document.querySelector("#tell-sentence").value.length > first.length, first);
      const second = await sentence();
      await page.locator("#tell .bars button").first().click();
      await until(page, (second) => document.querySelector("#tell-sentence").value.length > second.length, second);
      const third = await sentence();
      const tale = await told("#tell", 60);
      ok(tale.startsWith(third) && tale.length >= 60, `a tale, not ${tale}`);
    });

    test("a tokenizer is trained before one's eyes, and cuts a sentence", { timeout: 60_000 }, async () => {
      await page.locator("#tales").selectOption("100");
      await until(page, () => /\b100\b/.test(document.querySelector(".corpus .note").textContent));
      await press(names.train);
      await page.locator(".strip .token").nth(5).waitFor();
      ok((await page.locator(".merges li").count()) > 100, "merges");
      const sentence = "Le griot raconte, the king listens.";
      await page.locator("#sample").fill(sentence);
      await until(page, (sentence) => [...document.querySelectorAll(".strip .token")].map((token) => token.textContent).join("").replaceAll("␣", " ") === sentence, sentence);
    });

    test("told to stop, it keeps what was learned", { timeout: 20_000 }, async () => {
      await page.locator("#size").fill("1200");
      await press(names.train);
      await page.locator(".merges li").nth(20).waitFor();
      await press(names.stop, "#tokens");
      await page.getByRole("button", { name: names.train, exact: true }).waitFor();
      const learned = number((await texts("#tokens .row .said"))[0].match(/\d[\d\s,\u202f]*/)[0]);
      equal(learned, await page.locator(".merges li").count());
    });

    test("told to stop before the first step, it does not begin", { timeout: 60_000 }, async () => {
      await page.evaluate(([learn, stop]) => {
        for (const name of [learn, stop]) [...document.querySelectorAll("#learn button")].find((one) => one.textContent === name && !one.hidden).click();
      }, [names.learn, names.stop]);
      await page.locator("#learn .said").getByText(names.givenUp, { exact: true }).waitFor();
      equal(await page.locator("#learn .live dd").count(), 0, "no step");
    });

    test("a model is trained, paused, resumed; the loss falls, samples come", { timeout: 120_000 }, async () => {
      await page.locator("#learn").scrollIntoViewIfNeeded();
      await until(page, () => [...document.querySelectorAll(".cost")].every((cost) => /\d\s(s|min|h)\b/.test(cost.textContent)));
      await page.locator("#steps").fill("60");
      await page.locator("#learn").getByRole("button", { name: names.learn, exact: true }).focus();
      await page.keyboard.press("Enter");
      const step = async () => number((await texts("#learn .live dd"))[0].split("/")[0]);
      await until(page, () => document.querySelectorAll("#learn .live dd").length > 0);
      equal(await page.evaluate(() => document.activeElement.textContent), names.pause, "the keyboard is where the button was");
      await page.keyboard.press("Enter");
      await new Promise((resolve) => setTimeout(resolve, 250));
      const at = await step();
      await new Promise((resolve) => setTimeout(resolve, 400));
      ok((await step()) - at <= 1, "it rests");
      await press(names.resume, "#learn");
      await page.locator("#learn").getByRole("button", { name: names.learn, exact: true }).waitFor({ timeout: 90_000 });
      equal(await step(), 60);
      const losses = (await page.locator(".plot").getAttribute("aria-label")).match(/\d+[.,]\d+/g).map((n) => Number(n.replace(",", ".")));
      ok(losses[1] < losses[0] - 0.3, `a loss that falls, not ${losses}`);
      ok((await page.locator(".chronicle li").count()) >= 2, "samples");
      ok((await page.locator(".plot canvas").count()) === 1, "a curve");
      equal(await page.evaluate(() => document.activeElement.textContent), names.more, "the keyboard is back");
      await page.locator(".kept").getByText(names.draft, { exact: true }).waitFor();
    });

    test("what is said of a run follows the language", { timeout: 20_000 }, async () => {
      const said = async () => [(await texts("#learn .said"))[0], (await texts("#learn .live dt"))[0]];
      const [sentence, step] = await said();
      equal(step, names.step);
      await press(names.other);
      const [other, otherStep] = await said();
      ok(other !== sentence && number(other) === number(sentence), `another sentence, not ${other}`);
      equal(otherStep, NAMES[language === "fr" ? "en" : "fr"].step);
      await press(NAMES[language === "fr" ? "en" : "fr"].other);
      equal(await said(), [sentence, step]);
      await until(page, () => /\b100\b/.test(document.querySelector(".corpus .note").textContent));
    });

    test("the model just trained carries a sentence on", { timeout: 30_000 }, async () => {
      await page.locator(".hear .bars li").first().waitFor();
      ok((await told(".hear", 30)).length >= 30, "a tale");
    });

    test("a text too short is refused with a sentence", { timeout: 20_000 }, async () => {
      await page.locator("#source-own").check();
      await page.locator("#corpus").fill("Trop court.");
      await press(names.learn, "#learn");
      await page.locator("#learn .alert").first().waitFor();
      equal((await texts("#learn .said"))[0], "", "nothing is getting ready");
      await page.locator("#source-stories").check();
    });

    test("a long text that is pasted is taken as a file is, and not laid out", { timeout: 20_000 }, async () => {
      await page.locator("#source-own").check();
      await page.locator("#corpus").evaluate((area) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", "Le griot raconte.\n".repeat(20_000));
        area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      });
      await until(page, () => /360.000/.test(document.querySelector(".corpus .note").textContent));
      ok((await page.locator("#corpus").inputValue()).length < 3000, "its beginning is shown");
      await page.locator(".corpus button:visible").click();
      equal(await page.locator("#corpus").inputValue(), "");
      await page.locator("#source-stories").check();
    });

    test("sentences are continued by counting", { timeout: 60_000 }, async () => {
      for (const unit of ["words", "tokens"]) {
        await page.locator("#unit").selectOption(unit);
        await press(names.count);
        await page.locator('#counts .primary:not([aria-disabled="true"])').first().waitFor();
        await until(page, () => /\d/.test(document.querySelector("#counts .said").textContent));
        ok((await page.locator("#counts .bars li").count()) > 2, "bars");
        await press(names.go);
        await until(page, () => document.querySelector("#counts .tale").textContent.length > 30);
      }
    });

    test("the code of it all is shown", { timeout: 10_000 }, async () => {
      const [code] = await texts("#code code");
      for (const call of ["device()", "Model.load(", ".next(", "Tokenizer.trainer(", "Model.create(presets.gpt(", "model.train(", "Ngram.train("]) ok(code.includes(call), call);
      parse(code);
    });

    if (!webgpu) {
      test("the code of it all runs as it stands", { timeout: 240_000 }, async () => {
        const [code] = await texts("#code code");
        // Where there is no browser a model is kept on the disk.
        const folder = await mkdtemp(join(tmpdir(), "griot-"));
        const here = code.replaceAll('"opfs:', `"file://${folder}/`).replaceAll(/("file:[^"]+)"/g, '$1/"');
        const options = { cwd: new URL("..", import.meta.url).pathname, maxBuffer: 1 << 26 };
        const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", here], options);
        ok(/^60 \d/m.test(stdout), `sixty steps, not ${stdout.slice(-300)}`);
      });
    }

    test("it is kept, and after a reload it is there again and learns some more", { timeout: 90_000 }, async () => {
      const bars = () => texts(".hear .bars .word");
      await page.locator("#hear-sentence").fill("Marius");
      await until(page, () => document.querySelectorAll(".hear .bars li").length > 0);
      await page.locator("#keep-name").fill("a/b");
      await press(names.keep, "#keep");
      await page.locator("#keep .alert").getByText(names.slash).waitFor();
      await page.locator("#keep-name").fill("veillée");
      await press(names.keep, "#keep");
      await page.locator(".kept").getByText("veillée", { exact: true }).waitFor();
      const before = await bars();
      await page.reload();
      await until(page, () => document.querySelector("#tell .bars li") !== null);
      await press(`${names.open} veillée`, "#keep");
      await page.locator(".hear .bars li").first().waitFor();
      await page.locator("#hear-sentence").fill("Marius");
      await until(page, (before) => [...document.querySelectorAll(".hear .bars .word")].map((word) => word.textContent).join() === before, before.join());
      await page.locator("#tales").selectOption("100");
      await until(page, () => /\b100\b/.test(document.querySelector(".corpus .note").textContent));
      await page.locator("#steps").fill("20");
      await press(names.more, "#learn");
      await until(page, () => /^80\D/.test(document.querySelector("#learn .live dd")?.textContent ?? "") || document.querySelector("#learn .alert:not([hidden])") !== null);
      await page.locator("#learn").getByRole("button", { name: names.more, exact: true }).waitFor({ timeout: 60_000 });
      equal(await texts("#learn .alert:not([hidden])"), []);
      equal(number((await texts("#learn .live dd"))[0].split("/")[0]), 80, "it went on after step 60");
    });

    test("it is downloaded, and opened again", { timeout: 30_000 }, async () => {
      const bars = () => texts(".hear .bars .word");
      const [coming] = await Promise.all([page.waitForEvent("download"), press(names.download, "#keep")]);
      const path = join(await mkdtemp(join(tmpdir(), "griot-")), "model.zip");
      await coming.saveAs(path);
      equal((await readFile(path)).subarray(0, 4).toString("latin1"), "PK\u0003\u0004");
      await page.locator("#hear-sentence").fill("Marius");
      await until(page, () => document.querySelectorAll(".hear .bars li").length > 0);
      const before = await bars();
      await page.locator("#model-files").setInputFiles(path);
      await until(page, (loaded) => loaded.test(document.querySelector("#keep .said").textContent), names.loaded);
      await until(page, () => !document.querySelector("#hear .alert:not([hidden])"));
      equal(await bars(), before, "the same model");
    });

    test("a file that is no model is refused with a sentence", { timeout: 20_000 }, async () => {
      await page.locator("#model-files").setInputFiles({ name: "config.json", mimeType: "application/json", buffer: Buffer.from("{}") });
      await page.locator("#keep .alert").waitFor();
      ok((await texts("#keep .alert"))[0].includes("bad-file"), "its code");
      await page.locator("#model-files").setInputFiles({ name: "model.zip", mimeType: "application/zip", buffer: Buffer.from("no zip") });
      await page.locator("#keep .alert").getByText("bad-file: this is no zip file").waitFor();
    });

    test("another device is chosen by name, and what was held comes along", { timeout: 90_000 }, async () => {
      await choose("webgpu");
      if (webgpu) {
        await until(page, () => document.querySelector("#device dd").textContent.startsWith("WebGPU"));
        await until(page, () => !document.querySelector("#device fieldset").disabled);
        ok((await texts("#tell .note"))[0].includes("WebGPU"), "the storyteller moved");
        await choose("auto");
      } else {
        await page.locator("#device .alert").waitFor();
        ok((await texts("#device .alert"))[0].startsWith(names.unavailable), "a sentence");
      }
      await until(page, () => document.querySelector("#device-auto").checked && !document.querySelector("#device fieldset").disabled);
      await page.locator("#hear-sentence").fill("Il");
      await until(page, () => document.querySelectorAll(".hear .bars li").length > 0);
    });

    if (webgpu) {
      test("a device destroyed in the middle of learning is opened again, and the learning goes on", { timeout: 600_000 }, async () => {
        await choose("webgpu");
        await until(page, () => document.querySelector("#device dd").textContent.startsWith("WebGPU") && !document.querySelector("#device fieldset").disabled);
        await page.locator("#steps").fill("40");
        await press(names.learn, "#learn");
        await until(page, () => Number.parseInt(document.querySelector("#learn .live dd")?.textContent ?? "") >= 2);
        await page.workers()[0].evaluate(() => {
          const { createCommandEncoder } = GPUDevice.prototype;
          GPUDevice.prototype.createCommandEncoder = function (...given) {
            GPUDevice.prototype.createCommandEncoder = createCommandEncoder;
            this.destroy();
            return createCommandEncoder.apply(this, given);
          };
        });
        await page.locator("#device .alert").getByText(names.back).waitFor();
        await until(page, () => Number.parseInt(document.querySelector("#learn .live dd").textContent) >= 4);
        await press(names.stop, "#learn");
        await page.locator("#learn").getByRole("button", { name: names.learn, exact: true }).waitFor();
        equal(await texts("#learn .alert:not([hidden])"), []);
        await choose("auto");
        await until(page, () => document.querySelector("#device-auto").checked && !document.querySelector("#device fieldset").disabled);
      });
    }

    test("a whole model agrees on both players", { timeout: 90_000 }, async () => {
      await press(names.twins);
      await page.locator("#twins table").waitFor({ timeout: 80_000 });
      equal(await page.locator("#twins tbody tr").count(), webgpu ? 2 : 1);
      const losses = await texts("#twins tbody td:nth-child(2)");
      ok(losses.every((loss) => loss === losses[0]), `one loss, not ${losses}`);
    });

    test("the plan of a step is printed", { timeout: 30_000 }, async () => {
      await press(names.plan);
      await page.locator("#plan pre").waitFor();
      const [plan] = await texts("#plan pre");
      ok(plan.includes("attention") && plan.includes("matmul") && plan.split("\n").length > 20, `launches, not ${plan}`);
    });

    test("the code of all that was done declares each name once", { timeout: 10_000 }, async () => {
      const [code] = await texts("#code code");
      for (const call of ["plan(", "document.querySelector(\"input[type=file]\").files"]) ok(code.includes(call), call);
      parse(code);
    });

    test("no task held the main thread for long", { timeout: 60_000 }, async () => {
      const long = await tasks(20);
      console.log(`tasks of 20 ms and more: ${long.length === 0 ? "none" : long.join(", ")}`);
      // Alone on its machine none takes 35; beside a busy twin of its core it takes up to twice as long by this clock too.
      ok(Math.max(0, ...long) < 100, "short tasks");
      // One that does would be seen.
      const other = await browser.newPage();
      const seen = await watch(other);
      await other.goto(server.url);
      await other.evaluate(() => { for (const since = performance.now(); performance.now() - since < 400;); });
      ok(Math.max(0, ...(await seen(20))) >= 50, "a long task");
      await other.close();
    });

    test("axe has nothing to object to, in light and in dark", { timeout: 60_000 }, async () => {
      equal(await objections(), []);
      await page.locator("header .switches button").last().click();
      equal(await objections(), []);
    });

    test("nothing is wider than a telephone", async () => {
      ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it scrolls sideways");
    });

    test("the language and the theme are switched and remembered", { timeout: 20_000 }, async () => {
      await press(names.other);
      const theme = await page.evaluate(() => document.documentElement.dataset.theme);
      await page.reload();
      await page.getByText(NAMES[language === "fr" ? "en" : "fr"].reason, { exact: true }).waitFor();
      equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
    });

    test("nothing was said on the console or asked of another server", () => equal(said, []));

    test("it comes again without a network", { timeout: 60_000 }, async () => {
      await until(page, async () => (await navigator.serviceWorker.ready).active?.state === "activated");
      server.close();
      await page.reload();
      await until(page, () => document.querySelector("#tell .bars li") !== null);
    });
  });
}

test("French sentences do not break before their punctuation", async () => {
  const french = await readFile(new URL("../../../www/src/texts/fr.ts", import.meta.url), "utf8");
  equal(french.split("\n").filter((line) => !line.startsWith("//") && /« | »| [;!?]| :(?=[ "`])/.test(line)), []);
});
