// How fast a model of 250 MB comes from each place that there is into the CPU device, beside a bare `fetch().arrayBuffer()`, and how much memory
// the page's process, or Node's, takes for it. `node benches/loading.mjs [FOLDER]`: the model is made once in the folder, by the package itself.
// Only the first load of a process makes room for the weights; what the others take is above the weights.
// Chromium is started without a debugger: one that watches the network keeps what passes in the memory that is measured.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { close, Model, presets } from "griot";
import { serve } from "../tests/browser/server.js";

const ROUNDS = 3;
const folder = process.argv[2] ?? join(tmpdir(), "griot-loading");

try {
  statSync(join(folder, "config.json"));
} catch {
  const model = await Model.create(presets.gpt({ layers: 12, heads: 9, width: 576, context: 128, vocabSize: 25_000 }), { device: "cpu" });
  await model.save(pathToFileURL(folder).href);
  await close();
}
const size = statSync(join(folder, "model.safetensors")).size;
const hash = createHash("sha256");
for await (const piece of createReadStream(join(folder, "model.safetensors"))) hash.update(piece);
const digest = hash.digest("hex");

const PAGE = `<!doctype html><title>loading</title><script type="module">
import { close, configure, Model, memory } from "/pkg/dist/index.js";
const mark = async (name, value) => await fetch("/mark", { method: "POST", body: JSON.stringify([name, value]) });
const url = new URLSearchParams(location.search).get("from");
const load = async (source, options) => await (await Model.load(source, { device: "cpu", ...options })).dispose();
const timed = async (name, work) => {
  await mark("begin");
  const began = performance.now();
  await work();
  await mark(name, performance.now() - began);
};
const save = async (name) => {
  const model = await Model.load(url, { device: "cpu", cache: false });
  await model.save(name);
  await model.dispose();
};
const folder = async (name) => await (await (await (await navigator.storage.getDirectory()).getDirectoryHandle("griot")).getDirectoryHandle("models")).getDirectoryHandle(name);
const filesOf = async (handle) => {
  const files = [];
  for await (const one of handle.values()) files.push(await one.getFile());
  return files;
};
await load(location.origin + "/tests/golden/models/gpt2/"); // code is read and compiled once; that is no part of what a load takes
await timed("first load, nothing kept", () => load(url, { cache: false }));
await timed("load, nothing kept", () => load(url, { cache: false }));
await timed("load, kept while it comes", () => load(url));
await timed("load of what is kept", () => load(url));
await save("opfs:conteur");
const handle = await folder("conteur");
const files = await filesOf(handle);
await timed("load of opfs:", () => load("opfs:conteur"));
await timed("load of a folder's handle", () => load(handle));
await timed("load of File[]", () => load(files));
const blobs = Object.fromEntries(await Promise.all(["config.json", "model.safetensors"].map(async (name) => [name, await (await fetch(url + name)).blob()])));
await timed("load of Blobs", () => load(blobs));
await timed("load of Blobs with a digest", () => load(blobs, { integrity: { "model.safetensors": "sha256-${digest}" } }));
await timed("bare fetch().arrayBuffer()", async () => await (await fetch(url + "model.safetensors")).arrayBuffer());
await close();
configure({ worker: false });
await save("opfs:autre"); // the page's thread makes room for the weights
await timed("on the page: load, nothing kept", () => load(url, { cache: false }));
await timed("on the page: load of opfs:", () => load("opfs:conteur"));
await timed("on the page: load of File[]", () => load(files));
await mark("over", (await memory()).wasm);
</script>`;

/** Numbers of /proc about the processes of pages: the one that holds most. */
function processes(profile) {
  return readdirSync("/proc").filter((id) => {
    try {
      const line = readFileSync(`/proc/${id}/cmdline`, "utf8");
      return line.includes("--type=renderer") && line.includes(profile);
    } catch {
      return false;
    }
  });
}
/** The most that one of some processes holds, in bytes. */
const held = (ids, field) => Math.max(...ids.map((id) => 1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0)));

const results = {};

/** One start of the browser. */
async function round() {
  const profile = mkdtempSync(join(tmpdir(), "griot-profile-"));
  let before = 0;
  let over;
  const done = new Promise((resolve) => (over = resolve));
  const answer = (request, response) => {
    if (request.url.startsWith("/bench")) return response.writeHead(200, { "content-type": "text/html" }).end(PAGE), true;
    if (request.url !== "/mark") return false;
    request.setEncoding("utf8").once("data", (body) => {
      const [name, value] = JSON.parse(body);
      const ids = processes(profile);
      if (name === "begin") {
        for (const id of ids) writeFileSync(`/proc/${id}/clear_refs`, "5"); // the peak begins anew
        before = held(ids, "VmRSS");
      } else if (name === "over") over();
      else (results[name] ??= []).push([value, (held(ids, "VmHWM") - before) / 1e6]);
      response.end();
    });
    return true;
  };
  const page = await serve(new URL("..", import.meta.url).pathname, { answer });
  const models = await serve(folder, { headers: { "access-control-allow-origin": "*" } });
  const args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", `--user-data-dir=${profile}`];
  const browser = spawn(process.env.CHROMIUM ?? "/usr/bin/chromium", [...args, `${page.url}/bench?from=${models.url}/`], { stdio: "ignore" });
  await done;
  const gone = new Promise((resolve) => browser.once("exit", resolve));
  browser.kill();
  await gone;
  page.close();
  models.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}

/** Loads from the disk, in this process. */
async function here() {
  const load = async () => await (await Model.load(pathToFileURL(folder), { device: "cpu" })).dispose();
  await load(); // makes room for the weights
  for (let i = 0; i < ROUNDS; i++) {
    writeFileSync("/proc/self/clear_refs", "5");
    const [before, began] = [held(["self"], "VmRSS"), performance.now()];
    await load();
    (results["Node: load of file:"] ??= []).push([performance.now() - began, (held(["self"], "VmHWM") - before) / 1e6]);
  }
}

for (let i = 0; i < ROUNDS; i++) await round();
await here();
console.log(`${size} bytes of weights; milliseconds, and MB of the page's process above what it held before`);
for (const [name, values] of Object.entries(results)) console.log(`${name.padEnd(34)} ${values.map(([ms, mb]) => `${ms.toFixed(0).padStart(6)} ms ${mb.toFixed(0).padStart(4)} MB`).join("  ")}`);
process.exit(0);
