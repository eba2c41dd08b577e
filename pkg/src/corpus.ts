// Texts on their way to the host.
//
// In: whatever a caller may give as a corpus. Out, on the client's side: what can be cloned, or a source to be pulled from;
// on the host's side: batches of documents, one after the other, from the beginning as often as asked for.
// A string is one document; arrays and files hold one each; a file ending in .jsonl holds one per line.

import { GriotError } from "./errors.js";
import type { WireCorpus } from "./protocol.js";

/** Where texts come from. A one-shot iterable can be read once only. */
export type Corpus = string | string[] | Blob | File[] | Iterable<string> | AsyncIterable<string> | (() => AsyncIterable<string>);

/** How many code units of text cross at a time. */
const BATCH = 1 << 18;

/** How long documents are gathered before they cross. */
const SLOW_MS = 8;

/** One source that the host pulls from. */
export interface Source {
  next(restart: boolean): Promise<unknown[] | undefined>;
  close(): void;
}

const isBlob = (value: unknown): value is Blob => typeof Blob !== "undefined" && value instanceof Blob;

const named = (blob: Blob) => ({ blob, name: "name" in blob ? String(blob.name) : "" });

/** A corpus in the form that crosses; `serve` keeps a source and gives it its number. */
export function describe(corpus: unknown, where: string, serve: (source: Source) => number): WireCorpus {
  if (typeof corpus === "string") return { documents: [corpus] };
  if (isBlob(corpus)) return { files: [named(corpus)] };
  if (Array.isArray(corpus)) {
    if (corpus.length > 0 && corpus.every(isBlob)) return { files: corpus.map(named) };
    return { documents: corpus };
  }
  if (typeof corpus === "function") {
    return { source: serve(pulled(corpus as () => AsyncIterable<unknown>, where)), again: true };
  }
  if (typeof corpus === "object" && corpus !== null && (Symbol.asyncIterator in corpus || Symbol.iterator in corpus)) {
    let begun = false;
    const once = () => {
      if (begun) throw new GriotError("bad-input", `${where}: the corpus can be read only once`, { hint: "give a function that returns a fresh iterable" });
      begun = true;
      return corpus as AsyncIterable<unknown> | Iterable<unknown>;
    };
    return { source: serve(pulled(once, where)), again: false };
  }
  throw new GriotError("bad-input", `${where}: the corpus must be a string, strings, files, an iterable or a function that returns one`);
}

function pulled(open: () => AsyncIterable<unknown> | Iterable<unknown>, where: string): Source {
  let iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  const close = () => {
    const open = iterator;
    iterator = undefined;
    // The iterable's own clean-up; its errors have nobody left to hear them.
    void Promise.resolve(open?.return?.()).catch(() => {});
  };
  return {
    close,
    async next(restart) {
      if (restart) close();
      if (iterator === undefined) {
        const iterable = open();
        if (typeof iterable !== "object" || iterable === null) throw new GriotError("bad-input", `${where}: the corpus function returned no iterable`);
        iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : (iterable as Iterable<unknown>)[Symbol.iterator]();
      }
      const documents: unknown[] = [];
      const began = performance.now();
      for (let size = 0; size < BATCH; ) {
        const step = await iterator.next();
        if (step.done) {
          if (documents.length > 0) break;
          iterator = undefined;
          return undefined;
        }
        documents.push(step.value);
        size += typeof step.value === "string" ? step.value.length + 1 : 256;
        // Those that come slowly are handed over as they come.
        if (performance.now() - began > SLOW_MS) break;
      }
      return documents;
    },
  };
}

/** What the host reads batches from. */
export interface Documents {
  /** The next documents, or undefined at the end. */
  next(): Promise<unknown[] | undefined>;
  restart(): void;
}

/** Reads a corpus that crossed; `pull` asks the client. */
export function read(corpus: WireCorpus, pull: (source: number, restart: boolean) => Promise<unknown[] | undefined>): Documents {
  if ("source" in corpus) {
    let restart = false;
    return {
      restart: () => (restart = true),
      next: () => {
        const again = restart;
        restart = false;
        return pull(corpus.source, again);
      },
    };
  }
  const open = "documents" in corpus ? () => inBatches(corpus.documents) : () => ofFiles(corpus.files);
  let batches = open();
  return {
    restart: () => void (batches = open()),
    next: async () => {
      const step = await batches.next();
      return step.done ? undefined : step.value;
    },
  };
}

/** No documents. */
export const nothing: Documents = { next: async () => undefined, restart: () => {} };

/** One corpus after the other, with a mark (`null`) between them. Beginning anew passes over what is left of the first, or begins the second anew. */
export function inTurn(first: Documents, second: Documents): Documents {
  let isSecond = false;
  return {
    restart: () => {
      if (isSecond) second.restart();
      isSecond = true;
    },
    next: async () => {
      if (isSecond) return await second.next();
      const batch = await first.next();
      isSecond ||= batch === undefined;
      return batch ?? [null];
    },
  };
}

async function* inBatches(documents: unknown[]): AsyncGenerator<unknown[], undefined> {
  let begin = 0;
  for (let end = 0, size = 0; end < documents.length; ) {
    const document = documents[end++];
    size += typeof document === "string" ? document.length + 1 : 256;
    if (size >= BATCH || end === documents.length) {
      yield documents.slice(begin, end);
      [begin, size] = [end, 0];
    }
  }
}

async function* ofFiles(files: { name: string; blob: Blob }[]): AsyncGenerator<unknown[], undefined> {
  for (const { name, blob } of files) {
    if (!name.endsWith(".jsonl")) yield [await blob.text()];
    else yield* ofLines(blob, name);
  }
}

/** The documents of a .jsonl file: of each line its `text`, or the object whole. */
async function* ofLines(file: Blob, name: string): AsyncGenerator<unknown[], undefined> {
  const decoder = new TextDecoder();
  const reader = file.stream().getReader();
  let [rest, number] = ["", 0];
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + (value === undefined ? decoder.decode() : decoder.decode(value, { stream: true }))).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    const documents: unknown[] = [];
    for (const line of lines) {
      number += 1;
      if (line.trim() !== "") documents.push(ofLine(line, `${name}:${number}`));
    }
    if (documents.length > 0) yield documents;
    if (done) return;
  }
}

function ofLine(line: string, where: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new GriotError("bad-file", `${where}: the line is not JSON`);
  }
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) throw new GriotError("bad-file", `${where}: the line holds neither a text nor an example`);
  const { text, ...others } = value as { text?: unknown };
  return typeof text === "string" && !("label" in others) && !("entities" in others) ? text : value;
}
