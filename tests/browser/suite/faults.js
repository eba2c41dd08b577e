// What goes wrong with a GPU, feigned through `griot/lab`: each fault has its code and hint, its event, and leaves nothing behind.

import { equal, ok, rejects, within } from "./check.js";

const hasGpu = async () => Boolean(globalThis.navigator?.gpu && (await navigator.gpu.requestAdapter()));

/** Runs with a runtime of its own; gives the events that it sent. */
async function apart({ griot, settings }, options, work) {
  const heard = [];
  const hear = ({ type, detail }) => heard.push([type, detail]);
  const names = ["devicelost", "recovered", "fallback"];
  for (const name of names) griot.events.addEventListener(name, hear);
  await griot.close();
  griot.configure({ ...settings, ...options });
  try {
    await work(heard);
  } finally {
    for (const name of names) griot.events.removeEventListener(name, hear);
    await griot.close();
    griot.configure(settings);
  }
}

const named = (heard) => heard.map(([type]) => type);

const CONFIG = { model_type: "gpt2", vocab_size: 40, n_positions: 16, n_embd: 16, n_layer: 1, n_head: 2 };
const BATCH = { inputIds: [[1, 2, 3, 4, 5, 6, 7, 8]], labels: [[1, 2, 3, 4, 5, 6, 7, 8]] };
const PLAIN = { inputIds: [[5, 6, 7, 8]] };

/** The text of a shader, which only a page can fetch. */
const shader = async (name) => await (await fetch(`/shaders/${name}.wgsl`)).text();

/** Aborts runs on a device at several moments: what is left are the weights after a whole step. */
async function aborts(griot, device, config) {
  const sgd = { optimizer: { type: "sgd", lr: 0.1, clip: false, weightDecay: 0 }, schedule: { type: "constant", warmup: 0 }, dropout: 0 };
  const [steady, model] = await Promise.all([0, 1].map(() => griot.Model.create(config, { seed: 4, device })));
  const mark = async (model) => {
    let sum = 0;
    for (const { data } of (await model.weights()).values()) for (let i = 0; i < data.length; i += 1) sum += data[i] * ((i % 1009) + 1);
    return sum;
  };
  const marks = [await mark(steady)];
  const start = await model.weights();
  for (const wait of [1, 7, 13, 22, 31]) {
    await model.setWeights(start);
    const aborter = new AbortController();
    const run = model.train([BATCH], { steps: 100_000, signal: aborter.signal, ...sgd });
    let taken = 0;
    setTimeout(() => aborter.abort(), wait);
    await rejects(within(5000, (async () => { for await (const { step } of run) taken = step; })(), "the abort"), "AbortError");
    const after = await mark(model);
    while (marks.length <= taken + 2) {
      await steady.train([BATCH], { steps: 1, ...sgd }).result;
      marks.push(await mark(steady));
    }
    ok(marks.includes(after), `the weights after a whole step, after ${taken} reports`);
  }
  await Promise.all([steady.dispose(), model.dispose()]);
}

/** Whose bytes are left but what an open GPU itself needs. */
async function left(griot) {
  const { owners } = await griot.memory();
  return owners.map(({ name }) => name).filter((name) => !["parameters", "read-back"].includes(name));
}

const off = (a, b) => Math.max(...a.map((x, i) => Math.abs(x - b[i])));

