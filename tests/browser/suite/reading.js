// Texts that a model reads: scores, fillings, classes, entities, answers, vectors, traces.

import { equal, ok, rejects } from "./check.js";
import { golden } from "./golden.js";

const TEXTS = ["la reine chante une longue histoire au village", "le griot raconte l'histoire de la reine et du lion", "un enfant écoute le griot sous le grand arbre"];

/** A model of a family over a small vocabulary. */
async function made(griot, preset, kind, options = {}) {
  const tokenizer = await griot.Tokenizer.train(TEXTS, { kind, minFrequency: 1, ...(kind !== "unigram" && { vocabSize: 300 }) });
  const config = { ...griot.presets[preset]({ layers: 2, heads: 2, width: 16, context: 32 }), ...options.config };
  return { tokenizer, model: await griot.Model.create(config, { tokenizer, seed: 3, device: "cpu", task: options.task }) };
}

/** A stored model with a tokenizer of its own. */
async function stored(context, name) {
  const tokenizer = await context.griot.Tokenizer.train(TEXTS, { kind: "wordpiece", vocabSize: 120, minFrequency: 1 });
  const { files } = await golden(context, name);
  return await context.griot.Model.load({ ...files, "tokenizer.json": await tokenizer.toJSON() }, { device: "cpu" });
}

const softmax = (scores) => {
  const powers = Array.from(scores, (z) => Math.exp(z - Math.max(...scores)));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((p) => p / sum);
};

