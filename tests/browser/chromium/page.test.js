// The page as `cargo xtask demo` serves it: both languages, every lesson, no word on the console, a main thread that stays free.

import { after, before, describe, test } from "node:test";
import { launch, until } from "../browser.js";
import { serve } from "../server.js";
import { equal, ok } from "../suite/check.js";

const dist = new URL("../../../www/dist", import.meta.url).pathname;
const CSP = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:" };
const NAMES = {
  fr: { train: "Entraîner le découpage", stop: "Arrêter", count: "Compter le texte", go: "Continuer", kernels: "Comparer les noyaux", reason: "Raison", other: "English" },
  en: { train: "Train the tokenizer", stop: "Stop", count: "Count the text", go: "Continue", kernels: "Compare the kernels", reason: "Reason", other: "Français" },
};

for (const [language, names] of Object.entries(NAMES)) {
  describe(`the page in ${language}`, () => {
    let browser, server, page;
    const said = [];
    const press = (name) => page.getByRole("button", { name, exact: true }).click();
    before(async () => {
      server = await serve(dist, { headers: CSP });
      browser = await launch();
      page = await browser.newPage({ locale: language, viewport: { width: 390, height: 844 } });
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(String(error)));
      page.on("request", (request) => request.url().startsWith(server.url) || said.push(`asked ${request.url()}`));
      await page.addInitScript(() => {
        window.longest = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.longest = Math.max(window.longest, e.duration)))).observe({ type: "longtask" });
      });
      await page.goto(server.url);
    });
    after(async () => {
      await browser?.close();
      server?.close();
    });

    test("it says what computes, and why", { timeout: 60_000 }, async () => {
      await page.getByText(names.reason, { exact: true }).waitFor();
      equal(await page.evaluate(() => document.documentElement.lang), language);
      ok((await page.locator("#device dd").nth(1).textContent()).length > 5, "a reason");
    });

    test("a tokenizer is trained before one's eyes, and cuts a sentence", { timeout: 60_000 }, async () => {
      await until(page, () => document.querySelector("#corpus").value.length > 5000);
      await page.evaluate(() => (window.longest = 0));
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
      await press(names.stop);
      await page.getByRole("button", { name: names.train, exact: true }).waitFor();
      const learned = (await page.locator("#tokens .said").first().textContent()).match(/\d[\d\s,\u202f]*/)[0].replaceAll(/\D/g, "");
      equal(Number(learned), await page.locator(".merges li").count());
    });

    test("sentences are continued by counting, by words and by tokens", { timeout: 60_000 }, async () => {
      for (const unit of ["words", "tokens"]) {
        await page.locator("#unit").selectOption(unit);
        await press(names.count);
        await page.locator('#counts .primary:not([aria-disabled="true"])').first().waitFor();
        await until(page, () => /\d/.test(document.querySelector("#counts .said").textContent));
        ok((await page.locator(".bars li").count()) > 2, "bars");
        await press(names.go);
        await until(page, () => document.querySelector(".tale").textContent.length > 30);
      }
      ok((await page.locator("#code code").textContent()).includes("tokenizer })"), "counted by tokens");
    });

    test("the code of it all is shown", { timeout: 10_000 }, async () => {
      const code = await page.locator("#code code").textContent();
      for (const call of ["device()", "Tokenizer.trainer(", "Ngram.train(", "ngram.generate("]) ok(code.includes(call), call);
    });

    test("no work of it held the main thread for a tenth of a second", async () => {
      const longest = await page.evaluate(() => window.longest);
      console.log(`longest task: ${longest === 0 ? "under 50" : longest} ms`);
      ok(longest < 100, "a short task");
    });

    test("nothing is wider than a telephone", async () => {
      ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it scrolls sideways");
    });

    test("the language and the theme are switched and remembered", { timeout: 20_000 }, async () => {
      await press(names.other);
      await page.locator("header button").last().click();
      const theme = await page.evaluate(() => document.documentElement.dataset.theme);
      await page.reload();
      await page.getByText(NAMES[language === "fr" ? "en" : "fr"].reason, { exact: true }).waitFor();
      equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
    });

    test("nothing was said on the console or asked of another server", () => equal(said, []));
  });
}
