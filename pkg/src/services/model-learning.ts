// The model's training, on the host's side.

import type { Job } from "../door.js";
import type { Service } from "../host.js";
import type { Handle } from "../places/handle.js";
import { Saving } from "../places/target.js";
import type { WireCorpus } from "../protocol.js";

/** What the wasm's model offers for it. */
export interface DoorLearning {
  train(options: unknown, wishes: unknown, batches: unknown, valid: unknown): Job;
}

export const learning: Service = {
  train({ drive }, it: DoorLearning, corpus: WireCorpus | undefined, valid: WireCorpus | undefined, batches: unknown, validBatches: unknown, options: unknown, wishes: object, target: string | Handle | undefined) {
    const isDrawn = corpus !== undefined && "source" in corpus;
    const about = { apart: valid !== undefined, drawn: isDrawn, again: !isDrawn || corpus.again };
    const job = it.train(options, { ...wishes, ...about }, batches, validBatches);
    const saving = target === undefined ? undefined : new Saving(target, true);
    return drive({ job, corpus, before: valid, ...(saving && { take: saving.take, ended: () => saving.drop() }) });
  },
};
