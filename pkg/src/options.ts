// Options, checked by name and kind before anything is done.
//
// In: what the caller gave and a table of what is known. Out: a copy with only the options that were given.
// An unknown name, or a value of the wrong kind, is `bad-option` and named; `undefined` is absent. Nothing is accepted and ignored.

import { GriotError } from "./errors.js";

type Check = (value: unknown) => boolean;

/** One kind of value: how to know it, and its name in a message. */
export interface KindOf {
  is: Check;
  expected: string;
}

/** A kind of value, by its name and how to know it. */
export const kind = (expected: string, is: Check): KindOf => ({ is, expected });

export const text = kind("a string", (v) => typeof v === "string");
export const flag = kind("true or false", (v) => typeof v === "boolean");
export const number = kind("a finite number", (v) => typeof v === "number" && Number.isFinite(v));
export const count = kind("a whole number, 0 or more", (v) => Number.isSafeInteger(v) && (v as number) >= 0);
export const positive = kind("a whole number, 1 or more", (v) => Number.isSafeInteger(v) && (v as number) >= 1);
export const texts = kind("an array of strings", (v) => Array.isArray(v) && v.every((x) => typeof x === "string"));
/** Strings that end a text: an empty one would end every text. */
export const stops = kind("a string or an array of strings, none of them empty", (v) => [v].flat().every((x) => typeof x === "string" && x !== ""));
export const callback = kind("a function", (v) => typeof v === "function");
export const object = kind("an object", (v) => typeof v === "object" && v !== null);
export const signal = kind("an AbortSignal", (v) => typeof v === "object" && v !== null && "aborted" in v);
/** Anything: the value is looked at where it is used. */
export const anything = kind("a value", () => true);
/** One of a few words. */
export const oneOf = (...words: string[]): KindOf =>
  kind(`one of ${words.map((w) => JSON.stringify(w)).join(", ")}`, (v) => typeof v === "string" && words.includes(v));
/** Either of several kinds. */
export const either = (...kinds: KindOf[]): KindOf =>
  kind(kinds.map((k) => k.expected).join(" or "), (v) => kinds.some((k) => k.is(v)));

export type Table = Record<string, KindOf>;

/** What every call takes. */
export const always = { signal } satisfies Table;
/** What every long call takes. */
export const long = { signal, onProgress: callback } satisfies Table;

/** The given options, checked; `where` is the call's name in messages. */
export function given<T extends object>(options: T | undefined, table: Table, where: string): T {
  if (options === undefined) return {} as T;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new GriotError("bad-option", `${where}: options must be an object, ${describe(options)} was given`);
  }
  const checked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const known = Object.hasOwn(table, name) ? table[name] : undefined;
    if (known === undefined) {
      throw new GriotError("bad-option", `${where}: unknown option "${name}"`, { hint: `known are ${Object.keys(table).join(", ")}` });
    }
    if (!known.is(value)) {
      throw new GriotError("bad-option", `${where}: option "${name}" must be ${known.expected}, ${describe(value)} was given`);
    }
    checked[name] = value;
  }
  return checked as T;
}

/** An argument that is no option: a wrong kind is `bad-input`. */
export function argument(value: unknown, expected: KindOf, name: string, where: string): void {
  if (!expected.is(value)) throw new GriotError("bad-input", `${where}: ${name} must be ${expected.expected}, ${describe(value)} was given`);
}

/** A value in a message, short. */
function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Options without those that stay on this side of the line. */
export function crossing<T extends object>(options: T): Omit<T, "signal" | "onProgress"> {
  const { signal: _signal, onProgress: _progress, ...rest } = options as Record<string, unknown>;
  return rest as Omit<T, "signal" | "onProgress">;
}
