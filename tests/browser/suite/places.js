// Where models come from and where they go: addresses that fail in every way, files, folders, the browser's storage, the disk.

import { equal, ok, rejects, sleep, within } from "./check.js";
import { fewTokens, golden } from "./golden.js";

const CPU = { device: "cpu" };
const hasOpfs = () => globalThis.navigator?.storage?.getDirectory !== undefined;

let numbers = 0;

/** The address of a folder under a fault, with a name of its own. */
function at(context, fault) {
  const id = `${Date.now()}-${Math.random().toString(36).slice(2)}-${numbers++}`;
  return { url: `${context.faults}/${fault}/${id}/`, log: async () => await (await fetch(`${context.faults}/log/${id}`)).json() };
}

const bytes = async (blob) => new Uint8Array(await blob.arrayBuffer());
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Loads the stored model from a source, and holds its bytes against the stored ones. */
async function loads(context, source, options = {}) {
  const told = [];
  const model = await context.griot.Model.load(source, { ...CPU, ...options, onProgress: (progress) => told.push(progress) });
  const files = await model.files();
  ok(same(await bytes(files.get("model.safetensors")), new Uint8Array(await context.golden("models/gpt2/model.safetensors"))), "the stored weights");
  // The tokenizer, where there is one, is read first.
  const loaded = told.filter(({ phase }) => phase !== "tokenizer");
  loaded.forEach(({ done, total, bytes, phase }, i) => ok(bytes && phase === "load" && done <= total && (i === 0 || done >= loaded[i - 1].done), "bytes that never go back"));
  equal(told.at(-1).done, told.at(-1).total);
  const { tokenizer } = model;
  await model.dispose();
  return tokenizer;
}

/** Where a model can be saved here: a fresh name on a disk or in the browser's storage, and the files that are there. */
async function target({ folder }) {
  const name = `essai-${Date.now()}-${numbers++}`;
  if (folder === undefined) {
    const open = async () => await (await (await (await navigator.storage.getDirectory()).getDirectoryHandle("griot")).getDirectoryHandle("models")).getDirectoryHandle(name);
    const list = async () => {
      const names = [];
      for await (const one of (await open()).keys()) names.push(one);
      return names.sort();
    };
    return { to: `opfs:${name}`, list: () => list().catch(() => undefined) };
  }
  const { readdir } = await import("node:fs/promises");
  const to = new URL(`${name}/`, folder);
  return { to, list: () => readdir(to).then((names) => names.sort(), () => undefined) };
}

async function sha256(buffer) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  return `sha256-${btoa(String.fromCharCode(...digest))}`;
}

/** What is kept of an address. */
const keptOf = async ({ griot }, url) => (hasOpfs() ? (await griot.storage.list()).filter(({ name }) => name === url) : []);

/** Waits until something holds; what was begun may end after the call that ended it. */
async function soon(holds, what) {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`${what} in twenty seconds`);
}

const tokenizerJson = async (context) => fewTokens(new TextDecoder().decode(await context.golden("tokenizers/bbpe-gpt2/tokenizer.json")));

const small = (griot) => griot.presets.gpt({ layers: 1, heads: 1, width: 8, context: 8, vocabSize: 9 });

