// An object that lives on the other side, and the calls on it.
//
// In: the reference that made it and a recipe to make it again. Out: calls that find it, also after the runtime was replaced: the
// recipe is then followed once, before the first call. A disposed object rejects with `disposed`.

import type { Client } from "./client.js";
import { GriotError } from "./errors.js";
import type { CallOptions } from "./platform.js";
import type { ObjectRef } from "./protocol.js";
import { Run, type Sink, type Work } from "./run.js";
import { current } from "./runtime.js";

/** How an object is made again after the runtime was replaced: a static method of its service, with its arguments. */
export interface Recipe {
  method: string;
  args: unknown[];
}

export class Remote {
  #home: { client: Client; reference: Promise<ObjectRef> } | undefined;
  #disposed = false;
  #recipe: Recipe | undefined;

  constructor(readonly service: string, client: Client, reference: ObjectRef, recipe: Recipe | undefined) {
    this.#recipe = recipe;
    this.#home = { client, reference: Promise.resolve(reference) };
  }

  /** What it holds was changed: the recipe would make something else. */
  forget(): void {
    this.#recipe = undefined;
  }

  /** Where the object is now. */
  async locate(): Promise<{ client: Client; reference: ObjectRef }> {
    if (this.#disposed) throw new GriotError("disposed", `the ${this.service} was disposed of`);
    if (this.#home === undefined || this.#home.client.isOver) {
      if (this.#recipe === undefined) throw new GriotError("internal", `the ${this.service} was lost with the runtime that held it`, { hint: "make or load it again" });
      const { method, args } = this.#recipe;
      // Its place is taken at once: calls that come meanwhile wait for the same object.
      const [client, crossing] = [current(), references(args)];
      this.#home = { client, reference: crossing.then((args) => client.call({ service: this.service }, method, args) as Promise<ObjectRef>) };
      this.#home.reference.catch(() => (this.#home = undefined)); // the next call tries again
    }
    const { client, reference } = this.#home;
    return { client, reference: await reference };
  }

  /** One call on the object. */
  async call<T>(method: string, args: unknown[], options: CallOptions = {}): Promise<T> {
    const { client, reference } = await this.locate();
    return (await client.call({ service: this.service, object: reference.griotObject }, method, await references(args), options)) as T;
  }

  /** One run on the object; one that `changes` it makes its recipe void. */
  run<Report, Result>(method: string, args: unknown[], options: CallOptions, revive: (result: never) => Result, changes = false): Run<Report, Result> {
    return new Run<Report, Result>((sink) => this.work(method, args, options, revive, sink, changes));
  }

  /** The work of a run on the object, for classes of runs. */
  work<Report, Result>(method: string, args: unknown[], options: CallOptions, revive: (result: never) => Result, sink: Sink<Report, Result>, changes = false): Work {
    return begin(sink, revive, async (sink) => {
      const { client, reference } = await this.locate();
      if (changes) this.forget();
      return client.run({ service: this.service, object: reference.griotObject }, method, await references(args), options, sink);
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
function begin<Report, Result>(sink: Sink<Report, Result>, revive: (result: never) => Result, reach: (sink: Sink<unknown, unknown>) => Promise<Work>): Work {
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
