// Storage as only a browser has it: offline, full, written to by a page that goes away; and models from another origin.

import { strict as assert } from "node:assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launchIn, until } from "../browser.js";
import { faults } from "../faults.js";
import { serve } from "../server.js";

const root = new URL("../../..", import.meta.url).pathname;
const ANYONE = { "access-control-allow-origin": "*" };
let context, folder, server, others;

before(async () => {
  server = await serve(root, { answer: faults });
  others = await serve(root, { answer: faults, headers: ANYONE });
  folder = await mkdtemp(join(tmpdir(), "griot-"));
  context = await launchIn(folder); // one storage for all pages
});

after(async () => {
  await context?.close();
  await rm(folder, { recursive: true, force: true });
  server?.close();
  others?.close();
});

async function open(mode) {
  const page = await context.newPage();
  await page.goto(`${server.url}/tests/browser/suite/page.html?mode=${mode}`);
  await until(page, () => window.run !== undefined);
  return page;
}

/** Loads from an address and asks the model something, on the page. */
const load = (page, url) =>
  page.evaluate(async (url) => {
    try {
      const model = await griot.Model.load(url, { device: "cpu" });
      const { loss } = await model.forward({ inputIds: [[1, 2, 3, 4]], labels: [[1, 2, 3, 4]] });
      await model.dispose();
      return loss;
    } catch (error) {
      return [error.code ?? error.name, error.hint ?? error.message];
    }
  }, url);

/** What is kept under names that say so. */
const listed = async (page, part) => (await page.evaluate(async () => (await griot.storage.list()).map(({ name }) => name))).filter((name) => name.includes(part));

test("what was downloaded is there offline, also after the page was left", { timeout: 60_000 }, async () => {
  const away = await serve(root, { answer: faults, headers: ANYONE });
  const page = await open("worker");
  const loss = await load(page, `${away.url}/faults/plain/offline/`);
  assert.equal(typeof loss, "number");
  away.close();
  assert.deepEqual(await load(page, `${away.url}/faults/plain/other/`).then(([code]) => code), "download-failed");
  await page.reload();
  await until(page, () => window.run !== undefined);
  assert.equal(await load(page, `${away.url}/faults/plain/offline/`), loss);
  await page.evaluate(async (url) => await griot.storage.remove(url), `${away.url}/faults/plain/offline/`);
  assert.equal((await load(page, `${away.url}/faults/plain/offline/`))[0], "download-failed");
  await page.close();
});

test("what the browser keeps is read a megabyte at a time, which is freed as soon as it is copied", { timeout: 60_000 }, async () => {
  const page = await open("direct"); // in this thread one can see what is asked for
  const asked = await page.evaluate(async () => {
    const large = await griot.Model.create(griot.presets.gpt({ layers: 4, heads: 4, width: 256, context: 64, vocabSize: 9000 }), { device: "cpu" });
    await large.save("opfs:pieces");
    await large.dispose();
    const handle = async (path) => await path.split("/").reduce(async (folder, name) => await (await folder).getDirectoryHandle(name), navigator.storage.getDirectory());
    const folder = await handle("griot/models/pieces");
    const files = await Promise.all(["config.json", "model.safetensors"].map(async (name) => await (await folder.getFileHandle(name)).getFile()));
    const plain = Blob.prototype.arrayBuffer;
    const counts = [];
    for (const source of ["opfs:pieces", folder, files, Object.fromEntries(files.map((file) => [file.name, file]))]) {
      const given = [];
      Blob.prototype.arrayBuffer = async function () {
        const { size } = this;
        const buffer = await plain.call(this);
        given.push([size, buffer]);
        return buffer;
      };
      const model = await griot.Model.load(source, { device: "cpu" }).finally(() => (Blob.prototype.arrayBuffer = plain));
      await model.dispose();
      const held = given.reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
      counts.push([given.length > 15, Math.max(...given.map(([size]) => size)), held < 2.5 * 2 ** 20]);
    }
    await griot.storage.remove("pieces");
    return counts;
  });
  assert.deepEqual(asked, Array(4).fill([true, 2 ** 20, true]));
  await page.close();
});

