// The file of the story world: a small wasm of its own, so that a story can be told in this thread and while a caller waits.
//
// In: nothing but its address beside the package. Out: a function that tells the story of a number. It is read once for each thread, in
// the background or, for `for`, at once; where a file cannot be read at once that is `unsupported`, and `for await` still works.

import { GriotError } from "./errors.js";
import { home } from "./home.js";
import { moduleOf } from "./load-wasm.js";
import type { Pair } from "./stories.js";

/** Tells the story of a number. */
export type Teller = (language: "fr" | "en", kind: "tale" | "pair" | "pronoun", seed: number, number: number) => string | Pair;

/** What the file offers; see `pkg/stories/lib.rs`. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer };
  story(language: number, kind: number, seed: number, number: number): number;
}

const KINDS = ["tale", "pair", "pronoun"];

let teller: Teller | undefined;

function address(): URL {
  const moved = home(import.meta.url);
  return moved === undefined ? new URL("../wasm/stories.wasm", import.meta.url) : new URL("../wasm/stories.wasm", moved);
}

/** The teller, once its file is there. */
export async function tellerLater(): Promise<Teller> {
  return (teller ??= started(await moduleOf(address().href)));
}

/** The teller at once. */
export function tellerNow(): Teller {
  return (teller ??= started(new WebAssembly.Module(readNow(address()))));
}

function started(module: WebAssembly.Module): Teller {
  const { memory, story } = new WebAssembly.Instance(module as ConstructorParameters<typeof WebAssembly.Instance>[0]).exports as unknown as Exports;
  const decoder = new TextDecoder();
  return (language, kind, seed, number) => {
    const at = story(language === "fr" ? 1 : 0, KINDS.indexOf(kind), seed, number);
    const lengths = new DataView(memory.buffer, at, 8);
    const [text, answer] = [lengths.getInt32(0, true), lengths.getInt32(4, true)];
    const read = (from: number, length: number) => decoder.decode(new Uint8Array(memory.buffer, at + 8 + from, length));
    return answer < 0 ? read(0, text) : { input: read(0, text), output: read(text, answer) };
  };
}

/** The bytes of a file, without a turn of the event loop. */
function readNow(url: URL): Uint8Array<ArrayBuffer> {
  const { process, XMLHttpRequest } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => { readFileSync(url: URL): Uint8Array<ArrayBuffer> } };
    XMLHttpRequest?: new () => { open(method: string, url: string, later: boolean): void; overrideMimeType(type: string): void; send(): void; status: number; responseText: string };
  };
  try {
    if (url.protocol === "file:" && process?.getBuiltinModule !== undefined) return process.getBuiltinModule("node:fs").readFileSync(url);
    if (url.protocol !== "file:" && XMLHttpRequest !== undefined) {
      const request = new XMLHttpRequest();
      request.open("GET", url.href, false);
      // On a page a request that is waited for may give text only: this one's characters are the bytes.
      request.overrideMimeType("text/plain; charset=x-user-defined");
      request.send();
      if (request.status === 200 || request.status === 0) return Uint8Array.from(request.responseText, (c) => c.charCodeAt(0) & 0xff);
      throw new Error(`status ${request.status}`);
    }
  } catch (thrown) {
    throw new GriotError("download-failed", `stories: ${url.href} cannot be read: ${String(thrown)}`);
  }
  throw new GriotError("unsupported", "stories: a file cannot be read here while a loop waits", { hint: "iterate with for await" });
}