export const cases = {
  async "no adapter is device-unavailable by name, and the CPU with its reason by itself"(context) {
    const { griot, lab } = context;
    await apart(context, { device: "webgpu" }, async () => {
      await lab.feign({ noAdapter: true });
      ok((await rejects(griot.device(), "device-unavailable")).hint.includes("cpu"), "a hint");
      await rejects(griot.Model.create(CONFIG), "device-unavailable");
      const model = await griot.Model.create(CONFIG, { device: "auto" });
      equal(model.device, "cpu");
      await model.dispose();
      equal(await left(griot), []);
      await rejects(lab.feign({ nothing: true }), "bad-option");
    });
    await apart(context, {}, async (heard) => {
      await lab.feign({ noAdapter: true });
      const { kind, reason } = await griot.device();
      ok(kind === "cpu" && /no WebGPU|no GPU/.test(reason), `a reason, not ${reason}`);
      equal([await lab.destroy(), heard], [false, []]);
    });
  },

  async "a kernel on trial: its own sizes, others, and what is wrong with them"({ griot, lab, settings }) {
    await griot.close();
    griot.configure({ ...settings, device: "cpu" });
    const { agrees, worst, ms, messages } = await lab.kernel("matmul_nn", { sizes: { rows: 33, columns: 17, inner: 65 } });
    ok(agrees && worst < 1e-5 && ms >= 0 && messages.length === 0, "a kernel that agrees");
    ok((await lab.kernel("norm", { sizes: { width: 1000 } })).agrees, "a wide norm");
    await rejects(lab.kernel("norm", { sizes: { height: 3 } }), "bad-option");
    await rejects(lab.kernel("norm", { sizes: { width: 0 } }), "bad-option");
    await rejects(lab.kernel("norm", { sizes: { width: 1.5 } }), "bad-option");
    await rejects(lab.kernel("norm", { size: {} }), "bad-option");
    await rejects(lab.kernel("adam", { sizes: { count: 7 } }), "unsupported");
    await rejects(lab.kernel("norm", { wgsl: "fn f() {}" }), "unsupported");
    ok((await rejects(lab.kernel("softmin"), "bad-input")).hint.includes("norm"), "the kernels there are");
    await griot.close();
    griot.configure(settings);
  },

  async "what lived in a runtime that was closed is disposed of"({ griot, settings }) {
    const model = await griot.Model.create(CONFIG, { device: "cpu" });
    const tokenizer = await griot.Tokenizer.train("la reine", { kind: "char" });
    await griot.close();
    griot.configure(settings);
    await rejects(model.forward(PLAIN), "disposed");
    await rejects(tokenizer.encode("la"), "disposed");
    await Promise.all([model.dispose(), tokenizer.dispose()]);
    equal(await left(griot), []);
  },

  async "a model's plan as text"({ griot, lab }) {
    const model = await griot.Model.create(CONFIG, { device: "cpu" });
    const { live } = await griot.memory();
    const [forward, both] = [await lab.plan(model, PLAIN), await lab.plan(model, BATCH)];
    ok(forward.includes("attention") && /\d+ launches/.test(forward), "launches");
    ok(both.includes("attention_keys") && !forward.includes("attention_keys"), "the way back where there are labels");
    equal((await griot.memory()).live, live);
    await rejects(lab.plan(model, { inputIds: [] }), "bad-input");
    await model.dispose();
  },

  async "an abort of a training run leaves the weights of a whole step"({ griot }) {
    await aborts(griot, "cpu", { ...CONFIG, vocab_size: 3000, n_embd: 192, n_head: 4 });
  },

  async "an abort of a training run on the GPU leaves the weights of a whole step"({ griot }) {
    if (!(await hasGpu())) return;
    await aborts(griot, "webgpu", CONFIG);
  },

  async "what the limit does not allow is out-of-memory before anything is allocated"(context) {
    const { griot } = context;
    await apart(context, { device: "cpu", memoryLimit: 80_000 }, async () => {
      const error = await rejects(griot.Model.create({ ...CONFIG, n_embd: 256 }), "out-of-memory");
      ok(error.hint && error.details.limit === 80_000 && error.details.needed > 0, "a hint and numbers");
      equal(await left(griot), []);
      const model = await griot.Model.create(CONFIG);
      const { live } = await griot.memory();
      await rejects(model.train([BATCH], { steps: 1 }).result, "out-of-memory");
      equal((await model.forward(PLAIN)).logits.shape, [1, 4, 40]);
      ok((await griot.memory()).live >= live, "an account");
      await model.dispose();
      equal(await left(griot), []);
    });
  },

  async "a refused device, a low limit and too large a buffer on the GPU"(context) {
    if (!(await hasGpu())) return;
    const { griot, lab } = context;
    await apart(context, { device: "webgpu" }, async () => {
      await lab.feign({ refused: true });
      ok((await rejects(griot.device(), "device-unavailable")).hint, "a hint");
      await lab.feign({ bufferBytes: 1 << 20 });
      const { details } = await rejects(griot.device(), "device-unavailable");
      equal([details.has, details.needed], [1 << 20, 16 << 20]);
      await lab.feign({ bufferBytes: 16 << 20 });
      const error = await rejects(griot.Model.create({ ...CONFIG, vocab_size: 400_000 }), "out-of-memory");
      ok(error.hint, "a hint");
      equal(await left(griot), []);
      await lab.feign();
      equal((await griot.device()).kind, "webgpu");
    });
  },

  async "a text of one's own for a kernel on the GPU: messages with their lines, and whether it agrees"(context) {
    if (!(await hasGpu())) return;
    const { griot, lab } = context;
    await apart(context, { device: "webgpu" }, async () => {
      const text = await shader("sum");
      const good = await lab.kernel("sum", { wgsl: text, sizes: { count: 5000 } });
      equal([good.agrees, good.messages.filter(({ kind }) => kind === "error")], [true, []]);
      const wrong = await lab.kernel("sum", { wgsl: text.replace("y[i] += x[i];", "y[i] += x[i] * 1.5;") });
      ok(!wrong.agrees && wrong.worst > 0.1, "a kernel that does not agree");
      const broken = await lab.kernel("sum", { wgsl: text.replace("y[i] += x[i];", "y[i] += nothing;") });
      const line = text.split("\n").findIndex((line) => line.includes("y[i] += x[i];")) + 1;
      ok(!broken.agrees && broken.messages.some((m) => m.kind === "error" && m.line === line && m.text.includes("nothing")), `an error in line ${line}, not ${JSON.stringify(broken.messages)}`);
      ok((await lab.kernel("sum")).agrees, "its own text again");
      equal(await left(griot), []);
    });
  },

  async "a shader that does not compile and a kernel that disagrees on the GPU"(context) {
    if (!(await hasGpu())) return;
    const { griot, lab } = context;
    const text = await shader("embed");
    const faults = [
      ["unsupported", { embed: text.replace("fn embed(", "fn embed(no such thing") }],
      ["numeric-mismatch", { embed: text.replace("y[i] = out;", "y[i] = out * 1.01;") }],
    ];
    const expected = await (async () => {
      const model = await griot.Model.create(CONFIG, { seed: 2, device: "cpu" });
      const { logits } = await model.forward(PLAIN);
      await model.dispose();
      return logits.data;
    })();
    for (const [code, shaders] of faults) {
      await apart(context, {}, async (heard) => {
        await lab.feign({ hardware: true, shaders });
        const bound = await griot.Model.create(CONFIG, { seed: 2, device: "webgpu" });
        const error = await rejects(bound.forward(PLAIN), code);
        ok(error.hint.includes("cpu") && error.message.includes("embed"), "the kernel and a hint");
        const check = (await griot.device()).checks.find(({ kernel }) => kernel === "embed");
        ok(!(check.error <= check.tolerance), "a bad check in the report");
        await bound.dispose();
        equal([await left(griot), heard], [[], []]);
        const free = await griot.Model.create(CONFIG, { seed: 2 });
        equal(free.device, "webgpu");
        const { logits } = await free.forward(PLAIN);
        ok(off(logits.data, expected) < 1e-5, "the CPU's logits");
        equal([free.device, named(heard)], ["cpu", ["fallback"]]);
        ok(heard[0][1].reason.includes("embed"), "why");
        await free.dispose();
        equal(await left(griot), []);
      });
    }
  },

  async "a device that is lost while plans run on the GPU: calls and runs go on, the third loss ends it"(context) {
    if (!(await hasGpu())) return;
    const { griot, lab } = context;
    await apart(context, { device: "webgpu" }, async (heard) => {
      const model = await griot.Model.create(CONFIG, { seed: 2 });
      const before = (await model.forward(PLAIN)).logits;
      const options = { steps: 6, seed: 3, optimizer: { lr: 1e-2 } };
      const undisturbed = await griot.Model.create(CONFIG, { seed: 2 });
      const losses = [];
      for await (const { loss } of undisturbed.train([BATCH], options)) losses.push(loss);
      const told = await undisturbed.generate([1, 2], { maxTokens: 8, seed: 1, stopTokens: [] }).result;
      await undisturbed.dispose();

      const seen = [];
      for await (const { step, loss } of model.train([BATCH], options)) {
        seen.push(loss);
        if (step === 3) ok(await lab.destroy(), "a device to destroy");
      }
      equal(seen, losses, "the same losses as if nothing had been");
      equal(named(heard), ["devicelost", "recovered"]);
      const generation = model.generate([1, 2], { maxTokens: 8, seed: 1, stopTokens: [] });
      let pieces = 0;
      for await (const { index } of generation) {
        equal(index, pieces);
        pieces += 1;
        if (pieces === 2) await lab.destroy();
      }
      equal([...(await generation.result).ids], [...told.ids], "the same ids");
      ok(off((await model.forward(PLAIN)).logits.data, before.data) > 1e-4, "what was learned stays");
      equal(named(heard), ["devicelost", "recovered", "devicelost", "recovered"]);
      await lab.destroy();
      await rejects(model.forward(PLAIN), "device-unavailable");
      await model.dispose();
      equal(await left(griot), []);
    });
  },

  async "a free model goes on on the CPU when its device does not come back on the GPU"(context) {
    if (!(await hasGpu())) return;
    const { griot, lab } = context;
    await apart(context, {}, async (heard) => {
      await lab.feign({ hardware: true });
      const model = await griot.Model.create(CONFIG, { seed: 2 });
      const { data } = (await model.forward(PLAIN)).logits;
      const texts = (async function* () {
        yield BATCH;
      })();
      await rejects(model.train(texts, { steps: 1 }).result, "bad-input");
      for (let loss = 0; loss < 3; loss += 1) {
        await lab.destroy();
        ok(off((await model.forward(PLAIN)).logits.data, data) < 1e-5, "the same logits");
      }
      equal([model.device, (await griot.device()).kind], ["cpu", "cpu"]);
      equal(named(heard), ["devicelost", "recovered", "devicelost", "recovered", "devicelost", "fallback"]);
      await model.dispose();
      equal(await left(griot), []);
    });
  },
};
