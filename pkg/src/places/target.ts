// Where a model is saved to.
//
// In: a target as it crossed, and the reports of a job that saves. Out: files. A plain save writes all of them aside, then puts each in its
// place, `config.json` last, and removes what was there of the model before. A save with training state writes a new generation and
// then its `training.json`, which tells sizes and digests; the generations before go after that. What fails leaves what was there.
// Of several saves to one target each waits for the one before; two folders of one name wait for each other too.

import { GriotError } from "../errors.js";
import { ofDisk } from "./disk.js";
import { generations, type Folder, type Part, type Told } from "./folder.js";
import { ofHandle, type Handle } from "./handle.js";
import { locked } from "./lock.js";
import { modelFolder, removeModel, room } from "./opfs.js";
import type { Bytes } from "./place.js";
import { hex, Sha256 } from "./sha256.js";

/** What a job that saves reports: two marks, and pieces of files between them. */
export type SaveReport = { save: "begin"; total: number } | { save: "end" } | { file: string; bytes: Bytes };

/** A folder to save into, and how to take it back if it is new and nothing came of it. */
interface Opened {
  folder: Folder;
  undo(): Promise<void>;
  /** Fails with `quota` where there is not enough room. */
  check(bytes: number): Promise<void>;
}

async function open(target: string | Handle): Promise<Opened> {
  if (typeof target !== "string") return { folder: ofHandle("the folder given", target), undo: async () => {}, check: async () => {} };
  if (target.startsWith("file:")) {
    const url = new URL(target.endsWith("/") ? target : `${target}/`);
    const folder = await ofDisk(url);
    return { folder, undo: () => folder.undo(), check: async () => {} };
  }
  const name = target.slice("opfs:".length);
  const isNew = (await modelFolder(name, false)) === undefined;
  const handle = await modelFolder(name, true);
  if (handle === undefined) throw new GriotError("internal", "a folder that was made is not there");
  const undo = async () => (isNew ? await removeModel(name) : undefined);
  return { folder: ofHandle(target, handle), undo, check: (bytes) => room(bytes, `saving ${target}`) };
}

/** Names of a model's files, of this save or of one before. */
const OURS = /^(config\.json|generation_config\.json|model\.safetensors|model\.safetensors\.index\.json|model-\d+-of-\d+\.safetensors|tokenizer\.json|tokenizer_config\.json|vocab\.json|merges\.txt|vocab\.txt|training\.json|training\.safetensors|generation-\d+)$/;

/** Puts a model's files down as they come; after one save there may be the next. */
export class Saving {
  #opened: Opened | undefined;
  #into: Folder | undefined;
  #generation: string | undefined;
  #state = "";
  readonly #parts = new Map<string, { part: Part; hash: Sha256; bytes: number }>();
  #wasSaved = false;
  #unlock: (() => void) | undefined;
  readonly #ender = new AbortController();

  constructor(readonly target: string | Handle, readonly training: boolean) {}

  /** Takes a report; says whether it was one of a save. */
  readonly take = async (report: SaveReport): Promise<boolean> => {
    if ("file" in report) await this.#put(report.file, report.bytes);
    else if (report.save === "begin") await this.#begin(report.total);
    else if (report.save === "end") await this.#end();
    else return false;
    return true;
  };

  /** Takes back what is not saved. */
  async drop(): Promise<void> {
    this.#ender.abort();
    for (const { part } of this.#parts.values()) await part.drop();
    this.#parts.clear();
    if (this.#generation !== undefined) await this.#opened?.folder.remove(this.#generation);
    this.#generation = undefined;
    if (!this.#wasSaved) await this.#opened?.undo();
    this.#free();
  }

  #free(): void {
    this.#unlock?.();
    this.#unlock = undefined;
  }

  async #begin(total: number): Promise<void> {
    const { target } = this;
    this.#unlock = await locked(`griot save ${typeof target === "string" ? target.replace(/\/$/, "") : `folder ${target.name}`}`, this.#ender.signal);
    this.#opened ??= await open(target);
    const { folder, check } = this.#opened;
    await check(total);
    this.#into = folder;
    this.#state = "";
    if (!this.training) return;
    const newest = (await generations(folder))[0]?.number ?? 0;
    this.#generation = `generation-${newest + 1}`;
    this.#into = await folder.within(this.#generation, true);
  }

  async #put(file: string, bytes: Uint8Array): Promise<void> {
    if (this.#into === undefined) throw new GriotError("internal", `save: ${file} came before the save began`);
    // It is completed with what is only known at the end.
    if (file === "training.json") return void (this.#state += new TextDecoder().decode(bytes));
    let one = this.#parts.get(file);
    if (one === undefined) this.#parts.set(file, (one = { part: await this.#into.begin(file), hash: new Sha256(), bytes: 0 }));
    one.bytes += bytes.length;
    if (this.training) one.hash.update(bytes);
    await one.part.write(bytes);
  }

  async #end(): Promise<void> {
    const [folder, into] = [this.#opened?.folder, this.#into];
    if (folder === undefined || into === undefined) throw new GriotError("internal", "save: it ended before it began");
    const names = [...this.#parts.keys()];
    const files: Record<string, Told> = {};
    for (const name of [...names.filter((name) => name !== "config.json"), "config.json"]) {
      const one = this.#parts.get(name);
      if (one === undefined) continue;
      await one.part.keep();
      this.#parts.delete(name);
      if (this.training) files[name] = { bytes: one.bytes, sha256: hex(one.hash.digest()) };
    }
    if (this.training) {
      const part = await into.begin("training.json");
      const state = this.#state === "" ? {} : (JSON.parse(this.#state) as object);
      await part.write(new TextEncoder().encode(`${JSON.stringify({ ...state, files }, undefined, 1)}\n`));
      await part.keep();
    }
    this.#wasSaved = true;
    const stay = this.#generation === undefined ? names : [this.#generation];
    this.#generation = undefined;
    for (const name of await folder.names()) if (OURS.test(name) && !stay.includes(name)) await folder.remove(name);
    this.#free();
  }
}

/** Bytes of a file that are gathered before they leave the heap as a Blob. */
const GATHER = 1 << 24;

/** Gathers a model's files in memory, outside of the heap where the browser has a place for Blobs. */
export class Gathering {
  readonly #files = new Map<string, { blobs: Blob[]; pieces: Bytes[]; bytes: number }>();

  /** Takes a report; says whether it was one of a save. */
  readonly take = async (report: SaveReport): Promise<boolean> => {
    if (!("file" in report)) return "save" in report;
    let one = this.#files.get(report.file);
    if (one === undefined) this.#files.set(report.file, (one = { blobs: [], pieces: [], bytes: 0 }));
    one.pieces.push(report.bytes);
    one.bytes += report.bytes.length;
    if (one.bytes >= GATHER) {
      one.blobs.push(new Blob(one.pieces));
      [one.pieces, one.bytes] = [[], 0];
    }
    return true;
  };

  /** All files that came. */
  files(): Map<string, Blob> {
    const all = new Map<string, Blob>();
    for (const [name, { blobs, pieces }] of this.#files) {
      all.set(name, new Blob([...blobs, ...pieces], { type: name.endsWith(".json") ? "application/json" : "application/octet-stream" }));
    }
    return all;
  }
}
