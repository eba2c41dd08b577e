// The stored tokenizer vectors and Oniguruma's answers, through the package: what splits texts there is the host's own engine.

import { equal, ok, rejects } from "./check.js";

const NAMES = ["added-bbpe", "added-wordpiece", "bbpe-gpt2", "bbpe-llama3", "char", "spm-bpe-llama2", "unigram-nfkc", "unigram-t5-precompiled", "wordlevel", "wordpiece-cased", "wordpiece-uncased"];

const json = async (golden, path) => JSON.parse(new TextDecoder().decode(await golden(path)));

/** What the stored object says of an encoding, as far as it goes. An offset fits if it does in one of the texts. */
function agrees(ours, stored, texts, about) {
  equal([...ours.ids], stored.ids, `ids of ${about}`);
  if (stored.tokens !== undefined) equal(ours.tokens, stored.tokens, `tokens of ${about}`);
  for (const [name, list] of Object.entries({ typeIds: stored.type_ids, attentionMask: stored.attention_mask, specialMask: stored.special_tokens_mask })) {
    if (list !== undefined) equal([...ours[name]], list, `${name} of ${about}`);
  }
  const tables = texts.map((text) => {
    const table = [0];
    for (const c of text) table.push(table.at(-1) + c.length);
    return table;
  });
  const fits = stored.offsets.every(([from, to], at) => {
    const [start, end] = [ours.offsets[2 * at], ours.offsets[2 * at + 1]];
    return tables.some((table) => table[from] === start && table[to] === end);
  });
  ok(fits && ours.offsets.length === 2 * stored.offsets.length, `offsets of ${about} as stored`);
  if (stored.overflowing !== undefined) {
    equal((ours.overflow ?? []).length, stored.overflowing.length, `parts of ${about}`);
    stored.overflowing.forEach((part, at) => agrees(ours.overflow[at], part, texts, `part ${at} of ${about}`));
  }
}

const truncation = ({ max_length: length, strategy, stride, direction }) => ({
  length,
  ...(strategy && { strategy: { longest_first: "longest", only_first: "first", only_second: "second" }[strategy] }),
  ...(stride !== undefined && { stride }),
  ...(direction && { side: direction }),
});

export const cases = {
  async "every stored vector is met exactly"({ griot, golden }) {
    for (const name of NAMES) {
      const tokenizer = await griot.Tokenizer.load({ "tokenizer.json": await golden(`tokenizers/${name}/tokenizer.json`) });
      const { vocab_size, vectors, decode } = await json(golden, `tokenizers/${name}/vectors.json`);
      equal(tokenizer.vocabSize, vocab_size);
      const texts = vectors.map(({ text }) => text);
      const encodings = await tokenizer.encodeBatch(texts);
      const plain = await tokenizer.encodeBatch(texts, { addSpecialTokens: false });
      encodings.forEach((encoding, at) => agrees(encoding, vectors[at], [texts[at]], `${JSON.stringify(texts[at])} by ${name}`));
      equal(plain.map(({ ids }) => [...ids]), vectors.map((vector) => vector.ids_without_special), `without special tokens by ${name}`);
      const ids = encodings.map((encoding) => encoding.ids);
      equal(await tokenizer.decodeBatch(ids), vectors.map((vector) => vector.decoded), name);
      equal(await tokenizer.decodeBatch(ids, { skipSpecialTokens: false }), vectors.map((vector) => vector.decoded_with_special), name);
      equal(await tokenizer.decodeBatch(decode.map((one) => one.ids)), decode.map((one) => one.decoded), name);
      equal(await tokenizer.count(texts[4]), encodings[4].ids.length);
      await tokenizer.dispose();
    }
  },

  async "pairs, truncation and padding are met exactly"({ griot, golden }) {
    let seen = 0;
    for (const name of ["bbpe-llama3", "spm-bpe-llama2", "unigram-t5-precompiled", "wordpiece-cased", "wordpiece-uncased"]) {
      const tokenizer = await griot.Tokenizer.load({ "tokenizer.json": await golden(`tokenizers/${name}/tokenizer.json`) });
      const { pairs, truncation: cuts, padding } = await json(golden, `tokenizers/${name}/pairs.json`);
      for (const stored of pairs) {
        agrees(await tokenizer.encode(stored.a, { pair: stored.b }), stored, [stored.a, stored.b], `a pair by ${name}`);
        agrees(await tokenizer.encode(stored.a, { pair: stored.b, addSpecialTokens: false }), stored.without_special, [stored.a, stored.b], `a plain pair by ${name}`);
      }
      for (const stored of cuts) {
        const call = tokenizer.encode(stored.a, { pair: stored.b ?? undefined, truncate: truncation(stored.options) });
        const about = `${JSON.stringify(stored.options)} by ${name}`;
        if (stored.error !== undefined) await rejects(call, "bad-option");
        else agrees(await call, stored, [stored.a, stored.b ?? ""], about);
        seen += 1;
      }
      for (const { batch, options, encodings } of padding) {
        // The package pads with the tokenizer's own token.
        if (options.pad_token !== tokenizer.special.pad?.token) continue;
        const pad = { ...(options.length && { length: options.length }), ...(options.pad_to_multiple_of && { multipleOf: options.pad_to_multiple_of }), side: options.direction ?? "right" };
        const ours = await tokenizer.encodeBatch(batch, { pad });
        ours.forEach((encoding, at) => agrees(encoding, encodings[at], [batch[at]], `padding by ${name}`));
        seen += 1;
      }
      await tokenizer.dispose();
    }
    ok(seen > 100, `more than 100 cases, ${seen}`);
  },

  async "expressions cut as Oniguruma cuts, or are refused by name"({ griot, golden }) {
    const { expressions } = await json(golden, "../splits/oniguruma.json");
    const refused = [];
    for (const { regex, cases } of expressions) {
      const file = {
        pre_tokenizer: { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false },
        model: { type: "WordLevel", vocab: { "[UNK]": 0 }, unk_token: "[UNK]" },
      };
      let tokenizer;
      try {
        tokenizer = await griot.Tokenizer.fromJSON(file);
      } catch (error) {
        equal(error.code, "unsupported", regex);
        ok(error.message.includes(JSON.stringify(regex).slice(1, -1)) || error.message.includes(regex), `${regex} in "${error.message}"`);
        refused.push(regex);
        continue;
      }
      // These differ as the native engine does: see tests/tokenizer_split.rs.
      if (!["(?i)straße|été|я", "a{2,1}?"].includes(regex)) {
        const encodings = await tokenizer.encodeBatch(cases.map(([text]) => text));
        encodings.forEach(({ offsets }, at) => {
          const [text, pieces] = cases[at];
          const ours = Array.from({ length: offsets.length / 2 }, (_, i) => text.slice(offsets[2 * i], offsets[2 * i + 1]));
          equal(ours, pieces, `${JSON.stringify(text)} by ${regex}:`);
        });
      }
      await tokenizer.dispose();
    }
    equal(refused.sort(), ["\\G.", "\\K", "\\X", "\\Y"].sort());
  },
};
