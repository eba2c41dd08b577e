// The model's training, on the host's side.

import { inTurn, nothing, type Documents } from "../corpus.js";
import type { Job } from "../door.js";
import type { Context, Service } from "../host.js";
import type { Handle } from "../places/handle.js";
import { textOfRequired } from "../places/place.js";
import { openSource } from "../places/source.js";
import { Saving } from "../places/target.js";
import { documentsOf, openTraining, openWeights } from "../places/weights.js";
import type { WireCorpus } from "../protocol.js";
import type { Surroundings } from "./index.js";

/** What the wasm's model offers for it. */
export interface DoorLearning {
  has_training(): boolean;
  converses(): boolean;
  train(options: unknown, wishes: unknown, batches: unknown, valid: unknown): Job;
}

/** A checkpoint to go on from: its texts, its weights as documents, and what must be done when they were read. */
interface Checkpoint {
  texts: { config: string; training: string | undefined };
  documents: Documents;
  close(error?: unknown): Promise<void>;
}

async function openCheckpoint(context: Context, target: string | Handle): Promise<Checkpoint> {
  const place = await openSource(target, undefined, context.signal, {}, "train: continue");
  try {
    const config = await textOfRequired(place, "config.json");
    const files = await openWeights(place);
    const training = await openTraining(place, files);
    const documents = documentsOf(files);
    const close = async (error?: unknown) => {
      await documents.end();
      await place.close(error);
    };
    return { texts: { config, training }, documents, close };
  } catch (thrown) {
    await place.close(thrown);
    throw thrown;
  }
}

export const learning = ({ chat }: Surroundings): Service => ({
  async train(context, it: DoorLearning, corpus: WireCorpus | undefined, valid: WireCorpus | undefined, batches: unknown, validBatches: unknown, options: unknown, wishes: { goesOn: boolean }, target: string | Handle | undefined) {
    if (corpus !== undefined && it.converses()) await chat.ready();
    const isDrawn = corpus !== undefined && "source" in corpus;
    const about = { apart: valid !== undefined, drawn: isDrawn, again: !isDrawn || corpus.again };
    const checkpoint = wishes.goesOn && target !== undefined && !it.has_training() ? await openCheckpoint(context, target) : undefined;
    const job = it.train(options, { ...wishes, ...about, ...(checkpoint && { checkpointed: checkpoint.texts }) }, batches, validBatches);
    const saving = target === undefined ? undefined : new Saving(target, true);
    const before = (open: (corpus: WireCorpus) => Documents): Documents | undefined => {
      const learned = corpus && (valid === undefined ? open(corpus) : inTurn(open(valid), open(corpus)));
      return checkpoint === undefined ? learned : inTurn(checkpoint.documents, learned ?? nothing);
    };
    const ended = async (error?: unknown) => {
      await checkpoint?.close(error);
      await saving?.drop();
    };
    return context.drive({ job, open: before, ...(saving && { take: saving.take }), ended });
  },
});
