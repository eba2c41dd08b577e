// The caller's side of the line: one client per runtime that runs.
//
// In: calls and runs for services by name. Out: their results, progress and reports; sources are read when the host pulls.
// When the other side dies, every call in hand rejects with `internal` and the client is over: the runtime makes another.

import { describe, type Source } from "./corpus.js";
import { abortError, fromWire, GriotError, toWire, type WireError } from "./errors.js";
import type { CallOptions, Progress } from "./platform.js";
import type { Connect, FromHost, HostSettings, ObjectRef, Port, Target, WireCorpus } from "./protocol.js";
import { QUEUE, type Sink, type Work } from "./run.js";

/** A call that waits for its end. */
interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  report?: (report: unknown) => void;
  onProgress: ((progress: Progress) => void) | undefined;
  /** What progress came to, by phase. */
  done: Map<string, number>;
  sources: number[];
  cleanUp(): void;
}

/** How long an aborted run waits for its result so far. */
const PARTIAL_MS = 80;

/** A corpus among the arguments: described when the call is sent. */
export class CorpusArgument {
  constructor(readonly corpus: unknown, readonly where: string) {}
}

export class Client {
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  readonly #sources = new Map<number, Source>();
  readonly #ready: Promise<void>;
  #settleReady!: { resolve: () => void; reject: (error: unknown) => void };
  #numbers = 0;
  #over: Error | undefined;

