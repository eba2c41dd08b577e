// What goes into a tokenizer's calls and what comes out, as types.

import type { CallOptions } from "./platform.js";

/** What a tokenizer is made of. */
export type Kind = "bpe" | "wordpiece" | "unigram" | "word" | "char";

/** What is trained, and how. */
export interface TokenizerOptions extends CallOptions {
  /** Byte pair encoding, WordPiece, Unigram, whole words or single characters. */
  kind: Kind;
  /** Tokens in all, special ones included. Default 8192; for words and characters all that is seen. */
  vocabSize?: number | undefined;
  /** Rarer ones are not learned: 2 by default for bpe and wordpiece, else 1. */
  minFrequency?: number | undefined;
  /** Normaliser, splitter, decoder, special tokens; by default gpt2 for bpe, bert for wordpiece, t5 for unigram. */
  preset?: "gpt2" | "llama3" | "llama2" | "bert" | "bert-cased" | "t5" | undefined;
  /** For wordpiece: the stock rule (default), or the gain count(ab) / (count(a) · count(b)). */
  score?: "count" | "likelihood" | undefined;
  /** Special tokens beside those of the preset; they are never split. */
  specialTokens?: string[] | undefined;
}

/** A token as it was chosen. */
export interface TrainStep {
  /** Its number among those chosen, from 1. */
  step: number;
  /** The token as the vocabulary spells it. */
  token: string;
  /** The left part of the merge that made it, for kinds that merge. */
  left?: string;
  /** The right part of that merge. */
  right?: string;
  /** How often the pair, the word or the character was seen; 0 where nothing is counted. */
  count: number;
  /** What it was chosen by: the gain of a merge by likelihood, or a piece's log-probability. */
  score?: number;
}

/** How a text is encoded. */
export interface EncodeOptions extends CallOptions {
  /** A second text. */
  pair?: string | undefined;
  /** Whether the tokenizer's special tokens are set around the text. Default true. */
  addSpecialTokens?: boolean | undefined;
  /**
   * The most tokens, special ones included. Of a pair the longer text gets shorter (`"longest"`, default), or the first or the second one;
   * the end that goes is the right one by default. What is cut off comes as `overflow`, in parts that share `stride` tokens.
   */
  truncate?: number | { length: number; strategy?: "longest" | "first" | "second"; stride?: number; side?: "left" | "right" } | undefined;
  /** `true`: to the longest of the batch; a number: to that length; then up to a multiple, at the side the tokenizer's file says, else right. */
  pad?: true | number | { length?: number; multipleOf?: number; side?: "left" | "right" } | undefined;
}

/** A text as tokens; the lists run in parallel. */
export interface Encoding {
  /** The numbers of the tokens. */
  ids: Uint32Array;
  /** The tokens as the vocabulary spells them. */
  tokens: string[];
  /** Start, end, start, end … in UTF-16 code units; 0, 0 for tokens that no text stands behind. */
  offsets: Uint32Array;
  /** Which text of a pair a token is of, as the tokenizer's template says. */
  typeIds: Uint32Array;
  /** 1 for tokens, 0 for padding. */
  attentionMask: Uint32Array;
  /** 1 for special tokens and padding. */
  specialMask: Uint32Array;
  /** The piece of the text that a token is of; -1: of none. */
  wordIds: Int32Array;
  /** What truncation cut off. */
  overflow?: Encoding[];
}

/** One step of building a piece of a text. */
export interface MergeStep {
  /** The piece of the text, from 0. */
  word: number;
  /** The tokens of the piece after this step. */
  pieces: string[];
  /** The left token of the merge; the token that WordPiece found. */
  left?: string;
  /** The right token of the merge; what WordPiece has still to match. */
  right?: string;
  /** The rank of the merge; for unigram 0 is the best path and 1 its runner-up. */
  rank?: number;
  /** The score of the path. */
  score?: number;
}

/** One turn of a conversation. */
export interface Message {
  /** Who speaks. */
  role: "system" | "user" | "assistant" | "tool";
  /** What is said. */
  content: string;
}
