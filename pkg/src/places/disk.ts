// Folders of a disk, in Node and Deno.
//
// In: a `file:` URL. Out: a folder. A file is written under another name and moved to its own. The modules of Node are imported when they are
// first needed, by a name that bundlers for the browser do not follow. A disk that is full is `quota`.

import { GriotError } from "../errors.js";
import type { Folder, Part } from "./folder.js";
import { PIECE } from "./pieces.js";
import type { Bytes, LongFile } from "./place.js";

interface FileHandle {
  stat(): Promise<{ size: number; isFile(): boolean }>;
  read(into: Bytes, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

interface Disk {
  open(url: URL, flags: string): Promise<FileHandle>;
  readdir(url: URL): Promise<string[]>;
  stat(url: URL): Promise<{ isDirectory(): boolean }>;
  mkdir(url: URL, options: { recursive: true }): Promise<unknown>;
  rmdir(url: URL): Promise<void>;
  rename(from: URL, to: URL): Promise<void>;
  rm(url: URL, options: { recursive: true; force: true }): Promise<void>;
}

async function disk(): Promise<Disk> {
  const name = "node:fs/promises";
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as Disk;
  } catch {
    throw new GriotError("unsupported", "file: is the disk of Node or Deno, and there is none here", { hint: "give the files, or a FileSystemDirectoryHandle" });
  }
}

const codeOf = (thrown: unknown) => (thrown as { code?: string } | undefined)?.code;

/** Works on the disk; what fails is told with our codes. */
async function guarded<T>(url: URL, doing: "read" | "written", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof GriotError) throw thrown;
    const isFull = ["ENOSPC", "EDQUOT", "EFBIG"].includes(codeOf(thrown) ?? "");
    throw new GriotError(isFull ? "quota" : doing === "read" ? "download-failed" : "bad-input", `${url.href} cannot be ${doing}: ${String(thrown)}`);
  }
}

const isAbsent = (thrown: unknown) => ["ENOENT", "ENOTDIR"].includes(codeOf(thrown) ?? "");

/** The folder of a URL; it is made when something is first written. */
export async function ofDisk(url: URL): Promise<Folder & { undo(): Promise<void> }> {
  const fs = await disk();
  const isThere = (folder: URL) => fs.stat(folder).then((found) => found.isDirectory(), () => false);
  const wasThere = await isThere(url);
  const at = (name: string) => new URL(encodeURIComponent(name), url);
  return {
    name: url.href,
    names: () => guarded(url, "read", () => fs.readdir(url).catch((thrown: unknown) => (isAbsent(thrown) ? [] : Promise.reject(thrown)))),
    open: (file) => guarded(at(file), "read", () => open(fs, at(file))),
    async within(name, create) {
      const inner = new URL(`${encodeURIComponent(name)}/`, url);
      return create || (await isThere(inner)) ? await ofDisk(inner) : undefined;
    },
    begin: (file) =>
      guarded(at(file), "written", async () => {
        await fs.mkdir(url, { recursive: true });
        return await begin(fs, at(file));
      }),
    /** Removes the folder if it is new and empty. */
    undo: async () => (wasThere ? undefined : await fs.rmdir(url).catch(() => {})),
    remove: (name) => guarded(at(name), "written", () => fs.rm(at(name), { recursive: true, force: true })),
  };
}

async function open(fs: Disk, url: URL): Promise<LongFile | undefined> {
  let size: number;
  const opened = () => fs.open(url, "r");
  try {
    const handle = await opened();
    const found = await handle.stat().finally(() => handle.close());
    if (!found.isFile()) return undefined;
    size = found.size;
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
  async function* pieces(to: number, piece: number): AsyncGenerator<Bytes, void> {
    const handle = await opened();
    // Two buffers take turns.
    let [next, other] = [new Uint8Array(Math.min(piece, to)), new Uint8Array(Math.min(piece, to))];
    try {
      for (let from = 0; from < to; ) {
        const bytes = next.subarray(0, Math.min(piece, to - from));
        [next, other] = [other, next];
        const { bytesRead } = await guarded(url, "read", () => handle.read(bytes, 0, bytes.length, from));
        if (bytesRead === 0) return; // it became shorter; who reads it counts
        from += bytesRead;
        yield bytes.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }
  return {
    size,
    isHere: true,
    async first(count) {
      for await (const piece of pieces(Math.min(count, size), Math.max(1, count))) return piece;
      return new Uint8Array(0);
    },
    pieces: () => pieces(size, PIECE),
  };
}

async function begin(fs: Disk, url: URL): Promise<Part> {
  const part = new URL(`${url.href}.part`);
  const handle = await fs.open(part, "w");
  let isOpen = true;
  const close = async () => {
    if (isOpen) await handle.close();
    isOpen = false;
  };
  return {
    write: (bytes) =>
      guarded(url, "written", async () => {
        for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
      }),
    keep: () =>
      guarded(url, "written", async () => {
        await handle.sync();
        await close();
        await fs.rename(part, url);
      }),
    async drop() {
      await close();
      await fs.rm(part, { recursive: true, force: true });
    },
  };
}
