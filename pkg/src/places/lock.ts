// One at a time: who reads or writes what another may be writing.
//
// In: a name. Out: its lock, and what gives it back. Where the platform has locks they hold across its threads, and a thread that ends gives
// its own back; elsewhere they hold within this thread.

import { abortError } from "../errors.js";

const tails = new Map<string, Promise<void>>();

/** Waits for a lock; resolves to what gives it back. An abort ends the wait. */
export async function locked(name: string, signal: AbortSignal): Promise<() => void> {
  const { locks } = (globalThis as { navigator?: { locks?: LockManager } }).navigator ?? {};
  const release = await (locks === undefined ? inLine(name) : ofPlatform(locks, name, signal));
  if (!(signal as globalThis.AbortSignal).aborted) return release;
  release();
  throw abortError();
}

function ofPlatform(locks: LockManager, name: string, signal: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const held = () => new Promise<void>((release) => resolve(release));
    locks.request(name, { signal: signal as globalThis.AbortSignal }, held).catch(reject);
  });
}

async function inLine(name: string): Promise<() => void> {
  const before = tails.get(name) ?? Promise.resolve();
  let release!: () => void;
  const own = new Promise<void>((resolve) => (release = resolve));
  const tail = before.then(() => own);
  tails.set(name, tail);
  void tail.then(() => tails.get(name) === tail && tails.delete(name));
  await before;
  return release;
}
