// Training through the package: options, measuring, going on, objectives from examples, what goes wrong.

import { equal, ok, rejects, sleep, within } from "./check.js";
import { golden, trainingBatches } from "./golden.js";

const REFERENCE = {
  optimizer: { lr: 1e-3, betas: [0.9, 0.999], weightDecay: 0.1, decay: "all", clip: 1 },
  schedule: { type: "constant", warmup: 0 },
  dropout: 0,
};

const bytes = async (files, name) => [...new Uint8Array(await files.get(name).arrayBuffer())];

/** Tales of the story world. */
async function tales(griot, count) {
  const texts = [];
  for await (const story of griot.stories({ language: "fr", seed: 5 })) if (texts.push(story) === count) break;
  return texts;
}

/** A small model over the story world, and its texts. */
async function small(griot, sizes = {}, options = {}) {
  const texts = await tales(griot, 30);
  const tokenizer = await griot.Tokenizer.train(texts, { kind: "bpe", vocabSize: 300 });
  const config = { ...griot.presets.gpt({ layers: 1, heads: 2, width: 16, context: 24, ...sizes }), embd_pdrop: 0.1, attn_pdrop: 0.1 };
  return { texts, tokenizer, model: await griot.Model.create(config, { tokenizer, seed: 1, device: "cpu", ...options }) };
}

const all = async (run) => {
  const reports = [];
  for await (const report of run) reports.push(report);
  return reports;
};

