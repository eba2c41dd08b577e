// A call in hand on the host.
//
// In: abort, stop, pause and credit, whenever they come. Out: waits that end when the call does, and the turn that it holds.

import type { Job } from "./door.js";
import { nextTurn, type Turns } from "./turns.js";

/** How long steps follow each other without a look at the event loop. */
const SLICE_MS = 8;

export class Active {
  /** Reports that may still go out. */
  credit: number;
  paused = false;
  /** The result is handed in as the `partial` of an `AbortError`. */
  aborted = false;
  stopping = false;
  job: Job | undefined;
  readonly isRun: boolean;
  readonly #aborter = new AbortController();
  readonly #ended: Promise<never>;
  #end!: (error: unknown) => void;
  #nudge: (() => void) | undefined;
  #turns: Turns | undefined;
  #holds = false;
  #slice = performance.now();

  constructor(readonly id: number, credit: number | undefined) {
    this.isRun = credit !== undefined;
    this.credit = credit ?? Infinity;
    this.#ended = new Promise<never>((_, reject) => (this.#end = reject));
    this.#ended.catch(() => {}); // it may end while nothing waits
  }

  /** Ends the call with an error: whatever it waits for rejects with it. */
  end(error: unknown): void {
    this.#aborter.abort();
    this.#end(error);
  }

  /** Aborted when the call ends early. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Waits, but not beyond the call's end. */
  wait<T>(what: Promise<T>): Promise<T> {
    return Promise.race([what, this.#ended]);
  }

  /** Resolves when `nudge` is next called; one waits at a time. */
  nudged(): Promise<undefined> {
    return new Promise((resolve) => (this.#nudge = () => resolve(undefined)));
  }

  /** Credit, pause or stop changed. */
  nudge(): void {
    this.#nudge?.();
  }

  /** Asks the work to end with what there is. */
  stop(): void {
    this.stopping = true;
    this.paused = false;
    this.credit = Infinity;
    this.job?.stop();
  }

  /** Takes a turn on an object; its place in the line is taken at once. */
  async takeTurn(turns: Turns): Promise<void> {
    this.#turns = turns;
    const taken = turns.take();
    try {
      await this.wait(taken);
      this.#holds = true;
    } catch (thrown) {
      void taken.then(() => turns.give()); // the place in the line is handed on
      throw thrown;
    }
  }

  giveTurn(): void {
    if (this.#holds) this.#turns?.give();
    this.#holds = false;
  }

  /** Between two steps: waits while there is no credit or a pause, and lets others at the object. */
  async rest(): Promise<void> {
    const resting = () => this.isRun && (this.paused || this.credit <= 0);
    if (resting() || this.#turns?.wanted) {
      this.giveTurn();
      while (resting()) await this.wait(this.nudged());
      if (this.#turns !== undefined) await this.takeTurn(this.#turns);
    }
    await this.breathe();
  }

  /** In the middle of a step: lets the event loop in; waits while there is a pause and nobody else is after the object, which only a whole step can be left with. */
  async halt(): Promise<void> {
    await this.wait(nextTurn());
    if (!this.isRun || !this.paused) return;
    const [turns, since] = [this.#turns, performance.now()];
    if (turns !== undefined) turns.onWanted = () => this.nudge();
    while (this.paused && !turns?.wanted) await this.wait(this.nudged());
    this.job?.rested(performance.now() - since);
  }

  /** Lets the event loop in when a slice of time is used up. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#slice < SLICE_MS) return;
    await this.wait(nextTurn());
    this.#slice = performance.now();
  }
}
