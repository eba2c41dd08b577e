// The side that owns the wasm: in a worker, or in the caller's thread.
//
// In: messages. Out: messages. Services are found by name and only convert; here are the objects, the turns on them, the driving of
// jobs, abort, pause, stop and back-pressure. A trap anywhere ends this host with the one message `dead`; nothing enters the
// instance again. It refuses to know what a service does.

import { Active } from "./active.js";
import { read, type Documents } from "./corpus.js";
import { turn, type Door, type Held, type Job } from "./door.js";
import { abortError, GriotError, toWire } from "./errors.js";
import type { FromHost, ObjectRef, Target, ToHost, WireCorpus } from "./protocol.js";
import type { Progress } from "./platform.js";
import { nextTurn, Turns } from "./turns.js";

/** An object that a client holds. */
interface Kept {
  service: string;
  value: Held;
  turns: Turns;
  calls: Set<Active>;
}

/** A job for the host to drive, as a method of a service returns it. */
export interface Drive {
  job: Job;
  corpus?: WireCorpus | undefined;
  /** What it is fed where that is put together of several corpora. */
  open?: (open: (corpus: WireCorpus) => Documents) => Documents | undefined;
  /** What it is fed where that is no corpus of the caller's. */
  documents?: Documents;
  /** Makes of the job's result what crosses. */
  finish?: (result: never) => unknown;
  /** Takes reports that are not the caller's; says whether it took this one. */
  take?: (report: never) => Promise<boolean>;
  /** The job is over and freed: well, or with an error. */
  ended?: (error?: unknown) => Promise<void>;
}

/** A job on its way to the host. */
class Driven {
  constructor(readonly drive: Drive) {}
}

/** What a service's methods are given besides their arguments. */
export interface Context {
  door: Door;
  /** Keeps an object for the client. */
  keep(service: string, value: Held): ObjectRef;
  /** The object that an argument stands for. */
  held<T extends Held>(reference: ObjectRef): T;
  /** Has the host drive a job: return what it returns. */
  drive(drive: Drive): unknown;
  /** Aborted when the call ends early. */
  signal: AbortSignal;
  /** Tells how far the call is. */
  tell(progress: Progress): void;
}

/** One subject of the door: its methods by name. The second argument is the object, or undefined for a static method. */
export type Service = Record<string, (context: Context, object: never, ...args: never[]) => unknown>;

type Call = ToHost & { type: "call" | "run" };

export class Host {
  readonly #objects = new Map<number, Kept>();
  readonly #calls = new Map<number, Active>();
  readonly #pulls = new Map<number, { resolve: (documents: unknown[] | undefined) => void; reject: (error: unknown) => void }>();
  readonly #asleep = new Map<number, () => void>();
  readonly #context: Omit<Context, "signal" | "tell">;
  #numbers = 0;
  #dead = false;
  #panic: string | undefined;

  constructor(door: Door, readonly services: Record<string, Service>, readonly post: (message: FromHost) => void) {
    this.#context = {
      door,
      keep: (service, value) => this.#keep(service, value),
      held: <T extends Held>(reference: ObjectRef) => this.#find(reference.griotObject, "object").value as T,
      drive: (drive) => new Driven(drive),
    };
    door.install(
      (job) => {
        this.#asleep.get(job)?.();
        this.#asleep.delete(job);
      },
      (message) => {
        this.#panic = message;
        // The trap that follows is usually seen by `serve`, but it may end in a promise of the platform.
        queueMicrotask(() => this.#die(message));
      },
      (name, detail) => this.post({ type: "event", name, detail }),
    );
  }

