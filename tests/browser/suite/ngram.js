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
    const word = text.slice(20, 24);
    for (const stop of [word, ["never there", word]]) {
      const cut = await ngram.generate("", { seed: 3, maxTokens: 40, stop }).result;
      equal([cut.text, cut.finishReason], [text.slice(0, text.indexOf(word)), "stop"]);
      ok(cut.ids.length < ids.length && cut.ids.every((id, at) => id === ids[at]), "the ids before it");
    }
    const broken = ngram.generate("", { seed: 3, maxTokens: 10_000, temperature: 1.5 });
    for await (const _ of broken) break;
    ok(["stopped", "stop"].includes((await broken.result).finishReason), "stopped");
    await ngram.dispose();
  },

  async "a draw keeps to the tokens that are left to it, and the prompt is counted"({ griot }) {
    const ngram = await griot.Ngram.train(["a b", "a b", "a b", "a c", "a c", "a d"], { order: 2, smoothing: undefined });
    const draws = async (options) => {
      const texts = new Set();
      for (let seed = 0; seed < 40; seed++) texts.add(await ngram.generate("a", { maxTokens: 1, seed, ...options }).text);
      return [...texts].sort().join("");
    };
    equal([await draws({}), await draws({ topK: 2 }), await draws({ topP: 0.4 }), await draws({ minP: 0.5 }), await draws({ temperature: 0 })], ["bcd", "bc", "b", "bc", "b"]);
    const { usage, timings } = await ngram.generate("a b", { maxTokens: 3 }).result;
    equal(usage.promptTokens, 2);
    ok(timings.decodeSeconds >= 0, "a time");
    equal((await ngram.next("a")).map(({ token, count }) => [token, count]), [["b", 3], ["c", 2], ["d", 1]]);
    equal((await ngram.next("", { top: 1 })).map(({ token, p }) => [token, p]), [["a", 1]]);
    const told = [];
    await ngram.evaluate(["a b", "a c"], { onProgress: (p) => told.push(p) });
    equal(told.at(-1).done, 6);
    await rejects(() => ngram.generate("a", { topP: 2 }), "bad-option");
    await rejects(() => ngram.generate("a", { onProgress() {} }), "bad-option");
    await rejects(ngram.next("a", { top: 0 }), "bad-option");
    await rejects(ngram.probability("a"), "bad-input");
    await ngram.dispose();
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
