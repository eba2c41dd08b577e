// A sentence to carry on: what may come next, three sliders, and a button that lets the model tell.
//
// In: a model with its tokenizer. Out: bars from the model's own logits, asked for once per sentence and drawn again by the sliders
// alone; a tale as it is told, token by token. A bar that is pressed puts its token at the end of the sentence.

import type { Model } from "griot";
import { mark } from "./band.js";
import { readable, visible } from "./bytelevel.js";
import { alertLine, button, el, frame, onLanguage, type Say } from "./dom.js";
import { did, literal, settled, type Part } from "./journal.js";
import { digits, language, percent, texts, type Language } from "./language.js";
import { chances, draw as drawOne, left, type Chance, type Found, type Settings } from "./sampling.js";

const BARS = 8;
const MOST = 220;

/** What a teller is made for. */
export interface Told {
  /** Begins the names of its elements. */
  id: string;
  part: Part;
  /** What the model is called in the code. */
  name: string;
  /** Told the ids of what is being told. */
  woven?: (ids: number[]) => void;
}

/** A teller. */
export interface Teller {
  element: HTMLElement;
  /** Carries on with another model, from this beginning unless one was typed; without a model it rests. */
  use(model: Model | undefined, beginning: string | Record<Language, string>): Promise<void>;
}

function slider(id: string, label: Say, about: Say, range: { min: number; max: number; step: number; value: number }): { element: HTMLElement; input: HTMLInputElement; now: HTMLOutputElement } {
  const now = el("output", { for: id });
  const input = el("input", { id, type: "range", ...range, "aria-describedby": `${id}-about` });
  return { input, now, element: el("div", { class: "field" }, el("label", { for: id }, label, " ", now), input, el("p", { id: `${id}-about`, class: "about" }, about)) };
}

