// The counting baseline, the same wherever it runs.

import { equal, ok, rejects } from "./check.js";

const CORPUS = ["je suis content", "je suis"];
const near = (a, b) => ok(Math.abs(a - b) < 1e-12, `${b}, got ${a}`);

export const cases = {
  async "the lecture's example: P(suis | je) = 2/2, P(content | suis) = 1/2"({ griot }) {
    const ngram = await griot.Ngram.train(CORPUS, { order: 2 });
    near(await ngram.probability("suis", ["je"]), 1);
    near(await ngram.probability("content", ["suis"]), 0.5);
    near(await ngram.probability("je", ["suis"]), 0);
    const next = await ngram.next("je suis", { top: 5 });
    equal(next.map(({ token, p, count }) => [token, p, count]).sort(), [["<end>", 0.5, 1], ["content", 0.5, 1]].sort());
    equal(await ngram.next(["suis"]), await ngram.next("suis"));
    await ngram.dispose();
  },

  async "perplexity is exp of the mean negative log-likelihood"({ griot }) {
    const ngram = await griot.Ngram.train(CORPUS, { order: 2, smoothing: { kind: "add", k: 1 } });
    const { logLikelihood, tokens, perplexity } = await ngram.evaluate(["je suis content", "je suis"]);
    equal(tokens, 7);
    near(perplexity, Math.exp(-logLikelihood / tokens));
    await ngram.dispose();
  },

  async "text comes piece by piece, the same for the same seed, and as a whole"({ griot }) {
    const stories = [];
    for await (const story of griot.stories({ language: "fr" })) if (stories.push(story) === 30) break;
    const ngram = await griot.Ngram.train(stories, { order: 3 });
    const generation = ngram.generate("", { seed: 3, maxTokens: 40 });
    let text = "";
    for await (const piece of generation) {
      equal(piece.type, "text");
      text += piece.text;
    }
    const { ids, finishReason, usage, ...result } = await generation.result;
    equal(text, result.text);
    ok(["stop", "length"].includes(finishReason) && usage.tokens === ids.length, "a reason and a count");
    equal(await ngram.generate("", { seed: 3, maxTokens: 40 }).text, text);
    const broken = ngram.generate("", { seed: 3, maxTokens: 10_000, temperature: 1.5 });
    for await (const _ of broken) break;
    ok(["stopped", "stop"].includes((await broken.result).finishReason), "stopped");
    await ngram.dispose();
  },

  async "counting by a tokenizer's tokens, which outlives it"({ griot }) {
    const tokenizer = await griot.Tokenizer.train(CORPUS, { kind: "word" });
    const ngram = await griot.Ngram.train(CORPUS, { order: 2, tokenizer });
    near(await ngram.probability("suis", ["je"]), 1);
    await ngram.dispose();
    equal(await tokenizer.decode((await tokenizer.encode("je suis")).ids), "je suis");
    await tokenizer.dispose();
    await rejects(griot.Ngram.train(CORPUS, { order: 2, tokenizer }), "disposed");
  },

  async "what is wrong is named with its code"({ griot }) {
    await rejects(griot.Ngram.train(CORPUS, {}), "bad-option");
    await rejects(griot.Ngram.train(CORPUS, { order: 99 }), "bad-option");
    await rejects(griot.Ngram.train(CORPUS, { order: 2, smoothing: { kind: "none", k: 1 } }), "bad-option");
    await rejects(griot.Ngram.train([], { order: 2 }), "bad-input");
    await rejects(griot.Ngram.train(CORPUS, { order: 2, tokenizer: {} }), "bad-input");
    const ngram = await griot.Ngram.train(CORPUS, { order: 2 });
    await rejects(() => ngram.generate("je", { beams: 4 }), "bad-option");
    await rejects(ngram.evaluate([]), "bad-input");
    await rejects(ngram.generate("je", { temperature: -1 }).result, "bad-option");
    await ngram.dispose();
    await rejects(ngram.generate("je").text, "disposed");
    await rejects(ngram.next("je"), "disposed");
  },
};
