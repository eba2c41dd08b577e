// How fast a model of 250 MB comes from localhost into the CPU device in Chromium, beside a bare `fetch().arrayBuffer()`, and how much memory
// the page's process takes at most. `node benches/loading.mjs [FOLDER]`: the model is made once in the folder, by the package itself.

import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { close, Model, presets } from "griot";
import { launch, until } from "../tests/browser/browser.js";
import { serve } from "../tests/browser/server.js";

const ROUNDS = 3;
const folder = process.argv[2] ?? join(tmpdir(), "griot-loading");
const weights = join(folder, "model.safetensors");

try {
  await readFile(join(folder, "config.json"));
} catch {
  const model = await Model.create(presets.gpt({ layers: 12, heads: 9, width: 576, context: 128, vocabSize: 25_000 }), { device: "cpu" });
  await model.save(pathToFileURL(folder).href);
  await close();
}

const page = await serve(new URL("..", import.meta.url).pathname);
const models = await serve(folder, { headers: { "access-control-allow-origin": "*" } });

/** The most memory that any process of a page has held, and what it holds now, in bytes. */
async function held(session) {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const status = await Promise.all(renderers.map(({ id }) => readFile(`/proc/${id}/status`, "utf8").catch(() => "")));
  const most = (field) => Math.max(...status.map((text) => 1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)?.[1] ?? 0)));
  return { peak: most("VmHWM"), now: most("VmRSS") };
}

const results = {};
const note = (name, value) => (results[name] ??= []).push(value);

for (let round = 0; round < ROUNDS; round++) {
  const browser = await launch({ webgpu: false });
  const session = await browser.newBrowserCDPSession();
  const tab = await browser.newPage();
  await tab.goto(`${page.url}/tests/browser/suite/page.html?mode=worker`);
  await until(tab, () => window.run !== undefined);
  await tab.evaluate(() => griot.device());
  const before = await held(session);
  const timed = async (name, options) => {
    const [ms, wasm] = await tab.evaluate(
      async ([url, options]) => {
        const began = performance.now();
        const model = await griot.Model.load(url, { device: "cpu", ...options });
        const ms = performance.now() - began;
        const { wasm } = await griot.memory();
        await model.dispose();
        return [ms, wasm];
      },
      [`${models.url}/`, options],
    );
    note(name, ms);
    return wasm;
  };
  const wasm = await timed("load, nothing kept", { cache: false });
  const after = await held(session);
  note("process above its start at most, MB", (after.peak - before.now) / 1e6);
  note("wasm memory, MB", wasm / 1e6);
  await timed("load, kept while it comes", {});
  await timed("load of what is kept", {});
  for (const where of ["bare fetch().arrayBuffer()", "bare, again"]) {
    const ms = await tab.evaluate(async (url) => {
      const began = performance.now();
      await (await fetch(url)).arrayBuffer();
      return performance.now() - began;
    }, `${models.url}/model.safetensors`);
    note(where, ms);
  }
  await browser.close();
}

console.log(`${weights}: ${(await readFile(weights)).length} bytes`);
for (const [name, values] of Object.entries(results)) console.log(`${name.padEnd(40)} ${values.map((value) => value.toFixed(0).padStart(7)).join(" ")}`);
page.close();
models.close();
