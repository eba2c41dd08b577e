// The model's evaluation, on the host's side.

import type { Job } from "../door.js";
import type { Service } from "../host.js";
import type { WireCorpus } from "../protocol.js";

/** What the wasm's model offers for it. */
export interface DoorEvaluation {
  evaluate(options: unknown, batches: unknown): Job;
}

export const evaluation: Service = {
  evaluate: ({ drive }, it: DoorEvaluation, corpus: WireCorpus | undefined, batches: unknown, options: unknown) =>
    drive({ job: it.evaluate(options, batches), corpus }),
};
