// The suite in Node, through both entries.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { faults } from "../faults.js";
import { serve } from "../server.js";
import { cases } from "../suite/index.js";

const wasm = new URL("../../../pkg/wasm/", import.meta.url);
const golden = async (path) => new Uint8Array(await readFile(new URL(`../../golden/${path}`, import.meta.url))).buffer;

for (const entry of ["griot", "griot/core"]) {
  // Node's own loader keeps one module per address: each entry gets a runtime of its own only in a process of its own.
  if (process.env.GRIOT_ENTRY === undefined ? entry === "griot" : entry === process.env.GRIOT_ENTRY) {
    const griot = await import(entry);
    const server = await serve(fileURLToPath(wasm), { answer: faults });
    const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "griot-"))}/`);
    const lab = await import("griot/lab");
    const context = { griot, lab, settings: {}, bytes: (name) => readFile(new URL(name, wasm)), golden, base: wasm.href.replace(/\/$/, ""), faults: `${server.url}/faults`, folder, isPage: false };
    describe(`in Node, ${entry}`, () => {
      after(async () => {
        server.close();
        await rm(folder, { recursive: true });
      });
      for (const { name, run } of cases) test(name, { timeout: 60_000 }, () => run(context));
    });
  }
}