export const cases = {
  async "a model and its tokenizer come from the address of a folder"(context) {
    const { url } = at(context, "plain");
    equal((await loads(context, url)).kind, "char");
    await loads(context, new URL(url), { cache: false });
    await loads(context, url.slice(0, -1));
    const tokenizer = await context.griot.Tokenizer.load(url);
    equal(await tokenizer.decode((await tokenizer.encode("la reine")).ids), "la reine");
    await tokenizer.dispose();
  },

  async "shards come by their index"(context) {
    await loads(context, at(context, "sharded").url);
    await rejects(context.griot.Model.load(at(context, "unsharded").url, CPU), "download-failed");
  },

  async "hub: names a model on the hub that is configured"(context) {
    const { griot, settings } = context;
    const { url, log } = at(context, "plain");
    await griot.close();
    griot.configure({ ...settings, hub: url });
    await loads(context, "hub:griot/conteur", { cache: false });
    await loads(context, "hub:griot/conteur@refs/pr/1", { cache: false });
    const paths = (await log()).map(({ path }) => path);
    ok(paths.includes("griot/conteur/resolve/main/config.json") && paths.includes("griot/conteur/resolve/refs/pr/1/config.json"), "the hub's paths");
    await rejects(griot.Model.load("hub:conteur"), "bad-input");
    await griot.close();
    griot.configure(settings);
  },

  async "a broken download goes on where it broke"(context) {
    const broken = at(context, "breaks");
    await loads(context, broken.url);
    const asked = (await broken.log()).filter(({ file }) => file === "model.safetensors");
    equal([asked.length, asked[1].range, asked.slice(2).every(({ range, ifRange }) => /^bytes=[1-9]\d*-$/.test(range) && ifRange !== undefined)], [4, undefined, true]);
  },

  async "a server without ranges begins again, and the progress stays"(context) {
    await loads(context, at(context, "no-range").url);
    await loads(context, at(context, "no-range-breaks").url);
    await loads(context, at(context, "no-range-no-length").url);
    await loads(context, at(context, "gzip").url);
  },

  async "a server that is busy is asked again, a redirect is followed"(context) {
    await loads(context, at(context, "busy").url);
    await loads(context, at(context, "redirect").url);
  },

  async "what a server does wrong has its code, and nothing of it is kept"(context) {
    const wanted = {
      404: "download-failed", 500: "download-failed", weightless: "download-failed", html: "bad-file", lying: "bad-file",
      "wrong-length": "bad-file", stops: "download-failed", changed: "download-failed",
    };
    for (const [fault, code] of Object.entries(wanted)) {
      const { url } = at(context, fault);
      const error = await rejects(within(20_000, context.griot.Model.load(url, CPU), fault), code);
      ok(error.message.length > 20, `words about ${fault}`);
      equal(await keptOf(context, url), [], fault);
    }
    await rejects(context.griot.Tokenizer.load(at(context, "404").url), "download-failed");
    await rejects(context.griot.Model.load("http://127.0.0.1:1/", CPU), "download-failed");
  },

  async "integrity is held while it streams"(context) {
    const { Model, Tokenizer } = context.griot;
    const [weights, config] = [await context.golden("models/gpt2/model.safetensors"), await context.golden("models/gpt2/config.json")];
    const integrity = { "model.safetensors": await sha256(weights), "config.json": await sha256(config) };
    await loads(context, at(context, "plain").url, { integrity });
    await loads(context, at(context, "breaks").url, { integrity });
    await loads(context, { "config.json": config, "model.safetensors": weights }, { integrity });
    for (const file of ["model.safetensors", "config.json"]) {
      const { url } = at(context, "plain");
      await rejects(Model.load(url, { ...CPU, integrity: { ...integrity, [file]: await sha256(new ArrayBuffer(3)) } }), "integrity");
      equal(await keptOf(context, url), []);
    }
    await rejects(Model.load(at(context, "plain").url, { ...CPU, integrity: { "model.bin": integrity["config.json"] } }), "integrity");
    await rejects(Model.load(at(context, "plain").url, { ...CPU, integrity: { "config.json": "sha1-AAAA" } }), "bad-option");
    await rejects(Tokenizer.load(at(context, "plain").url, { integrity: { "tokenizer.json": integrity["config.json"] } }), "integrity");
  },

  async "an abort at each stage leaves nothing behind"(context) {
    const { griot } = context;
    const live = (await griot.memory()).live;
    for (const [fault, ms] of [["plain", 0], ["slow-config", 100], ["slow", 50], ["slow", 400], ["silent", 300], ["busy", 200]]) {
      const { url } = at(context, fault);
      const aborter = new AbortController();
      const load = rejects(griot.Model.load(url, { ...CPU, signal: aborter.signal }), "AbortError");
      await sleep(ms);
      aborter.abort();
      const since = performance.now();
      await load;
      ok(performance.now() - since < 100, "an end within 100 ms");
      await soon(async () => (await griot.memory()).live === live, "the memory was not freed");
      await soon(async () => (await keptOf(context, url)).length === 0, "the download was not removed");
    }
    await rejects(griot.Model.load(at(context, "plain").url, { signal: AbortSignal.abort() }), "AbortError");
    // What is on this machine is prepared in no time: the abort comes while it is, or after.
    const { url } = at(context, "plain");
    await loads(context, url);
    for (let ms = 0; ms < 40; ms += 4) {
      const aborter = new AbortController();
      const load = griot.Model.load(url, { ...CPU, signal: aborter.signal }).then((model) => model.dispose(), ({ name }) => equal(name, "AbortError"));
      await sleep(ms);
      aborter.abort();
      await load;
    }
    await within(5000, loads(context, url), "a load after aborted ones");
    await soon(async () => (await griot.memory()).live === live, "the memory was not freed");
  },

  async "files come as a list and by their contents"(context) {
    const stored = await golden(context, "gpt2");
    const files = Object.entries({ ...stored.files, "tokenizer.json": new TextEncoder().encode(await tokenizerJson(context)) });
    equal((await loads(context, files.map(([name, content]) => new File([content], name)))).kind, "char");
    equal((await loads(context, Object.fromEntries(files))).kind, "char");
    equal((await loads(context, Object.fromEntries(files.map(([name, content]) => [`conteur/${name}`, content])))).kind, "char");
  },

  async "what is saved is loaded again, and a second save takes the first one's place"(context) {
    const { griot } = context;
    const { to, list } = await target(context);
    const stored = await golden(context, "gpt2");
    const model = await griot.Model.load({ ...stored.files, "tokenizer.json": await tokenizerJson(context) }, CPU);
    const told = [];
    await model.save(to, { onProgress: (progress) => told.push(progress) });
    equal(await list(), ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
    equal([told.at(-1).done, told.at(-1).phase], [told.at(-1).total, "save"]);
    equal((await loads(context, to)).kind, "char");
    const other = await griot.Model.create(small(griot), CPU);
    await other.save(String(to));
    equal(await list(), ["config.json", "model.safetensors"]);
    const again = await griot.Model.load(to, CPU);
    equal([again.config.n_embd, again.tokenizer], [8, undefined]);
    await Promise.all([model, other, again].map((one) => one.dispose()));
    if (hasOpfs()) {
      const [found] = (await griot.storage.list()).filter(({ name }) => `opfs:${name}` === to);
      ok(found.bytes > 1000 && Math.abs(Date.now() - found.modified) < 60_000, "a model in the list");
      await griot.storage.remove(to);
      equal(await list(), undefined);
      await rejects(griot.Model.load(to), "bad-input");
    }
  },

  async "saves to one target at the same time wait for each other, with training state and without"(context) {
    const { griot } = context;
    const config = griot.presets.gpt({ layers: 3, heads: 2, width: 64, context: 16, vocabSize: 900 });
    const models = await Promise.all([1, 2, 3].map((seed) => griot.Model.create(config, { ...CPU, seed })));
    const batch = { inputIds: [[1, 2, 3, 4]], labels: [[1, 2, 3, 4]] };
    await Promise.all(models.map((model) => model.train([batch], { steps: 1 }).result));
    const first = async (model) => [...(await model.weights(["transformer.wte.weight"])).values()][0].data;
    const theirs = await Promise.all(models.map(first));
    for (const training of [false, true]) {
      const { to, list } = await target(context);
      await within(20_000, Promise.all(models.map((model) => model.save(to, { training }))), "three saves");
      const names = await list();
      ok(training ? names.length === 1 && /^generation-3$/.test(names[0]) : String(names) === "config.json,model.safetensors", String(names));
      const loaded = await griot.Model.load(to, CPU);
      const weights = await first(loaded);
      ok(theirs.some((one) => one.every((x, i) => x === weights[i])), "the weights of one of them");
      if (training) equal((await loaded.train([batch], { steps: 2, continue: true }).result).steps, 2);
      await loaded.dispose();
      // One that is aborted while it waits is out of the line.
      const aborter = new AbortController();
      const saves = [models[0].save(to, { training }), models[1].save(to, { training, signal: aborter.signal }), models[2].save(to, { training })];
      aborter.abort();
      await Promise.all([saves[0], rejects(saves[1], "AbortError"), saves[2]]);
      await (await griot.Model.load(to, CPU)).dispose();
      if (hasOpfs()) await griot.storage.remove(to);
    }
    await Promise.all(models.map((model) => model.dispose()));
  },

  async "what is loaded is held once"(context) {
    const { griot, settings } = context;
    const { to } = await target(context);
    const large = await griot.Model.create(griot.presets.gpt({ layers: 8, heads: 4, width: 256, context: 64, vocabSize: 9000 }), CPU);
    await large.save(to);
    const weights = 4 * large.parameters;
    await griot.close(); // the wasm that comes next has never held anything
    griot.configure(settings);
    const model = await griot.Model.load(to, CPU);
    const { live, wasm } = await griot.memory();
    ok(live >= weights && live < weights + 2e6 && wasm < weights + 12e6, `${weights} bytes held once: ${live} of buffers, ${wasm} of wasm`);
    await model.dispose();
    if (hasOpfs()) await griot.storage.remove(to);
  },

  async "a folder's handle is a source and a target"(context) {
    if (!hasOpfs()) return;
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("picked", { create: true });
    const stored = await golden(context, "gpt2");
    const model = await context.griot.Model.load(stored.files, CPU);
    await model.save(folder);
    await model.dispose();
    await loads(context, folder);
    await (await navigator.storage.getDirectory()).removeEntry("picked", { recursive: true });
  },

  async "a save that is aborted leaves the former model, or nothing"(context) {
    const { griot } = context;
    const stored = await golden(context, "gpt2");
    const former = await griot.Model.load(stored.files, CPU);
    const large = await griot.Model.create(griot.presets.gpt({ layers: 4, heads: 4, width: 256, context: 64, vocabSize: 9000 }), CPU);
    const [kept, none] = [await target(context), await target(context)];
    await former.save(kept.to);
    for (const { to, list } of [kept, none]) {
      const before = await list();
      const aborter = new AbortController();
      const save = large.save(to, { signal: aborter.signal, onProgress: ({ done }) => done > 5e6 && aborter.abort() });
      await rejects(save, "AbortError");
      await soon(async () => String(await list()) === String(before), "what was half written was not removed");
    }
    await loads(context, kept.to);
    await Promise.all([former.dispose(), large.dispose()]);
  },

  async "downloads are kept, listed and removed where there is a storage"(context) {
    const { griot } = context;
    const { url, log } = at(context, "plain");
    if (!hasOpfs()) {
      await rejects(griot.Model.load(url, { cache: true }), "unsupported");
      await rejects(griot.storage.list(), "unsupported");
      return void (await rejects(griot.Model.load("opfs:conteur"), "unsupported"));
    }
    await loads(context, url);
    const asked = (await log()).length;
    await loads(context, url);
    await (await griot.Tokenizer.load(url)).dispose();
    equal((await log()).length, asked, "no request for what is kept:");
    const [kept] = await keptOf(context, url);
    ok(kept.bytes > 145_448 && kept.modified instanceof Date, "a download in the list");
    await griot.storage.remove(url.slice(0, -1));
    equal(await keptOf(context, url), []);
    await loads(context, url, { cache: false });
    equal(await keptOf(context, url), []);
    ok((await log()).length > asked, "requests for what was removed");
  },

  async "an estimate reads the config and the headers alone"(context) {
    const { Model, presets } = context.griot;
    const { url, log } = at(context, "sharded");
    const run = await Model.estimate(url, { for: "generate", batch: 2, context: 16 });
    const { bytes } = run;
    ok(run.fits && run.reasons.length === 0 && bytes.download > 145_000 && bytes.download < 146_000 && bytes.weights >= 145_000 - 2000 && bytes.optimizer === 0, "bytes to generate");
    equal(bytes.peak, bytes.weights + bytes.cache + bytes.activations);
    ok((await log()).filter(({ file }) => file.endsWith(".safetensors")).every(({ range }) => /^bytes=0-\d+$/.test(range)), "ranges of headers");
    equal(await keptOf(context, url), []);
    const train = await Model.estimate(url, { for: "train", batch: 2, context: 16 });
    ok(train.bytes.optimizer === 3 * bytes.weights && train.bytes.activations > bytes.activations, "bytes to train");
    const huge = await Model.estimate(presets.gpt({ layers: 96, heads: 96, width: 12288, context: 64, vocabSize: 50000 }), { for: "generate" });
    equal([huge.fits, huge.bytes.download, huge.reasons.length > 0], [false, 0, true]);
    await rejects(Model.estimate(url, {}), "bad-option");
    await rejects(Model.estimate(url, { for: "fun" }), "bad-option");
    await rejects(Model.estimate(url, { for: "train", context: 100_000 }), "bad-option");
    await rejects(Model.estimate(at(context, "404").url, { for: "train" }), "download-failed");
    await rejects(Model.estimate({ model_type: "elephant" }, { for: "train" }), "unsupported");
  },

  async "loads of one address at the same time bring it once"(context) {
    const { griot } = context;
    const { url, log } = at(context, "slow");
    const aborter = new AbortController();
    const waiting = (async () => {
      await sleep(200);
      return await rejects(griot.Model.load(url, { ...CPU, signal: aborter.signal }), "AbortError");
    })();
    const [tokenizer] = await Promise.all([griot.Tokenizer.load(url), loads(context, url), loads(context, url), griot.Tokenizer.load(url), sleep(500).then(() => aborter.abort()), waiting]);
    await tokenizer.dispose();
    if (hasOpfs()) equal((await log()).filter(({ file, range }) => file === "model.safetensors" && range === undefined).length, 1, "downloads:");
  },

  async "a model outlives a trap of the wasm until its weights are changed"(context) {
    const { griot, lab } = context;
    const loaded = await griot.Model.load({ ...(await golden(context, "gpt2")).files, "tokenizer.json": await tokenizerJson(context) }, CPU);
    const created = await griot.Model.create(small(griot), { ...CPU, seed: 3 });
    const batch = { inputIds: [[1, 2, 3, 4]], labels: [[1, 2, 3, 4]] };
    const losses = async () => (await Promise.all([loaded, created].map((model) => model.forward(batch)))).map(({ loss }) => loss);
    const before = await losses();
    const ids = (await loaded.tokenizer.encode("la reine")).ids;
    await rejects(lab.trap(), "internal");
    equal(await losses(), before);
    equal((await loaded.next("la", { top: 1 })).length, 1);
    equal((await loaded.tokenizer.encode("la reine")).ids, ids);
    await created.setWeights(await created.weights());
    await loaded.train([batch], { steps: 1 }).result;
    await rejects(lab.trap(), "internal");
    for (const model of [loaded, created]) {
      const error = await rejects(model.forward(batch), "internal");
      ok(error.message.includes("lost") && error.hint !== undefined, "words about the loss");
      await model.dispose();
    }
  },

  async "what is no source or target is named"({ griot, folder }) {
    const { Model } = griot;
    await rejects(Model.load(7), "bad-input");
    await rejects(Model.load("ftp://example.org/model/"), "bad-input");
    await rejects(Model.load([1]), "bad-input");
    await rejects(Model.load({ "config.json": 7 }), "bad-input");
    await rejects(Model.load({ "config.json": "{}" }, { cache: true }), "bad-option");
    await rejects(Model.load({ "config.json": "{}" }, { cache: "yes" }), "bad-option");
    await rejects(Model.load({ "model.safetensors": "" }), "bad-file");
    const model = await Model.create(small(griot), CPU);
    for (const to of ["conteur", "https://example.org/x/", 7, undefined]) await rejects(model.save(to), "bad-input");
    await rejects(model.save("opfs:../x"), hasOpfs() ? "bad-input" : "unsupported");
    if (folder === undefined) await rejects(model.save("file:///tmp/x/"), "unsupported");
    else await rejects(Model.load(new URL("nothing/", folder)), "bad-file");
    await model.dispose();
  },
};
