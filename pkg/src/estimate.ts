// What a model will take, before it is made or downloaded.
//
// In: a source, of which only the config and the headers of the weights are read, or a config. Out: bytes by what they are for.

import { GriotError } from "./errors.js";
import { DTYPE } from "./model-options.js";
import { always, crossing, given, oneOf, positive } from "./options.js";
import { crossingSource, isSource, type Source } from "./places/crossing.js";
import type { CallOptions } from "./platform.js";
import type { ModelConfig } from "./presets.js";
import { callStatic } from "./remote.js";

export interface EstimateOptions extends Omit<CallOptions, "onProgress"> {
  for: "generate" | "train";
  /** Default 1 to generate, 8 to train. */
  batch?: number | undefined;
  /** Default: the model's. */
  context?: number | undefined;
  /** How weights are kept; "f16" is `unsupported` to train. "auto" is "f32". */
  dtype?: "auto" | "f32" | "f16" | undefined;
}

/** Bytes that a model takes, and whether the device has them. */
export interface Estimate {
  fits: boolean;
  device: "webgpu" | "cpu";
  /** `download` is 0 for a config: there is nothing to load. `peak` is all that stands on the device at once. */
  bytes: { download: number; weights: number; cache: number; activations: number; optimizer: number; peak: number };
  /** Why it does not fit. */
  reasons: string[];
}

const ESTIMATE = { ...always, for: oneOf("generate", "train"), batch: positive, context: positive, dtype: DTYPE };

export async function estimate(what: Source | ModelConfig, options: EstimateOptions): Promise<Estimate> {
  const checked = given(options, ESTIMATE, "Model.estimate");
  if (checked.for === undefined) throw new GriotError("bad-option", 'Model.estimate: option "for" is required', { hint: '"generate" or "train"' });
  const rest = crossing(checked);
  if (isSource(what)) {
    return (await callStatic<Estimate>("model", "estimateSource", [crossingSource(what, "Model.estimate"), rest], checked)).value;
  }
  return (await callStatic<Estimate>("model", "estimateConfig", [JSON.stringify(what), rest], checked)).value;
}
