// The contract's small print: what errors carry, what is refused by which name, what stands for what.

import { equal, ok, rejects } from "./check.js";

const SIZES = { layers: 1, heads: 2, width: 16, context: 16, vocabSize: 32 };

async function tiny(griot, options) {
  return await griot.Model.create(griot.presets.gpt(SIZES), { seed: 1, device: "cpu", ...options });
}

export const cases = {
  async "errors carry their numbers"({ griot }) {
    const model = await tiny(griot);
    const long = Array(20).fill(1);
    for (const work of [() => model.forward({ inputIds: [long] }), () => model.generate(long).result]) {
      const error = await rejects(work, "context-overflow");
      equal(error.details, { tokens: 20, context: 16 });
      ok(error.hint.includes("context"), error.hint);
    }
    const detailed = async (batch, code, details) => equal((await rejects(model.forward(batch), code)).details, details, JSON.stringify(batch));
    const inputIds = [[1, 2, 3]];
    await detailed({ inputIds: [[1, 2, 3], [4]] }, "shape", { row: 1, ids: 1, wanted: 3 });
    await detailed({ inputIds, attentionMask: [[1, 1]] }, "shape", { row: 0, numbers: 2, wanted: 3 });
    await detailed({ inputIds, labels: [[1, 2]] }, "shape", { row: 0, numbers: 2, wanted: 3 });
    await detailed({ inputIds, labels: [[1, 2, 3], [1, 2, 3]] }, "shape", { rows: 2, wanted: 1 });
    await detailed({ inputIds, positionIds: [[0]] }, "shape", { row: 0, wanted: 3 });
    await detailed({ inputIds: [[1, 32]] }, "bad-input", { id: 32, vocab: 32 });
    await detailed({ inputIds, labels: [[1, 2, 99]] }, "bad-input", { label: 99, labels: 32 });
    await detailed({ inputIds, attentionMask: [[1, 2, 1]] }, "bad-input", { row: 0, number: 2 });
    for (const wrong of [-1, 1.5, "a", null]) await detailed({ inputIds: [[1, wrong]] }, "bad-input", { row: 0, place: 1 });
    await model.dispose();
  },

  async "what would have no effect is refused"({ griot }) {
    const model = await tiny(griot);
    const inputIds = [[1, 2, 3]];
    const row = [1, 1, 1];
    await rejects(model.forward({ inputIds, attentionMask: [row, row] }), "shape");
    await rejects(model.forward({ inputIds, positionIds: [row, row] }), "shape");
    await rejects(model.forward({ inputIds, labels: [[1, -5, 3]] }), "bad-input");
    for (const options of [{ stop: "" }, { stop: ["a", ""] }, { logitBias: [1] }]) await rejects(() => model.generate([1], options).result, "bad-option");
    for (const optimizer of [{ betas: [0.9, 0.9, 0.9] }, { type: "sgd", betas: [0.9, 0.9] }, { type: "sgd", eps: 1e-8 }]) {
      await rejects(async () => await model.train([{ inputIds, labels: inputIds }], { steps: 1, optimizer }).result, "bad-option");
    }
    await rejects(tiny(griot, { tokenizer: {} }), "bad-option");
    await rejects(griot.Model.create({ ...griot.presets.gpt(SIZES), activation: "relu" }), "unsupported");
    await model.dispose();
  },

  async "a head that differs from the table that the config ties it to is refused"({ griot }) {
    const model = await griot.Model.create({ ...griot.presets.llama(SIZES), tie_word_embeddings: false }, { seed: 1, device: "cpu" });
    const files = Object.fromEntries(await model.files());
    const tied = { ...files, "config.json": JSON.stringify({ ...model.config, tie_word_embeddings: true }) };
    const { message } = await rejects(griot.Model.load(tied), "bad-file");
    ok(message.includes("lm_head.weight") && message.includes("tie_word_embeddings"), message);
    const [head, table] = ["lm_head.weight", "model.embed_tokens.weight"];
    const tables = await model.weights([table]);
    await model.setWeights(new Map([[head, tables.get(table)]]));
    const copied = { ...Object.fromEntries(await model.files()), "config.json": tied["config.json"] };
    const again = await griot.Model.load(copied, { device: "cpu" });
    equal(again.parameters, model.parameters - tables.get(table).data.length);
    await Promise.all([model.dispose(), again.dispose()]);
  },

  async "messages name the call, what was expected and what came"({ griot }) {
    const model = await tiny(griot);
    const message = async (work) => (await rejects(work, "bad-input")).message;
    equal(await message(model.forward({ inputIds: [[1, -1]] })), "forward: inputIds[0][1] must be a whole number, 0 to 4294967295, -1 was given");
    for (const prompt of [7, [{ content: "x" }], ["a"], [1, -1]]) ok((await message(async () => await model.generate(prompt).result)).startsWith("generate: the prompt must be"), "the prompt");
    await model.dispose();
  },

  async "weights are set together or not at all"({ griot }) {
    const model = await tiny(griot);
    const names = ["transformer.ln_f.bias", "transformer.ln_f.weight"];
    const before = await model.weights(names);
    const numbers = (value) => ({ data: new Float32Array(16).fill(value), shape: [16] });
    await rejects(model.setWeights(new Map([[names[0], numbers(1)], [names[1], numbers(Number.NaN)]])), "non-finite");
    const { details } = await rejects(model.setWeights(new Map([[names[0], numbers(1)], [names[1], { data: new Float32Array(15), shape: [15] }]])), "shape");
    equal(details, { numbers: 15, wanted: 16 });
    equal([...(await model.weights(names))], [...before]);
    await model.dispose();
  },

  async "what is evaluated of two parts is the second"({ griot }) {
    const tokenizer = await griot.Tokenizer.train(["le lion dort", "la reine chante"], { kind: "char" });
    const model = await tiny(griot, { tokenizer });
    const [both, one] = await Promise.all([model.evaluate({ train: ["le lion"], valid: ["la reine"] }), model.evaluate(["la reine"])]);
    equal(both, one);
    await Promise.all([model.dispose(), tokenizer.dispose()]);
  },

  async "an end token fills where there is no padding token"({ griot }) {
    const tokenizer = await griot.Tokenizer.train(["le lion dort, la reine chante"], { kind: "bpe" });
    const [short, long] = await tokenizer.encodeBatch(["le", "le lion dort"], { pad: true });
    equal(short.ids.length, long.ids.length);
    const { id } = tokenizer.special.eos;
    short.attentionMask.forEach((seen, at) => ok(seen === 1 || (short.ids[at] === id && short.specialMask[at] === 1), `place ${at}`));
    ok(short.attentionMask.includes(0), "padding");
    await tokenizer.dispose();
  },

  async "a config that makes no sense is bad input where it is the caller's, and a bad file where it is read"({ griot }) {
    const config = { ...griot.presets.gpt(SIZES), n_embd: "wide" };
    await rejects(griot.Model.create(config, { device: "cpu" }), "bad-input");
    await rejects(griot.Model.create({}, { device: "cpu" }), "bad-input");
    await rejects(griot.Model.load({ "config.json": JSON.stringify(config) }, { device: "cpu" }), "bad-file");
    await rejects(griot.Model.create({ model_type: "mamba" }), "unsupported");
  },

  async "what is not there yet is unsupported, what will never be is a bad option"({ griot }) {
    const model = await tiny(griot);
    const files = Object.fromEntries(await model.files());
    await rejects(griot.Model.estimate(model.config, { for: "train", dtype: "f16" }), "unsupported");
    await rejects(griot.Model.create(model.config, { dtype: "f16", device: "cpu" }), "bad-option");
    await rejects(griot.Model.load(files, { dtype: "f64", device: "cpu" }), "bad-option");
    await model.dispose();
  },

  async "many texts are read with progress, and each as it is alone"({ griot }) {
    const tokenizer = await griot.Tokenizer.train(["le lion dort", "la reine chante"], { kind: "wordpiece", vocabSize: 40, minFrequency: 1 });
    const config = griot.presets.bert({ ...SIZES, context: 32, vocabSize: 64 });
    const texts = Array.from({ length: 20 }, (_, at) => ["le lion", "la reine chante", "dort"][at % 3]);
    for (const task of ["embed", "classify"]) {
      const model = await griot.Model.create(config, { tokenizer, task, seed: 1, device: "cpu" });
      const told = [];
      const all = await model[task](texts, { onProgress: (progress) => told.push(progress) });
      equal(told.map(({ phase, done, total }) => [phase, done, total]), [8, 16, 20].map((done) => [task, done, 20]));
      equal(all.length, 20);
      const [alone] = await model[task](texts[1]);
      const numbers = (one) => (task === "embed" ? [...one] : one.map(({ p }) => p));
      numbers(alone).forEach((n, i) => ok(Math.abs(n - numbers(all[1])[i]) < 1e-6, "the same as alone"));
      const aborter = new AbortController();
      await rejects(model[task](texts, { signal: aborter.signal, onProgress: () => aborter.abort() }), "AbortError");
      equal(await model[task]([]), []);
      await model.dispose();
    }
    await tokenizer.dispose();
  },

  async "models dispose of themselves where the language can"({ griot }) {
    if (Symbol.asyncDispose === undefined) return;
    const model = await tiny(griot);
    await model[Symbol.asyncDispose]();
    await rejects(model.summary(), "disposed");
  },
};
