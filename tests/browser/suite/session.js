// Sessions: each part is what one generation over the whole conversation gives, and what was read is not read again.

import { equal, ok, rejects, within } from "./check.js";

const TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";
const greedy = { temperature: 0, maxTokens: 6, stopTokens: [] };

/** A small model over the story world, with a chat template and without. */
async function made(griot, { device = "cpu", context = 256 } = {}) {
  const texts = [];
  for await (const story of griot.stories({ language: "fr", seed: 5 })) if (texts.push(story) === 20) break;
  const plain = await griot.Tokenizer.train([...texts, `${TEMPLATE} 0123456789`], { kind: "char" });
  const files = { "tokenizer.json": await plain.toJSON(), "tokenizer_config.json": JSON.stringify({ chat_template: TEMPLATE }) };
  const tokenizer = await griot.Tokenizer.load(files);
  const config = griot.presets.gpt({ layers: 2, heads: 2, width: 32, context });
  const [model, bare] = await Promise.all([tokenizer, plain].map((tokenizer) => griot.Model.create(config, { tokenizer, seed: 1, device })));
  const dispose = () => Promise.all([model, bare, tokenizer, plain].map((one) => one.dispose()));
  return { model, bare, tokenizer, plain, dispose };
}

/** Bytes of key/value caches. */
const cache = async (griot) => (await griot.memory()).owners.find(({ name }) => name === "cache")?.bytes ?? 0;

async function pieces(generation) {
  const all = [];
  for await (const piece of generation) all.push(piece);
  return all;
}

/** A conversation whose every part is compared with one generation over the whole. */
async function talk(model, options) {
  const system = { role: "system", content: "Sois bref." };
  const session = await model.session({ messages: [system] });
  equal([session.messages, session.window], [[system], 256]);
  ok(session.used > 0 && session.used < 40, `${session.used} tokens`);
  const said = [system];
  for (const input of ["Qui es-tu ?", { role: "user", content: "Le lion ?" }, [{ role: "tool", content: "7" }, { role: "user", content: "Et la reine ?" }]]) {
    said.push(...(typeof input === "string" ? [{ role: "user", content: input }] : [input].flat()));
    const run = session.prompt(input, options);
    const all = await pieces(run);
    const told = await run.result;
    const whole = await model.generate(said, options).result;
    equal([told.text, [...told.ids], told.usage, told.finishReason], [whole.text, [...whole.ids], whole.usage, whole.finishReason]);
    equal(all.map(({ text }) => text).join(""), told.text);
    equal(Object.keys(told), Object.keys(whole));
    said.push({ role: "assistant", content: told.text });
    equal([session.messages, session.used], [said, told.usage.promptTokens + told.usage.tokens]);
  }
  session.messages.pop();
  equal(session.messages.length, said.length, "the list that was given out is the caller's");
  await session.dispose();
}

