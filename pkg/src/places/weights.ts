// The weights of a place on their way to the wasm: all headers first, then all bytes.
//
// In: a place. Out: the files that hold the weights, and the documents that the job of loading takes. A header is looked at only to know how
// long it is; what it says is judged by the core. No file is ever held whole.

import type { Documents } from "../corpus.js";
import { GriotError } from "../errors.js";
import { isPlainName, textOf, type Bytes, type LongFile, type Place } from "./place.js";

/** One file of weights, with its first bytes: the header's length and the header. */
export interface WeightsFile {
  name: string;
  size: number;
  header: Bytes;
  file: LongFile;
}

/** A header may not be longer; the reader refuses it then. */
const HEADER = 100_000_000;

/** The weights of a place: one file, or the shards that an index names. */
export async function openWeights(place: Place): Promise<WeightsFile[]> {
  const one = await place.open("model.safetensors");
  if (one !== undefined) return [await opened("model.safetensors", one)];
  const index = await textOf(place, "model.safetensors.index.json");
  if (index === undefined) throw place.missing("model.safetensors");
  const files: WeightsFile[] = [];
  for (const name of shards(index)) {
    const shard = await place.open(name);
    if (shard === undefined) throw place.missing(name);
    files.push(await opened(name, shard));
  }
  return files;
}

/** The text of `training.json` beside weights that no network brings; the moments that belong to it join `files`. */
export async function openTraining(place: Place, files: WeightsFile[]): Promise<string | undefined> {
  // Elsewhere nobody keeps one, and asking would be an address that is not there.
  if (place.isRemote) return undefined;
  const training = await textOf(place, "training.json");
  if (training === undefined) return undefined;
  const moments = await place.open("training.safetensors");
  if (moments === undefined) throw place.missing("training.safetensors");
  files.push(await opened("training.safetensors", moments));
  return training;
}

function shards(index: string): string[] {
  const bad = (what: string) => new GriotError("bad-file", `model.safetensors.index.json ${what}`);
  let map: unknown;
  try {
    map = (JSON.parse(index) as { weight_map?: unknown } | null)?.weight_map;
  } catch (thrown) {
    throw bad(`is not JSON: ${String(thrown)}`);
  }
  if (typeof map !== "object" || map === null) throw bad('has no "weight_map"');
  const names = [...new Set(Object.values(map))].sort();
  for (const name of names) if (typeof name !== "string" || !isPlainName(name)) throw bad(`names ${JSON.stringify(name)}, which is no file beside it`);
  return names as string[];
}

async function opened(name: string, file: LongFile): Promise<WeightsFile> {
  const first = await file.first(8);
  const length = first.length < 8 ? 0 : Number(new DataView(first.buffer, first.byteOffset).getBigUint64(0, true));
  const isSane = length <= HEADER && 8 + length <= (file.size ?? Infinity);
  const header = isSane ? await file.first(8 + length) : first;
  return { name, size: file.size ?? sizeBy(header), header, file };
}

/** The size that a header tells, where nobody else does. */
function sizeBy(header: Bytes): number {
  let end = 0;
  try {
    const entries = JSON.parse(new TextDecoder().decode(header.subarray(8))) as Record<string, { data_offsets?: [number, number] }>;
    for (const { data_offsets } of Object.values(entries)) end = Math.max(end, data_offsets?.[1] ?? 0);
  } catch {
    // It is no header: the core will say so.
  }
  return header.length + end;
}

/** Bytes that are yet to be brought here. */
export const toCome = (files: WeightsFile[]): number => files.reduce((sum, { file, size }) => sum + (file.isHere ? 0 : size), 0);

/** What the job of loading takes: `{ name, size, header }` of every file, then `{ file, bytes }`, file by file. */
export function documentsOf(files: WeightsFile[]): Documents & { end(): Promise<void> } {
  const all = documents(files);
  return {
    next: async () => (await all.next()).value ?? undefined,
    restart: () => {},
    end: async () => void (await all.return()),
  };
}

async function* documents(files: WeightsFile[]): AsyncGenerator<unknown[], void> {
  yield files.map(({ name, size, header }) => ({ name, size, header }));
  // The job has taken a piece by the time that it asks for the next one.
  for (const [file, { size, file: long }] of files.entries()) for await (const bytes of long.pieces(size)) yield [{ file, bytes }];
}
