// Saves with training state: generations of files, of which the newest that is whole is read. On a disk, without the wasm.

import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { ofDisk } from "../../../pkg/dist/places/disk.js";
import { placeOfFolder } from "../../../pkg/dist/places/folder.js";
import { Saving } from "../../../pkg/dist/places/target.js";

const root = await mkdtemp(join(tmpdir(), "griot-"));
after(() => rm(root, { recursive: true }));
let folders = 0;

/** A fresh target: its path, and its URL. */
function fresh() {
  const path = join(root, `model-${folders++}`);
  return { path, url: pathToFileURL(path).href };
}

const pieces = (text) => text.match(/.{1,3}/gs).map((piece) => new TextEncoder().encode(piece));

/** Saves files; `upTo` files only, and no end, if given. */
async function save(saving, files, upTo = Infinity) {
  await saving.take({ save: "begin", total: 100 });
  for (const [file, text] of Object.entries(files).slice(0, upTo)) for (const bytes of pieces(text)) assert.equal(await saving.take({ file, bytes }), true);
  if (upTo === Infinity) await saving.take({ save: "end" });
}

/** Saves files in a thread that ends before the save does: nobody takes them back. */
async function endsIn(url, files) {
  const work = `import { Saving } from "${new URL("../../../pkg/dist/places/target.js", import.meta.url)}";
const saving = new Saving(${JSON.stringify(url)}, true);
await saving.take({ save: "begin", total: 100 });
for (const [file, text] of ${JSON.stringify(Object.entries(files))}) await saving.take({ file, bytes: new TextEncoder().encode(text) });
process.exit();`;
  await once(new Worker(new URL(`data:text/javascript,${encodeURIComponent(work)}`)), "exit");
}

const model = (n) => ({ "config.json": `{"n":${n}}`, "model.safetensors": `weights of ${n}`, "training.safetensors": `moments of ${n}`, "training.json": `{"step":${n}}` });

/** What a load would read. */
async function read(url) {
  const place = await placeOfFolder(await ofDisk(new URL(`${url}/`)));
  const file = await place.open("model.safetensors");
  const chunks = [];
  for await (const piece of file.pieces(file.size)) chunks.push(piece);
  return [await (await place.read("config.json")).text(), Buffer.concat(chunks).toString(), JSON.parse(await (await place.read("training.json")).text()).step];
}

test("a generation is read, and the next one takes its place", async () => {
  const { path, url } = fresh();
  const saving = new Saving(url, true);
  for (const n of [1, 2, 3]) {
    await save(saving, model(n));
    assert.deepEqual(await readdir(path), [`generation-${n}`]);
    assert.deepEqual(await read(url), [`{"n":${n}}`, `weights of ${n}`, n]);
  }
  await saving.drop();
  assert.deepEqual(await read(url), [`{"n":3}`, "weights of 3", 3]);
  const told = JSON.parse(await readFile(join(path, "generation-3", "training.json"), "utf8"));
  assert.deepEqual(Object.keys(told.files).sort(), ["config.json", "model.safetensors", "training.safetensors"]);
  assert.equal(told.files["config.json"].bytes, 7);
});

test("a save that ends in the middle leaves the former generation", async () => {
  const { path, url } = fresh();
  await save(new Saving(url, true), model(1));
  for (const upTo of [0, 1, 3]) {
    const saving = new Saving(url, true);
    await save(saving, model(2), upTo);
    await saving.drop();
    assert.deepEqual(await readdir(path), ["generation-1"]);
  }
  await endsIn(url, model(2));
  assert.deepEqual((await readdir(path)).sort(), ["generation-1", "generation-2"]);
  assert.deepEqual(await read(url), [`{"n":1}`, "weights of 1", 1]);
  await save(new Saving(url, true), model(3));
  assert.deepEqual(await readdir(path), ["generation-3"]);
});

test("of two generations a damaged one is passed over, the last one is refused", async () => {
  const { path, url } = fresh();
  await save(new Saving(url, true), model(1));
  const elsewhere = fresh();
  await save(new Saving(elsewhere.url, true), model(2));
  const { cp } = await import("node:fs/promises");
  await cp(join(elsewhere.path, "generation-1"), join(path, "generation-2"), { recursive: true });
  assert.equal((await read(url))[2], 2);
  await writeFile(join(path, "generation-2", "model.safetensors"), "weights of 9");
  assert.equal((await read(url))[2], 1);
  await writeFile(join(path, "generation-2", "training.json"), "{");
  assert.equal((await read(url))[2], 1);
  await rm(join(path, "generation-2"), { recursive: true });
  await writeFile(join(path, "generation-1", "model.safetensors"), "weights of 9");
  await assert.rejects(read(url), { code: "integrity" });
  await writeFile(join(path, "generation-1", "model.safetensors"), "short");
  await assert.rejects(read(url), { code: "bad-file" });
});

test("a plain save takes the place of generations, and they of it", async () => {
  const { path, url } = fresh();
  await save(new Saving(url, true), model(1));
  const { "training.json": _, "training.safetensors": __, ...plain } = model(2);
  await writeFile(join(path, "notes.txt"), "mine");
  await save(new Saving(url, false), plain);
  assert.deepEqual((await readdir(path)).sort(), ["config.json", "model.safetensors", "notes.txt"]);
  await save(new Saving(url, true), model(3));
  assert.deepEqual((await readdir(path)).sort(), ["generation-1", "notes.txt"]);
});

test("a new folder goes when nothing came of it", async () => {
  const { path, url } = fresh();
  for (const training of [false, true]) {
    const saving = new Saving(url, training);
    await save(saving, model(1), 2);
    await saving.drop();
    await assert.rejects(readdir(path), { code: "ENOENT" });
  }
});
