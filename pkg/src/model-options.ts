// What a model's calls may be asked for: names, kinds, and what is refused by name.
//
// In: what the caller gave. Out: checked copies in the form that crosses. Ranges are checked by the core.

import { GriotError } from "./errors.js";
import { always, anything, argument, count, either, flag, given, kind, long, number, object, oneOf, positive, text, texts, type Table } from "./options.js";
import type { CallOptions } from "./platform.js";

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
  /** -100 is ignored; shifted inside for causal models. */
  labels?: Rows | number[] | undefined;
}

export interface TrainOptions extends CallOptions {
  /** Steps or epochs are required. */
  steps?: number | undefined;
  epochs?: number | undefined;
  objective?: "causal" | "masked" | undefined;
  /** Default 8. */
  batch?: number | undefined;
  /** Default: the model's. */
  context?: number | undefined;
  accumulate?: number | undefined;
  optimizer?:
    | {
        type?: "adamw" | "adam" | "sgd";
        /** 1e-3 for a created model, 5e-5 for a loaded one. */
        lr?: number;
        betas?: [number, number];
        eps?: number;
        momentum?: number;
        weightDecay?: number;
        decay?: "matrices" | "all";
        /** Of the global norm; default 1. */
        clip?: number | false;
      }
    | undefined;
  schedule?: { type?: "cosine" | "constant" | "linear" | "inverse-sqrt" | "exponential"; warmup?: number; min?: number; gamma?: number } | undefined;
  dropout?: number | undefined;
  labelSmoothing?: number | undefined;
  /** Patterns of parameter names; the rest is frozen. */
  trainable?: string[] | undefined;
  crossDocuments?: boolean | undefined;
  seed?: number | undefined;
  /** Default true; batches are used in the order given. */
  shuffle?: boolean | undefined;
  /** Every n-th step is reported; default 1. */
  report?: number | undefined;
}

/** What one step did. */
export interface StepReport {
  step: number;
  /** Of the step's tokens, before the update. */
  loss: number;
  lr: number;
  /** Before clipping. */
  gradNorm: number;
  tokens: number;
  tokensPerSecond: number;
  seconds: number;
  /** A gradient that is not finite: nothing was changed. */
  skipped?: boolean;
  /** Bytes of all buffers. */
  memory: number;
}

/** What a training run came to. */
export interface TrainResult {
  steps: number;
  /** Of the last step. */
  loss: number;
  tokens: number;
  seconds: number;
  reason: "done" | "stopped";
}

export interface GenerateOptions extends Omit<CallOptions, "onProgress"> {
  /** Default 256. */
  maxTokens?: number | undefined;
  minTokens?: number | undefined;
  /** 0 takes the most probable. Default 1, or what generation_config.json says. */
  temperature?: number | undefined;
  topK?: number | undefined;
  topP?: number | undefined;
  minP?: number | undefined;
  typicalP?: number | undefined;
  repetitionPenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
  presencePenalty?: number | undefined;
  noRepeatNgram?: number | undefined;
  logitBias?: Record<number, number> | undefined;
  stop?: string | string[] | undefined;
  /** Replaces the model's end tokens; `[]`: none. */
  stopTokens?: number[] | undefined;
  seed?: number | undefined;
  /** Log-probabilities with each piece, and of this many most probable tokens. */
  logprobs?: number | undefined;
}

const numbers = kind("an array of numbers", (v) => Array.isArray(v) && v.every((x) => number.is(x)));
const word32 = kind("a whole number, 0 to 4294967295", (v) => count.is(v) && (v as number) <= 0xffffffff);

const TRAIN: Table = {
  ...long, steps: positive, epochs: number, objective: text, batch: positive, context: positive, accumulate: positive, optimizer: object, schedule: object,
  dropout: number, labelSmoothing: number, trainable: texts, crossDocuments: flag, seed: word32, shuffle: flag, report: positive,
};
const OPTIMIZER: Table = {
  type: oneOf("adamw", "adam", "sgd"), lr: number, betas: numbers, eps: number, momentum: number, weightDecay: number,
  decay: oneOf("matrices", "all"), clip: either(number, kind("false", (v) => v === false)),
};
const SCHEDULE: Table = { type: oneOf("cosine", "constant", "linear", "inverse-sqrt", "exponential"), warmup: number, min: number, gamma: number };
/** Known, and not there yet. */
const NOT_TRAIN = ["masking", "spans", "validate", "sample", "checkpoint", "continue", "recompute", "pauseHidden"];

