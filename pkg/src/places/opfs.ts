// The browser's own storage: `opfs:name` is a folder there, one per model.
//
// In: names. Out: folder handles, and what there is. Elsewhere than in a browser everything is `unsupported`.

import { GriotError } from "../errors.js";

/** One model that is kept. */
export interface Stored {
  name: string;
  bytes: number;
  modified: Date;
}

interface Listing {
  entries(): AsyncIterable<[string, FileSystemHandle]>;
}

/** The folder that holds all models; `create` makes it where there is none. */
async function models(create: boolean): Promise<globalThis.FileSystemDirectoryHandle | undefined> {
  if (typeof navigator === "undefined" || navigator.storage?.getDirectory === undefined) {
    throw new GriotError("unsupported", "opfs: is the storage of a browser, and there is none here", { hint: "give a file: URL, or the files" });
  }
  const root = await navigator.storage.getDirectory();
  return await within(await within(root, "griot", create), "models", create);
}

async function within(folder: globalThis.FileSystemDirectoryHandle | undefined, name: string, create: boolean): Promise<globalThis.FileSystemDirectoryHandle | undefined> {
  try {
    return await folder?.getDirectoryHandle(name, { create });
  } catch (thrown) {
    if (!create && (thrown as Error).name === "NotFoundError") return undefined;
    throw thrown;
  }
}

/** A name that can be a folder's: no separators, not hidden. */
function checked(name: string): string {
  if (!/^[^/\\.][^/\\]{0,200}$/.test(name)) throw new GriotError("bad-input", `"opfs:${name}" is not a name of one model`, { hint: "one word without slashes" });
  return name;
}

/** The folder of a model, or undefined where there is none. */
export async function modelFolder(name: string, create: boolean): Promise<globalThis.FileSystemDirectoryHandle | undefined> {
  return await within(await models(create), checked(name), create);
}

/** All models that are kept, by name. */
export async function list(): Promise<Stored[]> {
  const folder = await models(false);
  const stored: Stored[] = [];
  if (folder === undefined) return stored;
  for await (const [name, handle] of (folder as unknown as Listing).entries()) {
    if (handle.kind !== "directory") continue;
    const { bytes, modified } = await weigh(handle as globalThis.FileSystemDirectoryHandle);
    stored.push({ name, bytes, modified: new Date(modified) });
  }
  return stored.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function weigh(folder: globalThis.FileSystemDirectoryHandle): Promise<{ bytes: number; modified: number }> {
  let [bytes, modified] = [0, 0];
  for await (const [, handle] of (folder as unknown as Listing).entries()) {
    const inside =
      handle.kind === "directory"
        ? await weigh(handle as globalThis.FileSystemDirectoryHandle)
        : await (handle as FileSystemFileHandle).getFile().then((file) => ({ bytes: file.size, modified: file.lastModified }));
    bytes += inside.bytes;
    modified = Math.max(modified, inside.modified);
  }
  return { bytes, modified };
}

/** Removes a model; one that is not there is removed already. */
export async function remove(name: string): Promise<void> {
  const folder = await models(false);
  try {
    await folder?.removeEntry(checked(name), { recursive: true });
  } catch (thrown) {
    if ((thrown as Error).name !== "NotFoundError") throw thrown;
  }
}
