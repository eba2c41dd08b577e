// A host behind a line: starts it on the first message and keeps what comes before it is there.
//
// In: messages of a client and a way to answer. Out: a function that takes the messages. The same in a worker and in this thread.

// @ts-ignore: generated, and absent until the wasm is built; `door.ts` says what it must be
import * as glue from "../wasm/griot.js";
import { Chat } from "./chat.js";
import type { Door } from "./door.js";
import { toWire } from "./errors.js";
import { Host } from "./host.js";
import { compile } from "./load-wasm.js";
import type { FromHost, HostSettings, ToHost } from "./protocol.js";
import { services } from "./services/index.js";
import { askForSubgroups } from "./webgpu.js";

/** Takes a client's messages, the first of which is `start`. */
export function serve(post: (message: FromHost) => void): (message: ToHost) => void {
  let host: Host | undefined;
  const early: ToHost[] = [];
  const start = async (settings: HostSettings) => {
    try {
      askForSubgroups();
      const { module, variant } = await compile(settings.wasm);
      const door = glue as unknown as Door;
      door.start(module);
      const chat = new Chat(settings.wasm.chat);
      door.provide_chat((request) => chat.answer(request));
      host = new Host(door, services({ settings, variant, chat }), post);
      door.settle(settings.device, settings.memoryLimit);
      post({ type: "ready" });
      for (const message of early.splice(0)) host.receive(message);
    } catch (thrown) {
      post({ type: "dead", error: toWire(thrown) });
    }
  };
  return (message) => {
    if (message.type === "start") void start(message.settings);
    else if (host === undefined) early.push(message);
    else host.receive(message);
  };
}
