// The sizes of models that one may train here: what they cost before one starts.
//
// In: a family, a vocabulary, a number of steps, and how fast this device was seen to be. Out: the config, parameters, memory, time.
// A token costs about six operations for each parameter and step: two forward, four backward (Kaplan et al. 2020), and attention
// what grows with the context. The speed is measured on the smallest size, and again by every run.

import { Model, presets, type ModelConfig } from "griot";

export type Family = "gpt" | "llama";
export type SizeName = "tiny" | "small" | "medium";

/** A size, and how it is trained. */
export interface Size {
  layers: number;
  heads: number;
  width: number;
  context: number;
  batch: number;
  lr: number;
}

export const SIZES: Record<SizeName, Size> = {
  tiny: { layers: 2, heads: 2, width: 64, context: 64, batch: 8, lr: 2e-3 },
  small: { layers: 4, heads: 4, width: 96, context: 128, batch: 8, lr: 2e-3 },
  medium: { layers: 4, heads: 4, width: 128, context: 256, batch: 8, lr: 1.5e-3 },
};

/** The sizes as the presets want them. */
export const shape = ({ layers, heads, width, context }: Size) => ({ layers, heads, width, context });

/** The config of a size. */
export const config = (family: Family, size: Size): ModelConfig => presets[family](shape(size));

/** How many numbers such a model learns; the head is tied to the table of tokens. */
export function parameters(family: Family, { layers, width, context }: Size, vocab: number): number {
  const hidden = family === "gpt" ? 4 * width : Math.ceil(Math.floor((8 * width) / 3) / 32) * 32;
  const block = family === "gpt" ? 4 * width * width + 2 * width * hidden + 9 * width + hidden : 4 * width * width + 3 * width * hidden + 2 * width;
  const ends = family === "gpt" ? context * width + 2 * width : width;
  return vocab * width + layers * block + ends;
}

/** Operations that one token of training costs. */
export function operations(family: Family, size: Size, vocab: number): number {
  return 6 * parameters(family, size, vocab) + 6 * size.layers * size.width * size.context;
}

/** Operations a second, as measured; by device, since they differ. */
const seen = new Map<string, number>();

/** Remembers how fast a run was. */
export function observed(device: string, family: Family, size: Size, vocab: number, tokensPerSecond: number): void {
  seen.set(device, tokensPerSecond * operations(family, size, vocab));
}

/** The seconds that so many steps take, if this device was measured. */
export function seconds(device: string, family: Family, size: Size, vocab: number, steps: number): number | undefined {
  const speed = seen.get(device);
  return speed === undefined ? undefined : (steps * size.batch * size.context * operations(family, size, vocab)) / speed;
}

/** A vocabulary to measure with. */
const VOCAB = 500;

/** Measures the device by a few steps of the smallest size, on ids that mean nothing. */
export async function measure(device: string): Promise<void> {
  if (seen.has(device)) return;
  const size = SIZES.tiny;
  const model = await Model.create(presets.gpt({ ...shape(size), vocabSize: VOCAB }));
  try {
    const rows = Array.from({ length: size.batch }, (_, row) => Array.from({ length: size.context }, (_, at) => (row * 31 + at * 7) % VOCAB));
    let [tokens, spent] = [0, 0];
    for await (const { step, tokens: taken, tokensPerSecond } of model.train([{ inputIds: rows, labels: rows }], { steps: 8 })) {
      if (step < 3 || tokensPerSecond === 0) continue; // the first steps prepare plans
      tokens += taken;
      spent += taken / tokensPerSecond;
    }
    if (spent > 0) observed(device, "gpt", size, VOCAB, tokens / spent);
  } finally {
    await model.dispose();
  }
}

const weighed = new Map<string, number>();

/** Bytes that training takes at its peak, as the planner knows them; nothing until it has been asked. */
export function memory(family: Family, size: Size, vocab: number): number | undefined {
  return weighed.get(`${family} ${size.layers} ${size.width} ${size.context} ${vocab}`);
}

/** Asks the planner what training takes. */
export async function weigh(family: Family, size: Size, vocab: number): Promise<void> {
  if (memory(family, size, vocab) !== undefined) return;
  const { bytes } = await Model.estimate({ ...config(family, size), vocab_size: vocab }, { for: "train", batch: size.batch });
  weighed.set(`${family} ${size.layers} ${size.width} ${size.context} ${vocab}`, bytes.peak);
}
