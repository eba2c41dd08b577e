// That a model learns what counting cannot: the short form of benches/learning.mjs, for every run of the tests.
//
// Two layers, 128 wide, 300 steps on the story world by the CPU; the bar is what a 2-gram that has read the same documents makes of the
// same tokens. The numbers follow from the seeds.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as griot from "griot/core";
import { kneserNey } from "../../../benches/kneser-ney.mjs";

test("a small model predicts the story world better than counting pairs does", { timeout: 900_000 }, async () => {
  const [train, valid] = [[], []];
  for await (const story of griot.stories({ language: "fr", seed: 7 })) {
    (valid.length < 20 ? valid : train).push(story);
    if (train.length === 600) break;
  }
  const tokenizer = await griot.Tokenizer.train(train, { kind: "bpe", vocabSize: 1024 });
  const ids = (texts) => Promise.all(texts.map(async (text) => [...(await tokenizer.encode(text)).ids, tokenizer.special.eos.id]));
  const [read, held] = [await ids(train), await ids(valid)];
  const tokens = held.reduce((sum, document) => sum + document.length - 1, 0);
  const counted = (order) => {
    const score = kneserNey(read, tokenizer.vocabSize, order);
    return Math.exp(held.reduce((sum, document) => sum + score(document), 0) / tokens);
  };
  const config = { ...griot.presets.gpt({ layers: 2, heads: 4, width: 128, context: 128 }), initializer_range: 0.06 };
  const model = await griot.Model.create(config, { tokenizer, seed: 1, device: "cpu" });
  const { validation } = await model.train({ train, valid }, { steps: 300, batch: 4, optimizer: { lr: 6e-3 } }).result;
  const [perplexity, pairs, threes] = [Math.exp(validation), counted(2), counted(3)];
  const said = `a perplexity of ${perplexity.toFixed(3)}; pairs ${pairs.toFixed(3)}, threes ${threes.toFixed(3)}`;
  console.log(said);
  assert.ok(threes < pairs && perplexity < pairs, said);
  await model.dispose();
  await griot.close();
});
