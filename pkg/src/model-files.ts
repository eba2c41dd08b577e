// A model's files: how they are read, and where they go.
//
// In: a model's remote, a target. Out: files by name, or nothing.

import { GriotError } from "./errors.js";
import { flag, given, long } from "./options.js";
import { crossingTarget, type Target } from "./places/crossing.js";
import type { CallOptions } from "./platform.js";
import type { Remote } from "./remote.js";

export interface SaveOptions extends CallOptions {
  /** Also what training needs to go on; default false. */
  training?: boolean | undefined;
}

export async function files(remote: Remote, options?: CallOptions): Promise<Map<string, Blob>> {
  return await remote.call("files", [], given(options, long, "files"));
}

export async function save(remote: Remote, target: Target, options?: SaveOptions): Promise<void> {
  const { training = false, ...call } = given(options, { ...long, training: flag }, "save");
  if (training) throw new GriotError("unsupported", 'save: option "training" is not there yet');
  await remote.call("save", [crossingTarget(target, "save"), training], call);
}
