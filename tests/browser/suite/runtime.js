// The runtime itself: settings, faults, replacement, closing.

import { equal, ok, rejects } from "./check.js";

export const cases = {
  async "an unknown option is named"({ griot }) {
    const error = await rejects(() => griot.configure({ devise: "cpu" }), "bad-option");
    ok(error.message.includes("devise"), "the option's name in the message");
    await rejects(() => griot.configure({ device: "tpu" }), "bad-option");
  },

  async "configure twice alike is nothing, differently is bad-option until close"({ griot, settings }) {
    await griot.close();
    griot.configure({ ...settings, memoryLimit: 1e9 });
    griot.configure({ ...settings, memoryLimit: 1e9, hub: undefined });
    await rejects(() => griot.configure({ ...settings, memoryLimit: 2e9 }), "bad-option");
    await griot.close();
    griot.configure({ ...settings, memoryLimit: 2e9 });
    await griot.close();
    griot.configure(settings);
  },

  async "a trap is internal with the panic's message, and the next call finds a new runtime"({ lab }) {
    for (let round = 0; round < 3; round++) {
      const error = await rejects(lab.trap(), "internal");
      ok(error.message.includes("injected by a test"), `the panic's message in ${error.message}`);
      ok(error.hint, "a hint");
    }
  },

  async "a wasm that is not there is download-failed, and the runtime can be set up anew"({ griot, lab, settings, base }) {
    await griot.close();
    griot.configure({ ...settings, wasm: `${base}/no-such-file.wasm` });
    await rejects(lab.trap(), base.startsWith("file:") ? "bad-file" : "download-failed");
    await griot.close();
    griot.configure(settings);
    await rejects(lab.trap(), "internal");
  },

  async "the wasm is taken as a URL, as bytes and as a module, and as a pair"({ griot, lab, settings, bytes }) {
    const module = await WebAssembly.compile(await bytes("griot.wasm"));
    const simd = await bytes("griot.wasm");
    for (const wasm of [module, simd, { simd: module }, { simd, relaxed: await bytes("griot-relaxed.wasm") }]) {
      await griot.close();
      griot.configure({ ...settings, wasm });
      await rejects(lab.trap(), "internal");
    }
    await griot.close();
    griot.configure(settings);
  },

  async "the wasm of chat templates is taken as bytes too, and where it is not there only conversations fail"({ griot, settings, base, bytes }) {
    const messages = [{ role: "user", content: "un" }];
    const [simd, relaxed] = [await bytes("griot.wasm"), await bytes("griot-relaxed.wasm")];
    for (const [chat, outcome] of [[await bytes("chat.wasm"), undefined], [`${base}/no-such-file.wasm`, base.startsWith("file:") ? "bad-file" : "download-failed"]]) {
      await griot.close();
      griot.configure({ ...settings, wasm: { simd, relaxed, chat } });
      const tokenizer = await griot.Tokenizer.train("un deux", { kind: "word" });
      const written = () => tokenizer.applyChatTemplate(messages, { template: "{{ messages[0].content }}!" });
      if (outcome === undefined) equal(await written(), "un!");
      else await rejects(written(), outcome);
      equal(await tokenizer.decode((await tokenizer.encode("un deux")).ids), "un deux");
    }
    await griot.close();
    griot.configure(settings);
  },

  async "calls in hand reject with disposed when the runtime closes"({ griot, lab, settings }) {
    const call = rejects(lab.trap(), "disposed");
    await Promise.resolve();
    await Promise.resolve();
    await griot.close();
    await call;
    griot.configure(settings);
  },

  async "the device says what it is and why, and memory is accounted for"({ griot }) {
    const report = await griot.device();
    ok(["webgpu", "cpu"].includes(report.kind) && ["simd", "relaxed"].includes(report.wasm) && report.reason.length > 10, "a report");
    equal((await griot.device()).name, report.name);
    const memory = await griot.memory();
    ok(memory.wasm > 65536 && memory.live === memory.owners.reduce((sum, { bytes }) => sum + bytes, 0) && memory.peak >= memory.live, "an account");
  },

  async "the CPU is had by name, and a GPU by name is there or device-unavailable"({ griot, settings }) {
    await griot.close();
    griot.configure({ ...settings, device: "cpu" });
    equal([(await griot.device()).kind, (await griot.device()).reason], ["cpu", "the CPU was asked for"]);
    await griot.close();
    griot.configure({ ...settings, device: "webgpu" });
    if (globalThis.navigator?.gpu && (await navigator.gpu.requestAdapter())) equal((await griot.device()).kind, "webgpu");
    else ok((await rejects(griot.device(), "device-unavailable")).hint, "a hint");
    await griot.close();
    griot.configure(settings);
  },

  async "storage lists and removes, or is unsupported where there is none"({ griot }) {
    if (globalThis.navigator?.storage === undefined) return void (await rejects(griot.storage.list(), "unsupported"));
    const root = await navigator.storage.getDirectory();
    const folder = await (await (await root.getDirectoryHandle("griot", { create: true })).getDirectoryHandle("models", { create: true })).getDirectoryHandle("conteur", { create: true });
    const file = await (await folder.getFileHandle("config.json", { create: true })).createWritable();
    await file.write("{}");
    await file.close();
    const [stored] = (await griot.storage.list()).filter(({ name }) => name === "conteur");
    ok(stored.bytes === 2 && stored.modified instanceof Date, "a name, bytes and a date");
    await griot.storage.remove("conteur");
    await griot.storage.remove("conteur");
    equal((await griot.storage.list()).filter(({ name }) => name === "conteur"), []);
    await rejects(griot.storage.remove("../x"), "bad-input");
  },

  async "stories are endless, and the same for the same seed"({ griot }) {
    const take = async (n, options) => {
      const taken = [];
      for await (const story of griot.stories(options)) if (taken.push(story) === n) return taken;
    };
    const [first, again, other] = [await take(70, { language: "fr" }), await take(70, { language: "fr", seed: 0 }), await take(70, { language: "fr", seed: 1 })];
    equal(first, again);
    ok(first[0] !== other[0] && new Set(first).size > 60, "many stories");
    const [pair] = await take(1, { language: "en", kind: "pair" });
    ok(pair.input.length > 0 && pair.output.length > 0, "a question and its answer");
    const now = [];
    for (const story of griot.stories({ language: "fr" })) if (now.push(story) === 70) break;
    equal(now, first);
    const endless = griot.stories({ language: "en", kind: "pronoun", seed: 7 });
    const [one, two] = endless;
    const [again1, again2] = endless;
    equal([one, two], [again1, again2]);
    ok(one.input !== two.input, "two of a kind");
    await rejects(() => griot.stories({ language: "de" }), "bad-option");
    await rejects(() => griot.stories({}), "bad-option");
    await rejects(() => griot.stories({ language: "fr", kind: "poem" }), "bad-option");
    await rejects(() => griot.stories({ language: "fr", seed: -1 }), "bad-option");
  },

  async "codes, hints and details are there on every error"({ griot }) {
    const error = new griot.GriotError("shape", "x", { details: { left: 3 } });
    equal([error.code, error.details.left, error instanceof Error], ["shape", 3, true]);
  },
};