const GENERATE: Table = {
  ...always, maxTokens: count, minTokens: count, temperature: number, topK: count, topP: number, minP: number, typicalP: number,
  repetitionPenalty: number, frequencyPenalty: number, presencePenalty: number, noRepeatNgram: count, logitBias: object,
  stop: either(text, texts), stopTokens: kind("an array of ids", (v) => Array.isArray(v) && v.every((x) => word32.is(x))), seed: word32, logprobs: count,
};
const NOT_GENERATE = ["beams", "lengthPenalty", "earlyStopping", "echo"];

const ROWS = kind("an array of rows of numbers", (v) => Array.isArray(v) && v.every((row) => typeof row === "object" && row !== null && "length" in row));
const BATCH: Table = { inputIds: ROWS, attentionMask: ROWS, typeIds: ROWS, positionIds: ROWS, decoderIds: ROWS, labels: either(ROWS, numbers) };

/** Refuses what is understood and not there. */
export function refuse(options: object | undefined, names: string[], where: string): void {
  for (const name of names) {
    if ((options as Record<string, unknown> | undefined)?.[name] !== undefined) throw new GriotError("unsupported", `${where}: option "${name}" is not there yet`);
  }
}

/** Options of `train`, checked to the bottom: what crosses, how often to report, and what the caller keeps. */
export function trainOptions(options: TrainOptions, task: string): { crossing: object; every: number; call: CallOptions } {
  refuse(options, NOT_TRAIN, "train");
  const { objective, report = 1, signal, onProgress, ...rest } = given(options, TRAIN, "train");
  if (objective !== undefined && objective !== task) throw new GriotError("unsupported", `train: objective "${objective}" is not there yet for a model whose task is ${task}`);
  if (rest.optimizer !== undefined) rest.optimizer = given(rest.optimizer, OPTIMIZER, "train: optimizer");
  if (rest.schedule !== undefined) rest.schedule = given(rest.schedule, SCHEDULE, "train: schedule");
  return { crossing: rest, every: report, call: { signal, onProgress } };
}

/** Options of `generate`: what crosses, the strings that end a text, and what the caller keeps. */
export function generateOptions(options: GenerateOptions | undefined): { crossing: object; stops: string[]; call: CallOptions } {
  refuse(options, NOT_GENERATE, "generate");
  const { stop = [], logitBias, ...checked } = given(options, GENERATE, "generate");
  const { signal, ...rest } = checked;
  // A Map keeps its keys numbers on the way.
  const bias = logitBias && { logitBias: new Map(Object.entries(logitBias).map(([id, value]) => [Number(id), value])) };
  return { crossing: { ...rest, ...bias }, stops: typeof stop === "string" ? [stop] : stop, call: { signal } };
}

/** A batch in the form that crosses: plain arrays. */
export function crossingBatch(batch: Batch, where: string): object {
  argument(batch, object, "the batch", where);
  const checked = given(batch, BATCH, `${where}: the batch`);
  if (checked.inputIds === undefined) throw new GriotError("bad-input", `${where}: the batch has no inputIds`);
  const plain = (row: unknown) => (typeof row === "number" ? row : Array.from(row as ArrayLike<number>));
  return Object.fromEntries(Object.entries(checked).map(([name, rows]) => [name, (rows as unknown[]).map(plain)]));
}

/** Whether data to train on is batches of ids. */
export const isBatches = (data: unknown): data is Batch[] =>
  Array.isArray(data) && data.length > 0 && data.every((one) => typeof one === "object" && one !== null && "inputIds" in one);

const TASK = oneOf("causal", "masked", "seq2seq", "classify", "tag", "answer", "embed");
const DEVICE = oneOf("auto", "webgpu", "cpu");

/** Options of `Model.create`. */
export const CREATE: Table = { ...long, tokenizer: object, seed: count, task: TASK, device: DEVICE };
/** Options of `Model.load`. */
export const LOAD: Table = { ...long, task: TASK, context: positive, device: DEVICE, dtype: oneOf("auto", "f32"), integrity: anything, cache: anything };
