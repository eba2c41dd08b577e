// Models through the package: the stored GPT-2 against the reference, and a small one from text to text.

import { equal, ok, rejects, within } from "./check.js";
import { batch, golden, trainingBatches, worst } from "./golden.js";

const REFERENCE = {
  optimizer: { lr: 1e-3, betas: [0.9, 0.999], weightDecay: 0.1, decay: "all", clip: 1 },
  schedule: { type: "constant", warmup: 0 },
  dropout: 0,
};

const bytes = async (blob) => new Uint8Array(await blob.arrayBuffer());
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** A small model over the story world, and its texts. */
async function small(griot, options = {}) {
  const texts = [];
  for await (const story of griot.stories({ language: "fr", seed: 5 })) if (texts.push(story) === 60) break;
  const tokenizer = await griot.Tokenizer.train(texts, { kind: "bpe", vocabSize: 400 });
  const config = griot.presets.gpt({ layers: 2, heads: 2, width: 32, context: 32 });
  return { texts, tokenizer, model: await griot.Model.create(config, { tokenizer, seed: 1, device: "cpu", ...options }) };
}

/** What a device must do with the stored model. */
async function reference(context, device, steps) {
  const stored = await golden(context, "gpt2");
  const model = await context.griot.Model.load(stored.files, { device });
  equal([model.device, model.task, model.config.model_type], [device, "causal", "gpt2"]);
  const given = batch(stored.expected, "in");
  const { logits, loss, hidden, attentions } = await model.forward(given, { hidden: true, attentions: true });
  const wanted = stored.expected.get("out.logits");
  equal(logits.shape, wanted.shape);
  const mask = given.attentionMask.flat();
  const seen = (size) => (i) => mask[Math.floor(i / size)] === 1;
  ok(worst(logits.data, wanted.data, seen(256)) <= 1e-4, "the reference's logits");
  ok(Math.abs(loss - stored.record.loss) <= 1e-4 * stored.record.loss, `a loss of ${stored.record.loss}, not ${loss}`);
  hidden.forEach(({ data }, layer) => ok(worst(data, stored.expected.get(`out.hidden_states.${layer}`).data, seen(32)) <= 1e-4, `hidden states ${layer}`));
  equal([hidden.length, attentions.length, attentions[0].shape], [3, 2, [3, 4, 16, 16]]);

  const prompt = stored.record.greedy.single;
  const told = await model.generate(prompt.input_ids[0], { temperature: 0, maxTokens: prompt.max_new_tokens, stopTokens: [] }).result;
  equal([...told.ids], prompt.sequences[0].slice(6, 6 + told.ids.length), "greedy");
  equal([told.ids.length, told.finishReason, told.usage.promptTokens], [prompt.max_new_tokens, "length", 6]);

  const losses = stored.record.train.losses;
  const run = model.train(trainingBatches(stored.expected), { steps, ...REFERENCE });
  let step = 0;
  for await (const report of run) {
    ok(Math.abs(report.loss - losses[step]) <= 1e-4 * losses[step], `step ${step + 1}: a loss of ${losses[step]}, not ${report.loss}`);
    step += 1;
    equal(report.step, step);
  }
  const { reason, steps: made } = await run.result;
  equal([step, made, reason], [steps, steps, "done"]);
  return { model, stored };
}

/** What a device must find for every parameter of the stored model. */
async function gradients(context, device) {
  const stored = await golden(context, "gpt2");
  const model = await context.griot.Model.load(stored.files, { device });
  const { loss, gradients } = await model.gradients(batch(stored.expected, "in"));
  ok(Math.abs(loss - stored.record.loss) <= 1e-4 * stored.record.loss, "the reference's loss");
  equal([...gradients.keys()].sort(), [...stored.gradients.keys()].sort());
  for (const [name, { shape, data }] of stored.gradients) {
    equal(gradients.get(name).shape, shape, name);
    ok(worst(gradients.get(name).data, data) <= 1e-3, `the reference's gradient of ${name}`);
  }
  await model.dispose();
}

