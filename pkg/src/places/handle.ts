// Folders of the browser: its own storage, or a folder that the visitor picked.
//
// In: a directory handle. Out: a folder. A file is written into a swap file that takes its place when it is closed. A storage that is full is
// `quota`, a permission that is not given `bad-input`.

import { GriotError } from "../errors.js";
import type { Folder, Part } from "./folder.js";
import { ofBlob, type Bytes } from "./place.js";

export type Handle = globalThis.FileSystemDirectoryHandle;

interface Listing {
  keys(): AsyncIterable<string>;
}

/** The error that the platform's stands for. */
export function faultOf(thrown: unknown, name: string): unknown {
  const fault = (thrown as Error | undefined)?.name;
  if (fault === "QuotaExceededError") return new GriotError("quota", `${name} cannot be written: the storage is full`, { hint: "storage.list() tells what is kept, storage.remove(name) frees it" });
  if (fault === "NotAllowedError") return new GriotError("bad-input", `${name} may not be used: the permission was not given`, { hint: "ask for it with requestPermission() in answer to a click" });
  return thrown;
}

/** What `find` gives, or undefined where there is nothing of the name. */
export async function perhaps<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (thrown) {
    if (["NotFoundError", "TypeMismatchError"].includes((thrown as Error).name)) return undefined;
    throw thrown;
  }
}

/** A folder over a handle. `inPlace`: what is half written need not be hidden, and files are written where they are, which is twice as fast. */
export function ofHandle(name: string, handle: Handle, inPlace = false): Folder {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      throw faultOf(thrown, name);
    }
  };
  return {
    name,
    names: () =>
      guarded(async () => {
        const names: string[] = [];
        for await (const one of (handle as unknown as Listing).keys()) names.push(one);
        return names;
      }),
    open: (file) =>
      guarded(async () => {
        const found = await perhaps(async () => (await handle.getFileHandle(file)).getFile());
        return found && ofBlob(found);
      }),
    within: (inner, create) =>
      guarded(async () => {
        const found = create ? await handle.getDirectoryHandle(inner, { create }) : await perhaps(() => handle.getDirectoryHandle(inner));
        return found && ofHandle(`${name}/${inner}`, found);
      }),
    begin: (file) => guarded(async () => (inPlace && (await beginInPlace(handle, file, `${name}/${file}`))) || (await begin(handle, file, `${name}/${file}`))),
    remove: (inner) => guarded(async () => void (await perhaps(() => handle.removeEntry(inner, { recursive: true })))),
  };
}

/** What a worker is given to write a file where it is; the DOM's types know it only in workers. */
interface Access {
  truncate(size: number): void;
  write(bytes: Uint8Array): number;
  flush(): void;
  close(): void;
}

/** Begins a file where it is; undefined where that is not possible: outside of workers, or while somebody else has the file open. */
async function beginInPlace(folder: Handle, file: string, name: string): Promise<Part | undefined> {
  const handle = (await folder.getFileHandle(file, { create: true })) as FileSystemFileHandle & { createSyncAccessHandle?(): Promise<Access> };
  const access = await handle.createSyncAccessHandle?.().catch(() => undefined);
  if (access === undefined) return undefined;
  access.truncate(0);
  return {
    async write(bytes) {
      try {
        if (access.write(bytes) < bytes.length) throw new DOMException("", "QuotaExceededError");
      } catch (thrown) {
        throw faultOf(thrown, name);
      }
    },
    async keep() {
      access.flush();
      access.close();
    },
    async drop() {
      access.close();
      await perhaps(() => folder.removeEntry(file));
    },
  };
}

async function begin(folder: Handle, file: string, name: string): Promise<Part> {
  const isNew = (await perhaps(() => folder.getFileHandle(file))) === undefined;
  const handle = await folder.getFileHandle(file, { create: true });
  const drop = async () => {
    if (isNew) await perhaps(() => folder.removeEntry(file));
  };
  if (!("createWritable" in handle)) {
    await drop();
    throw new GriotError("unsupported", `${name} cannot be written: this browser writes no files from here`);
  }
  const stream = await handle.createWritable();
  const guarded = async (work: Promise<void>) => {
    try {
      await work;
    } catch (thrown) {
      throw faultOf(thrown, name);
    }
  };
  return {
    write: (bytes) => guarded(stream.write(bytes as Bytes)),
    keep: () => guarded(stream.close()),
    async drop() {
      await stream.abort().catch(() => {}); // it failed already
      await drop();
    },
  };
}