export const cases = {
  async "every preset is made for every task it has, and runs"({ griot }) {
    for (const [preset, kind, tasks] of [
      ["gpt", "bpe", ["causal", "embed"]], ["llama", "bpe", ["causal", "embed"]], ["bert", "wordpiece", ["masked", "classify", "tag", "answer", "embed"]],
      ["t5", "unigram", ["seq2seq"]], ["transformer", "bpe", ["seq2seq"]],
    ]) {
      for (const task of tasks) {
        const { model, tokenizer } = await made(griot, preset, kind, { task });
        equal([model.task, model.config.vocab_size], [task, tokenizer.vocabSize]);
        const { logits } = await model.forward({ inputIds: [[5, 6, 7]], ...(task === "seq2seq" && { decoderIds: [[0, 5]] }) });
        const outputs = { causal: [1, 3, tokenizer.vocabSize], masked: [1, 3, tokenizer.vocabSize], seq2seq: [1, 2, tokenizer.vocabSize], classify: [1, 2], tag: [1, 3, 2], answer: [1, 3, 2], embed: [1, 3, 16] };
        equal(logits.shape, outputs[task], `${preset} for ${task}`);
        if (task === "classify" || task === "tag") equal(model.config.id2label, { 0: "LABEL_0", 1: "LABEL_1" });
        const again = await griot.Model.load(Object.fromEntries(await model.files()), { device: "cpu" });
        equal([again.task, again.parameters], [task, model.parameters]);
        await Promise.all([model.dispose(), again.dispose(), tokenizer.dispose()]);
      }
    }
    await rejects(made(griot, "gpt", "bpe", { task: "masked" }), "bad-option");
  },

  async "a score is the loss of a text"({ griot }) {
    const { model, tokenizer } = await made(griot, "gpt", "bpe");
    const { tokens, perplexity } = await model.score("la reine chante");
    const { ids } = await tokenizer.encode("la reine chante");
    equal(tokens.map(({ id }) => id), [...ids].slice(1));
    const { loss } = await model.forward({ inputIds: [ids], labels: [[...ids]] });
    ok(Math.abs(Math.log(perplexity) - loss) < 1e-4, `a perplexity of ${Math.exp(loss)}, not ${perplexity}`);
    ok(tokens.every(({ token, logprob }) => typeof token === "string" && logprob < 0), "log-probabilities");
    await rejects(model.fill("la reine"), "unsupported");
    await rejects(model.score(5), "bad-input");
    await rejects(model.score("la reine", { top: 3 }), "bad-option");
    await model.dispose();
  },

  async "masks are filled, classes named, entities and answers found in the text"(context) {
    const masked = await stored(context, "bert-mlm");
    const [first, second] = await masked.fill("la [MASK] chante le [MASK]", { top: 3 });
    ok(first.length === 3 && second.length === 3 && first[0].p >= first[2].p && first[0].text.startsWith("la "), "three fillings of each");
    await rejects(masked.fill("la reine"), "bad-input");
    ok((await masked.score("la reine chante")).tokens.length >= 3, "a score of what was hidden");

    const classifier = await stored(context, "bert-seqcls");
    const [one, two] = await classifier.classify(["la reine", "le lion chante"]);
    equal([one.length, (await classifier.classify("la reine", { top: 1 })).map((labels) => labels.length)], [3, [1]]);
    ok(Math.abs(two.reduce((sum, { p }) => sum + p, 0) - 1) < 1e-6 && one[0].p >= one[1].p, "probabilities");
    const ids = await classifier.tokenizer.encode("la reine");
    const p = softmax((await classifier.forward({ inputIds: [ids.ids] })).logits.data);
    ok(Math.abs(one[0].p - Math.max(...p)) < 1e-6, "the probabilities of the logits");

    const tagger = await stored(context, "bert-tokcls");
    const text = "É la reine chante 😀 le lion";
    const entities = await tagger.tag(text);
    ok(entities.length > 0 && entities.every(({ text: piece, start, end, label, p }) => text.slice(start, end) === piece && label && p > 0), "pieces of the text");

    const reader = await stored(context, "bert-qa");
    const answers = await reader.answer("qui chante", "É la reine chante, le lion dort", { top: 3 });
    equal([answers.length, (await reader.answer("qui", "la reine")).length], [3, 1]);
    ok(answers.every(({ text: piece, start, end }) => "É la reine chante, le lion dort".slice(start, end) === piece && end > start), "answers of the context");
    await rejects(reader.classify("la"), "unsupported");
    await Promise.all([masked, classifier, tagger, reader].map((model) => model.dispose()));
  },

  async "vectors have length one, and one text's do not depend on the others"({ griot }) {
    const { model } = await made(griot, "bert", "wordpiece", { task: "embed" });
    const vectors = await model.embed(["la reine", "un enfant écoute le griot"]);
    const [alone] = await model.embed("la reine");
    ok(vectors.length === 2 && vectors[0] instanceof Float32Array && vectors[0].length === 16, "two vectors");
    ok(Math.abs(Math.hypot(...alone) - 1) < 1e-5 && alone.every((x, i) => Math.abs(x - vectors[0][i]) < 1e-5), "the same vector");
    const [cls] = await model.embed("la reine", { pooling: "cls", normalize: false });
    ok(cls.some((x, i) => Math.abs(x - alone[i]) > 1e-3), "another pooling");
    await rejects(model.embed("la", { pooling: "max" }), "bad-option");
    await model.dispose();
  },

  async "inspecting shows every layer, and of two stacks both"({ griot }) {
    const { model } = await made(griot, "gpt", "bpe");
    const { tokens, layers } = await model.inspect("la reine chante", { hidden: true, lens: true });
    const time = tokens.length;
    equal([layers.length, layers[0].attention.shape, layers[1].hidden.shape, layers[0].lens.length], [2, [2, time, time], [time, 16], time]);
    const [best] = await model.next("la reine chante", { top: 1 });
    equal(layers[1].lens.at(-1)[0].token, best.token);
    ok(layers[0].attention.data.slice(0, time).every((p, at) => (at === 0 ? Math.abs(p - 1) < 1e-5 : p === 0)), "the first token sees itself");
    equal(Object.keys((await model.inspect("la", { attentions: false, hidden: true })).layers[0]), ["hidden"]);
    const two = await made(griot, "t5", "unigram");
    const trace = await two.model.inspect("la reine");
    equal([trace.layers.length, trace.encoder.layers.length, trace.cross.length], [2, 2, 2]);
    equal(trace.cross[0].shape, [2, trace.tokens.length, trace.encoder.tokens.length]);
    const bert = await made(griot, "bert", "wordpiece", { task: "classify" });
    await rejects(bert.model.inspect("la", { lens: true }), "bad-option");
    await Promise.all([model, two.model, bert.model].map((one) => one.dispose()));
  },

  async "an evaluation is the loss of the data, and what the task is judged by"(context) {
    const { griot } = context;
    const { model, tokenizer } = await made(griot, "gpt", "bpe");
    const told = await model.evaluate(TEXTS[0]);
    ok(Math.abs(told.perplexity - Math.exp(told.loss)) < 1e-6 * told.perplexity && told.tokens > 5 && told.accuracy === undefined, "a perplexity");
    const bits = (told.loss * told.tokens) / Math.LN2 / new TextEncoder().encode(TEXTS[0]).length;
    ok(Math.abs(told.bitsPerByte - bits) < 1e-9, `${bits} bits a byte, not ${told.bitsPerByte}`);
    const { ids } = await tokenizer.encode("la reine chante");
    const batch = { inputIds: [[...ids]], labels: [[...ids]] };
    const [once, twice] = [await model.evaluate([batch]), await model.evaluate([batch, batch])];
    ok(Math.abs(once.loss - (await model.forward(batch)).loss) < 1e-5 && Math.abs(once.loss - twice.loss) < 1e-6, "the loss of the batch");
    equal([once.tokens, twice.tokens, once.bitsPerByte], [ids.length - 1, 2 * ids.length - 2, undefined]);
    await rejects(model.evaluate(TEXTS, { steps: 3 }), "bad-option");
    await rejects(model.evaluate([]), "bad-input");
    await rejects(model.evaluate([{ inputIds: [[1, 2]] }]), "bad-input");

    const examples = [["la reine chante", "oui"], ["le lion chante", "oui"], ["la reine dort", "non"], ["le lion dort", "non"]].map(([text, label]) => ({ text, label }));
    const classifier = (await made(griot, "bert", "wordpiece", { task: "classify" })).model;
    await classifier.train(examples, { steps: 60, batch: 4, optimizer: { lr: 5e-3 } }).result;
    const judged = await classifier.evaluate(examples);
    equal([judged.accuracy, judged.f1, judged.tokens, judged.perplexity], [1, 1, 4, undefined]);
    const [[best]] = await classifier.classify("la reine chante");
    equal(best.label, "oui");
    const wrong = await classifier.evaluate(examples.map(({ text, label }) => ({ text, label: label === "oui" ? "non" : "oui" })));
    equal([wrong.accuracy, wrong.f1], [0, 0]);

    const stored = await golden(context, "bert-qa");
    const reader = await griot.Model.load(stored.files, { device: "cpu" });
    const { inputIds, attentionMask, typeIds } = { inputIds: [[5, 6, 7, 8, 9]], attentionMask: [[1, 1, 1, 1, 1]], typeIds: [[0, 0, 1, 1, 1]] };
    const { logits } = await reader.forward({ inputIds, attentionMask, typeIds });
    let top = [-Infinity, 0, 0];
    for (let start = 0; start < 5; start += 1) for (let end = start; end < 5; end += 1) if (logits.data[2 * start] + logits.data[2 * end + 1] > top[0]) top = [logits.data[2 * start] + logits.data[2 * end + 1], start, end];
    const right = await reader.evaluate([{ inputIds, attentionMask, typeIds, starts: [top[1]], ends: [top[2]] }]);
    equal([right.accuracy, right.f1], [1, 1]);
    await Promise.all([model, classifier, reader].map((one) => one.dispose()));
  },
};
