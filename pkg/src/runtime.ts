// The one runtime of this thread: settings, and the client that is in use.
//
// In: `configure`, then calls. Out: a client, started when first needed and replaced when the other side died. `close` ends it all
// and allows `configure` again. It refuses to know services.

import { Client } from "./client.js";
import { GriotError } from "./errors.js";
import { sources, type WasmSources } from "./load-wasm.js";
import { flag, given, oneOf, positive, text, anything } from "./options.js";
import type { Connect, HostSettings, Port } from "./protocol.js";

export interface Configuration {
  /** `"auto"` (default): a hardware adapter that passes the check, else the CPU. */
  device?: "auto" | "webgpu" | "cpu" | undefined;
  /** Default: true on a page, false in a worker, Node and Deno. */
  worker?: boolean | undefined;
  /** Default: the files beside the module. */
  wasm?: WasmSources | undefined;
  /** Bytes on the device; past it calls reject with `out-of-memory` before anything is allocated. */
  memoryLimit?: number | undefined;
  /** Base URL of `hub:` sources, any mirror. */
  hub?: string | undefined;
}

const KNOWN = { device: oneOf("auto", "webgpu", "cpu"), worker: flag, wasm: anything, memoryLimit: positive, hub: text };

/** `"devicelost"`, `"recovered"`, `"fallback"`: CustomEvents with their details. */
export const events: EventTarget = new EventTarget();

let configuration: Configuration = {};
let begun = false;
let client: Client | undefined;
/** How `griot/core` opens a line: in this thread, whatever the page's default. */
let bound: Connect | undefined;

/** Binds the runtime to this thread; the first thing that `griot/core` does. */
export function bindDirect(connect: Connect): void {
  bound = connect;
}

/** Settles how the runtime is made, before its first use. Equal options again change nothing; others are `bad-option` until `close()`. */
export function configure(options: Configuration): void {
  const checked = given(options, KNOWN, "configure");
  if (checked.worker && bound !== undefined) throw new GriotError("bad-option", 'configure: option "worker" cannot be true with griot/core, which binds to this thread');
  sources(checked.wasm);
  if (begun && !same(checked, configuration)) {
    throw new GriotError("bad-option", "configure: the runtime is in use with other options", { hint: "call it before the first use, or after close()" });
  }
  configuration = checked;
  begun = true;
}

/** The client in use, or a new one. */
export function current(): Client {
  begun = true;
  if (client === undefined || client.isOver) {
    const { device = "auto", wasm, memoryLimit, hub } = configuration;
    const settings: HostSettings = { wasm: sources(wasm), device, memoryLimit, hub };
    const connect = bound ?? later(usesWorker() ? () => import("./connect-worker.js").then((m) => m.connectWorker) : () => import("./direct.js").then((m) => m.connectDirect));
    client = new Client(connect, settings, (name, detail) => events.dispatchEvent(new CustomEvent(name, { detail })));
  }
  return client;
}

/** Whether the device of an object, chosen in its options or for all, is the runtime's to choose. */
export function isFree(device: Configuration["device"]): boolean {
  return (device ?? configuration.device ?? "auto") === "auto";
}

/** Disposes everything and stops the worker; calls in hand reject with `disposed`. `configure` is allowed again. */
export async function close(): Promise<void> {
  client?.end({ code: "disposed", message: "the runtime was closed" });
  client = undefined;
  configuration = {};
  begun = false;
}

function usesWorker(): boolean {
  return configuration.worker ?? (typeof document !== "undefined" && typeof Worker !== "undefined");
}

/** A line whose code is loaded first: what is said meanwhile is kept. */
function later(load: () => Promise<Connect>): Connect {
  return (receiver) => {
    let port: Port | undefined;
    let ended = false;
    const early: Parameters<Port["post"]>[0][] = [];
    load()
      .then((connect) => {
        if (ended) return;
        port = connect(receiver);
        for (const message of early) port.post(message);
      })
      .catch((thrown: unknown) => receiver.failed(thrown));
    return {
      post: (message) => (port === undefined ? void early.push(message) : port.post(message)),
      terminate: () => {
        ended = true;
        port?.terminate();
      },
    };
  };
}

function same(a: Configuration, b: Configuration): boolean {
  const keys = (c: Configuration) => Object.keys(c) as (keyof Configuration)[];
  const plain = (value: unknown): unknown => (value instanceof URL ? value.href : value);
  return [...new Set([...keys(a), ...keys(b)])].every((key) => {
    const [x, y] = [plain(a[key]), plain(b[key])];
    if (x === y) return true;
    return key === "wasm" && isPair(x) && isPair(y) && (["simd", "relaxed", "chat"] as const).every((file) => plain(x[file]) === plain(y[file]));
  });
}

function isPair(value: unknown): value is { simd: unknown; relaxed?: unknown; chat?: unknown } {
  return typeof value === "object" && value !== null && "simd" in value;
}
