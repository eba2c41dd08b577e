// The packed package in an application of somebody else: as Vite serves it while one works, as Vite builds it, and as esbuild bundles it.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launch, until } from "../browser.js";
import { serve } from "../server.js";

const pkg = fileURLToPath(new URL("../../../pkg", import.meta.url));
const APP = `
import { configure, device, Model, presets, stories, Tokenizer } from "griot";
if (window.settings) configure(window.settings);
async function run() {
  for await (const story of stories({ language: "fr" })) if (story.length > 0) break;
  for (const story of stories({ language: "en" })) if (story.length > 0) break;
  const tokenizer = await Tokenizer.train("la reine parle la reine", { kind: "char" });
  const model = await Model.create(presets.gpt({ layers: 1, heads: 1, width: 8, context: 8 }), { tokenizer, device: "cpu" });
  const chat = await tokenizer.applyChatTemplate([{ role: "user", content: "la" }], { template: "{{ messages[0].content }}" });
  return [(await device()).kind, (await model.next("la", { top: 1 })).length, chat];
}
run().then((made) => (window.made = made), (error) => (window.made = String(error)));
`;
let browser, app;

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), "griot-app-"));
  app = join(folder, "app");
  const into = join(app, "node_modules", "griot");
  mkdirSync(into, { recursive: true });
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: pkg, encoding: "utf8" }).trim().split("\n").at(-1);
  execFileSync("tar", ["-xzf", join(folder, packed), "--strip-components=1", "-C", into]);
  writeFileSync(join(app, "package.json"), '{ "name": "app", "private": true, "type": "module", "dependencies": { "griot": "*" } }');
  writeFileSync(join(app, "index.html"), '<!doctype html><title>app</title><script type="module" src="./main.js"></script>');
  writeFileSync(join(app, "main.js"), APP);
  browser = await launch({ webgpu: false });
});

after(async () => {
  await browser?.close();
  if (app !== undefined) rmSync(join(app, ".."), { recursive: true });
});

/** What the application made on a page, and that it computed in a worker. */
async function made(url, settings) {
  const page = await browser.newPage();
  if (settings !== undefined) await page.addInitScript((settings) => (window.settings = settings), settings);
  await page.goto(url);
  await until(page, () => window.made !== undefined);
  assert.deepEqual(await page.evaluate(() => window.made), ["cpu", 1, "la"]);
  assert.equal(page.workers().length, 1);
  await page.close();
}

const require = createRequire(new URL("../../../www/package.json", import.meta.url));
const load = async (name) => await import(pathToFileURL(require.resolve(name)).href);
const vite = () => import(new URL("../../../node_modules/vite/dist/node/index.js", import.meta.url).href);

test("a fresh Vite application, while one works on it", { timeout: 120_000 }, async () => {
  const { createServer } = await vite();
  const server = await createServer({ root: app, configFile: false, logLevel: "error", server: { port: 0, host: "127.0.0.1" } });
  try {
    await server.listen();
    await made(`http://127.0.0.1:${server.httpServer.address().port}/`);
  } finally {
    await server.close();
  }
});

test("a fresh Vite application, built", { timeout: 120_000 }, async () => {
  const { build } = await vite();
  await build({ root: app, configFile: false, logLevel: "error", base: "./" });
  const server = await serve(join(app, "dist"));
  await made(server.url).finally(() => server.close());
});

test("bundled by esbuild, with the worker as an entry and the wasm beside", { timeout: 120_000 }, async () => {
  const { build } = await load("esbuild");
  const out = join(app, "bundle");
  await build({ absWorkingDir: app, entryPoints: { main: "./main.js", worker: "griot/worker" }, bundle: true, format: "esm", outdir: out, logLevel: "error" });
  for (const file of ["griot.wasm", "griot-relaxed.wasm", "chat.wasm"]) copyFileSync(join(app, "node_modules/griot/wasm", file), join(out, file));
  mkdirSync(join(out, "wasm"));
  copyFileSync(join(app, "node_modules/griot/wasm/stories.wasm"), join(out, "wasm/stories.wasm")); // the one file whose address is fixed
  copyFileSync(join(app, "index.html"), join(out, "index.html"));
  const server = await serve(out);
  await made(server.url, { wasm: { simd: "/griot.wasm", relaxed: "/griot-relaxed.wasm", chat: "/chat.wasm" } }).finally(() => server.close());
});
