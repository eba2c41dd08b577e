// How a model outlives its device: it is made again from what made it, or from the files it had after it last learned.
//
// In: what made it. Out: a remote that mends itself: after a loss on the device that there is then, after a kernel that a GPU
// computes wrongly (where the device was free to choose) on the CPU. Runs begin anew where their data can be read again.

import type { Client } from "./client.js";
import type { CallOptions } from "./platform.js";
import { Remote, type Recipe } from "./remote.js";
import type { Sink, Work } from "./run.js";
import type { MadeModel } from "./services/model.js";

interface Options {
  device?: "auto" | "webgpu" | "cpu" | undefined;
}

/** What made a model: a method of its service, with the options as its second argument. */
export interface Origin {
  method: "create" | "again";
  args: [unknown, Options, ...unknown[]];
  /** Whether the device was free to choose. */
  isFree: boolean;
}

/**
 * Errors of a run after which the weights are those from before it: what it was given was refused before its first step, or the
 * device was lost and it could not begin anew.
 */
const UNCHANGED = ["bad-option", "bad-input", "unsupported", "shape", "context-overflow", "numeric-mismatch", "device-lost", "device-unavailable"];

export class ModelRemote extends Remote {
  /** Where the model lives now. */
  device: "webgpu" | "cpu";
  readonly #isFree: boolean;
  /** Learns at the rate of its kind, also when it was made again from files. */
  readonly #isCreated: boolean;

  constructor(client: Client, { griotObject, about }: MadeModel, origin: Origin) {
    super("model", client, { griotObject }, undefined);
    this.device = about.device;
    this.#isFree = origin.isFree;
    this.#isCreated = origin.method === "create";
    this.recipe = this.#recipe(origin.method, origin.args);
    this.mend = ({ code, message, details }, client) => {
      if (this.recipe === undefined || code === "device-lost") return this.recipe;
      const isWrong = code === "numeric-mismatch" || (code === "unsupported" && details?.["shader"] !== undefined);
      if (!isWrong || !this.#isFree || this.device === "cpu") return undefined;
      client.onEvent("fallback", { reason: message });
      const [source, options, ...rest] = this.recipe.args as Origin["args"];
      return (this.recipe = { ...this.recipe, args: [source, { ...options, device: "cpu" }, ...rest] });
    };
  }

  #recipe(method: string, args: Origin["args"]): Recipe {
    return { method, args, made: ({ about }: MadeModel) => void (this.device = about.device) };
  }

  /** A call that changes weights. */
  async changing<T>(method: string, args: unknown[], options: CallOptions): Promise<T> {
    const recipe = this.recipe;
    this.recipe = undefined;
    try {
      return await this.call<T>(method, args, options);
    } finally {
      void this.#keep(recipe, false);
    }
  }

  /** The work of a run that changes weights; `again`: its data can be read again, so that it can begin anew from the weights before it. */
  learning<Report, Result>(method: string, args: unknown[], options: CallOptions, revive: (result: never) => Result, sink: Sink<Report, Result>, again: boolean): Work {
    const before = this.recipe;
    const over = (error?: { code?: string }) => {
      if (error?.code !== undefined && UNCHANGED.includes(error.code)) return;
      this.recipe = undefined;
      void this.#keep(before, true);
    };
    const hear: Sink<Report, Result> = {
      report: (report) => sink.report(report),
      done: (result) => (over(), sink.done(result)),
      failed: (error) => (over(error as { code?: string }), sink.failed(error)),
    };
    return this.work(method, args, options, revive, hear, again);
  }

  /** Keeps the model's files as they are now, where its device may go away. */
  async #keep(before: Recipe | undefined, training: boolean): Promise<void> {
    if (this.device !== "webgpu") return;
    const files = await this.call<Map<string, Blob>>("files", [training]).catch(() => undefined);
    if (files === undefined) return;
    const [, options = {}] = (before?.args ?? []) as Partial<Origin["args"]>;
    const { device, task, context } = options as Options & { task?: unknown; context?: unknown };
    this.recipe = this.#recipe("again", [Object.fromEntries(files), { device, task, context, created: this.#isCreated } as Options, {}]);
  }
}
