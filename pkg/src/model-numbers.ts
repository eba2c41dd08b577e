// A model's calls that deal in numbers: batches of ids in, tensors out.
//
// In: a model's remote and what the caller gave, checked by name and kind. Out: what the host answers.

import { GriotError } from "./errors.js";
import { numbers, word32 } from "./model-options.js";
import { always, argument, crossing, either, flag, given, kind, long, number, object, texts, type Table } from "./options.js";
import type { CallOptions } from "./platform.js";
import type { ModelRemote } from "./model-remote.js";
import type { Remote } from "./remote.js";

/** Numbers with a shape, row-major. */
export interface Tensor {
  data: Float32Array;
  shape: number[];
}

type Rows = ArrayLike<number>[];

/** Rows of ids with what goes with them, in Hugging Face's conventions. */
export interface Batch {
  inputIds: Rows;
  /** 1: seen, 0: padding, left or right. */
  attentionMask?: Rows | undefined;
  typeIds?: Rows | undefined;
  positionIds?: Rows | undefined;
  /** Default: the labels shifted right. */
  decoderIds?: Rows | undefined;
  /** -100 is ignored; shifted inside for causal models. For `classify` one a row, or one for each label of each row. */
  labels?: Rows | number[] | undefined;
  /** Of each row's answer, to learn from. */
  starts?: number[] | undefined;
  /** The last places of the answers. */
  ends?: number[] | undefined;
}

/** What a forward pass gave. */
export interface Forward {
  /** (B, T, V); `classify` (B, labels); `tag` (B, T, labels); `answer` (B, T, 2): start, end; `embed` the last hidden state (B, T, C). */
  logits: Tensor;
  /** Where the batch has labels. */
  loss?: number;
  /** Layers + 1 of (B, T, C). */
  hidden?: Tensor[];
  /** Per layer (B, H, T, T). Of an encoder-decoder, this and `hidden` are the decoder's. */
  attentions?: Tensor[];
  /** Per decoder layer (B, H, T, source). */
  crossAttentions?: Tensor[];
  encoderHidden?: Tensor[];
  encoderAttentions?: Tensor[];
}

/** Which extras of a forward pass are wanted. */
export interface ForwardOptions extends CallOptions {
  hidden?: boolean | undefined;
  attentions?: boolean | undefined;
}

const ROWS = kind("an array of rows of numbers", (v) => Array.isArray(v) && v.every((row) => typeof row === "object" && row !== null && "length" in row));
const BATCH: Table = { inputIds: ROWS, attentionMask: ROWS, typeIds: ROWS, positionIds: ROWS, decoderIds: ROWS, labels: either(ROWS, numbers), starts: numbers, ends: numbers };

/** A batch in the form that crosses: plain arrays. */
export function crossingBatch(batch: Batch, where: string): object {
  argument(batch, object, "the batch", where);
  const checked = given(batch, BATCH, `${where}: the batch`);
  if (checked.inputIds === undefined) throw new GriotError("bad-input", `${where}: the batch has no inputIds`);
  const plain = (name: string, row: unknown, at: number) => {
    if (typeof row === "number") return row;
    const numbers = Array.from(row as ArrayLike<unknown>);
    const right = name === "labels" ? number : word32;
    const wrong = numbers.findIndex((one) => !right.is(one));
    if (wrong >= 0) throw new GriotError("bad-input", `${where}: ${name}[${at}][${wrong}] must be ${right.expected}, ${String(numbers[wrong])} was given`, { details: { row: at, place: wrong } });
    return numbers;
  };
  return Object.fromEntries(Object.entries(checked).map(([name, rows]) => [name, (rows as unknown[]).map((row, at) => plain(name, row, at))]));
}

/** The layers, shapes and counts, as text. */
export async function summary(remote: Remote, options?: CallOptions): Promise<string> {
  return await remote.call("summary", [], given(options, always, "summary"));
}

export async function forward(remote: Remote, batch: Batch, options?: ForwardOptions): Promise<Forward> {
  const checked = given(options, { ...long, hidden: flag, attentions: flag }, "forward");
  return await remote.call("forward", [crossingBatch(batch, "forward"), crossing(checked)], checked);
}

export async function gradients(remote: Remote, batch: Batch, options?: CallOptions): Promise<{ loss: number; gradients: Map<string, Tensor> }> {
  return await remote.call("gradients", [crossingBatch(batch, "gradients")], given(options, long, "gradients"));
}

export async function weights(remote: Remote, names?: string[], options?: CallOptions): Promise<Map<string, Tensor>> {
  if (names !== undefined) argument(names, texts, "the names", "weights");
  return await remote.call("weights", [names], given(options, long, "weights"));
}

const TENSORS = kind("a Map of tensors", (v) => v instanceof Map && [...v.values()].every((t: Partial<Tensor>) => t?.data instanceof Float32Array && Array.isArray(t.shape)));

export async function setWeights(remote: ModelRemote, values: Map<string, Tensor>, options?: CallOptions): Promise<void> {
  argument(values, TENSORS, "the values", "setWeights");
  const tensors = [...values.values()];
  const args = [[...values.keys()], tensors.map(({ shape }) => shape), tensors.map(({ data }) => data)];
  await remote.changing("setWeights", args, given(options, always, "setWeights"));
}
