// Generation through the package: every option does what it says, beams and T5 give the reference's texts.

import { equal, ok, rejects, within } from "./check.js";
import { golden } from "./golden.js";

/** A small model over the story world, trained a little so that its choices are its own. */
async function small(griot) {
  const texts = [];
  for await (const story of griot.stories({ language: "fr", seed: 5 })) if (texts.push(story) === 40) break;
  const tokenizer = await griot.Tokenizer.train(texts, { kind: "bpe", vocabSize: 400 });
  const config = griot.presets.gpt({ layers: 1, heads: 2, width: 32, context: 64 });
  const model = await griot.Model.create(config, { tokenizer, seed: 1, device: "cpu" });
  await model.train(texts, { steps: 20, batch: 4, context: 32, optimizer: { lr: 3e-3 } }).result;
  return { texts, tokenizer, model };
}

const kept = new WeakMap();
/** The same model for all cases of a run; nothing here changes it. */
function shared(griot) {
  if (!kept.has(griot)) kept.set(griot, small(griot));
  return kept.get(griot);
}

const ids = async (model, options) => [...(await model.generate("Il était", { maxTokens: 16, stopTokens: [], seed: 3, ...options }).result).ids];
const times = (list, id) => list.filter((one) => one === id).length;
const most = (list) => Math.max(...list.map((id) => times(list, id)));

async function pieces(generation) {
  const all = [];
  for await (const piece of generation) all.push(piece);
  return all;
}

/** Beam search after stored prompts, with the options that the package has. */
async function searched({ griot, ...context }, name) {
  const stored = await golden({ griot, ...context }, name);
  const model = await griot.Model.load(stored.files, { device: "cpu" });
  let checked = 0;
  for (const { prompt, input_ids, options, sequences } of stored.record.beam_search) {
    if (prompt !== "single") continue;
    const end = options.eos_token_id;
    const told = await model.generate(input_ids[0], {
      beams: options.num_beams, maxTokens: options.max_new_tokens, lengthPenalty: options.length_penalty, earlyStopping: options.early_stopping,
      stopTokens: end === undefined ? [] : [end], noRepeatNgram: options.no_repeat_ngram_size, repetitionPenalty: options.repetition_penalty,
    }).result;
    const wanted = sequences[0].slice(name === "t5" ? 1 : input_ids[0].length);
    const stop = wanted.indexOf(end);
    equal([...told.ids], stop < 0 ? wanted : wanted.slice(0, stop), `${name} ${JSON.stringify(options)}`);
    equal(told.finishReason, stop < 0 ? "length" : "stop");
    checked += 1;
  }
  ok(checked >= 7, `${checked} searches`);
  return { model, stored };
}

