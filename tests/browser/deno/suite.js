// The suite in Deno, run by `tests/browser/node/deno.test.js`: prints every case that fails, and how many did not.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as griot from "griot";
import * as lab from "griot/lab";
import { faults } from "../faults.js";
import { serve } from "../server.js";
import { within } from "../suite/check.js";
import { cases } from "../suite/index.js";

const wasm = new URL("../../../pkg/wasm/", import.meta.url);
const golden = async (path) => new Uint8Array(await readFile(new URL(`../../golden/${path}`, import.meta.url))).buffer;
const server = await serve(fileURLToPath(wasm), { answer: faults });
const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "griot-deno-"))}/`);
const context = { griot, lab, settings: {}, bytes: (name) => readFile(new URL(name, wasm)), golden, base: wasm.href.replace(/\/$/, ""), faults: `${server.url}/faults`, folder, isPage: false };

// Deno has WebGPU, and here as a rule a software one: the cases that compile every shader have their place in Chromium.
const here = cases.filter(({ name }) => !name.includes("on the GPU"));
let failed = 0;
for (const { name, run } of here) {
  try {
    await within(60_000, run(context), name);
  } catch (error) {
    failed += 1;
    console.log(`not ok: ${name}\n${error.stack ?? error}`);
  }
}
console.log(`${here.length - failed} of ${here.length} cases`);
await griot.close();
await rm(folder, { recursive: true });
process.exit(failed === 0 ? 0 : 1);
