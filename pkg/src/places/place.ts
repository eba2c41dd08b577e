// What every place has in common: a folder that files are read from.
//
// A place is opened once for a load and closed at its end, however it ended. Short files (configs, tokenizers) are read whole; weights are
// long files: their first bytes are looked at, then all bytes pass in pieces. It refuses to know what the files mean.

import { GriotError } from "../errors.js";
import { giveBack, PIECE } from "./pieces.js";

/** Bytes as they pass between places and the wasm: over a buffer of their own. TypeScript before 5.7 cannot say so by name. */
export type Bytes = ReturnType<typeof Uint8Array.from>;

/** A file that is never held whole. */
export interface LongFile {
  /** Its bytes, where the place knows how many there are. */
  readonly size: number | undefined;
  /** Whether it is on this machine; what is not may have to be kept there first. */
  readonly isHere: boolean;
  /** Its first bytes; fewer where it is shorter. */
  first(count: number): Promise<Bytes>;
  /** All of its `size` bytes, in pieces. A piece stays as it is until the next but one is asked for. */
  pieces(size: number): AsyncGenerator<Bytes, void>;
}

/** A folder that files are read from. */
export interface Place {
  /** What it is called in messages. */
  readonly name: string;
  /** Whether its files are asked for over a network: nothing is asked for there that may as well be absent. */
  readonly isRemote: boolean;
  /** A short file, or undefined where there is none. */
  read(file: string): Promise<Blob | undefined>;
  /** A long file, or undefined where there is none. */
  open(file: string): Promise<LongFile | undefined>;
  /** Why a file that must be there is not. */
  missing(file: string): GriotError;
  /** All files are known; `bytes` of those that are not here will come now. */
  ready(bytes: number): Promise<void>;
  /** The load ended: well, or with an error. */
  close(error?: unknown): Promise<void>;
}

/** The text of a short file. */
export async function textOf(place: Place, file: string): Promise<string | undefined> {
  return await (await place.read(file))?.text();
}

/** The text of a short file that must be there. */
export async function textOfRequired(place: Place, file: string): Promise<string> {
  const text = await textOf(place, file);
  if (text === undefined) throw place.missing(file);
  return text;
}

/** A long file of a Blob. */
export function ofBlob(blob: Blob): LongFile {
  const bytes = async (from: number, to: number) => new Uint8Array(await blob.slice(from, to).arrayBuffer());
  return {
    size: blob.size,
    isHere: true,
    first: (count) => bytes(0, count),
    async *pieces() {
      let before: Bytes | undefined;
      for (let at = 0; at < blob.size; at += PIECE) {
        const piece = await bytes(at, at + PIECE);
        yield piece;
        if (before !== undefined) giveBack(before);
        before = piece;
      }
    },
  };
}

/** A place whose files are Blobs that `find` knows. */
export function ofBlobs(name: string, find: (file: string) => Blob | undefined): Place {
  return {
    name,
    isRemote: false,
    read: async (file) => find(file),
    open: async (file) => {
      const blob = find(file);
      return blob && ofBlob(blob);
    },
    missing: (file) => notThere(file, name),
    ready: async () => {},
    close: async () => {},
  };
}

/** A file that must be in a place and is not. */
export const notThere = (file: string, place: string): GriotError => new GriotError("bad-file", `there is no ${file} in ${place}`);

/** Whether a name from a file can be the name of a file beside it. */
export const isPlainName = (name: string): boolean => /^[^/\\.:?#][^/\\:?#]{0,200}$/.test(name);

/** A long file as a Blob, for files that turn out to be short. */
export async function wholeOf(file: LongFile | undefined): Promise<Blob | undefined> {
  if (file?.size === undefined) return undefined;
  const pieces: Bytes[] = [];
  for await (const piece of file.pieces(file.size)) pieces.push(piece.slice());
  return new Blob(pieces);
}
