// Conversations that go on: a model with what was said so far, and its cache.
//
// In: what is said next. Out: the model's part, as a generation. The messages are kept here and cross whole each time; behind the line
// there is only a cache, so that a session outlives the loss of its device. What is asked waits until what was asked before has ended.
// A part that fails or is aborted leaves the conversation as it was; one that is stopped belongs to it.

import { abortError, GriotError } from "./errors.js";
import { Generation, type Generated, type Piece } from "./generation.js";
import { generateOptions, type GenerateOptions } from "./model-text.js";
import { always, argument, given, kind, oneOf, type Table } from "./options.js";
import type { CallOptions } from "./platform.js";
import { begin, disposable, type Remote } from "./remote.js";
import type { Sink } from "./run.js";
import type { Message } from "./tokenizer-options.js";

export interface SessionOptions extends CallOptions {
  /** What was said before, such as a system message. */
  messages?: Message[] | undefined;
  /** What happens when the window is full: an error (default), or the oldest messages are left out; a system message at the start stays. */
  overflow?: "error" | "slide" | undefined;
}

/** What the host tells of a conversation after a part of it. */
interface After {
  answer: string;
  leftOut: [number, number];
  used: number;
}

const isMessage = (v: unknown): boolean => typeof v === "object" && v !== null && typeof (v as Message).role === "string" && typeof (v as Message).content === "string";
const MESSAGES = kind("messages of a role and a content", (v) => Array.isArray(v) && v.every(isMessage));
const INPUT = kind("a text, a message or messages", (v) => typeof v === "string" || isMessage(v) || (MESSAGES.is(v) && (v as Message[]).length > 0));
const SESSION: Table = { ...always, messages: MESSAGES, overflow: oneOf("error", "slide") };

let sessions = 0;

/** A new session of a model. */
export async function session(remote: Remote, options?: SessionOptions): Promise<Session> {
  const { messages = [], overflow = "error", ...call } = given(options, SESSION, "session");
  const number = (sessions += 1);
  const { used, window } = await remote.call<{ used: number; window: number }>("openSession", [number, messages], call);
  return new Session({ remote, number, messages, hasRoles: messages.length > 0, overflow, used, window });
}

/** What a session is. */
interface State {
  remote: Remote;
  number: number;
  messages: Message[];
  /** Roles were given: then the tokenizer's chat template must write them. */
  hasRoles: boolean;
  overflow: "error" | "slide";
  used: number;
  window: number;
}

/**
 * A conversation with a model, which reads only what is new. Where the tokenizer has a chat template it writes the conversation; where it
 * has none, texts are gone on after as they are, one after the other.
 */
export class Session {
  static {
    disposable(this);
  }

  readonly #it: State;
  /** Ends when all that was asked for has ended. */
  #line: Promise<unknown> = Promise.resolve();
  readonly #disposal = new AbortController();

  constructor(state: State) {
    this.#it = { ...state, messages: copy(state.messages) };
  }

  /** What was said, as far as the model still has it in its window. */
  get messages(): Message[] {
    return copy(this.#it.messages);
  }

  /** Tokens of the window that the conversation takes. */
  get used(): number {
    return this.#it.used;
  }

  /** How many tokens the model can look back on. */
  get window(): number {
    return this.#it.window;
  }

  /** Says something, as the user where it is a text, and gives the model's answer. */
  prompt(input: string | Message | Message[], options?: GenerateOptions): Generation {
    argument(input, INPUT, "the prompt", "prompt");
    const { crossing, stops, call } = generateOptions(options, "prompt");
    const fresh = typeof input === "string" ? [{ role: "user", content: input } as const] : copy(Array.isArray(input) ? input : [input]);
    const before = this.#line;
    let end!: () => void;
    this.#line = new Promise<void>((resolve) => (end = resolve));
    const ender = new AbortController();
    const signal = ender.signal;
    const abort = () => ender.abort();
    const ends = [call.signal, this.#disposal.signal].filter((one) => one !== undefined);
    for (const one of ends) one.aborted ? abort() : one.addEventListener("abort", abort);
    const over = () => {
      for (const one of ends) one.removeEventListener("abort", abort);
      end();
    };
    let after: After | undefined;
    const bare = ({ session, ...generated }: Generated & { session: After }): Generated => ((after = session), generated);
    return new Generation((sink) => {
      const all = (): Message[] => [...this.#it.messages, ...fresh];
      const hear: Sink<Piece, Generated> = {
        report: (piece) => sink.report(piece),
        done: (generated) => {
          if (after !== undefined) this.#extend(all(), typeof input !== "string", after);
          over();
          sink.done(generated);
        },
        failed: (error) => {
          over();
          sink.failed(this.#disposal.signal.aborted ? disposed() : error);
        },
      };
      return begin(hear, bare as never, async (sink) => {
        await unless(signal, before);
        const { number, remote, hasRoles, overflow } = this.#it;
        const conversation = { messages: all(), fresh: fresh.length, roles: hasRoles || typeof input !== "string", slides: overflow === "slide" };
        return remote.work("promptSession", [number, conversation, crossing, stops], { signal }, (made: never) => made, sink, true);
      });
    });
  }

  /** A second session that begins where this one stands, once what was asked before has ended; the two share what they have read. */
  async clone(options?: CallOptions): Promise<Session> {
    const call = given(options, always, "clone");
    this.#check();
    const made = unless(call.signal, this.#line).then(async () => {
      this.#check();
      const number = (sessions += 1);
      await this.#it.remote.call("forkSession", [this.#it.number, number], call);
      return new Session({ ...this.#it, number });
    });
    this.#line = made.catch(() => {});
    return await made;
  }

  /** Frees what the session has read; prompts in hand reject with `disposed`. Its model stays. */
  async dispose(): Promise<void> {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort();
    await this.#line;
    // A model that is gone has taken it along.
    await this.#it.remote.call("closeSession", [this.#it.number]).catch(() => {});
  }

  #check(): void {
    if (this.#disposal.signal.aborted) throw disposed();
  }

  #extend(all: Message[], hasRoles: boolean, { answer, leftOut: [from, to], used }: After): void {
    all.splice(from, to - from);
    Object.assign(this.#it, { messages: [...all, { role: "assistant", content: answer }], hasRoles: this.#it.hasRoles || hasRoles, used });
  }
}

const copy = (messages: Message[]): Message[] => messages.map((message) => ({ ...message }));
const disposed = () => new GriotError("disposed", "the session was disposed of");

/** Waits for something, but not beyond an abort. */
function unless(signal: CallOptions["signal"], wait: Promise<unknown>): Promise<unknown> {
  if (signal === undefined) return wait;
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortError());
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    void wait.finally(() => signal.removeEventListener("abort", abort)).then(resolve, reject);
  });
}
