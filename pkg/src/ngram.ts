// The counting baseline: what comes next, judged by what came next before.

import { CorpusArgument, type Client } from "./client.js";
import type { Corpus } from "./corpus.js";
import { GriotError } from "./errors.js";
import { Generation } from "./generation.js";
import { always, argument, count, crossing, either, given, kind, long, number, object, oneOf, positive, stops, text, texts, type KindOf } from "./options.js";
import type { CallOptions } from "./platform.js";
import type { ObjectRef } from "./protocol.js";
import { callStatic, disposable, Remote } from "./remote.js";
import { remoteOf, type Tokenizer } from "./tokenizer.js";

/** How a corpus is counted. */
export interface NgramOptions extends CallOptions {
  /** How many tokens are counted together: 2 for pairs. */
  order: number;
  /** Default: words. */
  tokenizer?: Tokenizer | undefined;
  /** How what was never seen gets its share: not at all (default), by adding k (1) to every count, or by Kneser and Ney. */
  smoothing?: { kind: "none" | "add" | "kneser-ney"; k?: number } | undefined;
}

/** How a text is continued; options that counts cannot honour are `bad-option`. */
export interface NgramGenerateOptions extends CallOptions {
  /** Default 256. */
  maxTokens?: number | undefined;
  /** Default 1; 0 takes the most probable. */
  temperature?: number | undefined;
  /** Only the k most probable tokens are drawn from. */
  topK?: number | undefined;
  /** Only the most probable tokens that together have this share. */
  topP?: number | undefined;
  /** Only tokens that are at least this share as probable as the most probable one. */
  minP?: number | undefined;
  /** Default 0. */
  seed?: number | undefined;
  /** Strings that end a text; they are not part of it. */
  stop?: string | string[] | undefined;
}

const TRAIN: Record<string, KindOf> = { ...long, order: positive, tokenizer: object, smoothing: object };
const SMOOTHING = { kind: oneOf("none", "add", "kneser-ney"), k: number };
const SHARE = kind("a number from 0 to 1", (v) => typeof v === "number" && v >= 0 && v <= 1);
const GENERATE = { ...always, maxTokens: count, temperature: number, topK: positive, topP: SHARE, minP: SHARE, seed: count, stop: stops };

/** A counted corpus. Each document ends in an end token that is predicted and counted. */
export class Ngram {
  static {
    disposable(this);
  }

  readonly #remote: Remote;

  private constructor(client: Client, reference: ObjectRef) {
    // Counts can be as large as the corpus: they are not kept twice, and a trap loses them.
    this.#remote = new Remote("ngram", client, reference, undefined);
  }

  /** Counts a corpus. Progress counts bytes. */
  static async train(corpus: Corpus, options: NgramOptions): Promise<Ngram> {
    const { tokenizer, ...rest } = given(options, TRAIN, "Ngram.train");
    if (rest.order === undefined) throw new GriotError("bad-option", 'Ngram.train: option "order" must be a whole number, 1 or more');
    if (rest.smoothing !== undefined) rest.smoothing = given(rest.smoothing, SMOOTHING, "Ngram.train: smoothing");
    const args = [new CorpusArgument(corpus, "Ngram.train"), crossing(rest), tokenizer && remoteOf(tokenizer)];
    const { client, value } = await callStatic<ObjectRef>("ngram", "train", args, rest);
    return new Ngram(client, value);
  }

  /** P(token | context), the context as tokens: `probability("suis", ["je"])`. */
  async probability(token: string, context: string[], options?: CallOptions): Promise<number> {
    argument(token, text, "the token", "probability");
    argument(context, texts, "the context", "probability");
    return await this.#remote.call("probability", [token, context], given(options, always, "probability"));
  }

  /** What may come after a text, or after tokens, the most probable first; ten by default. */
  async next(context: string | string[], options?: CallOptions & { top?: number | undefined }): Promise<{ token: string; p: number; count: number }[]> {
    argument(context, either(text, texts), "the context", "next");
    const { top = 10, ...rest } = given(options, { ...always, top: positive }, "next");
    return await this.#remote.call("next", [context, top], rest);
  }

  /** How well it predicts texts that it has not counted: the natural logarithm of their probability, and exp(-logLikelihood / tokens). */
  async evaluate(corpus: Corpus, options?: CallOptions): Promise<{ logLikelihood: number; tokens: number; perplexity: number }> {
    return await this.#remote.call("evaluate", [new CorpusArgument(corpus, "evaluate")], given(options, long, "evaluate"));
  }

  /** Continues a text. */
  generate(prompt: string, options?: NgramGenerateOptions): Generation {
    argument(prompt, text, "the prompt", "generate");
    const { stop = [], ...checked } = given(options, GENERATE, "generate");
    const args = [prompt, crossing(checked), typeof stop === "string" ? [stop] : stop];
    return new Generation((sink) => this.#remote.work("generate", args, checked, (made: never) => made, sink));
  }

  /** Frees the counts; calls on them in hand reject with `disposed`. */
  dispose(): Promise<void> {
    return this.#remote.dispose();
  }
}
