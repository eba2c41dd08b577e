// The text that everything learns from: the story world, or one's own.
//
// In: a choice, a number of tales, what was typed, pasted, dropped. Out: documents, parted by blank lines; every tenth is set aside
// to measure on. A text of one piece is cut into pieces at the ends of its sentences. What was typed is never replaced.

import { stories } from "griot";
import { alertLine, button, el, field, onLanguage } from "./dom.js";
import { did, literal, undone } from "./journal.js";
import { bytes, digits, language, texts } from "./language.js";

/** Of a file so much is read. */
const MOST_BYTES = 8_000_000;
/** A text area may hold so much and stay quick. */
const MOST_SHOWN = 200_000;
const SHOWN_TALES = 12;
/** Tales that are told before others get their turn. */
const TURN = 50;
/** Blank lines part documents; a text with fewer of them is cut into pieces of some length, after a sentence or a line. */
const ENOUGH = 5;
const BLANK = /\n\s*\n/;
const PIECES = /[^]{1000}[^]{0,999}?(?:[.!?…»"](?=\s)|\n)|[^]{1,1000}/gu;
/** A text longer than this is not written into the code. */
const MOST_WRITTEN = 2000;
/** A text shorter than this teaches nothing. */
export const LEAST = 200;

/** What is learned from, and what is measured on. */
export interface Split {
  train: string[];
  valid: string[];
  characters: number;
}

let tales: string[] = [];
let asked = 0;
let file: { name: string; text: string; whole: boolean } | undefined;
let changes = 0;
const listeners: (() => void)[] = [];

const own = el("input", { type: "radio", name: "source", value: "own", id: "source-own" });
const world = el("input", { type: "radio", name: "source", value: "stories", id: "source-stories", checked: true });
const sources = el("fieldset", {}, el("legend", {}, (t) => t.corpus.source),
  el("label", { class: "choice" }, world, (t) => t.corpus.world), el("label", { class: "choice" }, own, (t) => t.corpus.own));
const many = el("select", { id: "tales" }, ...[100, 400, 1000, 4000].map((n) => el("option", { value: n, selected: n === 1000 }, (t) => t.corpus.tales(digits(n)))));
const preview = el("div", { class: "preview", role: "region", tabindex: 0, "aria-label": (t) => t.corpus.preview });
const area = el("textarea", { id: "corpus", rows: 9, spellcheck: "false", placeholder: (t) => t.corpus.paste });
const pick = el("input", { type: "file", id: "corpus-file", accept: ".txt,.md,.text,text/plain" });
const said = el("p", { class: "note", role: "status" });
const alert = alertLine();
const clear = button((t) => t.corpus.clear, () => empty(), "secondary");
const ownPart = el("div", { hidden: true }, field((t) => t.corpus.text, area), el("div", { class: "row" }, el("label", { class: "secondary pick" }, (t) => t.corpus.file, pick), clear));
const worldPart = el("div", {}, field((t) => t.corpus.howMany, many), preview);

function changed(): void {
  changes += 1;
  draw();
  for (const each of listeners) each();
}

function draw(): void {
  const t = texts().corpus;
  ownPart.hidden = world.checked;
  worldPart.hidden = own.checked;
  preview.lang = language();
  preview.replaceChildren(...tales.slice(0, SHOWN_TALES).map((tale) => el("p", {}, tale)));
  if (world.checked) said.textContent = tales.length === 0 ? t.telling : t.worldSize(digits(tales.length), digits(tales.reduce((sum, tale) => sum + tale.length, 0)));
  else if (file !== undefined) said.textContent = `${t.fromFile(file.name, digits(file.text.length))}${file.whole ? "" : ` ${t.cut(bytes(MOST_BYTES))}`}`;
  else said.textContent = area.value.trim().length < LEAST ? t.short(digits(LEAST)) : t.typed(digits(area.value.length));
}

/** Tells as many tales as are wanted, in the language of the page. */
export async function tell(): Promise<void> {
  asked += 1;
  const mine = asked;
  const wanted = Number(many.value);
  const told: string[] = [];
  for await (const tale of stories({ language: language(), seed: 1 })) {
    if (mine !== asked) return;
    if (told.push(tale.trim()) === wanted) break;
    if (told.length % TURN === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  tales = told;
  if (world.checked) changed();
}

function empty(): void {
  file = undefined;
  area.value = "";
  area.readOnly = false;
  changed();
}

async function take(given: File | undefined): Promise<void> {
  if (given === undefined) return;
  alert.clear();
  try {
    const text = await given.slice(0, MOST_BYTES).text();
    if (text.includes("\0")) return alert.say((t) => t.corpus.notText);
    own.checked = true;
    const small = text.length <= MOST_SHOWN;
    area.value = small ? text : `${text.slice(0, 2000)}…`;
    area.readOnly = !small;
    file = { name: given.name, text, whole: given.size <= MOST_BYTES };
    changed();
  } catch (error) {
    alert.show(error);
  }
}

const trimmed = (parts: string[]): string[] => parts.map((part) => part.trim()).filter((part) => part !== "");

/** What one brought oneself, as documents, and whether blank lines part them. */
function brought(): { text: string; parts: string[]; byLines: boolean } {
  const text = file?.text ?? area.value;
  const parts = trimmed(text.split(BLANK));
  const byLines = parts.length >= ENOUGH;
  return { text, parts: byLines ? parts : trimmed(text.match(PIECES) ?? []), byLines };
}

let cut: { of: number; parts: string[] } | undefined;

/** The documents of the text that is chosen; cut once, since a text may be long. */
export function documents(): string[] {
  if (world.checked) return tales;
  if (cut?.of !== changes) cut = { of: changes, parts: brought().parts };
  return cut.parts;
}

/** What is learned from, and every tenth document set aside; nothing is set aside of fewer than five. */
export function split(): Split {
  const all = documents();
  const aside = (i: number): boolean => all.length >= ENOUGH && (all.length < 10 ? i === all.length - 1 : i % 10 === 9);
  return { train: all.filter((_, i) => !aside(i)), valid: all.filter((_, i) => aside(i)), characters: all.reduce((sum, one) => sum + one.length, 0) };
}

/** Counts the changes of the text: who learned from an older one knows. */
export const version = (): number => changes;

/** Calls whenever the text is another. */
export function onCorpus(then: () => void): void {
  listeners.push(then);
}

/** A good beginning of a sentence in this text. */
export function beginning(): string {
  if (world.checked) return texts().counts.first[language()];
  return documents()[0]?.split(/\s+/).slice(0, 3).join(" ") ?? "";
}

/** Says in code how the text is come by. */
export function journaliseText(): void {
  if (world.checked) {
    const lines = `const documents = [];\nfor await (const story of stories({ language: ${literal(language())}, seed: 1 })) {\n  if (documents.push(story.trim()) === ${tales.length}) break;\n}`;
    return did("text", { names: ["stories"], lines });
  }
  const { text, byLines } = brought();
  const whole = text.length <= MOST_WRITTEN ? literal(text) : `await (await fetch(${literal(file?.name ?? "text.txt")})).text();  // ${texts().corpus.typed(digits(text.length))}`;
  const cut = byLines ? `split(${BLANK})` : `match(${PIECES})`;
  did("text", { names: [], lines: `const text = ${whole}${whole.endsWith('"') ? ";" : ""}\nconst documents = text.${cut}.map((part) => part.trim()).filter((part) => part !== "");` });
}

/** Says in code how it is parted, and gives the names of the two parts; the second is missing where nothing is set aside. */
export function journaliseParts(): { counted: string; aside: string | undefined } {
  journaliseText();
  const all = documents().length;
  if (all < ENOUGH) {
    undone("parted");
    return { counted: "documents", aside: undefined };
  }
  const [is, not] = all < 10 ? ["i === documents.length - 1", "i < documents.length - 1"] : ["i % 10 === 9", "i % 10 !== 9"];
  did("parted", { names: [], lines: `const aside = documents.filter((_, i) => ${is});\nconst counted = documents.filter((_, i) => ${not});` });
  return { counted: "counted", aside: "aside" };
}

/** The text, with its choices. */
export function corpusField(): HTMLElement {
  for (const radio of [own, world]) radio.addEventListener("change", changed);
  many.addEventListener("change", () => void tell().catch(alert.show));
  area.addEventListener("input", () => {
    file = undefined;
    changed();
  });
  pick.addEventListener("change", () => void take(pick.files?.[0]).finally(() => (pick.value = "")));
  // A long text would hold the page for as long as the field lays it out: it is taken as a file would be.
  area.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text.length <= MOST_SHOWN) return;
    event.preventDefault();
    void take(new File([text], texts().corpus.pasted));
  });
  const element = el("div", { class: "corpus" }, sources, worldPart, ownPart, said, alert.element);
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    void take(event.dataTransfer?.files[0]);
  });
  onLanguage(() => {
    draw();
    void tell().catch(alert.show);
  });
  return element;
}
