// A model's evaluation: data that it does not learn from in, the loss and what its task is judged by out.
//
// In: a model's remote and what the caller gave. Out: what the host answers. Ranges are checked by the core.

import { crossingData, isDivided, NESTED, type TrainData, type TrainOptions } from "./model-learning.js";
import { word32 } from "./model-options.js";
import { crossing, flag, given, long, object, positive, text, type Table } from "./options.js";
import type { CallOptions } from "./platform.js";
import type { Remote } from "./remote.js";

/** How rows are made of texts and examples, as in training. */
export type EvaluateOptions = CallOptions & Pick<TrainOptions, "objective" | "batch" | "context" | "masking" | "spans" | "crossDocuments" | "seed">;

/** How well a model does. */
export interface Evaluation {
  /** The mean over all that is counted. */
  loss: number;
  /** Of models that predict tokens. */
  perplexity?: number;
  /** Of a causal model over texts. */
  bitsPerByte?: number;
  /** The share that is right: of hidden tokens, classes, tags, whole answers. */
  accuracy?: number;
  /** Mean over classes; of entities, and of labels that do not exclude each other, all together; of answers their overlap. */
  f1?: number;
  /** How much is counted. */
  tokens: number;
}

const EVALUATE: Table = { ...long, objective: text, batch: positive, context: positive, masking: object, spans: object, crossDocuments: flag, seed: word32 };

export async function evaluate(remote: Remote, data: TrainData, options?: EvaluateOptions): Promise<Evaluation> {
  const checked = given(options, EVALUATE, "evaluate");
  const how: Record<string, unknown> = crossing(checked);
  for (const name of ["masking", "spans"]) if (how[name] !== undefined) how[name] = given(how[name] as object, NESTED[name] as Table, `evaluate: ${name}`);
  const { corpus, batches } = crossingData(isDivided(data) ? data.valid : data, "evaluate");
  return await remote.call("evaluate", [corpus, batches, how], checked);
}
