// A sentence cut into tokens, each in the colour of its number.
//
// In: a tokenizer, a sentence, the whole text. Out: the strip, its counts, and the ids for the band.

import type { Encoding, Tokenizer } from "griot";
import { colour } from "./band.js";
import { readable, visible } from "./bytelevel.js";
import { alertLine, el, field, onLanguage } from "./dom.js";
import { digits, language, texts } from "./language.js";

/** What a strip draws at most: more would be read by nobody. */
const MOST = 400;

const input = el("textarea", { id: "sample", rows: 2, spellcheck: "false" });
const line = el("p", { class: "strip", tabindex: 0, role: "group", "aria-label": (t) => t.tokens.strip, translate: "no" });
const said = el("p", { class: "said", role: "status" });
const woven = el("p", { class: "note" }, (t) => t.tokens.woven);
const alert = alertLine();
const element = el("div", { class: "cut", hidden: true }, field((t) => t.tokens.sample, input), line, said, alert.element, woven);

let tokenizer: Tokenizer | undefined;
let encoding: Encoding | undefined;
let total = 0;
let turn = 0;
let woveIds: (ids: ArrayLike<number>) => void = () => {};

/** The text of each token: its stretch of the sentence, or its bytes where several tokens share a character. */
function pieces({ tokens, offsets }: Encoding, text: string): string[] {
  return tokens.map((token, i) => {
    const [from = 0, to = 0] = offsets.subarray(2 * i, 2 * i + 2);
    const shared = (offsets[2 * i + 2] ?? to) < to || (i > 0 && (offsets[2 * i - 1] ?? from) > from) || from === to;
    return shared ? readable(token) : visible(text.slice(from, to));
  });
}

/** The marks of spaces stand back behind the letters. */
function spaced(piece: string): (string | HTMLElement)[] {
  return piece.split(/(␣+)/).filter((part) => part !== "").map((part) => (part.startsWith("␣") ? el("i", {}, part) : part));
}

function draw(): void {
  if (encoding === undefined) return;
  const t = texts().tokens;
  const text = input.value;
  const { ids } = encoding;
  const times = new Map<number, number>();
  for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
  line.replaceChildren(
    ...pieces(encoding, text).slice(0, MOST).map((piece, i) => {
      const id = ids[i] ?? 0;
      return el("span", { class: `token ${colour(id)}`, title: t.cell(digits(id), digits(times.get(id) ?? 0)) }, ...spaced(piece));
    }),
    ...(ids.length > MOST ? ["…"] : []),
  );
  const characters = [...text].length;
  said.textContent = `${t.counts(digits(ids.length), digits(characters), digits(characters / Math.max(1, ids.length), 1))} ${t.whole(digits(total))}`;
}

async function cut(): Promise<void> {
  if (tokenizer === undefined) return;
  turn += 1;
  const mine = turn;
  try {
    const made = await tokenizer.encode(input.value, { addSpecialTokens: false });
    if (mine !== turn) return;
    encoding = made;
    alert.clear();
    draw();
    woveIds(made.ids);
  } catch (error) {
    if (mine === turn) alert.show(error);
  }
}

/** Cuts with another tokenizer; the sentence becomes the beginning of the text, unless one was typed. */
export async function useTokenizer(made: Tokenizer, text: string): Promise<void> {
  tokenizer = made;
  total = await made.count(text, { addSpecialTokens: false });
  if (!typed) {
    input.value = beginning(text);
    input.lang = language();
  }
  element.hidden = false;
  await cut();
}

/** The first sentences of a text, up to some 180 characters. */
function beginning(text: string): string {
  const story = text.trimStart().split(/\n\s*\n/)[0] ?? "";
  const end = story.slice(0, 180).lastIndexOf(".");
  return story.slice(0, end > 40 ? end + 1 : 180).replaceAll("\n", " ");
}

let typed = false;
input.addEventListener("input", () => {
  typed = true;
  void cut();
});

/** The strip; `woven` is told the ids of what is cut. */
export function strip(woven: (ids: ArrayLike<number>) => void): HTMLElement {
  woveIds = woven;
  onLanguage(draw);
  return element;
}
