// The model's evaluation, on the host's side.

import type { Job } from "../door.js";
import type { Service } from "../host.js";
import type { WireCorpus } from "../protocol.js";
import type { Surroundings } from "./index.js";

/** What the wasm's model offers for it. */
export interface DoorEvaluation {
  evaluate(options: unknown, batches: unknown): Job;
  converses(): boolean;
}

export const evaluation = ({ chat }: Surroundings): Service => ({
  async evaluate({ drive }, it: DoorEvaluation, corpus: WireCorpus | undefined, batches: unknown, options: unknown) {
    if (corpus !== undefined && it.converses()) await chat.ready();
    return drive({ job: it.evaluate(options, batches), corpus });
  },
});