  constructor(connect: Connect, settings: HostSettings, readonly onEvent: (name: string, detail: unknown) => void) {
    this.#ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }));
    this.#ready.catch(() => {});
    this.#port = connect({
      message: (message) => this.#receive(message),
      lost: (reason) => this.end({ code: "internal", message: reason, hint: "the next call starts a new runtime" }),
      failed: (thrown) => this.end(toWire(thrown)),
    });
    this.#port.post({ type: "start", settings });
  }

  /** Resolves when the other side can be called. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Whether the other side is gone. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** Whether it was closed: what lived there is disposed of, not lost. */
  get isClosed(): boolean {
    return this.#over instanceof GriotError && this.#over.code === "disposed";
  }

  /** One call, one result. */
  call(target: Target, method: string, args: unknown[], options: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#open({ resolve, reject }, options);
      if (id !== undefined) this.#send(id, () => this.#port.post({ type: "call", id, target, method, args: this.#args(id, args) }));
    });
  }

  /** One call, many reports, one result. */
  run(target: Target, method: string, args: unknown[], options: CallOptions, sink: Sink<unknown, unknown>): Work {
    const id = this.#open({ resolve: sink.done, reject: sink.failed, report: sink.report }, options);
    if (id === undefined) return { grant() {}, control() {} };
    this.#send(id, () => this.#port.post({ type: "run", id, target, method, args: this.#args(id, args), credit: QUEUE }));
    const isOpen = () => this.#pending.has(id);
    return {
      grant: (credit) => isOpen() && this.#port.post({ type: "run-next", id, credit }),
      control: (what) => isOpen() && this.#port.post({ type: "run-control", id, what }),
    };
  }

  /** Frees an object of the host. */
  release(object: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#open({ resolve, reject }, {});
      if (id !== undefined) this.#port.post({ type: "release", id, object });
    });
  }

  /** Ends it all: what waits rejects. */
  end(error: WireError): void {
    if (this.#over !== undefined) return;
    this.#over = fromWire(error);
    this.#port.terminate();
    this.#settleReady.reject(this.#over);
    // Each call gets an error of its own: callers may add to it.
    for (const id of [...this.#pending.keys()]) this.#close(id)?.reject(fromWire(error));
  }

  #open(ends: Pick<Pending, "resolve" | "reject" | "report">, options: CallOptions): number | undefined {
    const { signal, onProgress } = options as { signal?: globalThis.AbortSignal; onProgress?: (progress: Progress) => void };
    if (this.#over !== undefined) return void ends.reject(this.#over);
    if (signal?.aborted) return void ends.reject(reasonOf(signal));
    const id = (this.#numbers += 1);
    const abort = () => {
      this.#port.post({ type: "abort", id });
      // The host may be in the middle of a step. A run's result so far is worth a short wait, nothing else is.
      const reject = () => this.#close(id)?.reject(abortError());
      if (ends.report === undefined) reject();
      else setTimeout(reject, PARTIAL_MS);
    };
    signal?.addEventListener("abort", abort);
    this.#pending.set(id, { ...ends, onProgress, done: new Map(), sources: [], cleanUp: () => signal?.removeEventListener("abort", abort) });
    return id;
  }

  /** Sends a call; arguments that cannot be cloned are the caller's fault. */
  #send(id: number, post: () => void): void {
    try {
      post();
    } catch (thrown) {
      const error = thrown instanceof GriotError ? thrown : new GriotError("bad-input", `an argument cannot be handed over: ${String(thrown)}`);
      this.#close(id)?.reject(error);
    }
  }

  #close(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cleanUp();
    for (const source of pending?.sources ?? []) {
      this.#sources.get(source)?.close();
      this.#sources.delete(source);
    }
    return pending;
  }

  #args(id: number, args: unknown[]): unknown[] {
    const serve = (source: Source) => {
      const number = (this.#numbers += 1);
      this.#sources.set(number, source);
      this.#pending.get(id)?.sources.push(number);
      return number;
    };
    return args.map((arg): unknown | WireCorpus => (arg instanceof CorpusArgument ? describe(arg.corpus, arg.where, serve) : arg));
  }

  #receive(message: FromHost): void {
    if (this.#over !== undefined) return;
    switch (message.type) {
      case "ready":
        return this.#settleReady.resolve();
      case "result": {
        const pending = this.#close(message.id);
        return pending === undefined ? this.#forsake(message.value) : pending.resolve(message.value);
      }
      case "error": {
        const error = fromWire(message.error);
        if (error.name === "AbortError" && message.partial !== undefined) Object.assign(error, { partial: message.partial });
        return this.#close(message.id)?.reject(error);
      }
      case "progress":
        return this.#tell(message.id, message.progress);
      case "run-report":
        return this.#pending.get(message.id)?.report?.(message.report);
      case "pull":
        return void this.#supply(message);
      case "event":
        return this.onEvent(message.name, message.detail);
      case "dead":
        return this.end(message.error);
    }
  }

  /** A call was aborted while its result was under way: the objects in it are nobody's. */
  #forsake(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    if ("griotObject" in value) this.#port.post({ type: "release", id: (this.#numbers += 1), object: (value as ObjectRef).griotObject });
    for (const part of Object.values(value)) if (typeof part === "object" && part !== null && "griotObject" in part) this.#forsake(part);
  }

  /** Progress never goes back within a phase. */
  #tell(id: number, progress: Progress): void {
    const pending = this.#pending.get(id);
    if (pending?.onProgress === undefined || progress.done < (pending.done.get(progress.phase) ?? 0)) return;
    pending.done.set(progress.phase, progress.done);
    pending.onProgress(progress);
  }

  async #supply({ pull, source, restart }: FromHost & { type: "pull" }): Promise<void> {
    try {
      const documents = await this.#sources.get(source)?.next(restart);
      this.#port.post(documents === undefined ? { type: "documents", pull } : { type: "documents", pull, documents });
    } catch (thrown) {
      // The caller's iterable threw: its words travel, with our code.
      const error = thrown instanceof GriotError ? toWire(thrown) : { code: "bad-input" as const, message: `the corpus failed: ${String(thrown)}` };
      this.#port.post({ type: "documents", pull, error });
    }
  }
}

/** What an aborted signal rejects with: an `AbortError`, whatever its reason. */
function reasonOf(signal: { reason?: unknown }): Error {
  return signal.reason instanceof Error && signal.reason.name === "AbortError" ? signal.reason : abortError();
}