export const cases = {
  async "the stored GPT-2 on the CPU: logits, hidden states, greedy text, ten steps of AdamW"(context) {
    const { model } = await reference(context, "cpu", 10);
    await model.dispose();
    await rejects(model.summary(), "disposed");
  },

  async "every gradient of the stored GPT-2 on the CPU"(context) {
    await gradients(context, "cpu");
  },

  async "the stored GPT-2 on the GPU: logits, hidden states, every gradient, greedy text, ten steps of AdamW"(context) {
    const { griot, settings } = context;
    if (!globalThis.navigator?.gpu || !(await navigator.gpu.requestAdapter())) return;
    await griot.close();
    griot.configure({ ...settings, device: "webgpu" });
    try {
      const { model } = await reference(context, "webgpu", 10);
      await model.dispose();
      await gradients(context, "webgpu");
      const { checks } = await griot.device();
      ok(checks.length > 10 && checks.every(({ error, tolerance, fellBack }) => error <= tolerance && !fellBack), "good checks of the kernels in use");
    } finally {
      await griot.close();
      griot.configure(settings);
    }
  },

  async "what is saved is loaded as the same bytes"(context) {
    const { Model } = context.griot;
    const stored = await golden(context, "gpt2");
    const model = await Model.load(stored.files, { device: "cpu" });
    const files = await model.files();
    ok(same(await bytes(files.get("model.safetensors")), new Uint8Array(stored.files["model.safetensors"])), "the bytes that were loaded");
    const trained = model.train(trainingBatches(stored.expected), { steps: 1 });
    equal((await trained.result).reason, "done");
    const after = await model.files();
    const again = await Model.load(Object.fromEntries(after), { device: "cpu" });
    const first = await bytes(after.get("model.safetensors"));
    ok(same(await bytes((await again.files()).get("model.safetensors")), first), "the same bytes after save and load");
    ok(!same(first, new Uint8Array(stored.files["model.safetensors"])), "other weights after a step");
    equal(again.config, model.config);
    await Promise.all([model.dispose(), again.dispose()]);
  },

  async "text to text: create, train, generate, save, load"({ griot }) {
    const { texts, tokenizer, model } = await small(griot);
    equal(model.config.vocab_size, tokenizer.vocabSize);
    ok((await model.summary()).includes(`${model.parameters} parameters`), "a summary");
    const losses = [];
    for await (const { loss } of model.train(texts, { steps: 30, batch: 4, optimizer: { lr: 5e-3 } })) losses.push(loss);
    equal(losses.length, 30);
    ok(losses[29] < losses[0] - 0.5, `a loss that falls from ${losses[0]}, not to ${losses[29]}`);
    const generation = model.generate("Il était", { maxTokens: 12, seed: 3, logprobs: 2, stopTokens: [] });
    let text = "";
    for await (const piece of generation) {
      text += piece.text;
      equal([piece.type, piece.top.length, piece.top[0].logprob >= piece.top[1].logprob], ["text", 2, true]);
    }
    equal((await generation.result).ids.length, 12);
    ok((await generation.result).text.startsWith(text), "the text is its pieces");
    equal(await model.generate("Il était", { maxTokens: 12, seed: 3, stopTokens: [] }).text, (await generation.result).text);
    const next = await model.next("Il était", { top: 5 });
    ok(next.length === 5 && next[0].p >= next[4].p && typeof next[0].token === "string", "five tokens");
    const again = await griot.Model.load(Object.fromEntries(await model.files()), { device: "cpu" });
    equal(await again.next("Il était", { top: 5 }), next);
    equal(again.tokenizer.vocabSize, tokenizer.vocabSize);
    await Promise.all([model.dispose(), again.dispose()]);
    equal(await tokenizer.decode((await tokenizer.encode("Il était")).ids), "Il était");
  },

  async "the same seed gives the same weights, and weights can be set"({ griot }) {
    const config = griot.presets.llama({ layers: 1, heads: 2, width: 16, context: 16, vocabSize: 50 });
    const [one, two, other] = await Promise.all([1, 1, 2].map((seed) => griot.Model.create(config, { seed, device: "cpu" })));
    const name = "model.layers.0.mlp.up_proj.weight";
    const weight = async (model) => (await model.weights([name])).get(name);
    equal(await weight(one), await weight(two));
    ok(!same((await weight(one)).data, (await weight(other)).data), "other weights from another seed");
    await other.setWeights(await one.weights());
    equal(await weight(other), await weight(one));
    await rejects(one.setWeights(new Map([[name, { data: new Float32Array(2), shape: [2] }]])), "shape");
    await rejects(one.weights(["nothing"]), "bad-input");
    await Promise.all([one, two, other].map((model) => model.dispose()));
  },

  async "stop() ends a run with what there is; other calls come in between steps"({ griot }) {
    const { texts, model } = await small(griot);
    const run = model.train(texts, { steps: 100_000 });
    let steps = 0;
    for await (const report of run) {
      steps = report.step;
      if (steps === 2) {
        equal((await within(10_000, model.next("Il", { top: 1 }), "next during training")).length, 1);
        await rejects(model.train(texts, { steps: 1 }).result, "bad-input");
        break;
      }
    }
    const result = await run.result;
    equal(result.reason, "stopped");
    ok(result.steps >= 2 && result.steps < 1000, "a few steps");
    const quiet = model.train(texts, { steps: 100_000, report: 1000 });
    await quiet.stop();
    equal((await quiet.result).reason, "stopped");
    await model.dispose();
  },

  async "an abort in the middle of training leaves the model usable"({ griot }) {
    const { texts, model } = await small(griot);
    const aborter = new AbortController();
    const run = model.train(texts, { steps: 100_000, signal: aborter.signal });
    for await (const { step } of run) {
      if (step === 3) break;
    }
    const second = model.train(texts, { steps: 100_000, signal: aborter.signal });
    setTimeout(() => aborter.abort(), 60);
    await rejects(within(5000, second.result, "the abort"), "AbortError");
    const [first] = await model.next("Il", { top: 1 });
    ok(Number.isFinite(first.logit), "a finite logit");
    equal((await model.train(texts, { steps: 2 }).result).reason, "done");
    await model.dispose();
  },

  async "what is wrong is named with its code"({ griot }) {
    const { Model, presets } = griot;
    const { texts, model } = await small(griot);
    await rejects(() => model.train(texts, { steps: 1, lr: 1 }), "bad-option");
    await rejects(() => model.train(texts, { steps: 1, optimizer: { rate: 1 } }), "bad-option");
    await rejects(model.train(texts, { steps: 1, objective: "masked" }).result, "bad-option");
    await rejects(model.train(texts, {}).result, "bad-option");
    await rejects(model.train("", { steps: 1 }).result, "bad-input");
    await rejects(model.train([{ inputIds: [[1, 2, 3]] }], { steps: 1 }).result, "bad-input");
    await rejects(() => model.generate("Il", { best: 4 }), "bad-option");
    await rejects(model.forward({ inputIds: [[1, 100_000]] }), "bad-input");
    await rejects(model.forward({ inputIds: [Array(64).fill(1)] }), "context-overflow");
    await rejects(model.forward({ ids: [[1]] }), "bad-option");
    await rejects(model.gradients({ inputIds: [[1, 2]] }), "bad-input");
    await rejects(Model.create({ model_type: "elephant" }), "unsupported");
    await rejects(() => presets.gpt({ layers: 1, heads: 3, width: 8, context: 8 }), "bad-option");
    await rejects(() => presets.gpt({ layers: 1, heads: 2, kvHeads: 1, width: 8, context: 8 }), "bad-option");
    await rejects(Model.load({ "config.json": "{}" }), "bad-file");
    const files = Object.fromEntries(await model.files());
    await rejects(Model.load({ ...files, "model.safetensors": files["model.safetensors"].slice(0, 5000) }, { device: "cpu" }), "bad-file");
    await rejects(Model.load({ ...files, "model.safetensors": "no" }, { device: "cpu" }), "bad-file");
    const mute = await Model.create(presets.gpt({ layers: 1, heads: 1, width: 8, context: 8, vocabSize: 9 }), { device: "cpu" });
    await rejects(mute.generate("Il").result, "bad-input");
    await rejects(mute.next("Il"), "bad-input");
    await Promise.all([mute.dispose(), model.dispose()]);
  },
};
