// Elements, and the words on them.
//
// In: a tag, attributes, children. Out: an element. A text or an attribute given as a function of the texts follows the
// language when it is switched; what a section draws itself it draws again in `onLanguage`.
// It refuses to know what the page says.

import { texts, type Texts } from "./language.js";

export type Say = (t: Texts) => string;
export type Child = Node | string | Say;
type Value = string | number | boolean | Say | undefined;

const followers: (() => void)[] = [];

/** Calls now, and whenever the language is switched. */
export function onLanguage(follow: () => void): void {
  followers.push(follow);
  follow();
}

/** How many times the language was switched. */
let switches = 0;
/** Milliseconds of following before others are let in. */
const FOLLOWING_MS = 8;

/** Puts every text of the page into the language that is now chosen, in tasks that hold nobody up. */
export async function follow(): Promise<void> {
  const mine = (switches += 1);
  let until = performance.now() + FOLLOWING_MS;
  for (const each of followers) {
    each();
    if (performance.now() < until) continue;
    await turn();
    if (mine !== switches) return; // switched again meanwhile
    until = performance.now() + FOLLOWING_MS;
  }
}

/** An element that stays: functions among its attributes and children follow the language. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, Value> = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") onLanguage(() => element.setAttribute(name, value(texts())));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) {
    if (typeof child !== "function") element.append(child);
    else {
      const node = document.createTextNode("");
      onLanguage(() => (node.data = child(texts())));
      element.append(node);
    }
  }
  return element;
}

/** A button that stays. */
export function button(label: Say, press: () => void, kind = "primary"): HTMLButtonElement {
  const element = el("button", { type: "button", class: kind }, label);
  element.addEventListener("click", press);
  return element;
}

/** A section of the page: its words on one side, its work on the other. */
export function section(id: string, title: Say, words: Say, ...work: Child[]): HTMLElement {
  const heading = el("h2", { id: `${id}-title` }, title);
  return el("section", { id, "aria-labelledby": `${id}-title` }, el("div", { class: "told" }, heading, el("p", {}, words)), el("div", { class: "work" }, ...work));
}

/** A label over a control. */
export function field(label: Say, control: HTMLElement, ...more: Child[]): HTMLElement {
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, ...more);
}

/** Where a section says what went wrong: a sentence of the page on what to do, and under it the error as it was thrown. */
export function alertLine(): { element: HTMLElement; show(error: unknown): void; say(words: Say): void; clear(): void } {
  const element = el("p", { class: "alert", role: "alert", hidden: true });
  let draw = (): void => {};
  onLanguage(() => draw());
  const put = (make: () => (Node | string)[]): void => {
    draw = () => element.replaceChildren(...make());
    draw();
    element.hidden = false;
  };
  return {
    element,
    show(error) {
      const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
      const hint = error instanceof Error && "hint" in error && typeof error.hint === "string" ? ` (${error.hint})` : "";
      const thrown = `${error instanceof Error ? error.message : String(error)}${hint}`;
      const words = (): string => (texts().faults as Partial<Record<string, string>>)[code] ?? texts().faults.other;
      put(() => [words(), el("small", { lang: "en" }, code === "" ? thrown : `${code}: ${thrown}`)]);
    },
    say: (words) => put(() => [words(texts())]),
    clear() {
      draw = () => {};
      element.hidden = true;
      element.replaceChildren();
    },
  };
}

/** The next frame, or at once where no frames are drawn. */
export function frame(): Promise<void> {
  return new Promise((resolve) => (document.hidden ? setTimeout(resolve) : requestAnimationFrame(() => resolve())));
}

/** The next turn of the event loop: what follows is a task of its own, in which nothing is drawn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
