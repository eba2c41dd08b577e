// Where the files of a model or a tokenizer are read from.
//
// In: a source in the form in which it crossed. Out: a place that reads files by name. Nothing is fetched but files of the address given.

import { GriotError } from "../errors.js";
import { glance, kept } from "./cache.js";
import type { Reading } from "./crossing.js";
import { ofDisk } from "./disk.js";
import { placeOfFolder } from "./folder.js";
import { ofHandle, type Handle } from "./handle.js";
import { HttpPlace } from "./http.js";
import { digests, verified } from "./integrity.js";
import { hasOpfs, modelFolder } from "./opfs.js";
import { ofBlobs, type Place } from "./place.js";

const HUB = "https://huggingface.co";

/** What a place is opened for: a look at it keeps nothing. */
export type Use = "load" | "look";

/** Opens a source that crossed. */
export async function openSource(source: unknown, hub: string | undefined, signal: AbortSignal, { integrity, cache }: Reading, where: string, use: Use = "load"): Promise<Place> {
  const wanted = integrity && digests(integrity, where);
  const place = await open(source, hub, signal, cache, where, use);
  return wanted === undefined ? place : verified(place, wanted, true);
}

async function open(source: unknown, hub: string | undefined, signal: AbortSignal, cache: boolean | undefined, where: string, use: Use): Promise<Place> {
  const url = addressOf(source, hub);
  if (url !== undefined && /^https?:$/.test(url.protocol)) {
    if (cache === true && !hasOpfs()) throw new GriotError("unsupported", `${where}: option "cache": there is no storage of a browser here`);
    const keeps = cache !== false && hasOpfs();
    const http = new HttpPlace(url, signal, keeps);
    if (!keeps) return http;
    return use === "look" ? await glance(http) : await kept(http);
  }
  if (cache === true) throw new GriotError("bad-option", `${where}: option "cache" is for URLs, and the source is none`);
  if (url !== undefined) {
    if (url.protocol === "file:") return await placeOfFolder(await ofDisk(url));
    throw new GriotError("bad-input", `${where}: ${url.href} cannot be read`, { hint: 'give a URL that begins with https:, http: or file:, "opfs:name" or "hub:owner/name"' });
  }
  if (typeof source === "string") {
    const folder = await modelFolder(source.slice("opfs:".length), false);
    if (folder === undefined) throw new GriotError("bad-input", `there is no "${source}"`, { hint: "storage.list() tells what there is" });
    return await placeOfFolder(ofHandle(source, folder));
  }
  if ("getFileHandle" in (source as object)) return await placeOfFolder(ofHandle("the folder given", source as Handle));
  const files = Object.entries(source as Record<string, Blob>);
  // A picked folder's files come with their paths; the one that lies highest is meant.
  const inFolder = (name: string) => files.filter(([path]) => path === name || path.endsWith(`/${name}`)).sort(([a], [b]) => a.split("/").length - b.split("/").length);
  return ofBlobs("the files given", (name) => inFolder(name)[0]?.[1]);
}

/** The address that a source stands for, where it stands for one. */
export function addressOf(source: unknown, hub: string | undefined): URL | undefined {
  if (typeof source !== "string" || source.startsWith("opfs:")) return undefined;
  return source.startsWith("hub:") ? hubUrl(source, hub ?? HUB) : folderUrl(source);
}

/** The address of a folder: with a slash at its end. */
function folderUrl(source: string): URL {
  let url: URL;
  try {
    url = new URL(source);
  } catch {
    throw new GriotError("bad-input", `"${source}" is not a URL`);
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.hash = "";
  return url;
}

function hubUrl(source: string, hub: string): URL {
  const parts = /^hub:([\w.-]+\/[\w.-]+?)(?:@([\w./-]+))?$/.exec(source);
  if (parts === null) throw new GriotError("bad-input", `"${source}" does not name a model`, { hint: "hub:owner/name or hub:owner/name@revision" });
  let base: URL;
  try {
    base = folderUrl(hub);
  } catch {
    throw new GriotError("bad-option", `configure: option "hub": "${hub}" is not a URL`);
  }
  return new URL(`${parts[1]}/resolve/${encodeURIComponent(parts[2] ?? "main")}/`, base);
}
