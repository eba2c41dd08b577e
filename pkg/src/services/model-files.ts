// A model's files on the host's side: from a place into the wasm, and out of it to a target or as blobs.

import type { Job } from "../door.js";
import type { Context, Drive, Service } from "../host.js";
import type { Handle } from "../places/handle.js";
import { textOf, textOfRequired, type Place } from "../places/place.js";
import { Gathering, Saving } from "../places/target.js";
import { documentsOf, openTraining, openWeights, toCome } from "../places/weights.js";
import { readTokenizer, type DoorTokenizer } from "./tokenizer.js";

/** What the wasm's model offers for them. */
export interface DoorFiles {
  files(training: boolean): Job;
}

/** The work of loading a model from a place; the place is closed at its end, however it ends. */
export async function loading<Made>(context: Context, place: Place, options: { dtype?: string }, finish: (model: never, tokenizer?: DoorTokenizer) => Made): Promise<Drive> {
  let tokenizer: DoorTokenizer | undefined;
  try {
    const config = await textOfRequired(place, "config.json");
    const generation = await textOf(place, "generation_config.json");
    tokenizer = await readTokenizer(context, place);
    const files = await openWeights(place);
    // What is kept as f16 does not learn: the state of its training stays where it is.
    const training = options.dtype === "f16" ? undefined : await openTraining(place, files);
    await place.ready(toCome(files));
    const job = context.door.load_model(config, generation, training, options, tokenizer?.lend());
    const documents = documentsOf(files);
    const ended = async (error?: unknown) => {
      await documents.end();
      if (error !== undefined) tokenizer?.free();
      await place.close(error);
    };
    return { job, documents, ended, finish: (model: never) => finish(model, tokenizer) };
  } catch (thrown) {
    tokenizer?.free();
    await place.close(thrown);
    throw thrown;
  }
}

export const files: Service = {
  files({ drive }, it: DoorFiles, training: boolean) {
    const gathering = new Gathering();
    return drive({ job: it.files(training), take: gathering.take, finish: () => gathering.files() });
  },

  save({ drive }, it: DoorFiles, target: string | Handle, training: boolean) {
    const saving = new Saving(target, training);
    return drive({ job: it.files(training), take: saving.take, ended: () => saving.drop() });
  },
};
