// A model's files: where it is loaded from, and what it gives out.
//
// In: a source, or a model's remote. Out: the source in the form that crosses, or files by name.

import { GriotError } from "./errors.js";
import { argument, given, long, object } from "./options.js";
import type { Source } from "./places/source.js";
import type { CallOptions } from "./platform.js";
import type { Remote } from "./remote.js";

/** Only files in memory for now. */
export function filesOf(source: Source): unknown {
  const refused = (what: string) => new GriotError("unsupported", `Model.load: ${what} is not there yet`, { hint: "give the files: File[], or their contents by name" });
  if (source instanceof URL) throw refused("a URL as the source");
  if (typeof source === "string") throw refused(/^(opfs|hub):/.test(source) ? `a source "${source.slice(0, 4)}:"` : "a URL as the source");
  argument(source, object, "the source", "Model.load");
  if ("getFileHandle" in source) throw refused("a FileSystemDirectoryHandle as the source");
  return source;
}

export async function files(remote: Remote, options?: CallOptions): Promise<Map<string, Blob>> {
  return await remote.call("files", [], given(options, long, "files"));
}