export const cases = {
  async "beams find the reference's sequences after the stored GPT-2"(context) {
    const { model } = await searched(context, "gpt2");
    await model.dispose();
  },

  async "the stored T5 writes the reference's sequences, greedy and by beams"(context) {
    const { model, stored } = await searched(context, "t5");
    const { single } = stored.record.greedy;
    const told = await model.generate(single.input_ids[0], { temperature: 0, maxTokens: 32, stopTokens: [] }).result;
    equal([...told.ids], single.sequences[0].slice(1));
    equal(told.usage, { promptTokens: 6, tokens: 32 });
    const { batch_eos } = stored.record.greedy;
    const stopped = await model.generate(batch_eos.input_ids[0], { temperature: 0, maxTokens: 32, stopTokens: [batch_eos.eos_token_id] }).result;
    const wanted = batch_eos.sequences[0].slice(1);
    equal([[...stopped.ids], stopped.finishReason], [wanted.slice(0, wanted.indexOf(batch_eos.eos_token_id)), "stop"]);
    await model.dispose();
  },

  async "temperature, seed, maxTokens and the filters each have their effect"({ griot }) {
    const { model } = await shared(griot);
    const plain = await ids(model, {});
    equal(plain, await ids(model, {}), "the same seed");
    equal(plain.length, 16);
    ok(JSON.stringify(plain) !== JSON.stringify(await ids(model, { seed: 4 })), "another seed");
    const greedy = await ids(model, { temperature: 0 });
    equal(greedy, await ids(model, { temperature: 0, seed: 9 }), "greedy");
    for (const one of [{ topK: 1 }, { topP: 0 }, { minP: 1 }, { temperature: 1e-3 }]) equal(await ids(model, one), greedy, JSON.stringify(one));
    for (const one of [{ topK: 8 }, { topP: 0.5 }, { minP: 0.2 }, { typicalP: 0.2 }]) {
      ok(JSON.stringify(await ids(model, one)) !== JSON.stringify(plain), `${JSON.stringify(one)} changes the draws`);
    }
    equal((await ids(model, { maxTokens: 3 })), plain.slice(0, 3));
  },

  async "penalties, noRepeatNgram and logitBias each have their effect"({ griot }) {
    const { model } = await shared(griot);
    const bare = { temperature: 0, maxTokens: 40 };
    const greedy = await ids(model, bare);
    for (const one of [{ repetitionPenalty: 1.5 }, { frequencyPenalty: 2 }, { presencePenalty: 3 }]) {
      ok(most(await ids(model, { ...bare, ...one })) < most(greedy), `${JSON.stringify(one)} repeats less`);
    }
    const pairs = (await ids(model, { ...bare, noRepeatNgram: 2 })).map((id, i, all) => `${all[i - 1]} ${id}`).slice(1);
    equal(new Set(pairs).size, pairs.length, "no pair stands twice");
    equal(times(await ids(model, { ...bare, logitBias: { 70: 100 } }), 70), 40, "one token only");
    ok(!(await ids(model, { ...bare, logitBias: { [greedy[0]]: -Infinity } })).includes(greedy[0]), "a barred token");
  },

  async "stop, stopTokens and minTokens say where a text ends"({ griot }) {
    const { model, tokenizer } = await shared(griot);
    const whole = await model.generate("Il était", { temperature: 0, maxTokens: 20, stopTokens: [] }).result;
    const word = whole.text.slice(4, 7);
    for (const stop of [word, ["never there", word]]) {
      const told = await model.generate("Il était", { temperature: 0, maxTokens: 20, stopTokens: [], stop }).result;
      equal([told.text, told.finishReason], [whole.text.slice(0, whole.text.indexOf(word)), "stop"]);
    }
    const end = whole.ids[2];
    const first = whole.ids.indexOf(end);
    const told = await model.generate("Il était", { temperature: 0, maxTokens: 20, stopTokens: [end] }).result;
    equal([[...told.ids], told.finishReason], [[...whole.ids.slice(0, first)], "stop"]);
    const longer = await model.generate("Il était", { temperature: 0, maxTokens: 20, stopTokens: [end], minTokens: 8 }).result;
    ok(longer.ids.length >= 8 && ![...longer.ids].includes(end), "at least eight tokens, none of them an end");
    equal(whole.text, await tokenizer.decode(whole.ids), "the text of its ids");
  },

  async "logprobs tells each piece's log-probability and the best tokens"({ griot }) {
    const { model } = await shared(griot);
    const all = await pieces(model.generate("Il était", { temperature: 0, maxTokens: 5, stopTokens: [], logprobs: 3 }));
    equal(all.length, 5);
    const [{ p, id }] = await model.next("Il était", { top: 1 });
    equal(all[0].id, id);
    ok(Math.abs(all[0].logprob - Math.log(p)) < 1e-4, "the log of the probability");
    for (const { logprob, top, id: chosen, index } of all) {
      equal([top.length, top[0].id, top[0].logprob], [3, chosen, logprob], `piece ${index}`);
      ok(top[0].logprob >= top[1].logprob && top[1].logprob >= top[2].logprob && typeof top[0].token === "string", "falling");
    }
    const only = await pieces(model.generate("Il était", { maxTokens: 2, logprobs: 0 }));
    ok(only.every(({ logprob, top }) => logprob <= 0 && top === undefined), "no list where none is wanted");
    const none = await pieces(model.generate("Il était", { maxTokens: 2 }));
    ok(none.every((piece) => !("logprob" in piece)), "none where none is wanted");
  },

  async "echo gives the prompt first"({ griot }) {
    const { model, tokenizer } = await shared(griot);
    const options = { temperature: 0, maxTokens: 6, stopTokens: [] };
    const plain = await model.generate("Il était", options).result;
    const run = model.generate("Il était", { ...options, echo: true, stop: "Il" });
    const all = await pieces(run);
    const told = await run.result;
    equal([all[0].text, all.map(({ text }) => text).join("")], ["Il était", told.text]);
    ok(told.text.startsWith("Il était"), "the prompt");
    if (told.finishReason === "length") {
      const prompt = (await tokenizer.encode("Il était")).ids;
      equal([told.text, [...told.ids], told.usage], [`Il était${plain.text}`, [...prompt, ...plain.ids], plain.usage]);
    }
    equal(all.map(({ index }) => index), all.map((_, i) => i));
  },

  async "a beam search's text scores no less than the greedy one, and can be stopped and aborted"({ griot }) {
    const { model, tokenizer } = await shared(griot);
    const options = { maxTokens: 8, stopTokens: [], logprobs: 0 };
    const sum = (all) => all.reduce((total, { logprob }) => total + logprob, 0);
    const [greedy, beams] = await Promise.all([pieces(model.generate("Il", { ...options, temperature: 0 })), pieces(model.generate("Il", { ...options, beams: 4 }))]);
    ok(sum(beams) >= sum(greedy) - 1e-6, `${sum(beams)} against ${sum(greedy)}`);
    // One that takes its time, so that it is still at work when it is told.
    const slow = await griot.Model.create(griot.presets.gpt({ layers: 2, heads: 4, width: 128, context: 1024 }), { tokenizer, device: "cpu" });
    const run = slow.generate("Il", { beams: 3, maxTokens: 1000, stopTokens: [] });
    await run.stop();
    equal((await within(5000, run.result, "the stop")).finishReason, "stopped");
    const aborter = new AbortController();
    const aborted = slow.generate("Il", { beams: 3, maxTokens: 1000, stopTokens: [], signal: aborter.signal });
    aborter.abort();
    await rejects(aborted.result, "AbortError");
    await slow.dispose();
    const stop = await model.generate("Il", { beams: 2, maxTokens: 30, stopTokens: [], stop: ["e", "a"] }).result;
    ok(!/[ea]/.test(stop.text) && stop.finishReason === "stop", `${stop.text} has no stop string`);
  },

  async "messages are gone on after as the chat template writes them"({ griot }) {
    const { texts, tokenizer } = await shared(griot);
    const template = "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }} {% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";
    const files = { "tokenizer.json": await tokenizer.toJSON(), "tokenizer_config.json": JSON.stringify({ chat_template: template }) };
    const talking = await griot.Tokenizer.load(files);
    const config = griot.presets.gpt({ layers: 1, heads: 2, width: 32, context: 128 });
    const model = await griot.Model.create(config, { tokenizer: talking, seed: 1, device: "cpu" });
    const messages = [{ role: "system", content: "Sois bref." }, { role: "user", content: texts[0].slice(0, 20) }];
    const text = await talking.applyChatTemplate(messages);
    const { ids: prompt } = await talking.encode(text, { addSpecialTokens: false });
    const options = { temperature: 0, maxTokens: 6, stopTokens: [] };
    const [told, wanted] = [await model.generate(messages, options).result, await model.generate(prompt, options).result];
    equal([[...told.ids], told.usage], [[...wanted.ids], { promptTokens: prompt.length, tokens: 6 }]);
    await model.dispose();
    await talking.dispose();
    const { model: mute } = await shared(griot);
    await rejects(mute.generate(messages).result, "bad-option");
  },

  async "several generations at once are each what they would be alone"({ griot }) {
    const { model } = await shared(griot);
    const prompts = ["Il", "La reine", "Un jour"];
    const options = { temperature: 0, maxTokens: 12, stopTokens: [] };
    const alone = [];
    for (const prompt of prompts) alone.push(await model.generate(prompt, options).text);
    equal(await Promise.all(prompts.map((prompt) => model.generate(prompt, options).text)), alone);
    equal(await Promise.all(prompts.map((prompt) => model.generate(prompt, { ...options, beams: 2 }).text)).then((all) => all.length), 3);
  },

  async "options that make no sense are refused by name"({ griot }) {
    const { model } = await shared(griot);
    const refused = async (options) => rejects(async () => await model.generate("Il", options).result, "bad-option");
    const wrong = [
      { maxTokens: 0 }, { minTokens: 9, maxTokens: 3 }, { temperature: -1 }, { temperature: Number.NaN }, { topK: 1.5 }, { topP: 1.5 }, { minP: -0.1 },
      { typicalP: 2 }, { repetitionPenalty: 0 }, { frequencyPenalty: "a" }, { noRepeatNgram: -1 }, { logitBias: { x: 1 } }, { logitBias: { 3: "a" } },
      { logitBias: { 100000: 1 } }, { beams: 0 }, { beams: 2, temperature: 0.5 }, { lengthPenalty: 2 }, { earlyStopping: true }, { beams: 2, earlyStopping: "no" },
      { stop: 3 }, { stopTokens: ["a"] }, { stopTokens: [100000] }, { seed: -1 }, { logprobs: -2 }, { echo: 1 }, { numBeams: 3 },
    ];
    for (const options of wrong) await refused(options);
    await rejects(model.generate([1, 100000]).result, "bad-input");
    await rejects(model.generate([]).result, "bad-input");
    await rejects(model.generate(Array(65).fill(1)).result, "context-overflow");
    const reader = await griot.Model.create(griot.presets.bert({ layers: 1, heads: 1, width: 8, context: 8, vocabSize: 9 }), { device: "cpu" });
    await rejects(reader.generate([1, 2]).result, "unsupported");
    await reader.dispose();
  },
};
