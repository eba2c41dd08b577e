// A model's training: options checked to the bottom, texts or batches in, reports out.
//
// In: a model's remote and what the caller gave. Out: a run. Ranges are checked by the core.

import { CorpusArgument } from "./client.js";
import type { Corpus } from "./corpus.js";
import { GriotError } from "./errors.js";
import { crossingBatch, type Batch } from "./model-numbers.js";
import { numbers, refuse, word32 } from "./model-options.js";
import { either, flag, given, kind, long, number, object, oneOf, positive, text, texts, type Table } from "./options.js";
import type { CallOptions } from "./platform.js";
import type { Remote } from "./remote.js";
import type { Run } from "./run.js";

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

/** Options of `train`, checked to the bottom: what crosses, how often to report, and what the caller keeps. */
function trainOptions(options: TrainOptions, task: string): { crossing: object; every: number; call: CallOptions } {
  refuse(options, NOT_TRAIN, "train");
  const { objective, report = 1, signal, onProgress, ...rest } = given(options, TRAIN, "train");
  if (objective !== undefined && objective !== task) throw new GriotError("unsupported", `train: objective "${objective}" is not there yet for a model whose task is ${task}`);
  if (rest.optimizer !== undefined) rest.optimizer = given(rest.optimizer, OPTIMIZER, "train: optimizer");
  if (rest.schedule !== undefined) rest.schedule = given(rest.schedule, SCHEDULE, "train: schedule");
  return { crossing: rest, every: report, call: { signal, onProgress } };
}

/** Whether data to train on is batches of ids. */
const isBatches = (data: unknown): data is Batch[] =>
  Array.isArray(data) && data.length > 0 && data.every((one) => typeof one === "object" && one !== null && "inputIds" in one);

export function train(remote: Remote, task: string, data: Corpus | Batch[], options: TrainOptions): Run<StepReport, TrainResult> {
  const { crossing, every, call } = trainOptions(options, task);
  if (typeof data === "object" && data !== null && "train" in data) throw new GriotError("unsupported", "train: validation data is not there yet");
  const [corpus, batches] = isBatches(data) ? [undefined, data.map((batch) => crossingBatch(batch, "train"))] : [new CorpusArgument(data, "train"), undefined];
  return remote.run("train", [corpus, batches, crossing, every], call, (result: TrainResult) => result, true);
}
