// Tokenizers: text to ids and back.
//
// In: texts, ids, corpora. Out: what the host answers. Checks options by name and kind; decides nothing.

import type { Client } from "./client.js";
import { CorpusArgument } from "./client.js";
import type { Corpus } from "./corpus.js";
import { arrived, type Crossed } from "./encodings.js";
import { GriotError } from "./errors.js";
import { always, argument, count, crossing, either, flag, given, kind, long, number, object, oneOf, positive, text, texts } from "./options.js";
import { crossingSource, type Reading, type Source } from "./places/crossing.js";
import type { CallOptions } from "./platform.js";
import { callStatic, disposable, Remote, runStatic } from "./remote.js";
import type { Run } from "./run.js";
import type { MadeTokenizer } from "./services/tokenizer.js";
import type { EncodeOptions, Encoding, Kind, MergeStep, Message, TokenizerOptions, TrainStep } from "./tokenizer-options.js";

const KINDS = oneOf("bpe", "wordpiece", "unigram", "word", "char");
const TRAIN = {
  ...long, kind: KINDS, vocabSize: positive, minFrequency: count, specialTokens: texts, score: oneOf("count", "likelihood"),
  preset: oneOf("gpt2", "llama3", "llama2", "bert", "bert-cased", "t5"),
};
const SIDE = oneOf("left", "right");
const CUT = { length: count, strategy: oneOf("longest", "first", "second"), stride: count, side: SIDE };
const FILL = { length: count, multipleOf: positive, side: SIDE };
const BATCH = { ...long, addSpecialTokens: flag, truncate: either(count, object), pad: either(kind("true", (v) => v === true), count, object) };
const TEXTS = kind("an array of strings or pairs of strings", (v) => Array.isArray(v) && v.every((x) => text.is(x) || (texts.is(x) && (x as string[]).length === 2)));
const ENCODE = { ...BATCH, pair: text };
const CHAT = { ...always, template: text, addGenerationPrompt: flag, tools: kind("an array of objects", (v) => Array.isArray(v) && v.every((x) => object.is(x))) };
const SKIP = { ...always, skipSpecialTokens: flag };

/** Options of `encode`, checked to the bottom. */
function encodeOptions(options: EncodeOptions | undefined, table: typeof BATCH, where: string): EncodeOptions {
  const checked = given(options, table, where);
  if (typeof checked.truncate === "object") {
    checked.truncate = given(checked.truncate, CUT, `${where}: truncate`);
    if (checked.truncate.length === undefined) throw new GriotError("bad-option", `${where}: option "truncate" needs a length`);
  }
  if (typeof checked.pad === "object") checked.pad = given(checked.pad, FILL, `${where}: pad`);
  return checked;
}

function trainArguments(corpus: Corpus, options: TokenizerOptions): { args: unknown[]; checked: TokenizerOptions } {
  const checked = given(options, TRAIN, "Tokenizer.train");
  if (checked.kind === undefined) throw new GriotError("bad-option", `Tokenizer.train: option "kind" must be ${KINDS.expected}`);
  return { args: [new CorpusArgument(corpus, "Tokenizer.train"), crossing(checked)], checked };
}

function ids(list: ArrayLike<number>, where: string): Uint32Array {
  argument(list, kind("a list of ids", (v) => typeof v === "object" && v !== null && "length" in v), "ids", where);
  for (let i = 0; i < list.length; i++) {
    const id = list[i] as number;
    if (!Number.isInteger(id) || id < 0 || id > 0xffffffff) throw new GriotError("bad-input", `${where}: ids[${i}] is no id`);
  }
  return Uint32Array.from(list);
}

/** An object as the text of a file. */
function written(object: object): string {
  try {
    return JSON.stringify(object);
  } catch (cause) {
    throw new GriotError("bad-input", `Tokenizer.fromJSON: the object cannot be written as JSON: ${String(cause)}`);
  }
}

async function encodeAll(tokenizer: Tokenizer, inputs: (string | [string, string])[], options: EncodeOptions): Promise<Encoding[]> {
  return arrived(await remoteOf(tokenizer).call<Crossed>("encode", [inputs, crossing(options)], options));
}

const remotes = new WeakMap<Tokenizer, Remote>();

/** The object behind a tokenizer, for calls of other objects that take one. */
export function remoteOf(tokenizer: Tokenizer): Remote {
  const remote = remotes.get(tokenizer);
  if (remote === undefined) throw new GriotError("bad-input", "that is not a Tokenizer of this package");
  return remote;
}

/** The tokenizer that came with another object's files. */
export let revive: (client: Client, made: MadeTokenizer) => Tokenizer;

/** Text to ids and back. */
export class Tokenizer {
  static {
    revive = (client, made) => new Tokenizer(client, made);
    disposable(this);
  }

  /** How many tokens there are, special ones included. */
  readonly vocabSize: number;
  /** What it is made of. */
  readonly kind: Kind;
  /** Special tokens by what they are for: `bos`, `eos`, `unk`, `pad`, `cls`, `sep`, `mask`. */
  readonly special: Record<string, { token: string; id: number }>;

  private constructor(client: Client, { about, recipe, griotObject }: MadeTokenizer) {
    remotes.set(this, new Remote("tokenizer", client, { griotObject }, { method: "again", args: [recipe] }));
    ({ kind: this.kind, vocabSize: this.vocabSize, special: this.special } = about);
  }

  /** Learns a vocabulary: `trainer(corpus, o).result`. Progress is `count` over bytes, then `learn`, which takes as many again. */
  static async train(corpus: Corpus, options: TokenizerOptions): Promise<Tokenizer> {
    const { args, checked } = trainArguments(corpus, options);
    const { client, value } = await callStatic<MadeTokenizer>("tokenizer", "trainer", args, checked);
    return new Tokenizer(client, value);
  }

