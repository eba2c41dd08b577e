// The language of the page, remembered.
//
// In: what was chosen, or what the browser asks for. Out: the texts, numbers and sizes as that language writes them.

import { en } from "./texts/en.js";
import { fr } from "./texts/fr.js";

export type Language = "fr" | "en";
export type Texts = typeof fr;

const KEY = "griot.language";
const ALL: Record<Language, Texts> = { fr, en };

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden
  }
}

function first(): Language {
  const chosen = remembered();
  if (chosen === "fr" || chosen === "en") return chosen;
  return navigator.language.startsWith("fr") ? "fr" : "en";
}

let now = first();

/** The language that is now chosen. */
export const language = (): Language => now;

/** The texts in it. */
export const texts = (): Texts => ALL[now];

/** Chooses, and remembers. */
export function choose(next: Language): void {
  now = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // then it is not remembered
  }
}

const forms = new Map<string, Intl.NumberFormat>();

/** How numbers are written; made once for each form, since making one takes longer than using it a hundred times. */
function written(value: number, form: Intl.NumberFormatOptions): string {
  const key = `${now} ${form.style} ${form.maximumFractionDigits}`;
  let format = forms.get(key);
  if (format === undefined) forms.set(key, (format = new Intl.NumberFormat(now, form)));
  return format.format(value);
}

/** A number, with so many digits after the point. */
export function digits(value: number, after = 0): string {
  if (!Number.isFinite(value)) return "∞";
  return written(value, { maximumFractionDigits: after, minimumFractionDigits: after });
}

/** A small number such as an error: two digits and a power of ten. */
export function small(value: number): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return "∞";
  const power = Math.floor(Math.log10(Math.abs(value)));
  const raised = String(power).replace(/[-\d]/g, (c) => (c === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? c)));
  return `${digits(value / 10 ** power, 1)}\u00a0·\u00a010${raised}`;
}

/** A share in percent. */
export function percent(share: number): string {
  return written(share, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** Bytes, in the unit that suits. */
export function bytes(count: number): string {
  const units = texts().units;
  let step = 0;
  while (count >= 1000 && step < units.length - 1) {
    count /= 1000;
    step += 1;
  }
  return `${digits(count, step === 0 || count >= 100 ? 0 : 1)}\u00a0${units[step] ?? ""}`;
}

/** Seconds, as one says them. */
export function duration(seconds: number): string {
  const { seconds: s, minutes: m, hours: h } = texts().times;
  if (!Number.isFinite(seconds)) return "∞";
  if (seconds < 90) return s(digits(Math.max(1, Math.round(seconds))));
  if (seconds < 5400) return m(digits(Math.round(seconds / 60)));
  return h(digits(seconds / 3600, 1));
}
