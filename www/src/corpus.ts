// The text that the lessons learn from.
//
// In: the story world, or what was typed. Out: a text area, its documents (parted by blank lines), a first sentence.
// A text that was typed is never replaced without being asked to.

import { stories } from "griot";
import { button, el, field } from "./dom.js";
import { language, texts } from "./language.js";

const HOW_MANY = 120;

let seed = 1;
let typed = false;

const area = el("textarea", { id: "corpus", rows: 9, spellcheck: "false" });
area.addEventListener("input", () => (typed = true));

/** Tells the stories of the language that is chosen, unless someone typed a text of their own. */
export async function tell(): Promise<void> {
  if (typed) return;
  const wanted = language();
  const told: string[] = [];
  for await (const story of stories({ language: wanted, seed })) if (told.push(story) === HOW_MANY) break;
  if (typed || wanted !== language()) return;
  area.value = told.join("\n\n");
  area.lang = wanted;
}

/** The text area, with a button for other stories. */
export function corpusField(): HTMLElement {
  const more = button((t) => t.tokens.more, () => {
    seed += 1;
    typed = false;
    void tell();
  }, "secondary");
  return field((t) => t.tokens.text, area, more);
}

/** The whole text. */
export const whole = (): string => area.value;

/** One document per paragraph. */
export const documents = (): string[] => area.value.split(/\n\s*\n/).map((d) => d.trim()).filter((d) => d !== "");

/** How the text is come by, in code. */
export const recipe = (): string =>
  typed
    ? `const documents = ["…"];  // ${texts().tokens.text.toLowerCase()}`
    : `const documents = [];\nfor await (const story of stories({ language: ${JSON.stringify(area.lang)}, seed: ${seed} })) {\n  if (documents.push(story) === ${HOW_MANY}) break;\n}`;

/** Whether the code must import the stories. */
export const names = (): string[] => (typed ? [] : ["stories"]);
