// What the model tells while it learns: a chronicle, from noise to sentences.
//
// In: a step, a beginning, what followed. Out: a list, the newest first.

import { el } from "./dom.js";
import { digits, language, texts } from "./language.js";

const MOST = 40;

/** A chronicle. */
export interface Chronicle {
  element: HTMLElement;
  add(step: number, beginning: string, text: string): void;
  clear(): void;
}

/** Makes one. */
export function chronicle(): Chronicle {
  const list = el("ol", { class: "chronicle", role: "list", tabindex: 0, "aria-label": (t) => t.learn.samples, reversed: true });
  const element = el("div", { hidden: true }, el("h3", {}, (t) => t.learn.samples), list);
  return {
    element,
    add(step, beginning, text) {
      element.hidden = false;
      list.prepend(el("li", {}, el("span", { class: "number" }, texts().learn.at(digits(step))), el("p", { lang: language() }, el("b", {}, beginning), text)));
      while (list.children.length > MOST) list.lastElementChild?.remove();
    },
    clear() {
      list.replaceChildren();
      element.hidden = true;
    },
  };
}
