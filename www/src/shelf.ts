// The model that is in hand: the one trained or loaded last.
//
// In: a model, and what is known of it. Out: the same to whoever asks, and word to whoever waits. When the device is changed it is
// written to memory, with its training state where it has one, and read again on the new device.

import { GriotError, Model } from "griot";
import { onReopen } from "./device.js";
import type { Language } from "./language.js";

/** A model with what the page knows of it. */
export interface Held {
  model: Model;
  /** Steps it has learned, as far as its training state tells. */
  steps: number;
  /** Whether it has a training state, from which a run can go on. */
  goesOn: boolean;
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

/** A model's files, with its training state where there is one. */
export async function filesOf(model: Model): Promise<Map<string, Blob>> {
  try {
    return await model.files({ training: true });
  } catch (error) {
    if (error instanceof GriotError && error.code === "bad-input") return await model.files();
    throw error;
  }
}

/** How far a model that was loaded has come. */
export async function progress(model: Model): Promise<{ steps: number; goesOn: boolean }> {
  const state = await (await filesOf(model)).get("training.json")?.text();
  if (state === undefined) return { steps: 0, goesOn: false };
  return { steps: (JSON.parse(state) as { step: number }).step, goesOn: true };
}

/** The model in hand as files; what that gives reads it again. */
async function written(): Promise<() => Promise<void>> {
  const kept = held;
  try {
    const files = kept && (await filesOf(kept.model));
    return async () => {
      if (kept !== undefined && files !== undefined) await take({ ...kept, model: await Model.load(Object.fromEntries(files)) });
    };
  } catch (error) {
    if (held === kept) throw error;
    return await written(); // another was taken in hand meanwhile
  }
}

onReopen(written);
