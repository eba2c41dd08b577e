// What was just done, as calls of the npm package.
//
// In: for each section the lines that it would take. Out: the section that shows them, in the order of the page, under one import.
// The whole runs as it stands, from top to bottom: no name is declared twice, and none is used that no line before it declares.

import { button, el, onLanguage, section } from "./dom.js";
import { texts } from "./language.js";

/** The parts of the page that do something, in the order of the program. */
const ORDER = ["configure", "device", "story", "tell", "text", "tokens", "parted", "open", "learn", "hear", "keep", "download", "remove", "counts", "next", "kernels", "twins", "plan"] as const;
export type Part = (typeof ORDER)[number];

interface Entry {
  names: string[];
  /** What it takes of `griot/lab`. */
  lab?: string[];
  lines: string;
}

const done = new Map<Part, Entry>();
let show: () => void = () => {};

/** A value as it stands in code. */
export const literal = (value: unknown): string => JSON.stringify(value);

/** Options as they stand in code: names without quotes, on one line. */
export function settled(options: object): string {
  const one = (value: unknown): string => (typeof value === "object" && value !== null && !Array.isArray(value) ? settled(value) : literal(value));
  return `{ ${Object.entries(options).map(([name, value]) => `${name}: ${one(value)}`).join(", ")} }`;
}

/** Says what a part of the page did last. */
export function did(part: Part, entry: Entry): void {
  done.set(part, entry);
  show();
}

/** Says what a part of the page did after what it had done before. */
export function also(part: Part, entry: Entry): void {
  const before = done.get(part);
  did(part, before === undefined ? entry : { ...entry, names: [...before.names, ...entry.names], lines: `${before.lines}\n${entry.lines}` });
}

/** Whether a part has said what it did. */
export const isDone = (part: Part): boolean => done.has(part);

/** Takes back what parts said. */
export function undone(...parts: Part[]): void {
  if (parts.map((part) => done.delete(part)).includes(true)) show();
}

/** The whole program. */
function program(): string {
  const entries = ORDER.map((part) => done.get(part)).filter((entry) => entry !== undefined);
  if (entries.length === 0) return "";
  const names = [...new Set(entries.flatMap((e) => e.names))].sort();
  const lab = [...new Set(entries.flatMap((e) => e.lab ?? []))];
  const imports = [];
  if (names.length > 0) imports.push(`import { ${names.join(", ")} } from "griot";`);
  if (lab.length > 0) imports.push(`import { ${lab.join(", ")} } from "griot/lab";`);
  return [imports.join("\n"), ...entries.map((e) => e.lines)].join("\n\n");
}

/** The section with the code. */
export function codeSection(): HTMLElement {
  const code = el("code", { translate: "no" });
  const pre = el("pre", { tabindex: 0, role: "region", "aria-label": (t) => t.code.label }, code);
  const said = el("span", { class: "said", role: "status" });
  const copy = button((t) => t.code.copy, () => {
    navigator.clipboard.writeText(program()).then(
      () => (said.textContent = texts().code.copied),
      () => getSelection()?.selectAllChildren(code), // the clipboard is refused: the text is marked instead
    );
  }, "secondary");
  show = () => {
    const text = program();
    code.textContent = text === "" ? texts().code.none : text;
    copy.disabled = text === "";
    said.textContent = "";
  };
  onLanguage(() => show());
  return section("code", (t) => t.code.title, (t) => t.code.words, pre, el("p", { class: "row" }, copy, said));
}
