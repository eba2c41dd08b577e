// A model's training: options checked to the bottom, texts or batches in, reports out.
//
// In: a model's remote and what the caller gave. Out: a run. Ranges are checked by the core.

import { CorpusArgument } from "./client.js";
import type { Corpus } from "./corpus.js";
import { GriotError } from "./errors.js";
import { crossingBatch, type Batch } from "./model-numbers.js";
import { numbers, word32 } from "./model-options.js";
import { generateOptions, type GenerateOptions } from "./model-text.js";
import { anything, either, flag, given, kind, long, number, object, oneOf, positive, text, texts, type Table } from "./options.js";
import { crossingTarget, type Target } from "./places/crossing.js";
import type { CallOptions } from "./platform.js";
import type { ModelConfig } from "./presets.js";
import type { ModelRemote } from "./model-remote.js";
import { Run } from "./run.js";
import { pauseWhileHidden } from "./hidden.js";
import type { Message } from "./tokenizer-options.js";

/** What is to be learned, with what is right. Offsets count UTF-16 code units. */
export type Example =
  | { text: string; label?: string | number | string[] }
  | { text: string; entities: { start: number; end: number; label: string }[] }
  | { question: string; context: string; answer: string; start: number }
  | { input: string; output: string }
  | { messages: Message[] };

export type Data = Corpus | Batch[] | Example[];

/** What a model learns from: texts, examples, or batches of ids; and what it is measured with. */
export type TrainData = Data | (() => AsyncIterable<Example>) | { train: Data | (() => AsyncIterable<Example>); valid: Data };

export interface TrainOptions extends CallOptions {
  /** Steps or epochs are required. */
  steps?: number | undefined;
  epochs?: number | undefined;
  /** What is learned from texts and examples; default: what the model is for. */
  objective?: "causal" | "masked" | "spans" | "seq2seq" | "classify" | "tag" | "answer" | "chat" | undefined;
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
  /** Of the tokens that are chosen (.15), those masked (.8) and those replaced by any (.1). */
  masking?: { rate?: number; mask?: number; random?: number; wholeWords?: boolean } | undefined;
  /** The share of tokens that is corrupted (.15), and how many a span has (3). */
  spans?: { rate?: number; mean?: number } | undefined;
  crossDocuments?: boolean | undefined;
  seed?: number | undefined;
  /** Default true; batches are used in the order given. */
  shuffle?: boolean | undefined;
  /** Measures every n steps and at the end, on `valid`, or on a tenth of the data that is set aside. */
  validate?: { every: number; batches?: number } | undefined;
  /** Makes a text every n steps. */
  sample?: ({ prompt: string; every: number } & Omit<GenerateOptions, "signal">) | undefined;
  /** Saves the model with its training state every n steps and at the end; a save that fails leaves what was there before. */
  checkpoint?: { target: Target; every: number } | undefined;
  /** Goes on where the model's training state stands. */
  continue?: boolean | undefined;
  /** "blocks" takes about a third more time and a small part of the memory; the numbers are the same. Default "none". */
  recompute?: "none" | "blocks" | undefined;
  /** Every n-th step is reported; default 1. */
  report?: number | undefined;
  /** Rests while the page is hidden. */
  pauseHidden?: boolean | undefined;
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
  /** Of the weights after this step. */
  validation?: { loss: number; perplexity: number };
  /** Made by the weights after this step. */
  sample?: string;
  /** Bytes of all buffers. */
  memory: number;
}

/** What a training run came to. */
export interface TrainResult {
  steps: number;
  /** Of the last step. */
  loss: number;
  /** The loss on what was set aside. */
  validation?: number;
  tokens: number;
  seconds: number;
  reason: "done" | "stopped";
}

const TRAIN: Table = {
  ...long, steps: positive, epochs: number, batch: positive, context: positive, accumulate: positive, optimizer: object, schedule: object,
  objective: oneOf("causal", "masked", "spans", "seq2seq", "classify", "tag", "answer", "chat"), masking: object, spans: object,
  dropout: number, labelSmoothing: number, trainable: texts, crossDocuments: flag, seed: word32, shuffle: flag,
  validate: object, sample: object, checkpoint: object, continue: flag, recompute: oneOf("none", "blocks"), report: positive, pauseHidden: flag,
};
export const NESTED: Record<string, Table> = {
  optimizer: {
    type: oneOf("adamw", "adam", "sgd"), lr: number, betas: kind("two numbers", (v) => numbers.is(v) && (v as unknown[]).length === 2), eps: number, momentum: number, weightDecay: number,
    decay: oneOf("matrices", "all"), clip: either(number, kind("false", (v) => v === false)),
  },
  schedule: { type: oneOf("cosine", "constant", "linear", "inverse-sqrt", "exponential"), warmup: number, min: number, gamma: number },
  masking: { rate: number, mask: number, random: number, wholeWords: flag },
  spans: { rate: number, mean: number },
  validate: { every: positive, batches: positive },
  checkpoint: { target: anything, every: positive },
};
/** What a run is to do beside learning. */
interface Wishes {
  every: number;
  validate?: unknown;
  sample?: unknown;
  checkpoint?: number;
  goesOn: boolean;
}

