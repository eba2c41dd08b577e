// Downloads that are kept: what was loaded once is there without a network.
//
// In: a place over HTTP. Out: a place that reads the same. What is kept is read from the browser's storage and not asked for again, also that a
// file does not exist, until it is removed; what is not yet kept is written while it passes. A load that fails takes back what it wrote.

import { GriotError } from "../errors.js";
import { ofHandle, type Handle } from "./handle.js";
import type { HttpPlace } from "./http.js";
import { locked } from "./lock.js";
import { ofBlob, wholeOf, type LongFile, type Place } from "./place.js";
import type { Part } from "./folder.js";
import { downloadFolder, readDownload, removeDownload, room, type Download } from "./opfs.js";

/** A place over what is kept of an address, and the address; nothing is written. */
export async function glance(http: HttpPlace): Promise<Place> {
  const known = await downloadFolder(http.folder.href, false);
  const find = known && (await finder(known, http.name));
  return {
    name: http.name,
    isRemote: true,
    missing: (file) => http.missing(file),
    async read(file) {
      const here = await find?.(file);
      return here === undefined ? await http.read(file) : await wholeOf(here ?? undefined);
    },
    async open(file) {
      const here = await find?.(file);
      return here === undefined ? await http.open(file) : (here ?? undefined);
    },
    ready: async () => {},
    close: async () => {},
  };
}

/** A place over a download and its address. One load at a time has it; the next one finds what the first has brought. */
export async function kept(http: HttpPlace): Promise<Place> {
  const release = await locked(`griot ${http.name}`, http.signal);
  try {
    return await keeping(http, release);
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** Finds files as they are kept in a folder; `null`: it is known not to exist. */
async function finder(known: Handle, url: string): Promise<(file: string) => Promise<LongFile | null | undefined>> {
  const files = (await readDownload(known))?.files ?? {};
  const folder = ofHandle(url, known);
  return async (file) => {
    const size = Object.hasOwn(files, file) ? files[file] : undefined;
    if (size === null) return null;
    const found = size === undefined ? undefined : await folder.open(file);
    return found?.size === size ? found : undefined;
  };
}

async function keeping(http: HttpPlace, release: () => void): Promise<Place> {
  const url = http.folder.href;
  const known = await downloadFolder(url, false);
  const before: Download["files"] = (known && (await readDownload(known))?.files) ?? {};
  const fresh: Download["files"] = {};
  const find = known && (await finder(known, url));

  /** Begins a file. What is half written need not be hidden: `download.json` tells which files are whole. */
  const begin = async (file: string, inPlace: boolean): Promise<Part> => {
    const handle = await downloadFolder(url, true).catch(hint);
    if (handle === undefined) throw new GriotError("internal", "a folder that was made is not there");
    const part = await ofHandle(url, handle, inPlace).begin(file).catch(hint);
    return { write: (bytes) => part.write(bytes).catch(hint), keep: () => part.keep().catch(hint), drop: () => part.drop() };
  };
  const put = async (file: string, blob: Blob, inPlace: boolean) => {
    const part = await begin(file, inPlace);
    try {
      for await (const piece of ofBlob(blob).pieces(blob.size)) await part.write(piece);
    } catch (thrown) {
      await part.drop();
      throw thrown;
    }
    await part.keep();
  };
  const tell = async () => await put("download.json", new Blob([JSON.stringify({ url, files: { ...before, ...fresh } } satisfies Download)]), false);

  return {
    name: http.name,
    isRemote: true,
    missing: (file) => http.missing(file),
    async read(file) {
      const here = await find?.(file);
      if (here === null) return undefined;
      if (here !== undefined) return await wholeOf(here);
      const blob = await http.read(file);
      fresh[file] = null;
      if (blob === undefined) return undefined;
      fresh[file] = blob.size;
      await put(file, blob, true);
      return blob;
    },
    async open(file): Promise<LongFile | undefined> {
      const here = await find?.(file);
      if (here === null) return undefined;
      if (here !== undefined) return here;
      const long = await http.open(file);
      if (long !== undefined) return writing(long, () => begin(file, true), (size) => void (fresh[file] = size));
      fresh[file] = null;
      return undefined;
    },
    async ready(bytes) {
      if (bytes > 0) await room(bytes, `keeping ${url}`).catch(hint);
    },
    async close(error) {
      try {
        await settle(error);
      } finally {
        release();
      }
    },
  };

  async function settle(error: unknown): Promise<void> {
    if (error === undefined) {
      // Who loads has what he wants, also where the list of it no longer finds room.
      if (Object.keys(fresh).length > 0) await tell().catch(() => removeDownload(url));
      return;
    }
    // Perhaps what is kept is what was wrong: the next load asks for all of it again.
    const isWrong = error instanceof GriotError && ["integrity", "bad-file"].includes(error.code);
    if (known === undefined || isWrong || Object.keys(before).length === 0) return await removeDownload(url);
    for (const file of Object.keys(fresh)) if (!Object.hasOwn(before, file)) await ofHandle(url, known).remove(file);
  }
}

/** A long file that is written while it passes. */
function writing(long: LongFile, begin: () => Promise<Part>, done: (size: number) => void): LongFile {
  return {
    size: long.size,
    isHere: false,
    first: (count) => long.first(count),
    async *pieces(size) {
      const part = await begin();
      let [written, isWhole] = [Promise.resolve(), false];
      try {
        for await (const piece of long.pieces(size)) {
          await written;
          written = part.write(piece);
          written.catch(() => {}); // it is awaited before the next piece
          yield piece;
        }
        await written;
        await part.keep();
        done(size);
        isWhole = true;
      } finally {
        if (!isWhole) await part.drop();
      }
    },
  };
}

/** Adds to the hint of a storage that is full what one can do without it. */
function hint(thrown: unknown): never {
  if (!(thrown instanceof GriotError) || thrown.code !== "quota") throw thrown;
  throw new GriotError(thrown.code, thrown.message, { hint: `${thrown.hint ?? ""}; cache: false loads without keeping`, details: thrown.details });
}
