// Tokenizers of JavaScript beside ours, in one run: in Node, and on a page with our package in its worker.
//
// In: the package, the bundle of peers, tiktoken's wasm, a text, how many rounds. Out: lines to `say`. Everybody takes turns; medians, best turns and
// ratios of wall time: of the best turns too, since what else runs on the machine only ever makes a turn longer. Ids are counted first and must agree.

const now = () => performance.now() / 1000;
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** Documents of about 8 kB, cut at line ends. */
function documents(text) {
  const all = [];
  let document = "";
  for (const line of text.split("\n")) {
    document += `${line}\n`;
    if (document.length >= 8192) all.push(document), (document = "");
  }
  return document === "" ? all : [...all, document];
}

/** Reads every list of every encoding, so that what is made when it is read is made. */
function read(encodings) {
  const ends = encodings.map(({ tokens, offsets, typeIds, attentionMask, specialMask, wordIds }) => [tokens, offsets, typeIds, attentionMask, specialMask, wordIds].map((list) => list.at(-1)));
  return ends.length === encodings.length ? encodings : [];
}

async function race(say, title, megabytes, rounds, contestants) {
  const times = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, work]] of contestants.entries()) {
      await new Promise((resolve) => setTimeout(resolve));
      const began = now();
      await work();
      times[index].push(now() - began);
    }
  }
  const medians = times.map(median);
  say(title);
  contestants.forEach(([name], index) => {
    const best = times.map((all) => all[0]);
    const share = index === 0 ? "" : `  ${contestants[0][0]} is ${(medians[index] / medians[0]).toFixed(2)} times as fast, by best turns ${(best[index] / best[0]).toFixed(2)}`;
    say(`  ${name.padEnd(48)} ${medians[index].toFixed(3)} s (best ${best[index].toFixed(3)}) ${(megabytes / medians[index]).toFixed(1).padStart(7)} MB/s${share}`);
  });
}

export async function run({ griot, peers, wasm, text, rounds, say }) {
  const all = documents(text);
  const megabytes = new Blob([text]).size / 1e6;
  const each = (count) => () => all.reduce((sum, document) => sum + count(document), 0);
  for (const kind of ["bpe", "wordpiece", "unigram"]) {
    const tokenizer = await griot.Tokenizer.train(all, { kind, vocabSize: 32_000 });
    const json = await tokenizer.toJSON();
    const fresh = await griot.Tokenizer.fromJSON(json);
    const plain = { addSpecialTokens: false };
    let began = now();
    const tokens = await fresh.count(text, plain);
    const cold = now() - began;
    const contestants = [
      ["griot, ids of one text", () => fresh.count(text, plain)],
      ["griot, encodeBatch", () => fresh.encodeBatch(all, plain)],
      ["griot, encodeBatch, tokens and all lists read", async () => read(await fresh.encodeBatch(all, plain))],
      ["transformers.js", each(peers.transformers(json))],
    ];
    if (kind === "bpe") contestants.push(["gpt-tokenizer", each(peers.gptTokenizer(json))], ["tiktoken's wasm", each(await peers.tiktoken(json, wasm))]);
    for (const [name, work] of contestants) {
      const made = await work();
      const count = Array.isArray(made) ? made.reduce((sum, { ids }) => sum + ids.length, 0) : made;
      if (Math.abs(count - tokens) > tokens / 1000) say(`  ! ${name} makes ${count} tokens, ours ${tokens}`);
    }
    await race(say, `${kind}: ${tokens} tokens in ${megabytes.toFixed(1)} MB`, megabytes, rounds, contestants);
    began = now();
    await fresh.count(text, plain);
    say(`  the first pass is ${((now() - began) / cold).toFixed(2)} times as fast as a warm one`);
    await fresh.dispose();
    await tokenizer.dispose();
  }
  for (const kind of ["bpe", "wordpiece", "unigram"]) {
    for (const vocabSize of [8192, 32_768]) {
      const times = [];
      for (let round = 0; round < 3; round++) {
        const began = now();
        await (await griot.Tokenizer.train(all, { kind, vocabSize })).dispose();
        times.push(now() - began);
      }
      say(`training ${kind} to ${vocabSize}: ${median(times).toFixed(3)} s`);
    }
  }
}

/** French, English and code of words that follow Zipf's law with a long tail. */
export function mixture(bytes) {
  let state = 0x2545f491;
  const below = (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const french = "ment é tion que ou ai re l an eu ç à ch oi son è v qu ée is".split(" ");
  const english = "th e ing er ou st a n ed re s it on al w ly ch ight o m".split(" ");
  const words = (parts) => Array.from({ length: 200_000 }, () => Array.from({ length: 1 + below(5) }, () => parts[below(20)]).join(""));
  const lists = [words(french), words(english), words(english)];
  const ends = [" ", " ", " ", " ", " ", " ", ", ", ". ", " ! ", "; "];
  const marks = [" = ", "(", "_", ".", ", ", "): ", " += ", "[0]", "\n    "];
  const lines = [];
  for (let size = 0; size < bytes; size += lines.at(-1).length) {
    const manner = below(3);
    let line = "";
    for (let i = 0; i < 200; i++) line += lists[manner][Math.floor(200_000 ** (below(1 << 20) / (1 << 20)) - 1)] + (manner === 2 ? marks[below(9)] : ends[below(10)]);
    lines.push(line);
  }
  return lines.join("\n");
}
