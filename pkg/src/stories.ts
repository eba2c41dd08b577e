// The built-in story world: small texts without end, the same for the same seed.
//
// In: a language, a kind, a seed. Out: an endless iterable, which is also a corpus. `for` tells at once, `for await` waits for the
// file of the stories instead of holding the thread while it is read. Checks options; `teller.ts` knows the file.

import { GriotError } from "./errors.js";
import { count, given, oneOf } from "./options.js";
import { tellerLater, tellerNow } from "./teller.js";

/** Which stories are told. */
export interface StoryOptions {
  /** French or English. */
  language: "fr" | "en";
  /** Default 0. */
  seed?: number | undefined;
  /** A tale (default), a question with its answer, or a sentence with a pronoun and what it means. */
  kind?: "tale" | "pair" | "pronoun" | undefined;
}

/** A question and its answer. */
export interface Pair {
  /** What is asked. */
  input: string;
  /** What is right. */
  output: string;
}

/** Stories without end, for `for` and for `for await`; each loop begins at the first. */
export type Stories<Story> = Iterable<Story> & AsyncIterable<Story>;

const KNOWN = { language: oneOf("fr", "en"), seed: count, kind: oneOf("tale", "pair", "pronoun") };

/** Stories without end. */
export function stories(options: StoryOptions & { kind: "pair" | "pronoun" }): Stories<Pair>;
export function stories(options: StoryOptions & { kind?: "tale" | undefined }): Stories<string>;
export function stories(options: StoryOptions): Stories<string | Pair> {
  const { language, seed = 0, kind = "tale" } = given(options, KNOWN, "stories");
  if (language === undefined) throw new GriotError("bad-option", `stories: option "language" must be ${KNOWN.language.expected}`);
  return {
    *[Symbol.iterator]() {
      const tell = tellerNow();
      for (let number = 0; ; number++) yield tell(language, kind, seed, number);
    },
    async *[Symbol.asyncIterator]() {
      const tell = await tellerLater();
      for (let number = 0; ; number++) yield tell(language, kind, seed, number);
    },
  };
}