export const cases = {
  async "each part is what one generation over the whole conversation gives, greedy and drawn"({ griot }) {
    const { model, dispose } = await made(griot);
    await talk(model, greedy);
    await talk(model, { temperature: 1, seed: 7, maxTokens: 9 });
    await dispose();
  },

  async "the same on the GPU, also after the device was lost"({ griot, lab, settings }) {
    if (!globalThis.navigator?.gpu || !(await navigator.gpu.requestAdapter())) return;
    await griot.close();
    griot.configure(settings);
    const { model, bare, dispose } = await made(griot, { device: "webgpu" });
    await talk(model, greedy);
    const session = await bare.session();
    const one = await session.prompt("Il était", greedy).text;
    ok(await lab.destroy(), "a device to destroy");
    equal(await session.prompt(" une", greedy).text, await bare.generate(`Il était${one} une`, greedy).text);
    await dispose();
    await griot.close();
    griot.configure(settings);
  },

  async "without a template texts go on as they are, and roles are refused"({ griot }) {
    const { bare, dispose } = await made(griot);
    const session = await bare.session();
    equal([session.messages, session.used], [[], 0]);
    const one = await session.prompt("Il était", greedy).text;
    const two = await session.prompt(" une fois", greedy).text;
    equal(two, await bare.generate(`Il était${one} une fois`, greedy).text);
    const roles = ["user", "assistant", "user", "assistant"];
    equal(session.messages, ["Il était", one, " une fois", two].map((content, i) => ({ role: roles[i], content })));
    const echoed = await session.prompt(".", { ...greedy, echo: true }).result;
    ok(echoed.text.startsWith(`Il était${one} une fois${two}.`), "the echo is of the whole conversation");
    equal(session.messages.at(-1).content, echoed.text.slice(`Il était${one} une fois${two}.`.length), "the answer alone is kept");
    await rejects(session.prompt({ role: "user", content: "x" }, greedy).result, "bad-option");
    await rejects(bare.session({ messages: [{ role: "system", content: "x" }] }), "bad-option");
    equal(session.messages.length, 6);
    await dispose();
  },

  async "a second prompt does not read the first again"({ griot }) {
    const { plain, dispose } = await made(griot);
    const config = griot.presets.gpt({ layers: 4, heads: 4, width: 128, context: 1024 });
    const model = await griot.Model.create(config, { tokenizer: plain, seed: 1, device: "cpu" });
    const session = await model.session();
    const options = { temperature: 0, maxTokens: 1, stopTokens: [] };
    const first = await session.prompt("la reine dort. ".repeat(50), options).result;
    const { live } = await griot.memory();
    const next = await session.prompt("e", options).result;
    ok(first.usage.promptTokens > 700 && next.usage.promptTokens > first.usage.promptTokens, "the whole is counted");
    const seconds = [first, next].map(({ timings }) => timings.prefillSeconds);
    ok(seconds[1] < seconds[0] / 3, `${seconds[1]} s after ${seconds[0]} s`);
    await session.dispose();
    ok((await griot.memory()).live < live, "the cache is given back");
    await model.dispose();
    await dispose();
  },

  async "a clone goes its own way from where the first stood"({ griot }) {
    const { model, dispose } = await made(griot);
    const session = await model.session();
    const asked = session.prompt("Qui es-tu ?", greedy);
    const cloned = session.clone(); // stands behind what was asked before
    await asked.result;
    const clone = await cloned;
    equal([clone.messages, clone.used, clone.window], [session.messages, session.used, session.window]);
    const whole = (input) => model.generate([...clone.messages, { role: "user", content: input }], greedy).text;
    const wanted = [await whole("Le lion ?"), await whole("La reine ?")];
    equal(await Promise.all([session.prompt("Le lion ?", greedy).text, clone.prompt("La reine ?", greedy).text]), wanted);
    equal([session.messages.length, clone.messages.length, session.messages[2].content, clone.messages[2].content], [4, 4, "Le lion ?", "La reine ?"]);
    await session.dispose();
    await clone.prompt("Et puis ?", greedy).text;
    await rejects(session.prompt("x").result, "disposed");
    await rejects(session.clone(), "disposed");
    await dispose();
    await rejects(clone.prompt("x").result, "disposed");
  },

  async "prompts are answered in the order in which they came"({ griot }) {
    const { bare, dispose } = await made(griot);
    const session = await bare.session();
    const [a, b, c] = await Promise.all(["Il", " était", " une"].map((text) => session.prompt(text, greedy).text));
    equal(session.messages.map(({ content }) => content), ["Il", a, " était", b, " une", c]);
    await dispose();
  },

  async "stop keeps what was said, abort and errors leave the conversation as it was"({ griot }) {
    const { bare, dispose } = await made(griot);
    const session = await bare.session();
    const one = await session.prompt("Il était", greedy).text;
    const long = { temperature: 0, maxTokens: 200, stopTokens: [] };
    const aborter = new AbortController();
    const aborted = session.prompt(" une fois", { ...long, signal: aborter.signal });
    const waits = session.prompt("!", { ...long, signal: aborter.signal });
    let told = "";
    for await (const { text, index } of aborted) if (((told += text), index === 9)) break; // `break` stops
    equal([session.messages.length, session.messages[2].content], [4, " une fois"]);
    ok(told.length > 0 && session.messages[3].content.startsWith(told), "what was said until the stop");
    aborter.abort();
    equal((await rejects(waits.result, "AbortError")).name, "AbortError");
    const again = session.prompt(" encore", { ...long, signal: AbortSignal.timeout(30_000) });
    const second = new AbortController();
    const cut = session.prompt("?", { ...long, signal: second.signal });
    second.abort(); // while it waits for the one before
    await rejects(within(100, cut.result, "the abort"), "AbortError");
    await again.stop();
    const { messages, used } = session;
    const third = new AbortController();
    const given = session.prompt(" alors", { ...long, signal: third.signal });
    await rejects(async () => {
      for await (const { index } of given) if (index === 1) third.abort();
    }, "AbortError");
    equal([session.messages, session.used], [messages, used]);
    await rejects(session.prompt("é".repeat(300), greedy).result, "context-overflow");
    equal([session.messages, session.used], [messages, used]);
    const text = messages.map(({ content }) => content).join("");
    equal(await session.prompt(" fin", greedy).text, await bare.generate(`${text} fin`, greedy).text);
    ok(one.length > 0, "a text");
    await dispose();
  },

  async "a full window is an error, or slides over the oldest turns"({ griot }) {
    const { model, bare, dispose } = await made(griot, { context: 96 });
    const full = await bare.session();
    await full.prompt("a".repeat(60), greedy).text;
    const error = await rejects(full.prompt("a".repeat(60), greedy).result, "context-overflow");
    ok(error.details.tokens > 120 && error.details.context === 96, JSON.stringify(error.details));
    ok(/slide/.test(error.hint), error.hint);
    const system = { role: "system", content: "Sois bref." };
    const session = await model.session({ messages: [system], overflow: "slide" });
    for (let turn = 0; turn < 6; turn++) {
      const told = await session.prompt(`Question ${turn} ?`, greedy).result;
      ok(session.used <= session.window && session.used === told.usage.promptTokens + told.usage.tokens, `${session.used} of ${session.window}`);
      equal(session.messages[0], system);
      equal(session.messages.at(-2), { role: "user", content: `Question ${turn} ?` });
      equal(session.messages[1].role, "user", "whole turns are left out");
      const before = session.messages.slice(0, -1);
      equal(told.text, await model.generate(before, greedy).text, "what is left is what the model read");
    }
    ok(session.messages.length < 13, "the oldest are gone");
    await rejects(session.prompt("a".repeat(100), greedy).result, "context-overflow");
    await dispose();
  },

  async "what a model learns between two prompts counts"({ griot }) {
    const { bare, dispose } = await made(griot);
    const session = await bare.session();
    const one = await session.prompt("Il était", greedy).text;
    await bare.train(["Il était une fois une reine qui dormait."], { steps: 12, batch: 2, context: 32, optimizer: { lr: 1e-2 } }).result;
    equal(await session.prompt(" une", greedy).text, await bare.generate(`Il était${one} une`, greedy).text);
    await dispose();
  },

  async "a session that is disposed of stops its work and gives its memory back"({ griot }) {
    const { bare, dispose } = await made(griot);
    const before = await cache(griot);
    const session = await bare.session();
    await session.prompt("Il", greedy).result;
    ok((await cache(griot)) > before, "a cache");
    const run = session.prompt("Il", { temperature: 0, maxTokens: 150, stopTokens: [] });
    const reading = pieces(run);
    reading.catch(() => {}); // it is awaited after the dispose
    await session.dispose();
    await rejects(reading, "disposed");
    await rejects(run.result, "disposed");
    await session.dispose();
    equal(await cache(griot), before);
    equal((await bare.generate("Il", greedy).result).usage.tokens, 6);
    await dispose();
  },

  async "a session outlives a trap of the wasm"({ griot, lab }) {
    const { bare, dispose } = await made(griot);
    const session = await bare.session();
    const one = await session.prompt("Il était", greedy).text;
    await rejects(lab.trap(), "internal");
    equal(await session.prompt(" une", greedy).text, await bare.generate(`Il était${one} une`, greedy).text);
    await dispose();
  },

  async "what a session cannot be or do is refused by name"({ griot }) {
    const { bare, dispose } = await made(griot);
    for (const options of [{ overflow: "cut" }, { messages: "a" }, { messages: [{ role: 1 }] }, { window: 3 }]) await rejects(bare.session(options), "bad-option");
    const session = await bare.session({ overflow: undefined, messages: [] });
    for (const input of [7, undefined, [], [{ role: "user" }], ["a"]]) await rejects(async () => await session.prompt(input).result, "bad-input");
    for (const options of [{ maxTokens: 0 }, { temperature: -1 }, { numBeams: 3 }]) await rejects(async () => await session.prompt("a", options).result, "bad-option");
    const config = { layers: 1, heads: 1, width: 8, context: 8, vocabSize: 9 };
    const reader = await griot.Model.create(griot.presets.bert(config), { device: "cpu" });
    await rejects(reader.session(), "unsupported");
    const mute = await griot.Model.create(griot.presets.gpt(config), { device: "cpu" });
    await rejects(mute.session(), "bad-input");
    await rejects(bare.session({ signal: AbortSignal.abort() }), "AbortError");
    await Promise.all([reader.dispose(), mute.dispose()]);
    await dispose();
  },
};
