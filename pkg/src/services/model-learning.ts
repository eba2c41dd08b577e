// The model's training, on the host's side.

import type { Job } from "../door.js";
import type { Service } from "../host.js";
import type { WireCorpus } from "../protocol.js";

/** What the wasm's model offers for it. */
export interface DoorLearning {
  train(options: unknown, batches: unknown, every: number): Job;
}

export const learning: Service = {
  train: ({ drive }, it: DoorLearning, corpus: WireCorpus | undefined, batches: unknown, options: unknown, every: number) =>
    drive({ job: it.train(options, batches, every), corpus }),
};
