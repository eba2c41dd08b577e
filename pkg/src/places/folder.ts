// Folders that can be written to, and a place that reads one.
//
// A folder is a handle of the browser or a path of the disk; both write a file beside its name and put it there in one step. A folder holds
// a model's files as Hugging Face has them, or generations: folders `generation-N` whose `training.json`, written last, tells the size and
// the SHA-256 of every other file. The newest generation that is whole is what the folder holds.

import { GriotError } from "../errors.js";
import { verified } from "./integrity.js";
import { isPlainName, notThere, wholeOf, type LongFile, type Place } from "./place.js";
import { hex, Sha256 } from "./sha256.js";

/** A file in the making. */
export interface Part {
  write(bytes: Uint8Array): Promise<void>;
  /** Puts it in its place. */
  keep(): Promise<void>;
  /** Leaves no trace of it. */
  drop(): Promise<void>;
}

/** A folder that can be read and written. */
export interface Folder {
  /** What it is called in messages. */
  readonly name: string;
  /** Names of what is in it. */
  names(): Promise<string[]>;
  /** A file, or undefined where there is none. */
  open(file: string): Promise<LongFile | undefined>;
  /** A folder in it, or undefined where there is none and none is to be made. */
  within(name: string, create: boolean): Promise<Folder | undefined>;
  /** Begins a file. */
  begin(file: string): Promise<Part>;
  /** Removes a file, or a folder with all that is in it; what is not there is removed already. */
  remove(name: string): Promise<void>;
}

/** What `training.json` tells of another file of its generation. */
export interface Told {
  bytes: number;
  sha256: string;
}

const GENERATION = /^generation-(\d{1,15})$/;

/** The generations of a folder, the newest first. */
export async function generations(folder: Folder): Promise<{ name: string; number: number }[]> {
  const found = (await folder.names()).flatMap((name) => {
    const number = GENERATION.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  return found.sort((a, b) => b.number - a.number);
}

/** A place over a folder: over its newest generation that is whole, if it has any. */
export async function placeOfFolder(folder: Folder): Promise<Place> {
  const all = await generations(folder);
  const broken: string[] = [];
  for (const [at, { name }] of all.entries()) {
    const inside = await folder.within(name, false);
    const told = inside && (await tellsOf(inside));
    if (inside === undefined || told === undefined) {
      broken.push(name);
      continue;
    }
    // The last one is checked as it is read: there is nothing left to turn to.
    if (at === all.length - 1) return verified(reading(inside), new Map(Object.entries(told).map(([file, { sha256 }]) => [file, sha256])), false);
    if (await isWhole(inside, told)) return reading(inside);
    broken.push(name);
  }
  const place = reading(folder);
  if (broken.length > 0 && (await place.read("config.json")) === undefined) {
    throw new GriotError("bad-file", `${folder.name} holds no generation that is whole: ${broken.join(", ")}`);
  }
  return place;
}

/** What the `training.json` of a generation tells, if all files are there with their sizes. */
async function tellsOf(folder: Folder): Promise<Record<string, Told> | undefined> {
  const text = await (await wholeOf(await folder.open("training.json")))?.text();
  if (text === undefined) return undefined;
  let told: Record<string, Told>;
  try {
    told = (JSON.parse(text) as { files: Record<string, Told> }).files;
    for (const [name, { bytes, sha256 }] of Object.entries(told)) {
      if (!isPlainName(name) || !/^[0-9a-f]{64}$/.test(sha256) || (await folder.open(name))?.size !== bytes) return undefined;
    }
  } catch (thrown) {
    if (thrown instanceof GriotError) throw thrown;
    return undefined; // it is not JSON, or not of this form
  }
  return told;
}

/** Whether every file of a generation has the bytes that were written. */
async function isWhole(folder: Folder, told: Record<string, Told>): Promise<boolean> {
  for (const [name, { bytes, sha256 }] of Object.entries(told)) {
    const file = await folder.open(name);
    if (file === undefined) return false;
    const hash = new Sha256();
    for await (const piece of file.pieces(bytes)) hash.update(piece);
    if (hex(hash.digest()) !== sha256) return false;
  }
  return true;
}

function reading(folder: Folder): Place {
  return {
    name: folder.name,
    isRemote: false,
    read: async (file) => await wholeOf(await folder.open(file)),
    open: (file) => folder.open(file),
    missing: (file) => notThere(file, folder.name),
    ready: async () => {},
    close: async () => {},
  };
}
