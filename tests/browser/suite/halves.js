// Weights kept as f16: half the memory, nearly the same numbers, files of half the size, no learning.

import { equal, ok, rejects } from "./check.js";
import { batch, golden, worst } from "./golden.js";

/** A stored model, with its weights as f16. */
async function loaded({ griot, ...context }, name, device = "cpu") {
  const stored = await golden(context, name);
  return { stored, half: await griot.Model.load(stored.files, { device, dtype: "f16" }), given: batch(stored.expected, "in") };
}

/** Logits and loss are near the reference's, and not those of weights that were not rounded. */
async function near(context, name, device) {
  const { stored, half, given } = await loaded(context, name, device);
  const { logits, loss } = await half.forward(given);
  const mask = logits.shape.length === 3 && name !== "t5" ? given.attentionMask.flat() : undefined;
  const size = mask && logits.data.length / mask.length;
  const off = worst(logits.data, stored.expected.get("out.logits").data, mask && ((i) => mask[Math.floor(i / size)] === 1));
  ok(off > 1e-5 && off < 5e-3, `${name}: logits off by ${off}`);
  ok(Math.abs(loss - stored.record.loss) < 1e-3 * stored.record.loss, `${name}: a loss of ${loss}`);
  return { half, given };
}

const live = async (griot) => (await griot.memory()).owners.find(({ name }) => name === "weights")?.bytes ?? 0;

export const cases = {
  async "a model of each family says nearly what it says in f32"(context) {
    for (const name of ["gpt2", "llama", "bert-seqcls", "t5"]) await (await near(context, name, "cpu")).half.dispose();
  },

  async "the stored GPT-2 as f16 on the GPU: logits, loss, greedy text as on the CPU"(context) {
    const { griot, settings } = context;
    if (!globalThis.navigator?.gpu || !(await navigator.gpu.requestAdapter())) return;
    await griot.close();
    griot.configure({ ...settings, device: "webgpu" });
    try {
      const texts = [];
      for (const device of ["cpu", "webgpu"]) {
        const { half, given } = await near(context, "gpt2", device);
        equal(half.device, device);
        const { ids } = await half.generate(given.inputIds[0].slice(0, 5), { maxTokens: 4, stopTokens: [], temperature: 0 }).result;
        texts.push([...ids]);
        await half.dispose();
      }
      equal(texts[1], texts[0]);
      const { checks } = await griot.device();
      ok(checks.every(({ error, tolerance, fellBack }) => error <= tolerance && !fellBack), "good checks of the kernels in use");
    } finally {
      await griot.close();
      griot.configure(settings);
    }
  },

  async "it takes half the memory, and is saved as f16 that loads again with the same numbers"(context) {
    const { griot } = context;
    const before = await live(griot);
    const { stored, half, given } = await loaded(context, "llama");
    const taken = await live(griot);
    const whole = await griot.Model.load(stored.files, { device: "cpu", dtype: "auto" });
    const share = (taken - before) / ((await live(griot)) - taken);
    ok(share > 0.5 && share < 0.6, `${share} of the memory`);
    await whole.dispose();
    const files = await half.files();
    const config = JSON.parse(await files.get("config.json").text());
    equal(config.torch_dtype ?? config.dtype, "float16");
    const header = await files.get("model.safetensors").slice(8, 108).text();
    ok(header.includes('"dtype":"F16"'), header);
    ok(files.get("model.safetensors").size < stored.files["model.safetensors"].byteLength * 0.6, "a file of half the size");
    const again = await griot.Model.load(Object.fromEntries(files), { device: "cpu", dtype: "f16" });
    equal((await again.forward(given)).logits, (await half.forward(given)).logits);
    await again.dispose();
    await half.dispose();
  },

  async "text is written with it, and learning is refused by name"(context) {
    const { half, given } = await loaded(context, "gpt2");
    const { ids } = await half.generate(given.inputIds[0].slice(0, 5), { maxTokens: 4, stopTokens: [], temperature: 0 }).result;
    equal(ids.length, 4);
    await rejects(half.gradients(given), "unsupported");
    await rejects(half.train([given], { steps: 1 }).result, "unsupported");
    ok((await half.summary()).includes("f16"), "the summary says so");
    await half.dispose();
  },

  async "what was saved with its training is read without it"(context) {
    const { Model } = context.griot;
    const stored = await golden(context, "gpt2");
    const model = await Model.load(stored.files, { device: "cpu" });
    const given = batch(stored.expected, "in");
    await model.train([given], { steps: 1 }).result;
    const files = Object.fromEntries(await model.files({ training: true }));
    ok("training.json" in files, "the state of the training");
    const half = await Model.load(files, { device: "cpu", dtype: "f16" });
    const [{ loss }, learned] = [await half.forward(given), await model.forward(given)];
    ok(Math.abs(loss - learned.loss) < 1e-3 * learned.loss, `a loss of ${loss}, not ${learned.loss}`);
    await rejects(half.train([given], { steps: 2, continue: true }).result, "unsupported");
    await half.dispose();
    await model.dispose();
  },

  async "an estimate knows that weights take half"({ griot }) {
    const config = griot.presets.gpt({ layers: 2, heads: 2, width: 64, context: 64, vocabSize: 500 });
    const [f32, f16] = await Promise.all(["f32", "f16"].map((dtype) => griot.Model.estimate(config, { for: "generate", dtype })));
    ok(f16.bytes.weights < 0.55 * f32.bytes.weights, `${f16.bytes.weights} of ${f32.bytes.weights}`);
    equal([f16.bytes.cache, f16.bytes.activations], [f32.bytes.cache, f32.bytes.activations]);
    await rejects(griot.Model.estimate(config, { for: "train", dtype: "f16" }), "unsupported");
    await rejects(griot.Model.estimate(config, { for: "generate", dtype: "f64" }), "bad-option");
  },
};
