// The model's calls that take text, on the host's side.

import type { Job } from "../door.js";
import type { Service } from "../host.js";

/** What the wasm's model offers for them. */
export interface DoorText {
  generate(prompt: unknown, options: unknown, stops: string[]): Job;
  next(text: string, top: number): Job;
}

export const words: Service = {
  generate: ({ drive }, it: DoorText, prompt: unknown, options: unknown, stops: string[]) => drive({ job: it.generate(prompt, options, stops) }),
  next: ({ drive }, it: DoorText, text: string, top: number) => drive({ job: it.next(text, top) }),
};
