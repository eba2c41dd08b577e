// Faults of the surroundings: a worker that throws or ends without a word, a package from another origin, no WebGPU.

import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { launch, until } from "../browser.js";
import { serve } from "../server.js";

const root = new URL("../../..", import.meta.url).pathname;
const PAGE = "/tests/browser/suite/page.html?mode=worker";
let browser, server, other;

before(async () => {
  server = await serve(root);
  other = await serve(root, { headers: { "access-control-allow-origin": "*" } });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
  other?.close();
});

async function open(browser, url = `${server.url}${PAGE}`) {
  const page = await browser.newPage();
  await page.goto(url);
  await until(page, () => window.run !== undefined);
  return page;
}

/** Begins a call that would never end, kills the worker, and says how the call ended and how the next one did. */
async function kill(page, how) {
  await page.evaluate(async () => {
    await griot.device();
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    window.call = griot.Tokenizer.train(silent, { kind: "bpe" }).then(() => "resolved", (error) => error.code);
  });
  await page.workers()[0].evaluate(how);
  const code = await page.evaluate(() => Promise.race([window.call, new Promise((resolve) => setTimeout(resolve, 10_000, "hangs"))]));
  const next = await page.evaluate(async () => (await griot.Tokenizer.train("la reine la reine", { kind: "word" })).kind);
  return [code, next];
}

test("a worker that throws outside of any call is replaced, and its calls reject with internal", { timeout: 60_000 }, async () => {
  const page = await open(browser);
  const how = () => void setTimeout(() => { throw new Error("boom"); });
  assert.deepEqual(await kill(page, how), ["internal", "word"]);
  await page.close();
});

test("a worker that ends without a word is noticed and replaced", { timeout: 60_000 }, async () => {
  const page = await open(browser);
  assert.deepEqual(await kill(page, () => self.close()), ["internal", "word"]);
  await page.close();
});

test("imported from another origin, the worker starts from a Blob", { timeout: 60_000 }, async () => {
  const page = await browser.newPage();
  await page.goto(`${server.url}/tests/browser/server.js`);
  const kinds = await page.evaluate(async (origin) => {
    const { device, Tokenizer } = await import(`${origin}/pkg/dist/index.js`);
    return [(await device()).kind, (await Tokenizer.train("la reine", { kind: "char" })).kind];
  }, other.url);
  assert.deepEqual(kinds, ["cpu", "char"]);
  assert.match(page.workers()[0].url(), /^blob:/);
  await page.close();
});

test("a worker script that cannot be loaded rejects instead of hanging", { timeout: 60_000 }, async () => {
  const page = await browser.newPage();
  await page.route("**/worker.js", (route) => route.abort());
  await page.goto(`${server.url}/tests/browser/server.js`);
  const error = await page.evaluate(async () => {
    const { device } = await import("/pkg/dist/index.js");
    return await device().then(() => "opened", ({ code, hint }) => [code, hint !== undefined]);
  });
  assert.deepEqual(error, ["internal", true]);
  await page.close();
});

test("with WebGPU off everything runs on the CPU and says so", { timeout: 60_000 }, async () => {
  const without = await launch({ webgpu: false });
  try {
    const page = await open(without);
    const [report, code] = await page.evaluate(async () => {
      const report = await griot.device();
      await griot.close();
      griot.configure({ device: "webgpu" });
      return [report, await griot.device().then(() => "opened", (error) => error.code)];
    });
    assert.equal(report.kind, "cpu");
    assert.match(report.reason, /GPU/);
    assert.equal(code, "device-unavailable");
  } finally {
    await without.close();
  }
});
