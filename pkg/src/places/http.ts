// Files over HTTP: read whole, or streamed and taken up again where the connection broke.
//
// In: the address of a folder. Out: a place. Long files are looked at with a request for their first bytes; then they come in one request,
// and after a break in further ones for what is missing (RFC 9110 §14). A server that knows no ranges sends all again, and what has passed
// already is skipped. Nothing is fetched but files of the folder.

import { GriotError, isAbort } from "../errors.js";
import { piecesOf } from "./pieces.js";
import type { Bytes, LongFile, Place } from "./place.js";

/** Tries without any byte more than before, until a download is given up. */
const TRIES = 4;

/** The pause before the second try; it doubles with each. */
const PAUSE_MS = 150;

/** A connection that says nothing for so long is broken. */
const SILENCE_MS = 20_000;

/** Bytes that the first look at a long file asks for: as a rule its whole header. */
const LOOK = 1 << 16;

/** Statuses that say that there is no such file; stores that do not list say 403. */
const ABSENT = [403, 404, 410];

/** Statuses that ask to come again. */
const AGAIN = [408, 425, 429, 502, 503, 504];

/** What can be mended by another try. */
class Broken extends Error {}

/** Why there is no file: the status, or that a page came in its place. */
type Absence = number | "page";

export class HttpPlace implements Place {
  readonly isRemote = true;
  readonly #absent = new Map<string, Absence>();

  /** `keeps`: somebody keeps what comes, so that the browser need not. */
  constructor(readonly folder: URL, readonly signal: AbortSignal, readonly keeps = false) {}

  get name(): string {
    return this.folder.href;
  }

  async read(file: string): Promise<Blob | undefined> {
    return await this.#persist(file, async () => {
      const response = await this.ask(file);
      if (this.#isAbsent(file, response)) return undefined;
      return await fragile(response.blob());
    });
  }

  async open(file: string): Promise<LongFile | undefined> {
    const look = await this.#persist(file, async () => {
      const response = await this.ask(file, { range: `bytes=0-${LOOK - 1}` });
      if (response.status === 416) return { bytes: new Uint8Array(0), size: 0, mark: undefined }; // an empty file has no first byte
      if (this.#isAbsent(file, response)) return undefined;
      return { bytes: await begin(response, LOOK), size: sizeOf(response), mark: response.headers.get("etag") ?? undefined };
    });
    return look && new HttpFile(this, file, look);
  }

  missing(file: string): GriotError {
    const why = this.#absent.get(file);
    if (why === "page") return new GriotError("bad-file", `${this.url(file).href} is an HTML page and not the file`, { hint: "is this the address of the model's folder?" });
    return new GriotError("download-failed", `there is no ${file} in ${this.name}${why === undefined ? "" : `: ${why}`}`, { details: why === undefined ? {} : { status: why } });
  }

  async ready(): Promise<void> {}
  async close(): Promise<void> {}

  /** One request. */
  async ask(file: string, headers: Record<string, string> = {}): Promise<Response> {
    const url = this.url(file);
    const { range, ...others } = headers;
    // Only `Range` may cross origins without asking first.
    const sent = { ...(range && { range }), ...(typeof location === "undefined" || location.origin === url.origin ? others : {}) };
    const signal = this.signal as globalThis.AbortSignal;
    const response = await fragile(fetch(url, { headers: sent, signal, ...(this.keeps && { cache: "no-store" as const }) }));
    if (AGAIN.includes(response.status)) throw new Broken(`${response.status} ${response.statusText}`);
    return response;
  }

  /** Whether the answer says that there is no such file; other refusals are errors. */
  #isAbsent(file: string, response: Response): boolean {
    const isPage = response.ok && /^text\/html\b/i.test(response.headers.get("content-type") ?? "");
    if (response.ok && !isPage) return false;
    void response.body?.cancel().catch(() => {});
    const { status } = response;
    if (!isPage && !ABSENT.includes(status)) throw refused(this.url(file), response);
    this.#absent.set(file, isPage ? "page" : status);
    return true;
  }

  async #persist<T>(file: string, attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (thrown) {
        await this.rest(file, thrown, tries);
      }
    }
  }

  /** After a failure: waits for the next try, or throws if there is none. */
  async rest(file: string, thrown: unknown, tries: number): Promise<void> {
    if (!(thrown instanceof Broken)) throw thrown;
    if (tries >= TRIES) throw new GriotError("download-failed", `${this.url(file).href} cannot be fetched: ${thrown.message}`, { details: { tries } });
    const signal = this.signal as globalThis.AbortSignal;
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", abort);
        resolve();
      }, PAUSE_MS * 2 ** (tries - 1));
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
    });
  }

  /** Where a file is; what the folder's address asks for is asked for here too. */
  url(file: string): URL {
    const url = new URL(this.folder);
    url.pathname += encodeURIComponent(file);
    return url;
  }
}