export const cases = {
  async "ten steps of the stored LLaMA give the reference's losses"(context) {
    const stored = await golden(context, "llama");
    const model = await context.griot.Model.load(stored.files, { device: "cpu" });
    const { losses, grad_norms_before_clip: norms } = stored.record.train;
    const reports = await all(model.train(trainingBatches(stored.expected), { steps: 10, ...REFERENCE }));
    equal(reports.length, 10);
    reports.forEach(({ loss, gradNorm }, step) => {
      ok(Math.abs(loss - losses[step]) <= 1e-4 * losses[step], `step ${step + 1}: a loss of ${losses[step]}, not ${loss}`);
      ok(Math.abs(gradNorm - norms[step]) <= 1e-3 * norms[step], `step ${step + 1}: a norm of ${norms[step]}, not ${gradNorm}`);
    });
    await model.dispose();
  },

  async "validation, samples and reports come when they are due"({ griot }) {
    const { texts, model } = await small(griot);
    const options = { steps: 10, batch: 2, report: 4, validate: { every: 3, batches: 2 }, sample: { prompt: "Il", every: 5, maxTokens: 4, seed: 2, stopTokens: [] } };
    const run = model.train({ train: texts.slice(5), valid: texts.slice(0, 5) }, options);
    const reports = await all(run);
    equal(reports.map(({ step }) => step), [3, 4, 5, 6, 8, 9, 10]);
    equal(reports.filter(({ validation }) => validation !== undefined).map(({ step }) => step), [3, 6, 9, 10]);
    equal(reports.filter(({ sample }) => sample !== undefined).map(({ step }) => step), [5, 10]);
    const last = reports.at(-1);
    ok(Math.abs(Math.exp(last.validation.loss) - last.validation.perplexity) < 1e-6 * last.validation.perplexity, "e to the loss");
    equal((await run.result).validation, last.validation.loss);
    equal(await model.generate("Il", { maxTokens: 4, seed: 2, stopTokens: [] }).text, last.sample);
    for (const { tokens, tokensPerSecond, memory, lr, seconds } of reports) ok(tokens > 20 && tokensPerSecond > 0 && memory > 0 && lr >= 0 && seconds > 0, "numbers");
    // A part of the text is set aside where nothing else is given.
    ok((await model.train(texts, { steps: 2, batch: 2, validate: { every: 1 } }).result).validation > 0, "a loss");
    await model.dispose();
  },

  async "going on equals never having stopped, through files and in hand"({ griot }) {
    // A run is at most 64 reports ahead of who reads: it is stopped before its end, however fast it is.
    const options = { steps: 90, batch: 3, accumulate: 2, seed: 4 };
    const whole = await small(griot);
    const reports = await all(whole.model.train(whole.texts, options));
    const wanted = await bytes(await whole.model.files(), "model.safetensors");
    const losses = reports.map(({ loss, step }) => [step, loss]);
    for (const stop of [1, 20]) {
      const { texts, model } = await small(griot);
      const run = model.train(texts, options);
      for await (const { step } of run) if (step === stop) break;
      const { steps, reason } = await run.result;
      equal(reason, "stopped");
      const files = await model.files({ training: true });
      const state = JSON.parse(await files.get("training.json").text());
      equal([state.step, state.total, state.options.seed], [steps, 90, 4]);
      const again = await griot.Model.load(Object.fromEntries(files), { device: "cpu" });
      for (const one of [again, model]) {
        const rest = await all(one.train(texts, { ...options, continue: true }));
        equal(rest.map(({ loss, step }) => [step, loss]), losses.slice(steps), `after ${steps} steps`);
        equal(await bytes(await one.files(), "model.safetensors"), wanted, `after ${steps} steps`);
        await one.dispose();
      }
    }
    await rejects((await small(griot)).model.train(whole.texts, { ...options, continue: true }).result, "bad-input");
    await rejects(whole.model.train(whole.texts, { ...options, seed: 5, continue: true }).result, "bad-option");
    equal((await whole.model.train(whole.texts, { ...options, continue: true }).result).steps, 90);
    await whole.model.dispose();
  },

  async "a checkpoint holds the last steps, and a run goes on from it"({ griot, folder }) {
    const target = folder !== undefined ? new URL("fortschritt/", folder) : globalThis.navigator?.storage !== undefined ? "opfs:fortschritt" : undefined;
    if (target === undefined) return;
    const { texts, model } = await small(griot);
    const options = { steps: 6, batch: 2 };
    const losses = (await all(model.train(texts, options))).map(({ loss }) => loss);
    const { model: second } = await small(griot);
    const run = second.train(texts, { ...options, checkpoint: { target, every: 2 } });
    for await (const { step } of run) if (step === 3) break;
    const { steps } = await run.result;
    const again = await griot.Model.load(target, { device: "cpu" });
    const rest = await all(again.train(texts, { ...options, continue: true }));
    equal(rest.map(({ loss }) => loss), losses.slice(steps));
    // A model that was just made takes the checkpoint's place.
    const { model: fresh } = await small(griot);
    const other = await all(fresh.train(texts, { ...options, checkpoint: { target, every: 10 }, continue: true }));
    equal(other.map(({ loss }) => loss), losses.slice(steps));
    await fresh.dispose();
    const { model: wide } = await small(griot, { width: 32 });
    await rejects(wide.train(texts, { ...options, checkpoint: { target, every: 10 }, continue: true }).result, "bad-input");
    await wide.dispose();
    await Promise.all([model, second, again].map((one) => one.dispose()));
    if (target === "opfs:fortschritt") await griot.storage.remove("fortschritt");
  },

  async "memory is the same after five thousand steps as after one thousand"({ griot }) {
    const { texts, tokenizer, model } = await small(griot, { width: 8 });
    const at = new Map();
    for await (const { step } of model.train(texts, { steps: 6000, batch: 1, seed: 2 })) {
      if (step === 1000 || step === 5000) at.set(step, await griot.memory());
      if (step === 5000) break;
    }
    const [early, late] = [at.get(1000), at.get(5000)];
    equal([late.live, late.peak, late.wasm, late.owners], [early.live, early.peak, early.wasm, early.owners]);
    await Promise.all([model.dispose(), tokenizer.dispose()]);
  },

  async "a rate that diverges skips steps, then ends with non-finite and the last good weights"({ griot }) {
    const { texts, model } = await small(griot);
    const run = model.train(texts, { steps: 60, batch: 2, optimizer: { lr: 1e30, clip: false } });
    let skipped = 0;
    const reading = async () => {
      for await (const report of run) skipped += report.skipped === true ? 1 : 0;
    };
    await rejects(reading(), "non-finite");
    ok(skipped >= 5, `steps that were skipped, ${skipped}`);
    for (const { data } of (await model.weights()).values()) ok(data.every(Number.isFinite), "finite weights");
    await model.dispose();
  },

  async "corpora of every form, endless ones too; what yields nothing is refused"({ griot }) {
    const { texts, model } = await small(griot);
    const options = { steps: 2, batch: 2 };
    const file = (content, name) => Object.assign(new Blob([content]), { name });
    const lines = texts.slice(0, 4).map((text) => JSON.stringify({ text })).join("\n");
    async function* drawn() {
      yield* texts;
    }
    for (const data of [texts.join("\n"), texts, new Blob(texts), [file(lines, "contes.jsonl")], drawn(), drawn, new Set(texts), griot.stories({ language: "fr" })]) {
      equal((await within(20_000, model.train(data, options).result)).steps, 2);
    }
    const losses = async (data) => (await all(model.train(data, { ...options, optimizer: { lr: 0 }, dropout: 0 }))).map(({ loss }) => loss);
    equal(await losses(drawn), await losses(texts));
    for (const nothing of ["", [], ["", ""], async function* () {}]) await rejects(model.train(nothing, { steps: 1 }).result, "bad-input");
    await rejects(model.train(drawn(), { epochs: 2 }).result, "bad-input");
    await rejects(model.train([{ label: "x" }], { steps: 1 }).result, "bad-input");
    await rejects(model.train([3], { steps: 1 }).result, "bad-input");
    const whole = await model.train(texts.slice(0, 3), { epochs: 1, batch: 4 }).result;
    const half = await model.train(texts.slice(0, 3), { epochs: 0.5, batch: 4 }).result;
    ok(Math.abs(half.tokens - whole.tokens / 2) < 30, `half of ${whole.tokens}, not ${half.tokens}`);
    await model.dispose();
  },

  async "examples of whole texts give the model their labels"({ griot }) {
    const texts = ["le chat est gai", "la souris est triste", "le loup est gai", "la lune est triste"];
    const tokenizer = await griot.Tokenizer.train(texts, { kind: "wordpiece", vocabSize: 100, minFrequency: 1 });
    const config = { ...griot.presets.bert({ layers: 1, heads: 2, width: 32, context: 16 }), num_labels: 2 };
    const model = await griot.Model.create(config, { tokenizer, task: "classify", device: "cpu", seed: 1 });
    const examples = texts.map((text) => ({ text, label: text.split(" ").at(-1) }));
    const reports = await all(model.train(examples, { steps: 30, batch: 4, optimizer: { lr: 5e-3 } }));
    ok(reports.at(-1).loss < 0.5 * reports[0].loss, `a loss that falls from ${reports[0].loss}, not to ${reports.at(-1).loss}`);
    equal(model.config.id2label, { 0: "gai", 1: "triste" });
    equal(JSON.parse(await (await model.files()).get("config.json").text()).id2label, { 0: "gai", 1: "triste" });
    const lines = Object.assign(new Blob([examples.map((one) => JSON.stringify(one)).join("\n")]), { name: "e.jsonl" });
    equal((await model.train([lines], { steps: 1, batch: 4 }).result).steps, 1);
    await rejects(model.train([{ text: "le chat", label: "autre" }], { steps: 1 }).result, "bad-input");
    await rejects(model.train(texts, { steps: 1 }).result, "bad-input");
    await rejects(model.train(examples, { steps: 1, objective: "causal" }).result, "bad-option");
    await model.dispose();
  },

  async "a long document lets others in while it is read, and hears an abort"({ griot }) {
    const texts = await tales(griot, 40);
    const tokenizer = await griot.Tokenizer.train(texts, { kind: "wordpiece", vocabSize: 300 });
    const tale = texts.join(" ");
    const long = tale.repeat(Math.ceil(3e6 / tale.length));
    const asked = { question: "Qui ?", context: long, answer: long.slice(0, 2), start: 0 };
    for (const [task, data] of [["masked", [long]], ["answer", [asked]]]) {
      const model = await griot.Model.create(griot.presets.bert({ layers: 1, heads: 1, width: 8, context: 64 }), { tokenizer, task, device: "cpu", seed: 1 });
      /** How many calls are answered before the document is read, or before so many are: then it is aborted. */
      const answers = async (begin, most) => {
        let [answered, isRead] = [0, false];
        const aborter = new AbortController();
        const onProgress = ({ phase }) => (isRead ||= phase === "tokenize"); // told when the document is read
        const aborted = rejects(begin({ signal: aborter.signal, onProgress }), "AbortError");
        for (; !isRead && answered < most; answered += isRead ? 0 : 1) {
          await tokenizer.tokenToId("le");
          await sleep(0);
        }
        aborter.abort();
        await aborted;
        return answered;
      };
      const train = (options) => model.train(data, { steps: 1e6, batch: 1, ...options }).result;
      equal(await answers((options) => model.evaluate(data, options), 4), 4, `${task}: aborted before all is read`);
      equal(await answers(train, 4), 4, `${task}: aborted before all is read`);
      ok((await answers(train, Infinity)) >= 6, `${task}: others were let in`);
      await model.dispose();
    }
    await tokenizer.dispose();
  },

  async "pause rests and resume goes on; a second run and a disposal during one are refused and heard"({ griot }) {
    const { texts, model } = await small(griot);
    const run = model.train(texts, { steps: 100_000, batch: 2 });
    let last = 0;
    const reading = (async () => {
      for await (const { step } of run) last = step;
    })();
    while (last < 3) await sleep(5);
    run.pause();
    await sleep(100);
    const paused = last;
    equal((await within(5000, model.next("Il", { top: 1 }), "next while paused")).length, 1);
    await sleep(150);
    equal(last, paused, "no step while paused");
    await rejects(model.train(texts, { steps: 1 }).result, "bad-input");
    run.resume();
    while (last === paused) await sleep(5);
    await run.stop();
    await reading;
    equal((await run.result).reason, "stopped");
    const lost = model.train(texts, { steps: 100_000 }).result;
    await model.dispose();
    await rejects(lost, "disposed");
  },

  async "what is wrong with options is named"({ griot }) {
    const { texts, model } = await small(griot);
    const wrong = [{ validate: {} }, { validate: { every: 0 } }, { validate: { every: 1, of: 2 } }, { sample: { every: 1 } }, { sample: { prompt: "x", every: 1, best: 3 } },
      { masking: { share: 1 } }, { objective: "beauty" }, { checkpoint: { target: "opfs:x" } }, { recompute: true }, { continue: 1 }, { pauseHidden: 1 }, { report: 0 }];
    for (const options of wrong) await rejects(async () => await model.train(texts, { steps: 1, ...options }).result, "bad-option");
    for (const options of [{ masking: { rate: 0.1 } }, { spans: {} }, { objective: "classify" }]) await rejects(model.train(texts, { steps: 1, ...options }).result, "bad-option");
    await rejects(model.train([{ inputIds: [[1, 2]], labels: [[1, 2]] }], { steps: 1, validate: { every: 1 } }).result, "bad-option");
    await rejects(async () => await model.train({ train: texts, valid: [{ inputIds: [[1]] }] }, { steps: 1 }).result, "bad-input");
    await rejects(model.train(texts, { steps: 1, context: 1000 }).result, "bad-option");
    await rejects(model.train(texts, { steps: 1, objective: "chat" }).result, "bad-input");
    await rejects(model.files({ training: 1 }), "bad-option");
    await rejects(model.files({ training: true }), "bad-input");
    await model.dispose();
  },
};