/** Options of `train`, checked to the bottom: what crosses, what is done beside the steps, and what the caller keeps. */
function trainOptions(options: TrainOptions): { crossing: object; wishes: Wishes; target: unknown; pauseHidden: boolean; call: CallOptions } {
  const { report = 1, validate, sample, checkpoint, continue: goesOn = false, pauseHidden = false, signal, onProgress, ...rest } = given(options, TRAIN, "train");
  const inside = <T extends object>(name: string, value: T): T => given(value, NESTED[name] as Table, `train: ${name}`);
  const crossing: Record<string, unknown> = { ...rest };
  for (const [name, value] of Object.entries(crossing)) if (Object.hasOwn(NESTED, name)) crossing[name] = inside(name, value as object);
  const { type, ...moments } = rest.optimizer ?? {};
  const foreign = (["betas", "eps"] as const).find((name) => type === "sgd" && moments[name] !== undefined);
  if (foreign !== undefined) throw new GriotError("bad-option", `train: optimizer: option "${foreign}" belongs to adamw and adam`);
  const wishes: Wishes = { every: report, goesOn };
  if (validate !== undefined) {
    wishes.validate = inside("validate", validate);
    if (validate.every === undefined) throw new GriotError("bad-option", 'train: validate: option "every" is missing');
  }
  if (sample !== undefined) wishes.sample = sampleOptions(sample);
  let target: unknown;
  if (checkpoint !== undefined) {
    const { every } = inside("checkpoint", checkpoint);
    if (every === undefined) throw new GriotError("bad-option", 'train: checkpoint: option "every" is missing');
    wishes.checkpoint = every;
    target = crossingTarget(checkpoint.target, "train: checkpoint");
  }
  return { crossing, wishes, target, pauseHidden, call: { signal, onProgress } };
}

function sampleOptions(sample: NonNullable<TrainOptions["sample"]>): object {
  const { prompt, every, ...how } = sample;
  given({ prompt, every }, { prompt: text, every: positive }, "train: sample");
  if (prompt === undefined || every === undefined) throw new GriotError("bad-option", "train: sample: prompt and every are wanted");
  const { crossing, stops } = generateOptions(how);
  return { prompt, every, choices: crossing, stops };
}

/** Whether data to train on is batches of ids. */
const isBatches = (data: unknown): data is Batch[] =>
  Array.isArray(data) && data.length > 0 && data.every((one) => typeof one === "object" && one !== null && "inputIds" in one);

/** Whether data can be read a second time. */
const isLasting = (data: unknown) => typeof data !== "object" || Array.isArray(data) || data instanceof Blob;

/** Data as it crosses: a corpus, or batches. */
export function crossingData(data: unknown, where = "train"): { corpus?: CorpusArgument; batches?: object[] } {
  return isBatches(data) ? { batches: data.map((batch) => crossingBatch(batch, where)) } : { corpus: new CorpusArgument(data, where) };
}

/** Whether data is what is learned from and what is measured with. */
export const isDivided = (data: TrainData): data is { train: Data; valid: Data } => typeof data === "object" && data !== null && "train" in data && "valid" in data;

/** Learns; `config` is told the names of labels that the data has. */
export function train(remote: ModelRemote, config: ModelConfig, data: TrainData, options: TrainOptions): Run<StepReport, TrainResult> {
  const { crossing, wishes, target, pauseHidden, call } = trainOptions(options);
  const [learned, valid] = isDivided(data) ? [crossingData(data.train), crossingData(data.valid)] : [crossingData(data), {}];
  if (isDivided(data) && (learned.batches === undefined) !== (valid.batches === undefined)) {
    throw new GriotError("bad-input", "train: train and valid must both be batches of ids, or neither");
  }
  const finish = ({ config: told, ...result }: TrainResult & { config?: string }): TrainResult => {
    if (told !== undefined) Object.assign(config, JSON.parse(told));
    return result;
  };
  const again = (isDivided(data) ? [data.train, data.valid] : [data]).every(isLasting);
  const args = [learned.corpus, valid.corpus, learned.batches, valid.batches, crossing, wishes, target];
  const run = new Run<StepReport, TrainResult>((sink) => {
    const over = {
      report: sink.report,
      done: (result: TrainResult) => (stopWatching(), sink.done(result)),
      failed: (error: unknown) => (stopWatching(), sink.failed(error)),
    };
    return remote.learning("train", args, call, finish, over, again);
  });
  const stopWatching = pauseHidden ? pauseWhileHidden(run) : () => {};
  return run;
}
