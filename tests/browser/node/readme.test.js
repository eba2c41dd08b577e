// The first example of the README runs as it stands there.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { ok } from "../suite/check.js";

test("the first example of the README learns, writes and lists its files", { timeout: 240_000 }, async () => {
  const readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
  const [, example] = readme.match(/```js\n(.*?)```/s);
  const options = { cwd: new URL("..", import.meta.url).pathname };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", example], options);
  ok(/^100 [\d.]+$/m.test(stdout) && stdout.includes("model.safetensors"), `a hundred steps and the files, not ${stdout.slice(-300)}`);
});
