// The line to a host in a worker.
//
// In: who receives. Out: a port. The worker starts from its file beside this one, or from a Blob that imports it where this module
// came from another origin. A worker that fails to start, throws, or ends without a word is reported as lost.

import { GriotError } from "./errors.js";
import { home } from "./home.js";
import type { Connect, FromHost, Receiver, ToHost } from "./protocol.js";

/** Opens a line to a new worker. */
export const connectWorker: Connect = (receiver) => {
  const worker = startWorker();
  let open = true;
  const lost = (reason: string) => {
    if (open) receiver.lost(reason);
  };
  worker.onmessage = ({ data }: { data: FromHost }) => receiver.message(data);
  worker.onmessageerror = () => lost("a message from the worker could not be read");
  worker.onerror = (event) => {
    event.preventDefault();
    lost(event.message ? `the worker failed: ${event.message}` : "the worker could not be started: its file cannot be loaded, or a Content-Security-Policy forbids it");
  };
  const stopWatching = new AbortController();
  const alive = `griot-worker-${crypto.randomUUID?.() ?? Math.random()}`;
  return {
    post: (message: ToHost) => {
      worker.postMessage(message.type === "start" ? { ...message, alive } : message);
      if (message.type === "start") watch(alive, stopWatching.signal, lost);
    },
    terminate: () => {
      open = false;
      stopWatching.abort();
      worker.terminate();
    },
  };
};

/** Reports a worker that ended without an event: it held a lock as long as it lived. */
function watch(name: string, signal: AbortSignal, lost: Receiver["lost"]): void {
  if (typeof navigator === "undefined" || navigator.locks === undefined) return; // an insecure page: no locks, no watch
  const held = async () => {
    // The lock is the worker's from its first message on; asked for sooner it would be ours.
    for (;;) {
      const { held } = await navigator.locks.query();
      if (signal.aborted) return;
      if (held?.some((lock) => lock.name === name)) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await navigator.locks.request(name, { signal: signal as globalThis.AbortSignal }, () => lost("the worker ended"));
  };
  held().catch(() => {}); // the watch was called off
}

function startWorker(): Worker {
  if (typeof Worker === "undefined") {
    throw new GriotError("unsupported", "there are no workers here", { hint: "configure({ worker: false }), or import griot/core" });
  }
  const moved = home(import.meta.url);
  if (moved !== undefined) return new Worker(`${moved}worker.js`, { type: "module", name: "griot" });
  try {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "griot" });
  } catch {
    // From another origin (a CDN) a worker may not start, but may be imported. Bundlers have found its file above.
    const entry = `import ${JSON.stringify(import.meta.url.replace(/[^/]*$/, "worker.js"))};`;
    const blob = URL.createObjectURL(new Blob([entry], { type: "text/javascript" }));
    const worker = new Worker(blob, { type: "module", name: "griot" });
    setTimeout(() => URL.revokeObjectURL(blob), 60_000);
    return worker;
  }
}
