// The wasm that renders chat templates: a file of its own, asked for by the first conversation.
//
// In: where it is; requests as JSON. Out: answers as JSON, at once, once the file is there. What a hostile template does to it stays in it: after
// a trap the next request finds a new instance, and so does the one after a rendering that took much memory.
// It refuses to know what a request says: `src/tokenizer/chat/door.rs` does.

import { moduleOf } from "./load-wasm.js";
import type { WasmSource } from "./platform.js";

/** What the file offers; see `src/tokenizer/chat/door.rs`. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer };
  room(bytes: number): number;
  answer(): number;
}

/** An instance is given up when it has grown to this many bytes. */
const LARGE = 8 << 20;

export class Chat {
  #module: WebAssembly.Module | undefined;
  #exports: Exports | undefined;

  constructor(readonly source: WasmSource) {}

  /** Fetches the file, if it is not there yet. */
  async ready(): Promise<void> {
    this.#module ??= await moduleOf(this.source);
  }

  /** Answers a request. */
  answer(request: string): string {
    if (this.#module === undefined) throw new Error("the wasm for chat templates was not loaded");
    const { memory, room, answer } = (this.#exports ??= started(this.#module));
    const bytes = new TextEncoder().encode(request);
    try {
      const into = room(bytes.length);
      new Uint8Array(memory.buffer, into, bytes.length).set(bytes);
      const at = answer();
      const length = new DataView(memory.buffer, at, 4).getUint32(0, true);
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(memory.buffer, at + 4, length));
      if (memory.buffer.byteLength > LARGE) this.#exports = undefined;
      return text;
    } catch (trap) {
      this.#exports = undefined;
      throw trap;
    }
  }
}

function started(module: WebAssembly.Module): Exports {
  return new WebAssembly.Instance(module as ConstructorParameters<typeof WebAssembly.Instance>[0]).exports as unknown as Exports;
}
