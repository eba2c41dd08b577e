// The suite on a page, in every way the package can be bound there.

import { after, before, describe, test } from "node:test";
import { launch, until } from "../browser.js";
import { faults } from "../faults.js";
import { serve } from "../server.js";
import { cases } from "../suite/index.js";

const root = new URL("../../..", import.meta.url).pathname;
const CSP = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:" };

for (const mode of ["worker", "direct", "core"]) {
  describe(`on a page, ${mode}`, () => {
    let browser, server, page;
    before(async () => {
      // The strictest policy under which the package promises to work is there in every test.
      server = await serve(root, { headers: CSP, answer: faults });
      browser = await launch();
      page = await browser.newPage();
      page.on("pageerror", (error) => console.log(`page error: ${error}`));
      await page.goto(`${server.url}/tests/browser/suite/page.html?mode=${mode}`);
      await until(page, () => window.run !== undefined);
    });
    after(async () => {
      await browser?.close();
      server?.close();
    });
    for (const [index, { name }] of cases.entries()) {
      // A software GPU takes minutes to compile every shader, and the binding does not reach it: once is enough.
      const onGpu = name.includes("on the GPU");
      if (onGpu && mode !== "worker") continue;
      test(name, { timeout: onGpu ? 400_000 : 180_000 }, () => page.evaluate((index) => window.run(index), index));
    }
  });
}
