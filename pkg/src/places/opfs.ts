// The browser's own storage: the models kept as `opfs:name`, and the downloads.
//
// In: names. Out: folders, and what there is. Models are folders in `griot/models`, downloads in `griot/downloads`, each with a
// `download.json` that tells its address. Elsewhere than in a browser everything is `unsupported`.

import { GriotError } from "../errors.js";
import { faultOf, perhaps, type Handle } from "./handle.js";
import { hex, Sha256 } from "./sha256.js";

/** One model, or one download, that is kept. */
export interface Stored {
  /** The model's name, or the address that was downloaded from. */
  name: string;
  bytes: number;
  modified: Date;
}

/** What a `download.json` tells: the files that are there whole with their sizes, and those that the address does not have. */
export interface Download {
  url: string;
  files: Record<string, number | null>;
}

interface Listing {
  entries(): AsyncIterable<[string, FileSystemHandle]>;
}

/** Whether there is a storage of the browser here. */
export const hasOpfs = (): boolean => typeof navigator !== "undefined" && navigator.storage?.getDirectory !== undefined;

/** One of the two folders; `create` makes it where there is none. */
async function part(name: "models" | "downloads", create: boolean): Promise<Handle | undefined> {
  if (!hasOpfs()) {
    throw new GriotError("unsupported", "opfs: is the storage of a browser, and there is none here", { hint: "give a file: URL, or the files" });
  }
  const root = await navigator.storage.getDirectory().catch(fail);
  return await within(await within(root, "griot", create), name, create);
}

async function within(folder: Handle | undefined, name: string, create: boolean): Promise<Handle | undefined> {
  return await perhaps(async () => await folder?.getDirectoryHandle(name, { create })).catch(fail);
}

const fail = (thrown: unknown): never => {
  throw faultOf(thrown, "opfs:");
};

/** A name that can be a folder's: no separators, not hidden. */
function checked(name: string): string {
  if (!/^[^/\\.][^/\\]{0,200}$/.test(name)) throw new GriotError("bad-input", `"opfs:${name}" is not a name of one model`, { hint: "one word without slashes" });
  return name;
}

/** The folder of a model, or undefined where there is none. */
export async function modelFolder(name: string, create: boolean): Promise<Handle | undefined> {
  return await within(await part("models", create), checked(name), create);
}

/** The folder of a download, or undefined where there is none. */
export async function downloadFolder(url: string, create: boolean): Promise<Handle | undefined> {
  return await within(await part("downloads", create), folderOf(url), create);
}

const folderOf = (url: string): string => hex(new Sha256().update(new TextEncoder().encode(url)).digest());

/** What a folder of a download holds, or undefined where it does not say. */
export async function readDownload(folder: Handle): Promise<Download | undefined> {
  const file = await perhaps(async () => (await folder.getFileHandle("download.json")).getFile());
  try {
    const told = file && (JSON.parse(await file.text()) as Download);
    return typeof told?.url === "string" && typeof told.files === "object" ? told : undefined;
  } catch {
    return undefined; // it is as good as not there
  }
}

/** All that is kept: models by name, then downloads by address. */
export async function list(): Promise<Stored[]> {
  const stored: Stored[] = [];
  const byName = (a: Stored, b: Stored) => (a.name < b.name ? -1 : 1);
  const models = await folders(await part("models", false));
  for (const [name, folder] of models) stored.push({ name, ...(await weigh(folder)) });
  stored.sort(byName);
  const downloads: Stored[] = [];
  for (const [, folder] of await folders(await part("downloads", false))) {
    const told = await readDownload(folder);
    if (told !== undefined) downloads.push({ name: told.url, ...(await weigh(folder)) });
  }
  return [...stored, ...downloads.sort(byName)];
}

async function folders(parent: Handle | undefined): Promise<[string, Handle][]> {
  const found: [string, Handle][] = [];
  if (parent === undefined) return found;
  for await (const [name, handle] of (parent as unknown as Listing).entries()) {
    if (handle.kind === "directory") found.push([name, handle as Handle]);
  }
  return found;
}

async function weigh(folder: Handle): Promise<{ bytes: number; modified: Date }> {
  let [bytes, modified] = [0, 0];
  for await (const [, handle] of (folder as unknown as Listing).entries()) {
    const inside =
      handle.kind === "directory"
        ? await weigh(handle as Handle)
        : await (handle as FileSystemFileHandle).getFile().then((file) => ({ bytes: file.size, modified: new Date(file.lastModified) }));
    bytes += inside.bytes;
    modified = Math.max(modified, inside.modified.getTime());
  }
  return { bytes, modified: new Date(modified) };
}

/** Removes a model by its name, with or without `opfs:`; one that is not there is removed already. */
export async function removeModel(name: string): Promise<void> {
  const model = checked(name.replace(/^opfs:/, ""));
  const folder = await part("models", false);
  await perhaps(async () => await folder?.removeEntry(model, { recursive: true }));
}

/** Removes a download by the address of its folder; one that is not there is removed already. */
export async function removeDownload(url: string): Promise<void> {
  const folder = await part("downloads", false);
  await perhaps(async () => await folder?.removeEntry(folderOf(url), { recursive: true }));
}

/** Fails with `quota` where fewer bytes are free than are needed. */
export async function room(bytes: number, what: string): Promise<void> {
  const { quota, usage = 0 } = await navigator.storage.estimate();
  if (quota === undefined || quota - usage >= bytes) return;
  throw new GriotError("quota", `${what} needs ${bytes} bytes of the browser's storage, ${quota - usage} are free`, {
    hint: "storage.list() tells what is kept, storage.remove(name) frees it",
    details: { needed: bytes, free: quota - usage },
  });
}
