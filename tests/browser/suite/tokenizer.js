// The tokenizer's calls, the same wherever they run.

import { equal, ok, rejects, sleep, within } from "./check.js";

/** A text with words that repeat, so that there is something to learn. */
export function story(lines = 400) {
  const who = ["le griot", "la reine", "un enfant", "the storyteller", "l'été"];
  const does = ["raconte une histoire", "écoute le vent", "walks along the river", "chante"];
  return Array.from({ length: lines }, (_, i) => `${who[i % 5]} ${does[(i * 7) % 4]}, ${i % 13} fois 👋🏽.`).join("\n");
}

const train = (griot, o) => griot.Tokenizer.train(story(), { kind: "bpe", vocabSize: 400, ...o });

export const cases = {
  async "every kind is trained, encodes and decodes"({ griot }) {
    for (const kind of ["bpe", "wordpiece", "unigram", "word", "char"]) {
      const tokenizer = await griot.Tokenizer.train(story(), { kind, vocabSize: 400 });
      equal(tokenizer.kind, kind);
      const text = "la reine chante";
      const { ids, tokens, offsets, attentionMask } = await tokenizer.encode(text, { addSpecialTokens: false });
      ok(ids instanceof Uint32Array && ids.length === tokens.length && offsets.length === 2 * ids.length && attentionMask.length === ids.length, "parallel lists");
      equal((await tokenizer.decode(ids)).replaceAll(/\s+/g, " "), text, kind);
      await tokenizer.dispose();
    }
  },

  async "positions are those of JavaScript's strings"({ griot }) {
    const tokenizer = await train(griot);
    const text = "l'été 👋🏽 chante";
    const { offsets } = await tokenizer.encode(text);
    equal(offsets.at(-1), text.length);
    await tokenizer.dispose();
  },

  async "an encoding is a plain object to whoever copies, clones, prints or changes it"({ griot }) {
    const tokenizer = await griot.Tokenizer.train(story(), { kind: "wordpiece", vocabSize: 300 });
    const names = ["ids", "tokens", "offsets", "typeIds", "attentionMask", "specialMask", "wordIds"];
    const [one, two] = await tokenizer.encodeBatch(["la reine chante", "un enfant"]);
    const alone = await tokenizer.encode("la reine chante");
    equal([Object.keys(one), Object.keys(alone), "tokens" in alone], [names, names, true]);
    equal([structuredClone(one), { ...one }, JSON.parse(JSON.stringify(alone)).tokens], [alone, alone, one.tokens]);
    equal(Object.values(structuredClone(two)).map((list) => list.length), [4, 4, 8, 4, 4, 4, 4].map((n) => (two.ids.length * n) / 4));
    ok(two.tokens === two.tokens && two.attentionMask === two.attentionMask, "one list each time");
    ok(names.every((name) => name === "tokens" || two[name].buffer.byteLength === two[name].byteLength), "lists of their own");
    two.tokens = ["mine"];
    two.specialMask = new Uint32Array([7]);
    equal([two.tokens, [...two.specialMask], one.tokens[0]], [["mine"], [7], "[CLS]"]);
    const cut = await tokenizer.encodeBatch(["la reine chante une histoire", "un"], { truncate: { length: 4, stride: 0 }, pad: true });
    equal(cut.map(({ overflow }) => overflow?.map(({ tokens, ids }) => [tokens.length, ids.length])), [[[4, 4], ...cut[0].overflow.slice(1).map(() => [4, 4])], undefined]);
    equal(cut[1].tokens.at(-1), "[PAD]");
    for (const part of cut[0].overflow) equal(await Promise.all([...part.ids].map((id) => tokenizer.idToToken(id))), part.tokens);
    await tokenizer.dispose();
  },

  async "a piece that is not known is its own text"({ griot }) {
    const tokenizer = await griot.Tokenizer.train(story(), { kind: "unigram", vocabSize: 400 });
    const [{ tokens }, other] = await tokenizer.encodeBatch(["la reine 漢字 chante", "un 語 Ω"], { addSpecialTokens: false });
    ok(tokens.includes("漢字") && other.tokens.join("") === "▁un▁語▁Ω", JSON.stringify([tokens, other.tokens]));
    await tokenizer.dispose();
  },

  async "what is known without a call is there"({ griot }) {
    const tokenizer = await train(griot);
    ok(tokenizer.vocabSize > 256 && tokenizer.vocabSize <= 400, `a vocabulary of ${tokenizer.vocabSize}`);
    equal(tokenizer.special.eos, { token: "<|endoftext|>", id: 0 });
    equal(await tokenizer.idToToken(0), "<|endoftext|>");
    equal(await tokenizer.tokenToId("<|endoftext|>"), 0);
    equal(await tokenizer.idToToken(99999), undefined);
    equal(await tokenizer.tokenToId("no such token"), undefined);
    const vocab = await tokenizer.vocab();
    equal([vocab.size, vocab.get("<|endoftext|>")], [tokenizer.vocabSize, 0]);
    await tokenizer.dispose();
  },

  async "a file written is read back, as text and as an object, and by load"({ griot }) {
    const first = await train(griot);
    const json = await first.toJSON();
    const files = { "tokenizer.json": json };
    const told = [];
    await (await griot.Tokenizer.load(files, { onProgress: (p) => told.push(p) })).dispose();
    equal(told.map(({ phase, done, bytes }) => [phase, done, bytes]), [["load", new Blob([json]).size, true]]);
    for (const tokenizer of [await griot.Tokenizer.fromJSON(json), await griot.Tokenizer.fromJSON(JSON.parse(json)), await griot.Tokenizer.load(files)]) {
      equal((await tokenizer.encode("la reine")).ids, (await first.encode("la reine")).ids);
      equal(await tokenizer.count("la reine"), (await first.encode("la reine")).ids.length);
      await tokenizer.dispose();
    }
    await first.dispose();
  },

  async "a batch is padded to its longest, cut to a length, and decoded"({ griot }) {
    const tokenizer = await griot.Tokenizer.train(story(), { kind: "wordpiece", vocabSize: 300 });
    const [a, b] = await tokenizer.encodeBatch(["la reine chante une histoire", ["un", "enfant"]], { pad: true });
    equal(a.ids.length, b.ids.length);
    ok([...b.attentionMask].includes(0) && [...b.typeIds].includes(1), "padding and a second text");
    const cut = await tokenizer.encode("la reine chante une histoire", { truncate: { length: 4, stride: 1 }, pad: { multipleOf: 8 } });
    equal([cut.ids.length, cut.overflow.length > 0], [8, true]);
    const pair = await tokenizer.encode("la reine", { pair: "un enfant" });
    equal(await tokenizer.decodeBatch([pair.ids, []]), ["la reine un enfant", ""]);
    ok((await tokenizer.decode(pair.ids, { skipSpecialTokens: false })).includes("[SEP]"), "special tokens");
    await tokenizer.dispose();
  },

  async "options given as undefined are absent, and the edges hold"({ griot }) {
    const tokenizer = await griot.Tokenizer.train(story(), { kind: "wordpiece", vocabSize: 300, minFrequency: undefined, preset: undefined, score: undefined, specialTokens: undefined });
    const plain = await tokenizer.encode("la reine");
    equal(await tokenizer.encode("la reine", { pair: undefined, addSpecialTokens: undefined, truncate: undefined, pad: undefined, signal: undefined }), plain);
    equal(await tokenizer.encode("la reine", undefined), plain);
    equal(await tokenizer.encode("la reine", { truncate: { length: 99, strategy: undefined, stride: undefined, side: undefined }, pad: { length: undefined } }), plain);
    ok(!("overflow" in plain), "no overflow where nothing was cut");
    equal(plain.specialMask[0], 1);
    equal([...plain.wordIds].slice(0, 2), [-1, 0]);
    equal([...(await tokenizer.encode("")).ids], [plain.ids[0], plain.ids.at(-1)]);
    equal((await tokenizer.encode("", { addSpecialTokens: false })).tokens, []);
    equal(await tokenizer.encodeBatch([]), []);
    equal(await tokenizer.decodeBatch([]), []);
    equal([await tokenizer.decode([]), await tokenizer.decode(new Uint32Array()), await tokenizer.decode({ length: 0 })], ["", "", ""]);
    equal([await tokenizer.count(""), await tokenizer.count("", { addSpecialTokens: false })], [2, 0]);
    const cut = await tokenizer.encode("la reine chante une histoire", { truncate: 4 });
    equal([cut.ids.length, cut.tokens[0], cut.tokens[3]], [4, "[CLS]", "[SEP]"]);
    const left = await tokenizer.encode("la reine chante", { truncate: { length: 3, side: "left" }, pad: { length: 5, side: "left" } });
    equal([...left.attentionMask], [0, 0, 1, 1, 1]);
    equal(left.tokens.slice(0, 3), ["[PAD]", "[PAD]", "[CLS]"]);
    equal([...(await tokenizer.encode("la", { pad: 6 })).attentionMask].reduce((a, b) => a + b), (await tokenizer.count("la")));
    equal((await tokenizer.encode("la reine chante une", { pad: 1 })).ids.length, (await tokenizer.count("la reine chante une")));
    const batch = await tokenizer.encodeBatch(["la", ["la reine", "chante"], "un enfant écoute"], { pad: { multipleOf: 16 } });
    equal(batch.map(({ ids }) => ids.length % 16), [0, 0, 0]);
    const second = await tokenizer.encode("la", { pair: "la reine chante une histoire", truncate: { length: 6, strategy: "second", stride: 1 } });
    ok(second.overflow.length > 0 && second.ids.length === 6, "the second text was cut");
    await rejects(tokenizer.encode("la reine chante", { truncate: { length: 4, strategy: "second" } }), "bad-option");
    await rejects(tokenizer.encode("la reine", { truncate: 1 }), "bad-option");
    await rejects(tokenizer.encode("la", { pad: false }), "bad-option");
    await rejects(tokenizer.encode("la", null), "bad-option");
    await rejects(tokenizer.encodeBatch(["a"], { pair: "b" }), "bad-option");
    await rejects(tokenizer.encodeBatch([["a", "b", "c"]]), "bad-input");
    await rejects(tokenizer.encodeBatch("abc"), "bad-input");
    await rejects(tokenizer.decode("abc"), "bad-input");
    await rejects(tokenizer.decodeBatch([1, 2]), "bad-input");
    await tokenizer.dispose();
    const bytes = await train(griot);
    const [filled] = await bytes.encodeBatch(["a", "bc"], { pad: true });
    equal(filled.ids.at(-1), bytes.special.eos.id, "an end token fills where no token is for it");
    const added = await train(griot, { specialTokens: ["<|user|>", "<pad>"] });
    equal((await added.encode("a<|user|>b")).tokens, ["a", "<|user|>", "b"]);
    equal(await added.decode((await added.encode("a<|user|>b")).ids), "ab");
    equal(added.special.pad?.token, "<pad>");
    const again = await griot.Tokenizer.fromJSON(await added.toJSON());
    equal([again.kind, again.vocabSize, again.special], [added.kind, added.vocabSize, added.special]);
    await Promise.all([bytes, added, again].map((one) => one.dispose()));
  },

  async "a text of ten million characters lets others in, tells how far it is, and stops within 100 ms"({ griot }) {
    const tokenizer = await train(griot);
    const line = story(400);
    const text = line.repeat(Math.ceil(10_000_000 / line.length));
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    const told = [];
    const { ids, tokens, offsets } = await tokenizer.encode(text, { onProgress: ({ phase, done, total }) => told.push([phase, done, total]) });
    clearInterval(timer);
    ok(turns >= 3, `the event loop turned, ${turns} times`);
    ok(told.length > 3 && told.every(([phase, done, total], i) => phase === "encode" && total === 1 && done >= (told[i - 1]?.[1] ?? 0)) && told.at(-1)[1] === 1, "progress");
    equal([offsets.at(-1), tokens.length, await tokenizer.count(text)], [text.length, ids.length, ids.length]);
    for (const begin of [(o) => tokenizer.encode(text, o), (o) => tokenizer.count(text, o)]) {
      for (const after of [0, 60]) {
        const aborter = new AbortController();
        const call = rejects(begin({ signal: aborter.signal }), "AbortError");
        await sleep(after);
        const began = performance.now();
        aborter.abort();
        await call;
        ok(performance.now() - began < 100, `aborted within 100 ms, took ${performance.now() - began}`);
      }
    }
    await tokenizer.dispose();
  },

  async "a tokenizer disposes of itself where the language can"({ griot }) {
    if (Symbol.asyncDispose === undefined) return;
    const tokenizer = await train(griot);
    await tokenizer[Symbol.asyncDispose]();
    await rejects(tokenizer.count("x"), "disposed");
  },

  async "explain tells how each piece was built"({ griot }) {
    const tokenizer = await train(griot);
    const steps = await tokenizer.explain("histoire");
    ok(steps.length > 1 && steps.at(-1).pieces.length < steps[0].pieces.length && typeof steps[1].rank === "number", "merges");
    equal(await tokenizer.explain(""), []);
    await rejects(tokenizer.explain("a".repeat(5000)), "bad-input");
    await tokenizer.dispose();
  },

  async "a chat template is rendered, and its absence is named"({ griot }) {
    const tokenizer = await train(griot);
    const messages = [{ role: "user", content: "Bonjour" }];
    const template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}{{ eos_token }}";
    equal(await tokenizer.applyChatTemplate(messages, { template }), "<user>Bonjour<assistant><|endoftext|>");
    equal(await tokenizer.applyChatTemplate(messages, { template, addGenerationPrompt: false }), "<user>Bonjour<|endoftext|>");
    await rejects(tokenizer.applyChatTemplate(messages), "bad-option");
    await rejects(tokenizer.applyChatTemplate(messages, { template: "{% for" }), "bad-input");
    const raised = await rejects(tokenizer.applyChatTemplate(messages, { template: "{{ raise_exception('non ☂') }}" }), "bad-input");
    equal(raised.message, "chat template: non ☂");
    // What takes much memory takes it from nothing else: the next rendering finds a fresh engine.
    const large = "{% set a = 'x' * 1000000 %}{% for i in range(20) %}{{ a }}{% endfor %}";
    equal((await tokenizer.applyChatTemplate(messages, { template: large })).length, 2e7);
    equal(await tokenizer.applyChatTemplate([{ role: "user", content: "é☂\u{1f600}\0" }], { template: "{{ messages[0].content }}" }), "é☂\u{1f600}\0");
    await tokenizer.dispose();
  },

  async "a trainer tells of each token, in order"({ griot }) {
    const run = griot.Tokenizer.trainer(story(), { kind: "bpe", vocabSize: 400 });
    const steps = [];
    for await (const step of run) steps.push(step);
    const tokenizer = await run.result;
    equal(steps.map((s) => s.step), steps.map((_, i) => i + 1));
    equal(steps.length, tokenizer.vocabSize - 257);
    ok(steps[0].left && steps[0].right && steps[0].count > 1, "what the first token was made of");
    await rejects(() => run[Symbol.asyncIterator](), "bad-input");
    await tokenizer.dispose();
  },

  async "break ends a training with the vocabulary so far"({ griot }) {
    const run = griot.Tokenizer.trainer(story(), { kind: "bpe", vocabSize: 2000, minFrequency: 1 });
    for await (const step of run) if (step.step === 3) break;
    const tokenizer = await within(2000, run.result);
    ok(tokenizer.vocabSize >= 260 && tokenizer.vocabSize < 2000, `${tokenizer.vocabSize} tokens`);
    equal(await tokenizer.decode((await tokenizer.encode("la reine")).ids), "la reine");
    await tokenizer.dispose();
  },

  async "a training rests when nobody reads, and goes on when the result is asked for"({ griot }) {
    const told = [];
    const run = griot.Tokenizer.trainer(story(), { kind: "bpe", vocabSize: 2000, minFrequency: 1, onProgress: (p) => told.push(p) });
    await sleep(300);
    const rested = told.at(-1)?.done;
    await sleep(200);
    equal(told.at(-1)?.done, rested);
    const tokenizer = await within(10_000, run.result);
    ok(tokenizer.vocabSize > 321, "it went on");
    await tokenizer.dispose();
  },

  async "progress of a training never goes back"({ griot }) {
    const phases = new Set();
    let last = 0;
    const tokenizer = await train(griot, { onProgress: ({ phase, done, total }) => {
      ok(done >= last && done <= (total ?? Infinity), `${phase} ${done} of ${total} after ${last}`);
      last = done;
      phases.add(phase);
    } });
    equal([...phases], ["count", "learn"]);
    await tokenizer.dispose();
  },

  async "a corpus is an iterable of the caller, also one that comes slowly"({ griot }) {
    const lines = story().split("\n");
    async function* slowly() {
      for (let i = 0; i < lines.length; i += 100) {
        await sleep(3);
        yield lines.slice(i, i + 100).join("\n") + "\n";
      }
    }
    const [whole, lazy, set] = await Promise.all([story() + "\n", slowly, new Set([story() + "\n"])].map((corpus) => griot.Tokenizer.train(corpus, { kind: "word" })));
    equal(await lazy.toJSON(), await whole.toJSON());
    equal(await set.toJSON(), await whole.toJSON());
    const files = [new File([story() + "\n"], "a.txt")];
    const filed = await griot.Tokenizer.train(files, { kind: "word" });
    equal(await filed.toJSON(), await whole.toJSON());
  },

  async "an abort is honoured within 100 ms at each stage, and leaves everything usable"({ griot }) {
    const tokenizer = await train(griot);
    const many = Array.from({ length: 60_000 }, (_, i) => Math.imul(i, 0x9e3779b1).toString(36)).join(" ");
    const endless = function* () { for (;;) yield story(400); };
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const stages = {
      "waiting for the corpus": (signal) => griot.Tokenizer.train(silent, { kind: "bpe", signal }),
      "reading": (signal) => griot.Tokenizer.train(endless(), { kind: "bpe", signal }),
      "learning": (signal) => griot.Tokenizer.train(many, { kind: "bpe", vocabSize: 50_000, minFrequency: 1, signal }),
      "a batch": (signal) => tokenizer.encodeBatch(Array(20_000).fill(story(40)), { signal }),
    };
    for (const [stage, begin] of Object.entries(stages)) {
      for (const after of [0, 30]) {
        const aborter = new AbortController();
        const call = rejects(begin(aborter.signal), "AbortError");
        await sleep(after);
        const began = performance.now();
        aborter.abort();
        await call;
        const took = performance.now() - began;
        ok(took < 100, `${stage} aborted within 100 ms, took ${took}`);
      }
    }
    equal(await tokenizer.decode((await tokenizer.encode("la reine")).ids), "la reine");
    await rejects(tokenizer.encode("x", { signal: AbortSignal.abort() }), "AbortError");
    await tokenizer.dispose();
  },

  async "a text without spaces or lines yields on its way"({ griot }) {
    const text = "中文".repeat(1_000_000);
    for (const kind of ["bpe", "unigram", "wordpiece"]) {
      const tokenizer = await train(griot, { kind });
      let whole = 0;
      await tokenizer.encode(text, { onProgress: () => (whole += 1) });
      const aborter = new AbortController();
      let heard = 0;
      const onProgress = () => {
        heard += 1;
        aborter.abort();
      };
      await rejects(tokenizer.encode(text, { signal: aborter.signal, onProgress }), "AbortError");
      // One step would tell all there is before it hears of the abort, and succeed.
      ok(heard > 0 && heard < whole, `${kind}: ${heard} reports of ${whole} before the abort was honoured`);
      await tokenizer.dispose();
    }
  },

  async "an aborted training hands over the vocabulary so far"({ griot }) {
    const aborter = new AbortController();
    const run = griot.Tokenizer.trainer(story(), { kind: "bpe", vocabSize: 2000, minFrequency: 1, signal: aborter.signal });
    const reading = (async () => {
      for await (const step of run) if (step.step === 3) aborter.abort();
    })();
    const error = await rejects(reading, "AbortError");
    equal(await error.partial.decode((await error.partial.encode("la reine")).ids), "la reine");
  },

  async "a training that is stopped before it has read anything gives a tokenizer of nothing"({ griot }) {
    for (const kind of ["bpe", "wordpiece", "unigram", "word", "char"]) {
      const run = griot.Tokenizer.trainer(story(), { kind });
      await run.stop();
      const tokenizer = await run.result;
      equal(tokenizer.kind, kind);
      await tokenizer.dispose();
    }
  },

  async "a chat template stands in a file of its own, or under a name"({ griot }) {
    const plain = await train(griot);
    const json = await plain.toJSON();
    await plain.dispose();
    const messages = [{ role: "user", content: "Bonjour" }];
    const rendered = async (files, options) => {
      const tokenizer = await griot.Tokenizer.load({ "tokenizer.json": json, ...files });
      const text = await tokenizer.applyChatTemplate(messages, options);
      await tokenizer.dispose();
      return text;
    };
    const own = { "chat_template.jinja": "own {{ messages[0].content }}" };
    equal(await rendered(own), "own Bonjour");
    equal(await rendered({ ...own, "tokenizer_config.json": JSON.stringify({ chat_template: "old" }) }), "own Bonjour");
    const templates = [{ name: "default", template: "plain" }, { name: "tool_use", template: "with tools" }, { name: "rag", template: "from documents" }];
    const named = { "tokenizer_config.json": JSON.stringify({ chat_template: templates }) };
    equal(await rendered(named), "plain");
    equal(await rendered(named, { tools: [{ name: "f" }] }), "with tools");
    equal(await rendered(named, { template: "rag" }), "from documents");
    equal(await rendered(named, { template: "{{ messages[0].role }}" }), "user");
  },

  async "disposed is disposed, twice is once, and calls in hand end"({ griot }) {
    const tokenizer = await train(griot);
    const call = rejects(tokenizer.encodeBatch(Array(3000).fill(story(40))), "disposed");
    await sleep(20);
    await tokenizer.dispose();
    await tokenizer.dispose();
    await call;
    await rejects(tokenizer.encode("x"), "disposed");
    await rejects(tokenizer.toJSON(), "disposed");
  },

  async "a tokenizer outlives a trap of the wasm"({ griot, lab }) {
    const tokenizer = await train(griot);
    const before = (await tokenizer.encode("la reine")).ids;
    await rejects(lab.trap(), "internal");
    equal((await tokenizer.encode("la reine")).ids, before);
    const call = rejects(tokenizer.encodeBatch(Array(3000).fill(story(40))), "internal");
    await rejects(lab.trap(), "internal");
    await call;
    equal((await tokenizer.encode("la reine")).ids, before);
    await tokenizer.dispose();
  },

  async "what is wrong is named with its code"({ griot }) {
    const { Tokenizer } = griot;
    const tokenizer = await train(griot);
    const named = async (work, code, word) => {
      const error = await rejects(work, code);
      ok(error.message.includes(word), `"${word}" in "${error.message}"`);
    };
    await named(Tokenizer.train("x", {}), "bad-option", "kind");
    await named(Tokenizer.train("x", { kind: "bpe", vocab: 3 }), "bad-option", "vocab");
    await named(Tokenizer.train("x", { kind: "bpe", score: "count" }), "bad-option", "score");
    await named(Tokenizer.train("x", { kind: "bpe", vocabSize: 3 }), "bad-option", "3");
    await named(Tokenizer.train("", { kind: "bpe" }), "bad-input", "text");
    await named(Tokenizer.train(7, { kind: "bpe" }), "bad-input", "corpus");
    await named(Tokenizer.train([7], { kind: "bpe" }), "bad-input", "corpus");
    await named(Tokenizer.fromJSON("{"), "bad-file", "tokenizer.json");
    await named(Tokenizer.fromJSON("{}"), "bad-file", "model");
    await named(Tokenizer.load({ "readme.md": "" }), "bad-file", "tokenizer");
    await named(Tokenizer.load("opfs:../x"), globalThis.navigator?.storage ? "bad-input" : "unsupported", "opfs");
    await named(tokenizer.encode(3), "bad-input", "text");
    await named(tokenizer.encode("x", { truncate: {} }), "bad-option", "length");
    await named(tokenizer.encode("x", { truncate: { length: 2, side: "middle" } }), "bad-option", "side");
    await named(tokenizer.encode("x", { pad: true, padding: 3 }), "bad-option", "padding");
    await named(tokenizer.decode([0, -1]), "bad-input", "ids[1]");
    equal(await tokenizer.decode([0, 4_000_000_000]), "");
    await tokenizer.dispose();
  },

  async "lone surrogates, nothing and a very long word do no harm"({ griot }) {
    const tokenizer = await train(griot);
    equal((await tokenizer.encode("")).ids.length, 0);
    ok((await tokenizer.encode("\ud800 x")).ids.length > 0, "tokens");
    ok((await tokenizer.encode("a".repeat(300_000))).ids.length > 0, "tokens");
    await tokenizer.dispose();
  },
};
