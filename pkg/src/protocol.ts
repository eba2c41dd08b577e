// What the two sides say to each other, as one union in each direction.
//
// The client is the side of the caller, the host the side that owns the wasm. Between a page and its worker the messages are
// cloned; in the direct binding they are handed over as they are. Later calls add methods, never messages.

import type { WireError } from "./errors.js";
import type { Progress, WasmSource } from "./platform.js";

/** What the host needs to know to start; it is the first message. */
export interface HostSettings {
  wasm: { simd: WasmSource; relaxed?: WasmSource | undefined; chat: WasmSource };
  device: "auto" | "webgpu" | "cpu";
  memoryLimit: number | undefined;
  hub: string | undefined;
}

/** Whom a call is for: a service, or one object of it. */
export interface Target {
  service: string;
  object?: number;
}

/** An object of the host inside arguments and results. */
export interface ObjectRef {
  griotObject: number;
}

/** A corpus inside arguments: what can be cloned travels, what cannot is pulled. */
export type WireCorpus =
  | { documents: unknown[] }
  /** The name apart: not every engine clones it with the file. */
  | { files: { name: string; blob: Blob }[] }
  /** Documents asked for with `pull`; `again` says whether it can be begun a second time. */
  | { source: number; again: boolean };

export type ToHost =
  | { type: "start"; settings: HostSettings }
  /** One result. */
  | { type: "call"; id: number; target: Target; method: string; args: unknown[] }
  /** Reports, as many as were asked for with `run-next`, then a result. */
  | { type: "run"; id: number; target: Target; method: string; args: unknown[]; credit: number }
  | { type: "run-next"; id: number; credit: number }
  /** `flow`: the result is wanted, reports need no asking any more. */
  | { type: "run-control"; id: number; what: "pause" | "resume" | "stop" | "flow" }
  | { type: "abort"; id: number }
  /** The answer to `pull`: documents, or none at the end, or the error of the iterable. */
  | { type: "documents"; pull: number; documents?: unknown[]; error?: WireError }
  /** Frees an object; its calls in hand reject with `disposed`. Answered by a result. */
  | { type: "release"; id: number; object: number };

export type FromHost =
  | { type: "ready" }
  | { type: "result"; id: number; value: unknown }
  | { type: "error"; id: number; error: WireError; partial?: unknown }
  | { type: "progress"; id: number; progress: Progress }
  | { type: "run-report"; id: number; report: unknown }
  | { type: "pull"; pull: number; source: number; restart: boolean }
  | { type: "event"; name: string; detail: unknown }
  /** The wasm trapped or could not start: nothing more will come. */
  | { type: "dead"; error: WireError };

/** One end of the line between client and host. */
export interface Port {
  post(message: ToHost): void;
  /** Ends the other side there and then. */
  terminate(): void;
}

/** What a client tells its transport to call. */
export interface Receiver {
  message(message: FromHost): void;
  /** The other side ended without a word. */
  lost(reason: string): void;
  /** The line could not be opened. */
  failed(thrown: unknown): void;
}

/** Opens a line: starts a worker, or a host in this thread. */
export type Connect = (receiver: Receiver) => Port;
