// The first lesson: train a tokenizer and watch it choose.
//
// In: the text, a kind, a size. Out: the merges as they come, then the strip; the tokenizer for all that follows, trained on the text
// that is now chosen.

import { Tokenizer, type Kind, type TokenizerOptions, type TrainStep } from "griot";
import { readable } from "./bytelevel.js";
import { corpusField, documents, journaliseText, LEAST, version } from "./corpus.js";
import { onReopen, refresh } from "./device.js";
import { alertLine, button, el, frame, onLanguage, section, type Say } from "./dom.js";
import { did, literal } from "./journal.js";
import { digits, texts } from "./language.js";
import { strip, useTokenizer } from "./strip.js";

/** Merges that one frame shows, so that the eye can follow; and once it was told to stop, what was learned before that is shown at once. */
const PER_FRAME = 6;
const PER_FRAME_STOPPED = 24;

let tokenizer: Tokenizer | undefined;
let run: { stop(): Promise<void> } | undefined;
let steps = 0;
let perFrame = PER_FRAME;
let learnedFrom = -1;
let training: Promise<void> | undefined;
const waiting: ((made: Tokenizer) => void)[] = [];

const merges = el("ol", { class: "merges", tabindex: 0, role: "list", "aria-label": (t) => t.tokens.merges, translate: "no", hidden: true });
const said = el("p", { class: "said", role: "status" });
const alert = alertLine();
const size = el("input", { id: "size", type: "range", min: 280, max: 1200, step: 20, value: 500 });
const sizeNow = el("output", { for: "size" });

/** The tokenizer that was trained last. */
export const trained = (): Tokenizer | undefined => tokenizer;

/** A tokenizer that learned from the text as it is now; nothing where that failed. */
export async function ensureTrained(): Promise<Tokenizer | undefined> {
  if (training !== undefined) await training;
  if (tokenizer === undefined || learnedFrom !== version()) await (training = train());
  return learnedFrom === version() ? tokenizer : undefined;
}

/** Calls whenever one has been trained. */
export function onTrained(then: (made: Tokenizer) => void): void {
  waiting.push(then);
}

function choice(kind: Kind, label: Say, checked: boolean): HTMLElement {
  const input = el("input", { type: "radio", name: "kind", value: kind, id: `kind-${kind}`, checked });
  input.addEventListener("change", draw);
  return el("label", { class: "choice" }, input, label);
}

const kinds = el("fieldset", {}, el("legend", {}, (t) => t.tokens.kind), choice("bpe", (t) => t.tokens.bpe, true), choice("char", (t) => t.tokens.char, false));
const kind = (): Kind => (kinds.querySelector<HTMLInputElement>("input:checked")?.value === "char" ? "char" : "bpe");

function draw(): void {
  const t = texts();
  sizeNow.textContent = digits(size.valueAsNumber);
  size.disabled = kind() === "char";
  start.textContent = run === undefined ? t.tokens.train : t.stop;
  if (tokenizer !== undefined && run === undefined) said.textContent = t.tokens.learned(digits(steps), digits(tokenizer.vocabSize));
}

function merge(step: TrainStep): HTMLElement {
  const made = readable(step.token);
  const parts = step.left === undefined || step.right === undefined ? [made] : [readable(step.left), readable(step.right)];
  const said = texts().tokens.merge(made, digits(step.count));
  return el(
    "li",
    { "aria-label": said },
    el("span", { class: "number" }, digits(step.step)),
    ...parts.flatMap((part, i) => [...(i === 0 ? [] : [" + "]), el("b", {}, part)]),
    el("span", { class: "number times" }, `×\u00a0${digits(step.count)}`),
  );
}

async function press(): Promise<void> {
  if (run === undefined) return await (training = train());
  stopTraining();
}

/** Ends a training that runs with what it has learned. */
export function stopTraining(): void {
  perFrame = PER_FRAME_STOPPED;
  void run?.stop();
}

async function train(): Promise<void> {
  perFrame = PER_FRAME;
  alert.clear();
  const [texts, from] = [documents(), version()];
  if (texts.reduce((sum, one) => sum + one.length, 0) < LEAST) return alert.say((t) => t.corpus.short(digits(LEAST)));
  steps = 0;
  said.textContent = "";
  merges.replaceChildren();
  try {
    const options: TokenizerOptions = kind() === "bpe" ? { kind: "bpe", vocabSize: size.valueAsNumber } : { kind: "char" };
    const learning = Tokenizer.trainer(texts, options);
    run = learning;
    draw();
    for await (const step of learning) {
      steps += 1;
      merges.append(merge(step));
      merges.hidden = false;
      if (steps % perFrame === 0) {
        merges.scrollTop = merges.scrollHeight;
        await frame();
      }
    }
    merges.scrollTop = merges.scrollHeight;
    const made = await learning.result;
    await hold(made, from, texts);
    journalise(options);
    await refresh();
  } catch (error) {
    alert.show(error);
  } finally {
    run = undefined;
    training = undefined;
    draw();
  }
}

async function hold(made: Tokenizer, from: number, texts: string[]): Promise<void> {
  tokenizer = made;
  learnedFrom = from;
  await useTokenizer(made, texts.join("\n\n"));
  for (const then of waiting) then(made);
}

function journalise(options: TokenizerOptions): void {
  const settings = Object.entries(options).map(([name, value]) => `${name}: ${literal(value)}`).join(", ");
  const lines = `const tokenizing = Tokenizer.trainer(documents, { ${settings} });
for await (const { step, left, right, count } of tokenizing) console.log(step, left, "+", right, count);
const tokenizer = await tokenizing.result;
const { ids, tokens, offsets } = await tokenizer.encode("…", { addSpecialTokens: false });`;
  journaliseText();
  did("tokens", { names: ["Tokenizer"], lines });
}

const start = button((t) => t.tokens.train, () => void press());

onReopen(async () => {
  const [kept, texts] = [await tokenizer?.toJSON(), documents()];
  return async () => {
    if (kept !== undefined) await hold(await Tokenizer.fromJSON(kept), learnedFrom, texts);
  };
});

/** The section; `woven` is told the ids of the sentence that is cut. */
export function tokenSection(woven: (ids: ArrayLike<number>) => void): HTMLElement {
  size.addEventListener("input", draw);
  const slider = el("div", { class: "field" }, el("label", { for: "size" }, (t) => t.tokens.size, " ", sizeNow), size);
  onLanguage(draw);
  return section(
    "tokens", (t) => t.tokens.title, (t) => t.tokens.words,
    corpusField(), el("div", { class: "controls" }, kinds, slider), el("p", { class: "row" }, start, said), alert.element, merges, strip(woven),
  );
}
