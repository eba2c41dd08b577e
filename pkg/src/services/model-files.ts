// A model's files on the host's side: from a place into the wasm, and out of it as blobs.

import type { Documents } from "../corpus.js";
import type { Job } from "../door.js";
import { GriotError } from "../errors.js";
import type { Service } from "../host.js";
import type { Place } from "../places/source.js";

/** What the wasm's model offers for them. */
export interface DoorFiles {
  files(): Job;
}

interface Files {
  config: string;
  weights: Uint8Array<ArrayBuffer>[];
  generation?: string;
  tokenizer?: string;
  tokenizerConfig?: string;
}

/** Bytes of a weights file that are read at a time. */
const CHUNK = 1 << 22;

/** A header may not be longer; the reader refuses it then. */
const HEADER = 100_000_000;

/** The weights: one file, or the shards that an index names. */
export async function weights(place: Place, signal: AbortSignal): Promise<{ name: string; blob: Blob }[]> {
  const one = await place.read("model.safetensors", signal);
  if (one !== undefined) return [{ name: "model.safetensors", blob: one }];
  const index = await (await place.read("model.safetensors.index.json", signal))?.text();
  if (index === undefined) throw new GriotError("bad-file", `there is no model.safetensors in ${place.name}`);
  const names = new Set(Object.values((JSON.parse(index) as { weight_map?: Record<string, string> }).weight_map ?? {}));
  return await Promise.all(
    [...names].sort().map(async (name) => {
      const blob = await place.read(name, signal);
      if (blob === undefined) throw new GriotError("bad-file", `model.safetensors.index.json names ${name}, which is not in ${place.name}`);
      return { name, blob };
    }),
  );
}

async function* contents(files: { name: string; blob: Blob }[]): AsyncGenerator<unknown[], undefined> {
  const bytes = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
  for (const { name, blob } of files) {
    const first = await bytes(blob.slice(0, 8));
    const length = first.length < 8 ? 0 : Math.min(Number(new DataView(first.buffer).getBigUint64(0, true)), HEADER);
    yield [{ name, size: blob.size, header: await bytes(blob.slice(0, 8 + length)) }];
  }
  for (const [file, { blob }] of files.entries()) {
    for (let at = 0; at < blob.size; at += CHUNK) yield [{ file, bytes: await bytes(blob.slice(at, at + CHUNK)) }];
  }
}

/** All headers, then all bytes, as documents of the job of loading. */
export function documents(files: { name: string; blob: Blob }[]): Documents {
  const all = contents(files);
  return { next: async () => (await all.next()).value, restart: () => {} };
}

function named({ config, weights, generation, tokenizer, tokenizerConfig }: Files): Map<string, Blob> {
  const texts = { "config.json": config, "generation_config.json": generation, "tokenizer.json": tokenizer, "tokenizer_config.json": tokenizerConfig };
  const all = new Map<string, Blob>([["model.safetensors", new Blob(weights)]]);
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) all.set(name, new Blob([text], { type: "application/json" }));
  return all;
}

export const files: Service = {
  files: ({ drive }, it: DoorFiles) => drive({ job: it.files(), finish: named }),
};
