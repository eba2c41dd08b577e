// The suite in Node, through both entries.

import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { cases } from "../suite/index.js";

const wasm = new URL("../../../pkg/wasm/", import.meta.url);
const golden = async (path) => new Uint8Array(await readFile(new URL(`../../golden/${path}`, import.meta.url))).buffer;

for (const entry of ["griot", "griot/core"]) {
  // Node's own loader keeps one module per address: each entry gets a runtime of its own only in a process of its own.
  if (process.env.GRIOT_ENTRY === undefined ? entry === "griot" : entry === process.env.GRIOT_ENTRY) {
    const griot = await import(entry);
    const lab = await import("griot/lab");
    const context = { griot, lab, settings: {}, bytes: (name) => readFile(new URL(name, wasm)), golden, base: wasm.href.replace(/\/$/, ""), isPage: false };
    describe(`in Node, ${entry}`, () => {
      for (const { name, run } of cases) test(name, { timeout: 60_000 }, () => run(context));
    });
  }
}
