// The counting baseline: what comes next, judged by what came next before.

import { CorpusArgument, type Client } from "./client.js";
import type { Corpus } from "./corpus.js";
import { GriotError } from "./errors.js";
import { Generation } from "./generation.js";
import { always, argument, count, crossing, either, given, long, number, object, oneOf, positive, text, texts, type KindOf } from "./options.js";
import type { CallOptions } from "./platform.js";
import type { ObjectRef } from "./protocol.js";
import { callStatic, Remote } from "./remote.js";
import { remoteOf, type Tokenizer } from "./tokenizer.js";

export interface NgramOptions extends CallOptions {
  /** How many tokens are counted together: 2 for pairs. */
  order: number;
  /** Default: words. */
  tokenizer?: Tokenizer | undefined;
  /** Default: none. */
  smoothing?: { kind: "none" | "add" | "kneser-ney"; k?: number } | undefined;
}

export interface NgramGenerateOptions extends CallOptions {
  /** Default 256. */
  maxTokens?: number | undefined;
  /** Default 1; 0 takes the most probable. */
  temperature?: number | undefined;
  /** Default 0. */
  seed?: number | undefined;
}

const TRAIN: Record<string, KindOf> = { ...long, order: positive, tokenizer: object, smoothing: object };
const SMOOTHING = { kind: oneOf("none", "add", "kneser-ney"), k: number };
const GENERATE = { ...long, maxTokens: count, temperature: number, seed: count };

/** A counted corpus. Each document ends in an end token that is predicted and counted. */
export class Ngram {
  readonly #remote: Remote;

  private constructor(client: Client, reference: ObjectRef) {
    // Counts can be as large as the corpus: they are not kept twice, and a trap loses them.
    this.#remote = new Remote("ngram", client, reference, undefined);
  }

  /** Counts a corpus. */
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

  /** What may come after a text, or after tokens, the most probable first. */
  async next(context: string | string[], options?: CallOptions & { top?: number | undefined }): Promise<{ token: string; p: number; count: number }[]> {
    argument(context, either(text, texts), "the context", "next");
    const { top = 10, ...rest } = given(options, { ...always, top: positive }, "next");
    return await this.#remote.call("next", [context, top], rest);
  }

  /** How well it predicts texts that it has not counted. */
  async evaluate(corpus: Corpus, options?: CallOptions): Promise<{ logLikelihood: number; tokens: number; perplexity: number }> {
    return await this.#remote.call("evaluate", [new CorpusArgument(corpus, "evaluate")], given(options, long, "evaluate"));
  }

  /** Continues a text. */
  generate(prompt: string, options?: NgramGenerateOptions): Generation {
    argument(prompt, text, "the prompt", "generate");
    const checked = given(options, GENERATE, "generate");
    return new Generation((sink) => this.#remote.work("generate", [prompt, crossing(checked)], checked, (made: never) => made, sink));
  }

  /** Frees the counts; calls on them in hand reject with `disposed`. */
  dispose(): Promise<void> {
    return this.#remote.dispose();
  }
}
