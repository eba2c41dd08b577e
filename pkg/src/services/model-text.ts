// The model's calls that take text, on the host's side.

import type { Job } from "../door.js";
import type { Service } from "../host.js";
import type { Surroundings } from "./index.js";

/** What the wasm's model offers for them. */
export interface DoorText {
  generate(prompt: unknown, options: unknown, stops: string[]): Job;
  next(text: string, top: number): Job;
}

export const words = ({ chat }: Surroundings): Service => ({
  async generate({ drive }, it: DoorText, prompt: unknown, options: unknown, stops: string[]) {
    if (Array.isArray(prompt) && typeof prompt[0] === "object") await chat.ready(); // messages, not ids
    return drive({ job: it.generate(prompt, options, stops) });
  },
  next: ({ drive }, it: DoorText, text: string, top: number) => drive({ job: it.next(text, top) }),
});
