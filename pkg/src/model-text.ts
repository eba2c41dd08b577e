// A model's calls that take text: a prompt or a text in, what the model makes of it out.
//
// In: a model's remote and what the caller gave, checked by name and kind. Out: what the host answers.

import { Generation } from "./generation.js";
import { word32 } from "./model-options.js";
import { always, argument, count, either, flag, given, kind, number, oneOf, positive, stops, text, type Table } from "./options.js";
import type { CallOptions } from "./platform.js";
import type { Remote } from "./remote.js";
import type { Message } from "./tokenizer-options.js";

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
  /** Added to the logits of tokens by id; -Infinity bars one. */
  logitBias?: Record<number, number> | undefined;
  /** Over 1: the best text of a search, which is deterministic; its pieces come at its end. */
  beams?: number | undefined;
  /** The exponent of the length that scores of beams are divided by; default 1. */
  lengthPenalty?: number | undefined;
  /** When a search may end: with enough texts, when none can be expected to get better (false), or only when none can. */
  earlyStopping?: boolean | "never" | undefined;
  stop?: string | string[] | undefined;
  /** Replaces the model's end tokens; `[]`: none. */
  stopTokens?: number[] | undefined;
  seed?: number | undefined;
  /** Log-probabilities with each piece, and of this many most probable tokens. */
  logprobs?: number | undefined;
  /** The prompt is the first piece, and the result's text and ids begin with it. */
  echo?: boolean | undefined;
}

/** What may come next. */
export interface NextToken {
  token: string;
  id: number;
  p: number;
  logit: number;
}

const isId = (v: unknown): boolean => word32.is(v);
const isMessage = (v: unknown): boolean => typeof v === "object" && v !== null && "role" in v;
const PROMPT = either(text, kind("a list of ids or messages", (v) => {
  if (typeof v !== "object" || v === null || !("length" in v)) return false;
  const all = Array.from<unknown>(v as ArrayLike<unknown>);
  return all.every(isId) || all.every(isMessage);
}));

const BIAS = kind("numbers by token id", (v) =>
  typeof v === "object" && v !== null && !Array.isArray(v) && Object.entries(v).every(([id, bias]) => word32.is(Number(id)) && (number.is(bias) || bias === -Infinity)));

const GENERATE: Table = {
  ...always, maxTokens: count, minTokens: count, temperature: number, topK: count, topP: number, minP: number, typicalP: number,
  repetitionPenalty: number, frequencyPenalty: number, presencePenalty: number, noRepeatNgram: count, logitBias: BIAS, beams: positive,
  lengthPenalty: number, earlyStopping: either(flag, oneOf("never")), echo: flag,
  stop: stops, stopTokens: kind("an array of ids", (v) => Array.isArray(v) && v.every((x) => word32.is(x))), seed: word32, logprobs: count,
};

/** Options of `generate`: what crosses, the strings that end a text, and what the caller keeps. */
export function generateOptions(options: GenerateOptions | undefined, where = "generate"): { crossing: object; stops: string[]; call: CallOptions } {
  const { stop = [], logitBias, ...checked } = given(options, GENERATE, where);
  const { signal, ...rest } = checked;
  // A Map keeps its keys numbers on the way.
  const bias = logitBias && { logitBias: new Map(Object.entries(logitBias).map(([id, value]) => [Number(id), value])) };
  return { crossing: { ...rest, ...bias }, stops: typeof stop === "string" ? [stop] : stop, call: { signal } };
}

export function generate(remote: Remote, prompt: string | Message[] | ArrayLike<number>, options?: GenerateOptions): Generation {
  argument(prompt, PROMPT, "the prompt", "generate");
  const { crossing, stops, call } = generateOptions(options);
  const given = typeof prompt === "string" ? prompt : Array.from<unknown>(prompt);
  return new Generation((sink) => remote.work("generate", [given, crossing, stops], call, (made: never) => made, sink, true));
}

export async function next(remote: Remote, input: string, options?: CallOptions & { top?: number | undefined }): Promise<NextToken[]> {
  argument(input, text, "the text", "next");
  const { top = 10, ...rest } = given(options, { ...always, top: positive }, "next");
  return await remote.call("next", [input, top], rest);
}
