// The model's calls that read a text and say something of it, on the host's side.

import type { Job } from "../door.js";
import type { Service } from "../host.js";

/** What the wasm's model offers for them. */
export interface DoorReading {
  score(text: string): Job;
  fill(text: string, top: number): Job;
  classify(texts: string[], top?: number | null): Job;
  tag(text: string): Job;
  answer(question: string, context: string, top: number): Job;
  embed(texts: string[], options: unknown): Job;
  inspect(text: string, options: unknown): Job;
}

export const reading: Service = {
  score: ({ drive }, it: DoorReading, text: string) => drive({ job: it.score(text) }),
  fill: ({ drive }, it: DoorReading, text: string, top: number) => drive({ job: it.fill(text, top) }),
  classify: ({ drive }, it: DoorReading, texts: string[], top: number | undefined) => drive({ job: it.classify(texts, top) }),
  tag: ({ drive }, it: DoorReading, text: string) => drive({ job: it.tag(text) }),
  answer: ({ drive }, it: DoorReading, question: string, context: string, top: number) => drive({ job: it.answer(question, context, top) }),
  embed: ({ drive }, it: DoorReading, texts: string[], options: unknown) => drive({ job: it.embed(texts, options) }),
  inspect: ({ drive }, it: DoorReading, text: string, options: unknown) => drive({ job: it.inspect(text, options) }),
};
