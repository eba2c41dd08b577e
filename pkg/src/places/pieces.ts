// A stream of bytes as pieces of a useful size, in memory that is used again.
//
// In: a stream that gives what the network gives, often a few kilobytes. Out: pieces of a megabyte, or what came in 50 ms. Two buffers
// take turns: a piece stays as it is until the next but one is asked for. What came before a fault is given before the fault is thrown.

import type { Bytes } from "./place.js";

/** Bytes of a piece. */
export const PIECE = 1 << 20;

/** What comes slowly is handed over as it comes. */
const SLOW_MS = 50;

let away: MessagePort | undefined;

/**
 * Frees what a stream or a blob gave, as soon as it is copied; a collector leaves hundreds of megabytes of it standing. Memory that is sent where
 * nobody listens is gone at once.
 */
export function giveBack({ buffer, byteLength }: Bytes): void {
  if (buffer.byteLength !== byteLength) return; // others may have a view of it
  if (away === undefined) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    away = port1;
  }
  away.postMessage(0, [buffer]);
}

/** The bytes of a stream; `heard` may give up on one that falls silent. `ours`: nobody else has what it gives. */
export async function* piecesOf(stream: ReadableStream<Bytes>, heard: <T>(read: Promise<T>) => Promise<T>, ours: boolean): AsyncGenerator<Bytes, void> {
  const reader = stream.getReader(); // not one that fills our buffer: Chromium's worker now and then forgets to tell such a reader the end
  let [filling, other]: [Bytes | undefined, Bytes | undefined] = [undefined, undefined];
  let [length, began] = [0, performance.now()];
  const take = (): Bytes => {
    const piece = (filling ?? new Uint8Array(0)).subarray(0, length);
    [filling, other, length, began] = [other, filling, 0, performance.now()];
    return piece;
  };
  try {
    for (;;) {
      let came: Bytes | undefined;
      try {
        came = (await heard(reader.read())).value;
      } catch (thrown) {
        if (length > 0) yield take();
        throw thrown;
      }
      for (let at = 0; came !== undefined && at < came.length; ) {
        filling ??= new Uint8Array(PIECE);
        const part = came.subarray(at, at + PIECE - length);
        filling.set(part, length);
        length += part.length;
        at += part.length;
        if (length === PIECE) yield take();
      }
      if (came !== undefined && ours) giveBack(came);
      if (length > 0 && (came === undefined || performance.now() - began > SLOW_MS)) yield take();
      if (came === undefined) return;
    }
  } finally {
    void reader.cancel().catch(() => {}); // a stream that is not read to its end is not kept open
  }
}