/** What the first request of a long file told. */
interface Look {
  bytes: Bytes;
  size: number | undefined;
  /** The ETag: what comes later must have the same. */
  mark: string | undefined;
}

class HttpFile implements LongFile {
  readonly isHere = false;

  constructor(readonly place: HttpPlace, readonly file: string, readonly look: Look) {}

  get size(): number | undefined {
    return this.look.size;
  }

  async first(count: number): Promise<Bytes> {
    const { bytes, size } = this.look;
    if (count <= bytes.length || bytes.length === size) return bytes.slice(0, count);
    for (let tries = 1; ; tries++) {
      try {
        const response = await this.#part(0, count);
        return await begin(response, count);
      } catch (thrown) {
        await this.place.rest(this.file, thrown, tries);
      }
    }
  }

  async *pieces(size: number): AsyncGenerator<Bytes, void> {
    let [at, tries] = [0, 0];
    while (at < size) {
      const before = at;
      try {
        const response = await this.#part(at);
        // Without ranges all comes again; what has passed is skipped, the progress stays.
        let skip = response.status === 206 ? 0 : at;
        for await (const came of bytesOf(response)) {
          const piece = came.subarray(Math.min(skip, came.length));
          skip -= came.length - piece.length;
          if (piece.length === 0) continue;
          if (at + piece.length > size) throw new GriotError("bad-file", `${this.file} in ${this.place.name} is longer than the ${size} bytes it should have`);
          at += piece.length;
          yield piece;
        }
        if (at < size) throw new Broken(`it ends after ${at} of ${size} bytes`);
      } catch (thrown) {
        tries = at > before ? 1 : tries + 1;
        await this.place.rest(this.file, thrown, tries);
      }
    }
  }

  /** A request from one byte on, or up to another; all of the file where the server knows no ranges. */
  async #part(from: number, to?: number): Promise<Response> {
    const { mark, size } = this.look;
    const range = from > 0 || to !== undefined ? { range: `bytes=${from}-${to === undefined ? "" : to - 1}`, ...(mark !== undefined && !mark.startsWith("W/") && { "if-range": mark }) } : {};
    const response = await this.place.ask(this.file, range);
    if (!response.ok) {
      void response.body?.cancel().catch(() => {});
      throw refused(this.place.url(this.file), response);
    }
    const began = response.status === 206 ? Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? from) : from;
    const [now, total] = [response.headers.get("etag") ?? undefined, sizeOf(response)];
    const differs = (one: unknown, other: unknown) => one !== undefined && other !== undefined && one !== other;
    if (began !== from || differs(now, mark) || differs(total, size)) {
      void response.body?.cancel().catch(() => {});
      throw new GriotError("download-failed", `${this.file} in ${this.place.name} changed while it was downloaded`, { hint: "try again" });
    }
    return response;
  }
}

/** The whole file's bytes as an answer tells them; a compressed answer and one of another origin may not. */
function sizeOf(response: Response): number | undefined {
  const header = (name: string) => response.headers.get(name) ?? "";
  const total = response.status === 206 ? /\/(\d+)$/.exec(header("content-range"))?.[1] : header("content-encoding") === "" ? header("content-length") : "";
  return total === undefined || total === "" ? undefined : Number(total);
}

/** The first bytes of an answer; the rest is not waited for. */
async function begin(response: Response, count: number): Promise<Bytes> {
  const bytes = new Uint8Array(count);
  let length = 0;
  for await (const came of bytesOf(response)) {
    const piece = came.subarray(0, count - length);
    bytes.set(piece, length);
    length += piece.length;
    if (length === count) break;
  }
  return bytes.subarray(0, length);
}

/** The bytes of an answer. One that was made by hand, by whoever stands in for the network, has no address: its bytes may be somebody's still. */
function bytesOf({ body, url }: Response): AsyncGenerator<Bytes, void> {
  if (body === null) throw new Broken("the answer has no body");
  return piecesOf(body, heard, url !== "");
}

function refused(url: URL, { status, statusText }: Response): GriotError {
  return new GriotError("download-failed", `${url.href} cannot be fetched: ${status} ${statusText}`, { details: { status } });
}

/** What fails on the network's side is worth another try. */
async function fragile<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    throw new Broken(thrown instanceof Error ? [thrown.message, (thrown.cause as Error | undefined)?.message].filter(Boolean).join(": ") : String(thrown));
  }
}

/** What is read must come within a time. */
async function heard<T>(read: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Broken("the server fell silent")), SILENCE_MS)));
  try {
    return await fragile(Promise.race([read, silence]));
  } finally {
    clearTimeout(timer);
  }
}
