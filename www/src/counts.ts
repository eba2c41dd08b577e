// The counting baseline: what comes next, judged by what came next before.
//
// In: the text, how many words are counted together, the beginning of a sentence. Out: its continuation, bars of what may come
// next, and the perplexity on what was counted and on what was set aside.

import { Ngram, type NgramOptions } from "griot";
import { readable, visible } from "./bytelevel.js";
import { journaliseParts, split } from "./corpus.js";
import { onReopen, refresh } from "./device.js";
import { alertLine, button, el, field, onLanguage, section } from "./dom.js";
import { did, literal, undone } from "./journal.js";
import { digits, language, percent, texts } from "./language.js";
import { onTrained, trained } from "./tokens.js";
import { workButton } from "./work.js";

const TOP = 8;
const MOST = 60;

type Next = Awaited<ReturnType<Ngram["next"]>>;

let ngram: Ngram | undefined;
let byTokens = false;
let byBytes = false;
let measured: { seen: number; unseen: number | undefined } | undefined;
let next: Next = [];
let seed = 0;
let turn = 0;
let typed = false;

const order = el("input", { id: "order", type: "range", min: 1, max: 5, value: 3 });
const orderNow = el("output", { for: "order" });
const unit = el("select", { id: "unit" }, el("option", { value: "words" }, (t) => t.counts.byWords), el("option", { value: "tokens", disabled: true }, (t) => t.counts.byTokens));
const said = el("p", { class: "said", role: "status" });
const alert = alertLine();
const prompt = el("input", { id: "prompt", type: "text", autocomplete: "off", spellcheck: "false" });
const told = el("p", { class: "tale", "aria-live": "polite", "aria-label": (t) => t.counts.told });
const bars = el("ol", { class: "bars", "aria-labelledby": "next-title", translate: "no" });
const after = el("div", { class: "after", hidden: true });

function word(token: string): string {
  if (token === "<end>" || token === "<|endoftext|>") return texts().counts.end;
  return byBytes ? readable(token) : visible(token);
}

function drawNext(): void {
  const most = Math.max(...next.map(({ p }) => p), 1e-9);
  bars.replaceChildren(
    ...next.map(({ token, p }) => {
      const bar = el("span", { class: "bar", "aria-hidden": "true" });
      bar.style.inlineSize = `${(100 * p) / most}%`;
      return el("li", {}, el("span", { class: "word" }, word(token)), el("span", { class: "track" }, bar), el("span", { class: "number" }, percent(p)));
    }),
  );
}

function draw(): void {
  orderNow.textContent = digits(order.valueAsNumber);
  if (!typed) {
    prompt.value = texts().counts.first[language()];
    prompt.lang = language();
    void look();
  }
  tell();
  drawNext();
}

/** How good the counts are. */
function tell(): void {
  const t = texts().counts;
  said.textContent = start.busy() ? t.counting : "";
  if (measured !== undefined && !start.busy()) {
    const { seen, unseen } = measured;
    said.textContent = `${unseen === undefined ? t.alone(digits(seen, 1)) : t.perplexity(digits(seen, 1), digits(unseen, 1))} ${t.meaning}`;
  }
}

async function look(): Promise<void> {
  if (ngram === undefined) return;
  turn += 1;
  const mine = turn;
  try {
    const found = await ngram.next(prompt.value, { top: TOP });
    if (mine !== turn) return;
    next = found;
    drawNext();
  } catch (error) {
    if (mine === turn) alert.show(error);
  }
}

async function count(): Promise<void> {
  const { train: kept, valid: aside } = split();
  const options: NgramOptions = { order: order.valueAsNumber, smoothing: { kind: "kneser-ney" } };
  const tokenizer = unit.value === "tokens" ? trained() : undefined;
  if (tokenizer !== undefined) options.tokenizer = tokenizer;
  const made = await Ngram.train(kept, options);
  await ngram?.dispose();
  ngram = made;
  byTokens = tokenizer !== undefined;
  byBytes = tokenizer?.kind === "bpe";
  const seen = (await made.evaluate(kept)).perplexity;
  measured = { seen, unseen: aside.length > 0 ? (await made.evaluate(aside)).perplexity : undefined };
  after.hidden = false;
  const parts = journaliseParts();
  const lines = `const ngram = await Ngram.train(${parts.counted}, { order: ${options.order}, smoothing: { kind: "kneser-ney" }${byTokens ? ", tokenizer" : ""} });
const { perplexity } = await ngram.evaluate(${parts.aside ?? parts.counted});`;
  undone("next");
  did("counts", { names: ["Ngram"], lines });
  await Promise.all([look(), go()]);
  await refresh();
}

async function go(): Promise<void> {
  if (ngram === undefined) return;
  const beginning = prompt.value;
  seed += 1;
  try {
    const more = await ngram.generate(beginning, { maxTokens: MOST, seed }).text;
    told.lang = prompt.lang;
    told.replaceChildren(el("b", {}, beginning), /^[\s.,;:!?…’']/.test(more) || /\s$/.test(beginning) || byTokens ? more : ` ${more}`);
    did("next", { names: [], lines: `console.log(await ngram.next(${literal(beginning)}, { top: ${TOP} }));
for await (const piece of ngram.generate(${literal(beginning)}, { maxTokens: ${MOST}, seed: ${seed} })) console.log(piece.text);` });
  } catch (error) {
    alert.show(error);
  }
}

onReopen(async () => {
  ngram = undefined;
  measured = undefined;
  after.hidden = true;
  said.textContent = "";
  return async () => {};
});

const start = workButton((t) => t.counts.train, alert, count, tell);

/** The section. */
export function countSection(): HTMLElement {
  order.addEventListener("input", draw);
  prompt.addEventListener("input", () => {
    typed = true;
    void look();
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter") void go();
  });
  onTrained(() => unit.options[1]?.removeAttribute("disabled"));
  onLanguage(draw);
  after.append(
    field((t) => t.counts.prompt, prompt),
    el("p", { class: "row" }, button((t) => t.counts.go, () => void go())),
    told,
    el("h3", { id: "next-title" }, (t) => t.counts.next),
    bars,
  );
  const slider = el("div", { class: "field" }, el("label", { for: "order" }, (t) => t.counts.order, " ", orderNow), order);
  return section(
    "counts", (t) => t.counts.title, (t) => t.counts.words,
    el("div", { class: "controls" }, slider, field((t) => t.counts.by, unit)),
    el("p", { class: "row" }, start.element), said, alert.element, after,
  );
}