test("from another origin a broken download goes on, with and without ranges", { timeout: 60_000 }, async () => {
  const page = await open("worker");
  for (const fault of ["breaks", "no-range-breaks", "sharded", "no-range-no-length"]) {
    assert.equal(typeof (await load(page, `${others.url}/faults/${fault}/across/`)), "number", fault);
  }
  await page.close();
});

/** Leaves the pages of this origin about so many bytes to write, whatever the browser's estimate tells, until what it gives is called. */
async function fill(page, left) {
  const kept = await page.evaluate(async () => (await griot.storage.list()).reduce((sum, { bytes }) => sum + bytes, 0));
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: server.url, quotaSize: kept + left });
  return () => session.detach();
}

for (const mode of ["direct", "worker"]) {
  /** Runs where the storage is used: on the page, or in its worker. */
  const inside = (page, work) => (mode === "worker" ? page.workers()[0].evaluate(work) : page.evaluate(work));

  test(`a quota that is too small is seen before anything is written, ${mode}`, { timeout: 60_000 }, async () => {
    const page = await open(mode);
    await page.evaluate(() => griot.device());
    await inside(page, () => void (navigator.storage.estimate = async () => ({ quota: 100_000, usage: 50_000 })));
    const url = `${server.url}/faults/plain/small-${mode}/`;
    const [code, hint] = await load(page, url);
    assert.equal(code, "quota");
    assert.match(hint, /cache: false/);
    const saved = await page.evaluate(async (url) => {
      const model = await griot.Model.load(url, { device: "cpu", cache: false });
      return await model.save("opfs:small").catch(({ code, details }) => [code, details.free]);
    }, url);
    assert.deepEqual(saved, ["quota", 50_000]);
    assert.deepEqual(await listed(page, "small"), []);
    await page.close();
  });

  test(`a storage that is full while it is written to leaves what was there, ${mode}`, { timeout: 60_000 }, async () => {
    const page = await open(mode);
    const url = `${server.url}/faults/plain/full-${mode}/`;
    await page.evaluate(async (url) => {
      window.model = await griot.Model.load(url, { device: "cpu", cache: false });
      await model.save("opfs:former");
    }, url);
    // No room for a folder, then too little for a file.
    for (const left of [0, 50_000]) {
      const lift = await fill(page, left);
      const [code, hint] = await load(page, url);
      assert.equal(code, "quota", `${left} left`);
      assert.match(hint, /cache: false/);
      const codes = await page.evaluate(async () => await Promise.all(["opfs:former", "opfs:fresh"].map((to) => model.save(to).catch(({ code }) => code))));
      assert.deepEqual(codes, ["quota", "quota"], `${left} left`);
      assert.deepEqual([await listed(page, "former"), await listed(page, "fresh"), await listed(page, "full")], [["former"], [], []]);
      assert.equal(typeof (await load(page, "opfs:former")), "number");
      await lift();
    }
    await page.evaluate(() => griot.storage.remove("former"));
    await page.close();
  });
}

test("a page that goes away while it saves leaves the former model", { timeout: 60_000 }, async () => {
  const page = await open("worker");
  const loss = await load(page, `${server.url}/faults/plain/gone/`);
  await page.evaluate(async (url) => {
    const former = await griot.Model.load(url, { device: "cpu" });
    await former.save("opfs:gone");
    const large = await griot.Model.create(griot.presets.gpt({ layers: 4, heads: 4, width: 256, context: 64, vocabSize: 9000 }), { device: "cpu" });
    await new Promise((resolve) => void large.save("opfs:gone", { onProgress: ({ done }) => done > 5e6 && resolve() }));
  }, `${server.url}/faults/plain/gone/`);
  await page.close();
  const next = await open("worker");
  assert.equal(await load(next, "opfs:gone"), loss);
  await next.close();
});