  receive(message: ToHost): void {
    if (this.#dead) return;
    switch (message.type) {
      case "call":
      case "run":
        return void this.#serve(message);
      case "run-next":
        return this.#change(message.id, (call) => void (call.credit += message.credit));
      case "run-control":
        return this.#change(message.id, (call) => this.#control(call, message.what));
      case "abort":
        return this.#change(message.id, (call) => this.#abort(call));
      case "documents": {
        const pull = this.#pulls.get(message.pull);
        this.#pulls.delete(message.pull);
        return message.error === undefined ? pull?.resolve(message.documents) : pull?.reject(message.error);
      }
      case "release":
        return this.#release(message.id, message.object);
    }
  }

  async #serve(message: Call): Promise<void> {
    const call = new Active(message.id, message.type === "run" ? message.credit : undefined);
    this.#calls.set(call.id, call);
    let kept: Kept | undefined;
    try {
      const { object, service } = message.target;
      kept = object === undefined ? undefined : this.#find(object, service);
      kept?.calls.add(call);
      if (kept !== undefined) await call.takeTurn(kept.turns);
      const value = await this.#work(message, message.target, kept, call);
      if (call.aborted) this.post({ type: "error", id: call.id, error: toWire(abortError()), partial: value });
      else this.post({ type: "result", id: call.id, value });
    } catch (thrown) {
      if (this.#panic !== undefined || isTrap(thrown)) this.#die(String(thrown));
      // After a trap the message `dead` speaks for all calls.
      if (!this.#dead) this.post({ type: "error", id: call.id, error: toWire(thrown) });
    } finally {
      if (!this.#dead) this.#free(call);
      call.giveTurn();
      kept?.calls.delete(call);
      this.#calls.delete(call.id);
    }
  }

  async #work(message: Call, target: Target, kept: Kept | undefined, call: Active): Promise<unknown> {
    const service = this.services[target.service];
    const method = service !== undefined && Object.hasOwn(service, message.method) ? service[message.method] : undefined;
    if (method === undefined) throw new GriotError("unsupported", `${target.service}.${message.method} is not in this build`);
    const context: Context = { ...this.#context, signal: call.signal, tell: (progress) => this.post({ type: "progress", id: call.id, progress }) };
    const begun = Promise.resolve(method(context, kept?.value as never, ...(message.args as never[])));
    const outcome = await call.wait(begun).catch((thrown: unknown) => {
      // The call ended while its job was being prepared: nobody will drive that one.
      const forsake = (late: unknown) => (late instanceof Driven ? (this.#dead || late.drive.job.free(), late.drive.ended?.(thrown)) : undefined);
      begun.then(forsake).catch(() => {});
      throw thrown;
    });
    if (!(outcome instanceof Driven)) return outcome;
    const { job, corpus, open: together, documents: own, finish, ended } = outcome.drive;
    call.job = job;
    if (call.stopping) job.stop(); // it was asked to stop before there was a job to ask
    const open = (corpus: WireCorpus) => read(corpus, (source, restart) => this.#pull(source, restart));
    const documents = own ?? together?.(open) ?? (corpus && open(corpus));
    let value: unknown;
    try {
      const result = await this.#drive(outcome.drive, call, documents);
      value = finish === undefined ? result : finish(result as never);
    } catch (thrown) {
      if (ended !== undefined && !this.#dead && this.#panic === undefined && !isTrap(thrown)) this.#free(call);
      await ended?.(thrown);
      throw thrown;
    }
    await ended?.();
    return value;
  }

  #free(call: Active): void {
    call.job?.free();
    call.job = undefined;
  }

  /** Polls a job to its end. */
  async #drive({ job, take }: Drive, call: Active, documents: Documents | undefined): Promise<unknown> {
    for (;;) {
      const next = job.poll();
      for (const progress of job.progress() ?? []) this.post({ type: "progress", id: call.id, progress: progress as Progress });
      switch (next) {
        case turn.done:
          return job.take();
        case turn.again:
          await call.halt();
          break;
        case turn.wait:
          await call.wait(new Promise<void>((resolve) => this.#asleep.set(job.id, resolve)));
          break;
        case turn.boundary:
          await call.rest();
          break;
        case turn.report: {
          const report = job.take();
          if (take !== undefined && (await call.wait(take(report as never)))) {
            await call.breathe();
            break;
          }
          if (!call.isRun) break; // nobody reads
          call.credit -= 1;
          this.post({ type: "run-report", id: call.id, report });
          await call.rest();
          break;
        }
        case turn.input:
          await this.#feed(job, call, documents);
          break;
      }
    }
  }

  /** Hands a job the next documents of its corpus. A stop while they are waited for ends the corpus. */
  async #feed(job: Job, call: Active, documents: Documents | undefined): Promise<void> {
    if (job.restarts()) documents?.restart();
    const next = Promise.resolve(documents?.next()).then((batch) => ({ batch }));
    while (!call.stopping) {
      const came = await call.wait(Promise.race([next, call.nudged()]));
      if (came !== undefined) return job.feed(came.batch);
    }
    next.catch(() => {}); // nobody waits for it any more
    job.feed(undefined);
  }

  #change(id: number, change: (call: Active) => void): void {
    const call = this.#calls.get(id);
    if (call === undefined) return; // it ended while the message was under way
    change(call);
    call.nudge();
  }

  #control(call: Active, what: "pause" | "resume" | "stop" | "flow"): void {
    if (what === "pause") call.paused = true;
    if (what === "resume") call.paused = false;
    if (what === "flow") call.credit = Infinity;
    if (what === "stop") call.stop();
  }

  #abort(call: Active): void {
    if (!call.isRun || call.job === undefined) return call.end(abortError());
    // A run hands in its result so far, if it can soon.
    call.aborted = true;
    call.stop();
    setTimeout(() => call.end(abortError()), PARTIAL_MS);
  }

  #keep(service: string, value: Held): ObjectRef {
    const griotObject = (this.#numbers += 1);
    this.#objects.set(griotObject, { service, value, turns: new Turns(), calls: new Set() });
    return { griotObject };
  }

  #find(object: number, service: string): Kept {
    const kept = this.#objects.get(object);
    if (kept === undefined) throw new GriotError("disposed", `the ${service} was disposed of`);
    return kept;
  }

  #pull(source: number, restart: boolean): Promise<unknown[] | undefined> {
    const pull = (this.#numbers += 1);
    return new Promise((resolve, reject) => {
      this.#pulls.set(pull, { resolve, reject });
      this.post({ type: "pull", pull, source, restart });
    });
  }

  #release(id: number, object: number): void {
    const kept = this.#objects.get(object);
    this.#objects.delete(object);
    for (const call of kept?.calls ?? []) call.end(new GriotError("disposed", `the ${kept?.service} was disposed of during the call`));
    // The calls end in microtasks; what they borrow is free after that.
    void nextTurn().then(() => {
      if (this.#dead) return;
      try {
        kept?.value.free();
        this.post({ type: "result", id, value: undefined });
      } catch (thrown) {
        this.#die(String(thrown));
      }
    });
  }

  #die(message: string): void {
    if (this.#dead) return;
    this.#dead = true;
    const error = new GriotError("internal", `the wasm module trapped: ${this.#panic ?? message}`, {
      hint: "this is a defect of griot; please report it. The next call starts a new runtime",
    });
    for (const call of this.#calls.values()) call.end(error);
    this.post({ type: "dead", error: toWire(error) });
  }
}

/** How long an aborted run may take to hand in its result so far. */
const PARTIAL_MS = 60;

/** Whether something thrown came from the engine and not from code: the instance is then in no known state. */
function isTrap(thrown: unknown): boolean {
  return thrown instanceof WebAssembly.RuntimeError || (thrown instanceof RangeError && /call stack/i.test(thrown.message));
}
