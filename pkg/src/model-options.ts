// What a model is made or loaded with: names, kinds, and what is refused by name.
//
// In: what the caller gave. Out: tables to check it with. Ranges are checked by the core.

import { count, flag, kind, long, number, object, oneOf, positive, type Table } from "./options.js";

export const numbers = kind("an array of numbers", (v) => Array.isArray(v) && v.every((x) => number.is(x)));
export const word32 = kind("a whole number, 0 to 4294967295", (v) => count.is(v) && (v as number) <= 0xffffffff);

/** How weights are kept; "auto" is "f32". */
export const DTYPE = oneOf("auto", "f32", "f16");

const TASK = oneOf("causal", "masked", "seq2seq", "classify", "tag", "answer", "embed");
const DEVICE = oneOf("auto", "webgpu", "cpu");

/** Options of `Model.create`. */
export const CREATE: Table = { ...long, tokenizer: object, seed: count, task: TASK, device: DEVICE };
/** Options of `Model.load`. */
export const LOAD: Table = { ...long, task: TASK, context: positive, device: DEVICE, dtype: DTYPE, integrity: object, cache: flag };