  /** Learns a vocabulary, and tells of each token as it is chosen. */
  static trainer(corpus: Corpus, options: TokenizerOptions): Run<TrainStep, Tokenizer> {
    const { args, checked } = trainArguments(corpus, options);
    return runStatic("tokenizer", "trainer", args, checked, (made: MadeTokenizer, client) => new Tokenizer(client, made));
  }

  /** Reads tokenizer.json, or vocab.json and merges.txt, or vocab.txt, each with tokenizer_config.json and chat_template.jinja where there are any. */
  static async load(source: Source, options?: CallOptions & Reading): Promise<Tokenizer> {
    const { integrity, cache, ...call } = given(options, { ...long, integrity: object, cache: flag }, "Tokenizer.load");
    const args = [crossingSource(source, "Tokenizer.load"), { integrity, cache }];
    const { client, value } = await callStatic<MadeTokenizer>("tokenizer", "load", args, call);
    return new Tokenizer(client, value);
  }

  /** Reads the text of a Hugging Face tokenizer.json, or the object it stands for. */
  static async fromJSON(json: string | object, options?: CallOptions): Promise<Tokenizer> {
    argument(json, either(text, object), "the file", "Tokenizer.fromJSON");
    const whole = typeof json === "string" ? json : written(json);
    const { client, value } = await callStatic<MadeTokenizer>("tokenizer", "fromJSON", [whole], given(options, always, "Tokenizer.fromJSON"));
    return new Tokenizer(client, value);
  }

  /** The text of a Hugging Face tokenizer.json; other tools load it. */
  toJSON(): Promise<string> {
    return remoteOf(this).call("toJSON", []);
  }

  /** The tokens of a text, or of a pair of texts. */
  async encode(input: string, options?: EncodeOptions): Promise<Encoding> {
    argument(input, text, "the text", "encode");
    const { pair, ...checked } = encodeOptions(options, ENCODE, "encode");
    const [encoding] = await encodeAll(this, [pair === undefined ? input : [input, pair]], checked);
    return encoding as Encoding;
  }

  /** The tokens of many texts or pairs; `pad: true` fills up to the longest. Progress counts texts. */
  async encodeBatch(inputs: (string | [string, string])[], options?: Omit<EncodeOptions, "pair">): Promise<Encoding[]> {
    argument(inputs, TEXTS, "the texts", "encodeBatch");
    return await encodeAll(this, inputs, encodeOptions(options, BATCH, "encodeBatch"));
  }

  /** The text of ids; ids that no token has stand for nothing. */
  async decode(list: ArrayLike<number>, options?: CallOptions & { skipSpecialTokens?: boolean | undefined }): Promise<string> {
    const { skipSpecialTokens = true, ...rest } = given(options, SKIP, "decode");
    return await remoteOf(this).call("decode", [ids(list, "decode"), skipSpecialTokens], rest);
  }

  /** The texts of lists of ids. */
  async decodeBatch(lists: ArrayLike<number>[], options?: CallOptions & { skipSpecialTokens?: boolean | undefined }): Promise<string[]> {
    argument(lists, kind("an array of lists of ids", Array.isArray), "ids", "decodeBatch");
    const { skipSpecialTokens = true, ...rest } = given(options, SKIP, "decodeBatch");
    return await remoteOf(this).call("decodeBatch", [lists.map((list) => ids(list, "decodeBatch")), skipSpecialTokens], rest);
  }

  /** How many tokens a text has. */
  async count(input: string, options?: CallOptions & { addSpecialTokens?: boolean | undefined }): Promise<number> {
    argument(input, text, "the text", "count");
    const { addSpecialTokens = true, ...rest } = given(options, { ...always, addSpecialTokens: flag }, "count");
    return await remoteOf(this).call("count", [input, addSpecialTokens], rest);
  }

  /** The token of an id, or undefined. */
  async idToToken(id: number): Promise<string | undefined> {
    argument(id, number, "the id", "idToToken");
    return Number.isInteger(id) && id >= 0 && id <= 0xffffffff ? await remoteOf(this).call("idToToken", [id]) : undefined;
  }

  /** The id of a token, or undefined. */
  async tokenToId(token: string): Promise<number | undefined> {
    argument(token, text, "the token", "tokenToId");
    return await remoteOf(this).call("tokenToId", [token]);
  }

  /** All tokens with their ids, by id. */
  async vocab(): Promise<Map<string, number>> {
    const [tokens, numbers] = await remoteOf(this).call<[string[], Uint32Array]>("vocab", []);
    return new Map(tokens.map((token, index) => [token, numbers[index] as number]));
  }

  /** How each piece of a text was built, in order: merges, longest matches, or the best path and its runner-up. For teaching: a piece over 4096 bytes is `bad-input`. */
  async explain(input: string, options?: CallOptions): Promise<MergeStep[]> {
    argument(input, text, "the text", "explain");
    return await remoteOf(this).call("explain", [input], given(options, always, "explain"));
  }

  /** The text of a conversation, by the tokenizer's own template, another of its templates by name, or the one given. */
  async applyChatTemplate(messages: Message[], options?: CallOptions & { template?: string | undefined; addGenerationPrompt?: boolean | undefined; tools?: object[] | undefined }): Promise<string> {
    argument(messages, kind("an array of messages", (v) => Array.isArray(v) && v.every((x) => object.is(x))), "messages", "applyChatTemplate");
    const checked = given(options, CHAT, "applyChatTemplate");
    return await remoteOf(this).call("applyChatTemplate", [messages, crossing(checked)], checked);
  }

  /** Frees the tokenizer; calls on it in hand reject with `disposed`. */
  dispose(): Promise<void> {
    return remoteOf(this).dispose();
  }
}

