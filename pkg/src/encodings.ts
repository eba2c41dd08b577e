// Encodings as they arrive: few flat lists for all of a call, made into the plain objects that the contract promises.
//
// In: what `src/js/encodings.rs` sends. Out: encodings. What follows from numbers that are there, the tokens as text and the masks that say nothing,
// is made when it is first read; to whoever looks, copies, clones or prints, it is a property like any other. Refuses to know what was encoded.

import type { Encoding } from "./tokenizer-options.js";

/** All encodings of a call. */
export interface Crossed {
  /** Tokens and overflowing parts of each encoding; its parts follow it. */
  shape: Uint32Array;
  ids: Uint32Array;
  offsets: Uint32Array;
  wordIds: Int32Array;
  typeIds?: Uint32Array;
  attentionMask?: Uint32Array;
  specialMask?: Uint32Array;
  /** The distinct ids, what they say in one text, and where each ends in it. */
  known: Uint32Array;
  names: string;
  ends: Uint32Array;
  /** Tokens that read otherwise than their ids say: places in the flat lists, and texts. */
  written: Uint32Array;
  texts: string[];
}

/** What is known of a call's tokens, spelled out when first asked for. */
class Spelling {
  readonly #crossed: Pick<Crossed, "known" | "names" | "ends" | "written" | "texts">;
  #names: string[] | undefined;

  constructor({ known, names, ends, written, texts }: Crossed) {
    this.#crossed = { known, names, ends, written, texts };
  }

  /** The tokens of ids that stand in the flat lists from `from` on. */
  tokens(ids: Uint32Array, from: number): string[] {
    const { known, names: whole, ends, written, texts } = this.#crossed;
    let names = this.#names;
    if (names === undefined) {
      names = [];
      let start = 0;
      for (let at = 0; at < known.length; at++) {
        const end = ends[at] as number;
        names[known[at] as number] = whole.slice(start, end);
        start = end;
      }
      this.#names = names;
    }
    const tokens = new Array<string>(ids.length);
    for (let at = 0; at < ids.length; at++) tokens[at] = names[ids[at] as number] as string;
    for (let at = first(written, from); at < written.length && (written[at] as number) < from + ids.length; at++) tokens[(written[at] as number) - from] = texts[at] as string;
    return tokens;
  }
}

/** The first place in a rising list that holds `least` or more. */
function first(list: Uint32Array, least: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Makes a list a plain property, once it is there. */
function keep<T>(encoding: Encoding, name: keyof Encoding, value: T): T {
  Object.defineProperty(encoding, name, { value, enumerable: true, configurable: true, writable: true });
  return value;
}

/** The encodings of a call. */
export function arrived(crossed: Crossed): Encoding[] {
  const { shape, ids: all, offsets: places, wordIds: words, typeIds: types, attentionMask: seen, specialMask: specials } = crossed;
  const spelling = new Spelling(crossed);
  const alone = shape.length === 2;
  let [next, from] = [0, 0];
  const one = (): Encoding => {
    const [start, count, parts] = [from, shape[next] as number, shape[next + 1] as number];
    next += 2;
    from += count;
    // A list of its own for each: a view would hold and clone those of all.
    const own = <T extends Uint32Array | Int32Array>(list: T, width = 1): T => (alone ? list : (list.slice(start * width, (start + count) * width) as T));
    const ids = own(all);
    const made: Encoding = {
      ids,
      get tokens() {
        return keep(made, "tokens", spelling.tokens(ids, start));
      },
      set tokens(value) {
        keep(made, "tokens", value);
      },
      offsets: own(places, 2),
      get typeIds() {
        return keep(made, "typeIds", types === undefined ? new Uint32Array(count) : own(types));
      },
      set typeIds(value) {
        keep(made, "typeIds", value);
      },
      get attentionMask() {
        return keep(made, "attentionMask", seen === undefined ? new Uint32Array(count).fill(1) : own(seen));
      },
      set attentionMask(value) {
        keep(made, "attentionMask", value);
      },
      get specialMask() {
        return keep(made, "specialMask", specials === undefined ? new Uint32Array(count) : own(specials));
      },
      set specialMask(value) {
        keep(made, "specialMask", value);
      },
      wordIds: own(words),
    };
    if (parts > 0) made.overflow = Array.from({ length: parts }, one);
    return made;
  };
  const encodings: Encoding[] = [];
  while (next < shape.length) encodings.push(one());
  return encodings;
}