/** Makes one. */
export function teller({ id, part, name, woven = () => {} }: Told): Teller {
  let model: Model | undefined;
  let beginning: string | Record<Language, string> = "";
  let found: Found[] = [];
  let byBytes = false;
  let typed = false;
  let asking = false;
  let again = false;
  let telling: { stop(): Promise<void> } | undefined;
  let seed = 0;

  const sentence = el("textarea", { id: `${id}-sentence`, class: "sentence", rows: 1, spellcheck: "false", autocomplete: "off" });
  const temperature = slider(`${id}-temperature`, (t) => t.teller.temperature, (t) => t.teller.temperatureAbout, { min: 0, max: 2, step: 0.05, value: 0.8 });
  const topK = slider(`${id}-top-k`, (t) => t.teller.topK, (t) => t.teller.topKAbout, { min: 1, max: 41, step: 1, value: 41 });
  const topP = slider(`${id}-top-p`, (t) => t.teller.topP, (t) => t.teller.topPAbout, { min: 0.05, max: 1, step: 0.05, value: 0.95 });
  const bars = el("ol", { class: "bars", "aria-labelledby": `${id}-bars`, translate: "no" });
  const kept = el("p", { class: "said", role: "status" });
  const tale = el("p", { id: `${id}-tale`, class: "tale", hidden: true });
  const said = el("p", { class: "said", role: "status" });
  const alert = alertLine();
  const tell = button((t) => t.teller.tell, () => void go());
  const one = button((t) => t.teller.one, () => void step(), "secondary");

  const settings = (): Settings => ({
    temperature: temperature.input.valueAsNumber,
    topK: topK.input.valueAsNumber > 40 ? 0 : topK.input.valueAsNumber,
    topP: topP.input.valueAsNumber,
  });

  const shown = (token: string): string => (/^<.*>$/.test(token) ? texts().counts.end : byBytes ? readable(token) : visible(token));

  function bar(chance: Chance, most: number): HTMLElement {
    const outline = el("span", { class: "bar before" });
    const filled = el("span", { class: "bar" });
    outline.style.inlineSize = `${(100 * chance.before) / most}%`;
    filled.style.inlineSize = `${(100 * chance.after) / most}%`;
    const word = shown(chance.token);
    const share = chance.after > 0 ? percent(chance.after) : texts().teller.cut;
    const press = el("button", { type: "button", class: "choose", "aria-label": texts().teller.choose(word, share) },
      mark(chance.id), el("span", { class: "word" }, word), el("span", { class: "track", "aria-hidden": "true" }, outline, filled), el("span", { class: "number" }, share));
    press.addEventListener("click", () => void append(chance));
    return el("li", chance.after > 0 ? {} : { class: "away" }, press);
  }

  function drawBars(): void {
    const now = settings();
    temperature.now.textContent = digits(now.temperature, 2);
    topK.now.textContent = now.topK === 0 ? texts().teller.all : digits(now.topK);
    topP.now.textContent = digits(now.topP, 2);
    if (found.length === 0) return;
    const all = chances(found, now);
    const first = all.slice(0, BARS);
    const most = Math.max(...first.flatMap(({ before, after }) => [before, after]));
    const focused = [...bars.children].findIndex((item) => item.contains(document.activeElement));
    bars.replaceChildren(...first.map((chance) => bar(chance, most)));
    if (focused >= 0) bars.children[focused]?.querySelector("button")?.focus();
    kept.textContent = texts().teller.kept(digits(left(all)), digits(all.length));
  }

  /** Asks for the logits of the sentence, and once more if it changed meanwhile. */
  async function look(): Promise<void> {
    if (model === undefined) return;
    again = true;
    if (asking) return;
    asking = true;
    try {
      while (again) {
        again = false;
        found = await model.next(sentence.value, { top: model.tokenizer?.vocabSize ?? BARS });
        drawBars();
      }
      alert.clear();
    } catch (error) {
      alert.show(error);
    } finally {
      asking = false;
    }
  }

  async function append(chance: Chance): Promise<void> {
    if (/^<.*>$/.test(chance.token)) return void (said.textContent = texts().teller.ended);
    typed = true;
    sentence.value += (await model?.tokenizer?.decode([chance.id])) ?? "";
    said.textContent = "";
    await look();
  }

  async function step(): Promise<void> {
    const chosen = drawOne(chances(found, settings()), Math.random());
    if (chosen !== undefined) await append(chosen);
  }

  async function go(): Promise<void> {
    if (telling !== undefined) return void (await telling.stop());
    if (model === undefined) return;
    const prompt = sentence.value;
    seed += 1;
    const now = settings();
    const options = { maxTokens: MOST, temperature: now.temperature, ...(now.topK > 0 && { topK: now.topK }), ...(now.topP < 1 && { topP: now.topP }), seed };
    try {
      alert.clear();
      said.textContent = "";
      const generation = model.generate(prompt, options);
      telling = generation;
      label();
      tale.hidden = false;
      tale.lang = sentence.lang;
      const more = document.createTextNode("");
      tale.replaceChildren(el("b", {}, prompt), more);
      const ids = [...((await model.tokenizer?.encode(prompt, { addSpecialTokens: false }))?.ids ?? [])];
      for await (const piece of generation) {
        more.data += piece.text;
        ids.push(piece.id);
        woven(ids);
        await frame();
      }
      const { text, finishReason, timings } = await generation.result;
      more.data = text;
      said.textContent = texts().teller.told[finishReason === "stop" ? "stop" : finishReason === "length" ? "length" : "stopped"](digits(timings.tokensPerSecond));
      journalise(prompt, options);
    } catch (error) {
      alert.show(error);
    } finally {
      telling = undefined;
      label();
    }
  }

  function journalise(prompt: string, options?: object): void {
    const next = `console.log((await ${name}.next(${literal(prompt)}, { top: ${name}.tokenizer.vocabSize })).slice(0, ${BARS}));  // token, id, p, logit`;
    const told = options && `for await (const piece of ${name}.generate(${literal(prompt)}, ${settled(options)})) console.log(piece.text);`;
    did(part, { names: [], lines: [next, told].filter((line) => line !== undefined).join("\n") });
  }

  function label(): void {
    tell.textContent = telling === undefined ? texts().teller.tell : texts().stop;
    tell.disabled = model === undefined;
    one.disabled = model === undefined;
  }

  function begin(): void {
    if (typed) return;
    sentence.value = typeof beginning === "string" ? beginning : beginning[language()];
    sentence.lang = language();
  }

  sentence.addEventListener("input", () => {
    typed = true;
    said.textContent = "";
    void look();
  });
  sentence.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    if (telling === undefined) void go();
  });
  for (const { input } of [temperature, topK, topP]) input.addEventListener("input", drawBars);
  onLanguage(() => {
    begin();
    label();
    drawBars();
    void look();
  });

  const element = el(
    "div", { class: "teller" },
    el("label", { for: sentence.id, class: "quiet-label" }, (t) => t.teller.sentence), sentence,
    el("div", { class: "row" }, tell, one, said), alert.element, tale,
    el(
      "div", { class: "beside" },
      el("div", {}, el("h3", { id: `${id}-bars` }, (t) => t.teller.next), bars, kept),
      el("div", { class: "sliders" }, temperature.element, topK.element, topP.element),
    ),
  );
  return {
    element,
    async use(made, from) {
      await telling?.stop();
      model = made;
      beginning = from;
      byBytes = made?.tokenizer?.kind === "bpe";
      typed = typed && sentence.value !== "";
      begin();
      label();
      if (made === undefined) return void (found = []);
      await look();
      journalise(sentence.value);
    },
  };
}
