// The built-in story world: small texts without end, the same for the same seed.
//
// In: a language, a kind, a seed. Out: an endless iterable, which is also a corpus. The stories are told by the wasm: on a page
// that keeps it in a worker they come with `for await`.

import { count, given, oneOf } from "./options.js";
import { callStatic } from "./remote.js";
import { GriotError } from "./errors.js";

export interface StoryOptions {
  language: "fr" | "en";
  /** Default 0. */
  seed?: number | undefined;
  /** A tale (default), a question with its answer, or a sentence with a pronoun and what it means. */
  kind?: "tale" | "pair" | "pronoun" | undefined;
}

/** A question and its answer. */
export interface Pair {
  input: string;
  output: string;
}

const KNOWN = { language: oneOf("fr", "en"), seed: count, kind: oneOf("tale", "pair", "pronoun") };

/** How many stories cross at a time. */
const BATCH = 64;

/** Stories without end. */
export function stories(options: StoryOptions & { kind: "pair" | "pronoun" }): AsyncIterable<Pair>;
export function stories(options: StoryOptions & { kind?: "tale" | undefined }): AsyncIterable<string>;
export function stories(options: StoryOptions): AsyncIterable<string | Pair> {
  const { language, seed = 0, kind = "tale" } = given(options, KNOWN, "stories");
  if (language === undefined) throw new GriotError("bad-option", `stories: option "language" must be ${KNOWN.language.expected}`);
  return {
    async *[Symbol.asyncIterator]() {
      for (let from = 0; ; from += BATCH) {
        yield* (await callStatic<(string | Pair)[]>("runtime", "stories", [language, kind, seed, from, BATCH])).value;
      }
    },
  };
}
