// The worker's entry: a host that talks to the page that started it.
//
// It also answers a page that asks whether it is alive: it holds a lock of the name that `start` brings for as long as it lives.

import type { FromHost, ToHost } from "./protocol.js";
import { serve } from "./serve.js";

interface Scope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { data: ToHost & { alive?: string } }) => void): void;
}

const scope = globalThis as unknown as Scope;
const receive = serve((message: FromHost) => scope.postMessage(message));

scope.addEventListener("message", ({ data }) => {
  if (data.type === "start" && data.alive !== undefined) void navigator.locks?.request(data.alive, () => new Promise(() => {}));
  receive(data);
});
