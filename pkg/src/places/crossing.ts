// Sources and targets on the caller's side.
//
// In: a source or a target as the caller gave it. Out: the form that crosses to the host's side. Addresses are made absolute here; what they
// hold is the host's concern.

import { GriotError } from "../errors.js";

/**
 * A URL of a folder, `"opfs:name"`, `"hub:owner/name[@revision]"`, a directory handle, files, or their contents by name.
 */
export type Source = URL | string | FileSystemDirectoryHandle | File[] | Record<string, Blob | ArrayBuffer | string>;

/** `"opfs:name"`, a directory handle, or (Node, Deno) a `file:` URL. */
export type Target = URL | string | FileSystemDirectoryHandle;

/** How a place is read. */
export interface Reading {
  /** SHA-256 by file: `sha256-` and base64. A file that differs is `integrity`. */
  integrity?: Record<string, string> | undefined;
  /** Whether what is downloaded is kept in the browser's storage; true for URLs. */
  cache?: boolean | undefined;
}

/** Whether something given is a source and no config, which says what type of model it is. */
export const isSource = (what: unknown): what is Source => !(typeof what === "object" && what !== null && "model_type" in what);

/** A source in the form that crosses: relative addresses belong to the caller, contents are Blobs, which are not copied on their way. */
export function crossingSource(source: unknown, where: string): unknown {
  if (source instanceof URL) return source.href;
  if (typeof source === "string") return /^(opfs|hub):/.test(source) ? source : absolute(source, where);
  if (Array.isArray(source)) {
    if (!source.every((file) => file instanceof Blob && "name" in file)) throw new GriotError("bad-input", `${where}: an array as the source must hold files`);
    // A file's path does not survive the crossing.
    return Object.fromEntries((source as File[]).map((file) => [file.webkitRelativePath || file.name, file]));
  }
  if (typeof source !== "object" || source === null) {
    throw new GriotError("bad-input", `${where}: a source is a URL, a folder, files, or their contents by name`);
  }
  if ("getFileHandle" in source) return source;
  const blob = ([name, content]: [string, unknown]): [string, Blob] => {
    if (content instanceof Blob) return [name, content];
    if (typeof content === "string" || content instanceof ArrayBuffer || ArrayBuffer.isView(content)) return [name, new Blob([content as BlobPart])];
    throw new GriotError("bad-input", `${where}: ${name} must be a Blob, an ArrayBuffer or a string`);
  };
  return Object.fromEntries(Object.entries(source).map(blob));
}

function absolute(source: string, where: string): string {
  const base = typeof location === "undefined" || location.protocol === "blob:" ? undefined : location.href;
  try {
    return new URL(source, base).href;
  } catch {
    throw new GriotError("bad-input", `${where}: "${source}" is not a URL`, { hint: 'give an absolute URL of a folder, "opfs:name" or "hub:owner/name"' });
  }
}

/** A target in the form that crosses. */
export function crossingTarget(target: unknown, where: string): unknown {
  if (typeof target === "object" && target !== null && "getDirectoryHandle" in target) return target;
  const text = target instanceof URL ? target.href : target;
  if (typeof text === "string" && /^opfs:|^file:\/\//.test(text)) return text;
  throw new GriotError("bad-input", `${where}: the target must be "opfs:name", a directory handle or a file: URL`);
}
