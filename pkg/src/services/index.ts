// The services of a host, by name. A new subject of the door is one file beside this one and one line here.

import type { Chat } from "../chat.js";
import type { Service } from "../host.js";
import type { HostSettings } from "../protocol.js";
import { lab } from "./lab.js";
import { model } from "./model.js";
import { ngram } from "./ngram.js";
import { runtime } from "./runtime.js";
import { tokenizer } from "./tokenizer.js";

/** What services may know of the host that they run in. */
export interface Surroundings {
  settings: HostSettings;
  variant: "simd" | "relaxed";
  chat: Chat;
}

export function services(surroundings: Surroundings): Record<string, Service> {
  return { lab, model: model(surroundings), ngram, runtime: runtime(surroundings), tokenizer: tokenizer(surroundings) };
}
