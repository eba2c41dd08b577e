// A model's calls that read a text and say something of it: probabilities, fillings, classes, entities, answers, vectors, traces.
//
// In: a model's remote and what the caller gave, checked by name and kind. Out: what the host answers. Places in texts are UTF-16 code
// units, as JavaScript strings count.

import type { Tensor } from "./model-numbers.js";
import { always, argument, crossing, either, flag, given, long, oneOf, positive, text, texts } from "./options.js";
import type { CallOptions } from "./platform.js";
import type { Remote } from "./remote.js";

/** How probable a text is. */
export interface Score {
  /** Of a causal model all tokens but the first, which nothing precedes; of a masked one each while it is hidden. */
  tokens: { token: string; id: number; logprob: number }[];
  perplexity: number;
}

/** What may stand under a mask. */
export interface Filling {
  token: string;
  id: number;
  p: number;
  /** The whole text with it. */
  text: string;
}

/** A label with its probability; of a regression its value. */
export interface LabelScore {
  label: string;
  p: number;
}

/** An answer, by its place in the context. */
export interface Answer {
  text: string;
  p: number;
  start: number;
  end: number;
}

/** A named piece of a text. */
export interface Entity extends Answer {
  label: string;
}

/** What goes on inside a model while it reads. */
export interface Trace {
  tokens: string[];
  layers: {
    /** (H, T, T). */
    attention?: Tensor;
    /** The layer's output (T, C). */
    hidden?: Tensor;
    /** At each place the tokens that the head would read there. */
    lens?: { token: string; p: number }[][];
  }[];
  /** The encoder over the text; the rest is then the decoder over what it writes. */
  encoder?: Trace;
  /** Per decoder layer (H, T, source). */
  cross?: Tensor[];
}

/** Progress counts texts. */
export interface EmbedOptions extends CallOptions {
  /** Default "mean". */
  pooling?: "mean" | "cls" | "last" | undefined;
  /** To length 1; default true. */
  normalize?: boolean | undefined;
}

export interface InspectOptions extends Omit<CallOptions, "onProgress"> {
  /** Default true. */
  attentions?: boolean | undefined;
  hidden?: boolean | undefined;
  /** What the head would read of each layer's output. */
  lens?: boolean | undefined;
}

/** How many of the best are wanted. */
export interface TopOptions extends Omit<CallOptions, "onProgress"> {
  top?: number | undefined;
}

/** Progress counts texts. */
export interface ClassifyOptions extends CallOptions {
  top?: number | undefined;
}

const TEXTS = either(text, texts);
const TOP = { ...always, top: positive };

const several = (input: string | string[]): string[] => (typeof input === "string" ? [input] : input);

export async function score(remote: Remote, input: string, options?: CallOptions): Promise<Score> {
  argument(input, text, "the text", "score");
  return await remote.call("score", [input], given(options, always, "score"));
}

export async function fill(remote: Remote, input: string, options?: TopOptions): Promise<Filling[][]> {
  argument(input, text, "the text", "fill");
  const { top = 5, ...rest } = given(options, TOP, "fill");
  return await remote.call("fill", [input, top], rest);
}

export async function classify(remote: Remote, input: string | string[], options?: ClassifyOptions): Promise<LabelScore[][]> {
  argument(input, TEXTS, "the text", "classify");
  const { top, ...rest } = given(options, { ...TOP, ...long }, "classify");
  return await remote.call("classify", [several(input), top], rest);
}

export async function tag(remote: Remote, input: string, options?: CallOptions): Promise<Entity[]> {
  argument(input, text, "the text", "tag");
  return await remote.call("tag", [input], given(options, always, "tag"));
}

export async function answer(remote: Remote, question: string, context: string, options?: TopOptions): Promise<Answer[]> {
  argument(question, text, "the question", "answer");
  argument(context, text, "the context", "answer");
  const { top = 1, ...rest } = given(options, TOP, "answer");
  return await remote.call("answer", [question, context, top], rest);
}

export async function embed(remote: Remote, input: string | string[], options?: EmbedOptions): Promise<Float32Array[]> {
  argument(input, TEXTS, "the text", "embed");
  const checked = given(options, { ...long, pooling: oneOf("mean", "cls", "last"), normalize: flag }, "embed");
  return await remote.call("embed", [several(input), crossing(checked)], checked);
}

export async function inspect(remote: Remote, input: string, options?: InspectOptions): Promise<Trace> {
  argument(input, text, "the text", "inspect");
  const checked = given(options, { ...always, attentions: flag, hidden: flag, lens: flag }, "inspect");
  return await remote.call("inspect", [input, crossing(checked)], checked);
}
