// How well a model learns in three minutes of one thread's CPU time.
//
//     cargo xtask build && node benches/learning.mjs [--seeds 1,2,3] [--vocab 2048] [--context 128] [--batch 4] [--lr 0.004] [--steps 1150] [--init 0.06]
//
// A GPT of 4 layers, 128 wide, learns from the story world by wasm on the CPU; beside it an interpolated Kneser-Ney 3-gram that has read
// the same documents is measured on the same tokens. The bar: a perplexity of at most 0.75 of the 3-gram's, within 180 s, for each seed.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { kneserNey } from "./kneser-ney.mjs";

const griot = await import(pathToFileURL(createRequire(import.meta.url).resolve("griot/core")).href);
const names = ["seeds", "vocab", "context", "batch", "lr", "steps", "init", "layers", "width", "stories", "seconds"];
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" }])) });
const { seeds, vocab, context, batch, lr, steps, init, layers, width, stories, seconds } = {
  seeds: "1,2,3", vocab: 2048, context: 128, batch: 4, lr: 0.004, steps: 1150, init: 0.06, layers: 4, width: 128, stories: 2500, seconds: 180, ...values,
};

const [train, valid] = [[], []];
for await (const story of griot.stories({ language: "fr", seed: 7 })) {
  (valid.length < 60 ? valid : train).push(story);
  if (train.length === Number(stories)) break;
}
const tokenizer = await griot.Tokenizer.train(train.slice(0, 1000), { kind: "bpe", vocabSize: Number(vocab) });
const ids = async (texts) => Promise.all(texts.map(async (text) => [...(await tokenizer.encode(text)).ids, tokenizer.special.eos.id]));
const [read, held] = [await ids(train), await ids(valid)];
const count = (documents) => documents.reduce((sum, document) => sum + document.length - 1, 0);
const score = kneserNey(read, tokenizer.vocabSize);
const counted = Math.exp(held.reduce((sum, document) => sum + score(document), 0) / count(held));
console.log(`${count(read)} tokens to learn from, ${count(held)} to measure on; 3-gram ${counted.toFixed(3)}, bar ${(0.75 * counted).toFixed(3)}`);

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
for (const seed of seeds.split(",").map(Number)) {
  const config = { ...griot.presets.gpt({ layers: Number(layers), heads: 4, width: Number(width), context: Number(context) }), initializer_range: Number(init) };
  const model = await griot.Model.create(config, { tokenizer, seed, device: "cpu" });
  const options = { steps: Number(steps), batch: Number(batch), seed, optimizer: { lr: Number(lr) }, validate: { every: Math.ceil(Number(steps) / 6) } };
  const began = cpu();
  let tokens = 0;
  const run = model.train({ train, valid }, options);
  for await (const report of run) {
    tokens += report.tokens;
    if (report.validation === undefined) continue;
    const took = cpu() - began;
    console.log(`seed ${seed}, step ${report.step}: ${report.validation.perplexity.toFixed(3)} after ${took.toFixed(0)} s, ${Math.round(tokens / took)} tokens a second`);
    if (took > Number(seconds)) break;
  }
  const { validation } = await run.result;
  const perplexity = Math.exp(validation);
  console.log(`seed ${seed}: ${perplexity.toFixed(3)}, ${(perplexity / counted).toFixed(3)} of the 3-gram's, in ${(cpu() - began).toFixed(0)} s`);
  await model.dispose();
}
await griot.close();
