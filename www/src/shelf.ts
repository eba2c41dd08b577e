// The model that is in hand: the one trained or loaded last.
//
// In: a model, how many steps it has learned, a sentence to begin with. Out: the same to whoever asks, and word to whoever waits.
// When the device is changed it is written to memory and read again on the new one.

import { Model } from "griot";
import { onReopen } from "./device.js";
import type { Language } from "./language.js";

/** A model with what the page knows of it. */
export interface Held {
  model: Model;
  steps: number;
  beginning: string | Record<Language, string>;
  /** Under which name it is kept in this browser, if it is. */
  name?: string;
}

let held: Held | undefined;
const waiting: ((held: Held | undefined) => void)[] = [];

/** What is in hand. */
export const inHand = (): Held | undefined => held;

/** Calls whenever something else is in hand, or the same has changed. */
export function onHand(then: (held: Held | undefined) => void): void {
  waiting.push(then);
}

/** Takes a model in hand; the one before is put away. */
export async function take(next: Held | undefined): Promise<void> {
  const before = held;
  held = next;
  for (const then of waiting) then(held);
  if (before !== undefined && before.model !== next?.model) await before.model.dispose();
}

onReopen(async () => {
  const kept = held;
  const files = await kept?.model.files();
  return async () => {
    if (kept !== undefined && files !== undefined) await take({ ...kept, model: await Model.load(Object.fromEntries(files)) });
  };
});
