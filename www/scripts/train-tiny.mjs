// Trains the storyteller that comes with the page, on the built package alone.
//
// In: how many steps (default 2600, about an hour on one core). Out: `public/storyteller/`, a Hugging Face folder under 1 MB: a small
// llama over the story world of both languages, its weights as f16. Every 200 steps it is written anew, so that a run that is cut
// short leaves one; `more` goes on from what lies there, with other tales and a rate that falls to nothing.
//
//   node --experimental-wasm-relaxed-simd www/scripts/train-tiny.mjs [steps] [more]
//
// The one that lies there is a run of 2600 steps, cut short at 1000, and 400 more.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { Model, presets, stories, Tokenizer } from "griot";

const STEPS = Number(process.argv[2] ?? 2600);
const MORE = process.argv[3] === "more";
const BATCH = 8;
const CONTEXT = 256;
/** A tale is some 340 tokens; each is read about once. */
const TALES = Math.ceil((STEPS * BATCH * CONTEXT) / 340 / 2);
const folder = new URL("../public/storyteller/", import.meta.url);

/** Tales of both languages in turn. */
async function tales(count, seed) {
  const told = [[], []];
  for (const [i, language] of ["fr", "en"].entries()) {
    for await (const tale of stories({ language, seed })) if (told[i].push(tale.trim()) === count) break;
  }
  return told[0].flatMap((tale, i) => [tale, told[1][i]]);
}

/** The nearest half-precision number, ties to even; the weights are far from its limits. */
function half(value) {
  const word = new Uint32Array(Float32Array.of(value).buffer)[0];
  const sign = (word >>> 16) & 0x8000;
  const exponent = ((word >>> 23) & 0xff) - 112;
  if (exponent >= 31) throw new Error(`${value} is no half-precision number`);
  if (exponent <= 0) return sign | Math.round(Math.abs(value) * 2 ** 24);
  const kept = (exponent << 10) | ((word >>> 13) & 0x3ff);
  const rest = word & 0x1fff;
  return sign | (kept + (rest > 0x1000 || (rest === 0x1000 && (kept & 1) === 1) ? 1 : 0));
}

/** A safetensors file of f32 as one of f16. */
function halved(bytes) {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const numbers = new Float32Array(bytes.slice(8 + length).buffer);
  for (const [name, tensor] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    tensor.dtype = "F16";
    tensor.data_offsets = tensor.data_offsets.map((offset) => offset / 2);
  }
  const head = JSON.stringify(header);
  const text = new TextEncoder().encode(head.padEnd(Math.ceil(head.length / 8) * 8));
  const size = new DataView(new ArrayBuffer(8));
  size.setBigUint64(0, BigInt(text.length), true);
  return new Uint8Array(Buffer.concat([new Uint8Array(size.buffer), text, new Uint8Array(Uint16Array.from(numbers, half).buffer)]));
}

async function write(model) {
  await mkdir(folder, { recursive: true });
  let total = 0;
  for (const [name, blob] of await model.files()) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const written = name === "model.safetensors" ? halved(bytes) : bytes;
    total += written.length;
    await writeFile(new URL(name, folder), written);
  }
  if (total >= 1_000_000) throw new Error(`the storyteller has ${total} bytes, it must stay under 1 MB`);
  return total;
}

async function begin() {
  const tokenizer = await Tokenizer.train(texts.slice(0, 8000), { kind: "bpe", vocabSize: 1024 });
  return await Model.create(presets.llama({ layers: 3, heads: 4, width: 96, context: CONTEXT }), { tokenizer, seed: 1 });
}

async function read() {
  const names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
  return await Model.load(Object.fromEntries(await Promise.all(names.map(async (name) => [name, new Blob([await readFile(new URL(name, folder))])]))));
}

const texts = await tales(TALES, MORE ? 2 : 1);
const model = MORE ? await read() : await begin();
console.log(`${model.parameters} parameters, ${texts.length} tales, ${STEPS} steps`);
const run = model.train(texts, {
  steps: STEPS, batch: BATCH, context: CONTEXT, seed: 1, report: 20,
  optimizer: { lr: MORE ? 1.5e-3 : 3e-3, weightDecay: 0.05 }, schedule: { warmup: 0.03, min: MORE ? 0 : 0.02 },
});
for await (const { step, loss, lr, tokensPerSecond, seconds } of run) {
  console.log(step, loss.toFixed(3), lr.toExponential(1), Math.round(tokensPerSecond), `${Math.round(seconds)} s`);
  if (step % (MORE ? 100 : 200) !== 0 && step !== STEPS) continue;
  console.log(`${await write(model)} bytes`);
  for (const prompt of ["Il était une fois", "Once upon a time"]) console.log(`  ${prompt}${await model.generate(prompt, { maxTokens: 80, temperature: 0.6, seed: 1 }).text}`);
}
process.exit(0);
