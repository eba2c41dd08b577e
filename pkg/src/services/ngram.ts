// The counting baseline's calls on the host's side.

import type { Held, Job } from "../door.js";
import type { Service } from "../host.js";
import type { ObjectRef, WireCorpus } from "../protocol.js";
import type { DoorTokenizer } from "./tokenizer.js";

/** A baseline of the wasm. */
export interface DoorNgram extends Held {
  probability(token: string, context: string[]): number;
  next(context: unknown, top: number): unknown[];
  evaluate(): Job;
  generate(prompt: string, options: unknown, stops: string[]): Job;
}

/** This subject's part of the door. */
export interface DoorNgrams {
  train_ngram(options: unknown, tokenizer?: Held | null): Job;
}

export const ngram: Service = {
  train({ door, drive, keep, held }, _: undefined, corpus: WireCorpus, options: unknown, tokenizer: ObjectRef | undefined) {
    const lent = tokenizer && held<DoorTokenizer>(tokenizer).lend();
    return drive({ job: door.train_ngram(options, lent), corpus, finish: (ngram: DoorNgram) => keep("ngram", ngram) });
  },
  probability: (_, it: DoorNgram, token: string, context: string[]) => it.probability(token, context),
  next: (_, it: DoorNgram, context: unknown, top: number) => it.next(context, top),
  evaluate: ({ drive }, it: DoorNgram, corpus: WireCorpus) => drive({ job: it.evaluate(), corpus }),
  generate: ({ drive }, it: DoorNgram, prompt: string, options: unknown, stops: string[]) => {
    const began = performance.now();
    return drive({
      job: it.generate(prompt, options, stops),
      finish: ({ promptTokens, ...made }: { text: string; ids: Uint32Array; finishReason: string; promptTokens: number }) => {
        const decodeSeconds = (performance.now() - began) / 1000;
        const tokens = made.ids.length;
        return { ...made, usage: { promptTokens, tokens }, timings: { prefillSeconds: 0, decodeSeconds, tokensPerSecond: decodeSeconds > 0 ? tokens / decodeSeconds : 0 } };
      },
    });
  },
};
