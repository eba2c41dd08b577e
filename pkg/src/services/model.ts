// The model's calls on the host's side: how one is made, and all that it can be asked, by subject from the files beside this one.

import type { Held, Job } from "../door.js";
import type { Context, Service } from "../host.js";
import type { Reading } from "../places/crossing.js";
import { openSource } from "../places/source.js";
import type { ObjectRef } from "../protocol.js";
import { estimates, type DoorEstimates } from "./estimate.js";
import type { Surroundings } from "./index.js";
import { evaluation, type DoorEvaluation } from "./model-evaluation.js";
import { files, loading, type DoorFiles } from "./model-files.js";
import { learning, type DoorLearning } from "./model-learning.js";
import { numbers, type DoorNumbers } from "./model-numbers.js";
import { reading, type DoorReading } from "./model-reading.js";
import { words, type DoorText } from "./model-text.js";
import { sessions, type DoorSessions } from "./session.js";
import { made as madeTokenizer, type DoorTokenizer, type MadeTokenizer } from "./tokenizer.js";

/** What is known of a model without a call; the config as text. */
export interface About {
  config: string;
  parameters: number;
  task: "causal" | "masked" | "seq2seq" | "classify" | "tag" | "answer" | "embed";
  device: "webgpu" | "cpu";
}

/** A model of the wasm. */
export interface DoorModel extends Held, DoorEvaluation, DoorNumbers, DoorReading, DoorText, DoorLearning, DoorFiles, DoorSessions {
  about(): About;
}

/** This subject's part of the door. */
export interface DoorModels extends DoorEstimates {
  create_model(config: string, options: unknown, tokenizer?: Held | null): Job;
  load_model(config: string, generation: string | null | undefined, training: string | null | undefined, options: unknown, tokenizer?: Held | null): Job;
}

/** A model as it crosses, with the tokenizer that came with its files. */
export interface MadeModel extends ObjectRef {
  about: About;
  tokenizer?: MadeTokenizer;
}

function made(context: Context, model: DoorModel, tokenizer?: DoorTokenizer): MadeModel {
  const about = model.about();
  return { ...context.keep("model", model), about, ...(tokenizer && { tokenizer: madeTokenizer(context, tokenizer) }) };
}

/** The calls; `load` needs to know where `hub:` is. */
export const model = (surroundings: Surroundings): Service => ({
  create(context, _: undefined, config: string, options: unknown, tokenizer: ObjectRef | undefined) {
    const lent = tokenizer && context.held<DoorTokenizer>(tokenizer).lend();
    return context.drive({ job: context.door.create_model(config, options, lent), finish: (model: DoorModel) => made(context, model) });
  },

  async load(context, _: undefined, source: unknown, options: { dtype?: string }, how: Reading) {
    const place = await openSource(source, surroundings.settings.hub, context.signal, how, "Model.load");
    return context.drive(await loading(context, place, options, (model: DoorModel, tokenizer) => made(context, model, tokenizer)));
  },

  /** As `load`, for a client that has the tokenizer. */
  async again(context, _: undefined, source: unknown, options: { dtype?: string }, reading: Reading) {
    const place = await openSource(source, surroundings.settings.hub, context.signal, reading, "Model.load");
    const finish = (model: DoorModel, tokenizer?: DoorTokenizer) => {
      tokenizer?.free(); // the model has its own share of it
      return { ...context.keep("model", model), about: model.about() };
    };
    return context.drive(await loading(context, place, options, finish));
  },

  ...estimates(surroundings),
  ...numbers,
  ...words(surroundings),
  ...reading,
  ...evaluation(surroundings),
  ...learning(surroundings),
  ...files,
  ...sessions(surroundings),
});
