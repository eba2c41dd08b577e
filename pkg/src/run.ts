// Long work that reports: `Run<Report, Result>`.
//
// In: a starter, called at once, that is handed a sink. Out: the reports, in order, to one reader; the result; stop, pause, resume.
// The sink's other side works only while it has credit: 64 reports may wait, each one that is read grants another, and asking for
// the result grants them all. A rejection reaches whoever reads and is never an unhandled one.

import { GriotError } from "./errors.js";

/** How many reports wait before the work pauses. */
export const QUEUE = 64;

/** What the work calls. */
export interface Sink<Report, Result> {
  report(report: Report): void;
  done(result: Result): void;
  failed(error: unknown): void;
}

/** What a run asks of the work. */
export interface Work {
  /** `n` more reports may come. */
  grant(n: number): void;
  control(what: "pause" | "resume" | "stop" | "flow"): void;
}

/** Work that has begun: read its reports, or ask for its result, or both. */
export class Run<Report, Result> implements AsyncIterable<Report> {
  #waiting: Report[] = [];
  #readers: { resolve: (step: IteratorResult<Report, undefined>) => void; reject: (error: unknown) => void }[] = [];
  #over: { error?: unknown } | undefined;
  #read = false;
  #flowing = false;
  readonly #work: Work;
  readonly #result: Promise<Result>;

  constructor(start: (sink: Sink<Report, Result>) => Work) {
    let settle!: { resolve: (result: Result) => void; reject: (error: unknown) => void };
    this.#result = new Promise<Result>((resolve, reject) => (settle = { resolve, reject }));
    // Whoever reads `result` gets the rejection; nobody reading it is no fault of the page.
    this.#result.catch(() => {});
    this.#work = start({
      report: (report) => this.#deliver(report),
      done: (result) => {
        settle.resolve(result);
        this.#end({});
      },
      failed: (error) => {
        settle.reject(error);
        this.#end({ error });
      },
    });
  }

  /** What the work comes to. Asking for it lets the work go on without a reader; only the newest 64 reports are then kept. */
  get result(): Promise<Result> {
    if (!this.#flowing && this.#over === undefined) {
      this.#flowing = true;
      this.#work.control("flow");
    }
    return this.#result;
  }

  /** Ends the work with what there is; resolves when it has ended. `result` then resolves, with reason `"stopped"`. */
  async stop(): Promise<void> {
    if (this.#over === undefined) this.#work.control("stop");
    await this.#result.catch(() => {});
  }

  /** Rests until `resume`, on the CPU in the middle of a step too. */
  pause(): void {
    if (this.#over === undefined) this.#work.control("pause");
  }

  /** Goes on after `pause`. */
  resume(): void {
    if (this.#over === undefined) this.#work.control("resume");
  }

  [Symbol.asyncIterator](): AsyncIterator<Report, undefined> {
    if (this.#read) throw new GriotError("bad-input", "a run can be iterated once", { hint: "keep the reports, or start another run" });
    this.#read = true;
    return {
      next: () => this.#next(),
      // `break` in `for await`.
      return: async () => {
        await this.stop();
        this.#waiting = [];
        return { done: true, value: undefined };
      },
    };
  }

  #next(): Promise<IteratorResult<Report, undefined>> {
    const report = this.#waiting.shift();
    if (report !== undefined) {
      if (this.#over === undefined && !this.#flowing) this.#work.grant(1);
      return Promise.resolve({ done: false, value: report });
    }
    if (this.#over === undefined) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    if ("error" in this.#over) {
      const { error } = this.#over;
      this.#over = {}; // told once; after it the iteration is simply over
      return Promise.reject(error);
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  #deliver(report: Report): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      if (!this.#flowing) this.#work.grant(1);
      reader.resolve({ done: false, value: report });
      return;
    }
    this.#waiting.push(report);
    if (this.#flowing && !this.#read && this.#waiting.length > QUEUE) this.#waiting.shift();
  }

  #end(over: { error?: unknown }): void {
    this.#over = over;
    for (const reader of this.#readers.splice(0)) {
      if ("error" in this.#over) {
        reader.reject(this.#over.error);
        this.#over = {};
      } else reader.resolve({ done: true, value: undefined });
    }
  }
}
