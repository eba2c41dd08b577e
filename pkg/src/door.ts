// What the wasm offers, as the host sees it: the exports of `src/js/` in Rust.
//
// Written by hand, so that types are checked without a build; `tests/browser/types/glue/door.ts` holds it against the generated glue.

import type { DoorLab } from "./services/lab.js";
import type { DoorModels } from "./services/model.js";
import type { DoorNgrams } from "./services/ngram.js";
import type { DoorRuntime } from "./services/runtime.js";
import type { DoorTokenizers } from "./services/tokenizer.js";

/** What the host must do next with a job; the numbers are those of `Turn` in `src/js/job.rs`. */
export const turn = { wait: 0, again: 1, boundary: 2, report: 3, input: 4, done: 5 } as const;

/** One piece of work that the host drives; freeing it aborts it. */
export interface Job {
  readonly id: number;
  poll(): number;
  take(): unknown;
  progress(): unknown[] | undefined;
  feed(documents?: unknown[]): void;
  restarts(): boolean;
  stop(): void;
  rested(milliseconds: number): void;
  free(): void;
}

/** Everything that lives in the wasm can be freed. */
export interface Held {
  free(): void;
}

/** All exports; each subject's part is described in its service. */
export interface Door extends DoorRuntime, DoorNgrams, DoorModels, DoorLab {
  /** Starts a new instance of a compiled module; what the one before held is gone. */
  start(module: WebAssembly.Module): void;
  install(wake: (job: number) => void, panicked: (message: string) => void, tell: (name: string, detail: unknown) => void): void;
  /** Settles who renders chat templates: a request in, its answer out. */
  provide_chat(answer: (request: string) => string): void;
  readonly Tokenizer: DoorTokenizers;
  train_tokenizer(options: unknown): Job;
}
