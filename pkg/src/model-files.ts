// A model's files: how they are read, and where they go.
//
// In: a model's remote, a target. Out: files by name, or nothing.

import { flag, given, long } from "./options.js";
import { crossingTarget, type Target } from "./places/crossing.js";
import type { CallOptions } from "./platform.js";
import type { Remote } from "./remote.js";

export interface SaveOptions extends CallOptions {
  /** Also what training needs to go on; default false. */
  training?: boolean | undefined;
}

export async function files(remote: Remote, options?: SaveOptions): Promise<Map<string, Blob>> {
  const { training = false, ...call } = given(options, { ...long, training: flag }, "files");
  return await remote.call("files", [training], call);
}

export async function save(remote: Remote, target: Target, options?: SaveOptions): Promise<void> {
  const { training = false, ...call } = given(options, { ...long, training: flag }, "save");
  await remote.call("save", [crossingTarget(target, "save"), training], call);
}
