// The line to a host in this thread: the same messages, handed over as they are, one microtask later.

import type { Connect, FromHost, ToHost } from "./protocol.js";
import { serve } from "./serve.js";

/** Opens a line to a host in this thread. */
export const connectDirect: Connect = (receiver) => {
  let open = true;
  const later = <T>(receive: (message: T) => void) => (message: T) =>
    queueMicrotask(() => {
      if (open) receive(message);
    });
  const host = later<ToHost>(serve(later<FromHost>((message) => receiver.message(message))));
  return { post: host, terminate: () => void (open = false) };
};
