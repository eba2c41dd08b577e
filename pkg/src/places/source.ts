// Where the files of a model or a tokenizer are read from.
//
// In: a source as the caller gave it. Out: a place that reads a file by name, or says that it is not there.
// Runs on the host's side; addresses were made absolute on the caller's. Nothing is fetched but files of the address given.

import { GriotError } from "../errors.js";
import { modelFolder } from "./opfs.js";

/**
 * A URL of a folder, `"opfs:name"`, `"hub:owner/name[@revision]"`, a directory handle, files, or their contents by name.
 */
export type Source = URL | string | FileSystemDirectoryHandle | File[] | Record<string, Blob | ArrayBuffer | string>;

/** A folder that files are read from. */
export interface Place {
  /** What the place is called in messages. */
  readonly name: string;
  /** The file, or undefined where there is none. */
  read(file: string, signal?: AbortSignal): Promise<Blob | undefined>;
}

const HUB = "https://huggingface.co";

/** A source in the form that crosses: relative addresses belong to the caller. */
export function crossingSource(source: unknown, where: string): unknown {
  if (source instanceof URL) return source.href;
  if (typeof source !== "string" || /^(opfs|hub):/.test(source)) return source;
  const base = typeof location === "undefined" || location.protocol === "blob:" ? undefined : location.href;
  try {
    return new URL(source, base).href;
  } catch {
    throw new GriotError("bad-input", `${where}: "${source}" is not a URL`, { hint: 'give an absolute URL of a folder, "opfs:name" or "hub:owner/name"' });
  }
}

/** Opens a source. */
export async function openSource(source: unknown, hub: string | undefined): Promise<Place> {
  if (typeof source === "string") {
    if (source.startsWith("opfs:")) {
      const folder = await modelFolder(source.slice("opfs:".length), false);
      if (folder === undefined) throw new GriotError("bad-input", `there is no "${source}"`, { hint: "storage.list() tells what there is" });
      return ofFolder(source, folder);
    }
    if (source.startsWith("hub:")) return ofUrl(hubUrl(source, hub ?? HUB));
    return ofUrl(new URL(source.endsWith("/") ? source : `${source}/`));
  }
  if (Array.isArray(source)) {
    const files = source as File[];
    const inFolder = (path: string, name: string) => path === name || path.endsWith(`/${name}`);
    return {
      name: "the files given",
      read: async (name) => files.find((file) => inFolder(file.webkitRelativePath || file.name, name)),
    };
  }
  if (typeof source === "object" && source !== null) {
    if ("getFileHandle" in source) return ofFolder("the folder given", source as globalThis.FileSystemDirectoryHandle);
    const contents = source as Record<string, Blob | ArrayBuffer | string>;
    return {
      name: "the files given",
      read: async (name) => (Object.hasOwn(contents, name) ? toBlob(contents[name] as Blob | ArrayBuffer | string) : undefined),
    };
  }
  throw new GriotError("bad-input", "a source is a URL, a folder, files, or their contents by name");
}

const toBlob = (content: Blob | ArrayBuffer | string): Blob => (content instanceof Blob ? content : new Blob([content]));

function hubUrl(source: string, hub: string): URL {
  const parts = /^hub:([\w.-]+\/[\w.-]+?)(?:@([\w./-]+))?$/.exec(source);
  if (parts === null) throw new GriotError("bad-input", `"${source}" does not name a model`, { hint: "hub:owner/name or hub:owner/name@revision" });
  return new URL(`${parts[1]}/resolve/${encodeURIComponent(parts[2] ?? "main")}/`, hub.endsWith("/") ? hub : `${hub}/`);
}

function ofFolder(name: string, folder: globalThis.FileSystemDirectoryHandle): Place {
  return {
    name,
    read: async (file) => {
      try {
        return await (await folder.getFileHandle(file)).getFile();
      } catch (thrown) {
        if ((thrown as Error).name === "NotFoundError") return undefined;
        throw thrown;
      }
    },
  };
}

function ofUrl(folder: URL): Place {
  const read: Place["read"] = folder.protocol === "file:" ? (file) => readFile(new URL(file, folder)) : (file, signal) => download(new URL(file, folder), signal);
  return { name: folder.href, read };
}

async function download(url: URL, signal: AbortSignal | undefined): Promise<Blob | undefined> {
  let response: Response;
  try {
    response = await fetch(url, { signal: (signal ?? null) as globalThis.AbortSignal | null });
    if (response.ok) return await response.blob();
  } catch (thrown) {
    if ((thrown as Error).name === "AbortError") throw thrown;
    throw new GriotError("download-failed", `${url.href} cannot be fetched: ${String(thrown)}`);
  }
  if (response.status === 404) return undefined;
  throw new GriotError("download-failed", `${url.href} cannot be fetched: ${response.status} ${response.statusText}`, { details: { status: response.status } });
}

/** A file of Node or Deno; the name is computed so that bundlers for the browser do not look for it. */
async function readFile(url: URL): Promise<Blob | undefined> {
  const name = "node:fs/promises";
  try {
    const fs = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as { readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> };
    return new Blob([await fs.readFile(url)]);
  } catch (thrown) {
    if ((thrown as { code?: string }).code === "ENOENT") return undefined;
    throw new GriotError("download-failed", `${url.href} cannot be read: ${String(thrown)}`);
  }
}
