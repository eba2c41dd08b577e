// An object that lives on the other side, and the calls on it.
//
// In: the reference that made it and a recipe to make it again. Out: calls that find it, also after the runtime was replaced: the
// recipe is then followed once, before the first call. A disposed object rejects with `disposed`.

import type { Client } from "./client.js";
import { GriotError } from "./errors.js";
import type { CallOptions } from "./platform.js";
import type { ObjectRef } from "./protocol.js";
import { replayed } from "./replay.js";
import { Run, type Sink, type Work } from "./run.js";
import { current } from "./runtime.js";

/** How an object is made again after the runtime was replaced or its device was lost: a static method of its service. */
export interface Recipe {
  method: string;
  args: unknown[];
  /** What else came with it. */
  made?: (value: never) => void;
}

/** How an object is mended after an error, if it is: the recipe that makes a good one. */
export type Mend = (error: { code?: string; message: string; details?: Record<string, number> }, client: Client) => Recipe | undefined;

interface Home {
  client: Client;
  reference: Promise<ObjectRef>;
}

export class Remote {
  #home: Home | undefined;
  #disposed = false;
  /** How the object is made again; without it it is lost with its runtime. */
  recipe: Recipe | undefined;
  /** Which errors it outlives. */
  mend: Mend | undefined;

  constructor(readonly service: string, client: Client, reference: ObjectRef, recipe: Recipe | undefined) {
    this.#home = { client, reference: Promise.resolve(reference) };
    this.recipe = recipe;
  }

  /** Where the object is now. */
  async locate(): Promise<{ client: Client; reference: ObjectRef; home: Home }> {
    if (this.#disposed || this.#home?.client.isClosed) throw new GriotError("disposed", `the ${this.service} was disposed of`);
    if (this.#home === undefined || this.#home.client.isOver) {
      if (this.recipe === undefined) throw new GriotError("internal", `the ${this.service} was lost with the runtime that held it`, { hint: "make or load it again" });
      this.#home = this.#make(this.recipe);
    }
    const home = this.#home;
    try {
      return { client: home.client, reference: await home.reference, home };
    } catch (thrown) {
      if (this.#home === home) this.#home = undefined; // the next call tries again
      throw thrown;
    }
  }

  #make({ method, args, made }: Recipe): Home {
    const client = current();
    const make = async () => {
      const value = (await client.call({ service: this.service }, method, await references(args))) as ObjectRef;
      made?.(value as never);
      return value;
    };
    const reference = make();
    reference.catch(() => {}); // whoever waits for it hears of it
    return { client, reference };
  }

  /** Whether the object outlives an error: it is then made again before the next call. */
  #mends(thrown: unknown, { client, reference, home }: { client: Client; reference: ObjectRef; home: Home }): boolean {
    if (!(thrown instanceof GriotError) || this.#disposed) return false;
    if (this.#home !== home) return this.#home !== undefined; // another call has seen to it
    const recipe = this.mend?.(thrown, client);
    if (recipe === undefined) return false;
    if (!client.isOver) void client.release(reference.griotObject).catch(() => {});
    this.#home = this.#make(recipe);
    return true;
  }

  /** One call on the object; made once more where the object was mended. */
  async call<T>(method: string, args: unknown[], options: CallOptions = {}): Promise<T> {
    for (let mended = 0; ; mended++) {
      const place = await this.locate();
      try {
        return (await place.client.call({ service: this.service, object: place.reference.griotObject }, method, await references(args), options)) as T;
      } catch (thrown) {
        if (!this.#mends(thrown, place) || mended > 0) throw thrown;
      }
    }
  }

  /** One run on the object. */
  run<Report, Result>(method: string, args: unknown[], options: CallOptions, revive: (result: never) => Result, again = false): Run<Report, Result> {
    return new Run<Report, Result>((sink) => this.work(method, args, options, revive, sink, again));
  }

  /** The work of a run on the object, for classes of runs; `again`: begun anew where the object was mended, reports that came are not told twice. */
  work<Report, Result>(method: string, args: unknown[], options: CallOptions, revive: (result: never) => Result, sink: Sink<Report, Result>, again = false): Work {
    return begin(sink, revive, async (sink) => {
      const start = async (sink: Sink<unknown, unknown>, mended: () => void) => {
        const place = await this.locate();
        const failed = (error: unknown) => (this.#mends(error, place) && again ? mended() : sink.failed(error));
        return place.client.run({ service: this.service, object: place.reference.griotObject }, method, await references(args), options, { ...sink, failed });
      };
      return await replayed(start, sink);
    });
  }

  /** Frees the object and ends the calls on it. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    const home = this.#home;
    this.#disposed = true;
    this.#home = undefined;
    if (home === undefined || home.client.isOver) return;
    const reference = await home.reference.catch(() => undefined);
    if (reference !== undefined && !home.client.isOver) await home.client.release(reference.griotObject).catch(() => {});
  }
}

/** Lets `await using` dispose of a class's objects, where the engine knows it. */
export function disposable(of: { prototype: { dispose(): Promise<void> } }): void {
  const { asyncDispose } = Symbol as { asyncDispose?: symbol };
  if (asyncDispose === undefined) return;
  const value = function (this: { dispose(): Promise<void> }) {
    return this.dispose();
  };
  Object.defineProperty(of.prototype, asyncDispose, { value, configurable: true, writable: true });
}

/** A static call; returns the client with the value, so that objects know where they live. */
export async function callStatic<T>(service: string, method: string, args: unknown[], options: CallOptions = {}): Promise<{ client: Client; value: T }> {
  const crossing = await references(args);
  const client = current();
  return { client, value: (await client.call({ service }, method, crossing, options)) as T };
}

/** A static run. */
export function runStatic<Report, Result>(service: string, method: string, args: unknown[], options: CallOptions, revive: (result: never, client: Client) => Result): Run<Report, Result> {
  let client: Client;
  const made = (result: never) => revive(result, client);
  return new Run<Report, Result>((sink) =>
    begin(sink, made, async (sink) => {
      const crossing = await references(args);
      client = current();
      return client.run({ service }, method, crossing, options, sink);
    }),
  );
}

/** Arguments with the objects among them as references. */
async function references(args: unknown[]): Promise<unknown[]> {
  return await Promise.all(args.map(async (arg) => (arg instanceof Remote ? (await arg.locate()).reference : arg)));
}

/** Work that is reached a little later: what is asked of it meanwhile is passed on. */
export function begin<Report, Result>(sink: Sink<Report, Result>, revive: (result: never) => Result, reach: (sink: Sink<unknown, unknown>) => Promise<Work>): Work {
  const work = reach({
    report: (report) => sink.report(report as Report),
    done: (result) => sink.done(revive(result as never)),
    failed: (error) => {
      const partial = (error as { partial?: unknown }).partial;
      if (partial !== undefined) Object.assign(error as object, { partial: revive(partial as never) });
      sink.failed(error);
    },
  });
  work.catch((thrown: unknown) => sink.failed(thrown));
  const then = (use: (work: Work) => void) => void work.then(use, () => {});
  return { grant: (n) => then((w) => w.grant(n)), control: (what) => then((w) => w.control(what)) };
}
