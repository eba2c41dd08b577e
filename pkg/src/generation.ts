// Generated text as it comes: a run of pieces with the text at hand.

import { Run, type Sink, type Work } from "./run.js";

/** A piece of generated text: whole characters only, the bytes of a split one wait. More types may come. */
export interface Piece {
  type: "text";
  text: string;
  /** The token that completed it; of a prompt, its last. */
  id: number;
  index: number;
  logprob?: number;
  top?: { id: number; token: string; logprob: number }[];
}

/** What a generation came to. */
export interface Generated {
  text: string;
  /** Without the token that stopped it. */
  ids: Uint32Array;
  finishReason: "stop" | "length" | "stopped";
  usage: { promptTokens: number; tokens: number };
  timings: { prefillSeconds: number; decodeSeconds: number; tokensPerSecond: number };
}

/** Text in the making: read its pieces, or ask for its `text`. */
export class Generation extends Run<Piece, Generated> {
  constructor(start: (sink: Sink<Piece, Generated>) => Work) {
    super(start);
  }

  /** The whole text; asking for it lets the generation go on without a reader. */
  get text(): Promise<string> {
    const text = this.result.then((generated) => generated.text);
    text.catch(() => {}); // a rejection reaches whoever reads
    return text;
  }
}
