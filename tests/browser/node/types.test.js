// The package's types under every setting that the documentation promises.

import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const use = fileURLToPath(new URL("../types/use/use.ts", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const compilers = { latest: "typescript", "5.4": "typescript-5.4" };

/** Runs a compiler; rejects with what it prints. */
function compile(compiler, options) {
  const tsc = fileURLToPath(new URL(`../../../node_modules/${compiler}/bin/tsc`, import.meta.url));
  const strict = ["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "ES2022", "--typeRoots", "tests/browser/types/use"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [tsc, ...strict, ...options, use], { cwd: root }, (error, out) => (error ? reject(new Error(out || String(error))) : resolve()));
  });
}

for (const [name, compiler] of Object.entries(compilers)) {
  for (const lib of ["ES2022", "ES2022,DOM,DOM.Iterable"]) {
    for (const modules of [["--module", "ES2022", "--moduleResolution", "bundler"], ["--module", "node16", "--moduleResolution", "node16"]]) {
      test(`types compile with TypeScript ${name}, lib ${lib}, ${modules[3]}`, () => compile(compiler, ["--lib", lib, ...modules]));
    }
  }
}
