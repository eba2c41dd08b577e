// The package in Deno, with the binary that npm brings.

import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The binary: its package's own command is made by a script that is not run here. */
function deno() {
  const folder = `${root}node_modules/@deno`;
  const found = existsSync(folder) ? readdirSync(folder).flatMap((name) => ["deno", "deno.exe"].map((file) => `${folder}/${name}/${file}`)) : [];
  return process.env.DENO ?? found.find((path) => existsSync(path));
}

function run(...args) {
  const env = { ...process.env, NO_COLOR: "1", XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? "/tmp" };
  return new Promise((resolve, reject) => {
    execFile(deno(), args, { cwd: root, env, maxBuffer: 1 << 24 }, (error, out, err) => (error ? reject(new Error(`${out}\n${err}`)) : resolve(out)));
  });
}

test("the suite in Deno", { timeout: 300_000, skip: deno() === undefined && "no binary of Deno came for this system" }, async () => {
  assert.match(await run("run", "--allow-all", "--no-check", "tests/browser/deno/suite.js"), /^(\d+) of \1 cases$/m);
});
