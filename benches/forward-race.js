// Forward passes of ours and of onnxruntime-web, which is what transformers.js runs, in turns, on one thread of wasm: GPT-2 of its small size over 256
// tokens with all logits, and a sentence's vector by an encoder of MiniLM's size over 128 tokens.
//
// In: our package, onnxruntime, the writer of ONNX files. Out: lines with medians and ratios; it fails where the two disagree about the numbers.
// On our side text becomes ids too, and everything crosses to the worker and back; the peer is given its ids.

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];

/** Milliseconds: of the processor in Node, where other work beside does not count; by the wall's clock on a page. */
const now = globalThis.process?.cpuUsage ? () => process.cpuUsage().user / 1000 : () => performance.now();

async function timed(work) {
  const began = now();
  const result = await work();
  return [now() - began, result];
}

/** Times all that `runners` name, in turns, after a turn that is not counted. */
async function race(runners, rounds) {
  const times = Object.fromEntries(Object.keys(runners).map((name) => [name, []]));
  const results = {};
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(runners)) {
      const [took, result] = await timed(run);
      results[name] = result;
      if (round > 0) times[name].push(took);
    }
  }
  return { results, medians: Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)])) };
}

function agree(name, ours, theirs) {
  let [off, largest] = [0, 0];
  theirs.forEach((wanted, at) => {
    off = Math.max(off, Math.abs(ours[at] - wanted));
    largest = Math.max(largest, Math.abs(wanted));
  });
  if (!(off <= 1e-3 * largest) || ours.length !== theirs.length) throw new Error(`${name}: our numbers are off by ${off / largest}`);
}

/** A session of onnxruntime over a written file. */
async function session(ort, { bytes, result }, ids) {
  const made = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  const feeds = () => ({ ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]) });
  return { run: async () => (await made.run(feeds()))[result].data, end: () => made.release() };
}

async function compare(name, ours, write, { ort, ids, rounds, say, least }) {
  const runners = { ours };
  const sessions = [];
  for (const [form, fused] of [["as exported", false], ["fused attention", true]]) {
    const one = await session(ort, write(fused), ids);
    runners[form] = one.run;
    sessions.push(one);
  }
  const { results, medians } = await race(runners, rounds);
  for (const form of ["as exported", "fused attention"]) agree(`${name}, ${form}`, results.ours, results[form]);
  const best = Math.min(medians["as exported"], medians["fused attention"]);
  const told = Object.entries(medians).map(([form, took]) => `${form} ${took.toFixed(1)} ms`).join(", ");
  say(`${name}: ${(best / medians.ours).toFixed(2)} × the faster of onnxruntime's (wanted ${least}); ${told}`);
  for (const one of sessions) await one.end();
}

async function decoder({ griot, onnx, ...rest }) {
  const sizes = { layers: 12, heads: 12, width: 768, time: 256, vocab: 50_257 };
  const config = griot.presets.gpt({ layers: sizes.layers, heads: sizes.heads, width: sizes.width, context: 1024, vocabSize: sizes.vocab });
  const model = await griot.Model.create(config, { seed: 1, device: "cpu" });
  const ids = Array.from({ length: sizes.time }, (_, at) => (at * 7919 + 13) % sizes.vocab);
  const weights = await model.weights();
  const ours = async () => (await model.forward({ inputIds: [ids] })).logits.data;
  await compare("GPT-2, forward of 256 tokens", ours, (fused) => onnx.gpt2(weights, { ...sizes, fused }), { ...rest, ids, least: 1 });
  await model.dispose();
}

async function encoder({ griot, onnx, ...rest }) {
  const sizes = { layers: 6, heads: 12, width: 384, time: 128 };
  const words = Array.from({ length: 1000 }, (_, at) => `w${at.toString(36).replace(/\d/g, (digit) => "abcdefghij"[digit])}`);
  const tokenizer = await griot.Tokenizer.train([words.join(" "), words.join(" ")], { kind: "wordpiece", vocabSize: 20_000 });
  const config = griot.presets.bert({ layers: sizes.layers, heads: sizes.heads, width: sizes.width, hidden: 1536, context: 512, vocabSize: 30_522 });
  const model = await griot.Model.create(config, { tokenizer, task: "embed", seed: 1, device: "cpu" });
  let text = "";
  for (const word of words) {
    const longer = `${text} ${word}`;
    if ((await tokenizer.count(longer)) > sizes.time) break;
    text = longer;
  }
  const ids = [...(await tokenizer.encode(text)).ids];
  if (ids.length !== sizes.time) throw new Error(`${ids.length} tokens`);
  const weights = new Map([...(await model.weights())].map(([name, tensor]) => [name.replace(/^bert\./, ""), tensor]));
  const ours = async () => (await model.embed(text))[0];
  await compare("MiniLM's shape, embed of 128 tokens", ours, (fused) => onnx.sentence(weights, { ...sizes, fused }), { ...rest, ids, least: 1.2 });
  await model.dispose();
  await tokenizer.dispose();
}

/** Both races. `rounds` turns of the encoder, a third as many of the decoder. */
export async function run({ griot, ort, onnx, rounds, say }) {
  await encoder({ griot, ort, onnx, rounds, say });
  await decoder({ griot, ort, onnx, rounds: Math.ceil(rounds / 3), say });
  await griot.close();
}
