// Names of the platform that the public types mention.
//
// With the DOM's (or Node's) own declarations these interfaces merge into them and add nothing; without them the types still compile.
// It declares no values: what is not there at run time is not promised here.

declare global {
  interface AbortSignal {}
  interface Blob {}
  interface File extends Blob {}
  interface URL {}
  interface EventTarget {}
  interface FileSystemDirectoryHandle {}
  namespace WebAssembly {
    interface Module {}
  }
}

/** Where a wasm file comes from. A string is a URL. */
export type WasmSource = URL | string | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

/** How far a piece of work is. `done` never goes back within a phase. */
export interface Progress {
  phase: string;
  done: number;
  total?: number;
  /** `done` and `total` count bytes. */
  bytes?: boolean;
  note?: string;
}

/** What every call that takes time takes. */
export interface CallOptions {
  /** Aborts the call: it rejects with an `AbortError`. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}
