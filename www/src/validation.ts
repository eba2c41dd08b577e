// How well a model tells what it did not learn from.
//
// In: documents that were set aside. Out: the mean loss of their tokens, by forward passes between the steps of a training run.

import type { Batch, Model } from "griot";

const ROWS = 8;
const BATCHES = 2;

/** Batches of ids with themselves as labels, each document ended by the end token; padding is not counted. */
export async function batches(model: Model, documents: string[], context: number): Promise<Batch[]> {
  const { tokenizer } = model;
  if (tokenizer === undefined || documents.length === 0) return [];
  const end = tokenizer.special["eos"]?.id;
  const encoded = await tokenizer.encodeBatch(documents.slice(0, ROWS * BATCHES), { addSpecialTokens: false });
  const rows = encoded.map(({ ids }) => [...ids, ...(end === undefined ? [] : [end])].slice(0, context)).filter((row) => row.length > 1);
  const made: Batch[] = [];
  for (let from = 0; from < rows.length; from += ROWS) {
    const part = rows.slice(from, from + ROWS);
    const time = Math.max(...part.map((row) => row.length));
    const padded = (row: number[], value: number): number[] => [...row, ...Array<number>(time - row.length).fill(value)];
    made.push({
      inputIds: part.map((row) => padded(row, 0)),
      attentionMask: part.map((row) => padded(row.map(() => 1), 0)),
      labels: part.map((row) => padded(row, -100)),
    });
  }
  return made;
}

/** The mean loss over the batches. */
export async function measureOn(model: Model, all: Batch[]): Promise<number | undefined> {
  let [sum, count] = [0, 0];
  for (const batch of all) {
    const { loss } = await model.forward(batch);
    const tokens = (batch.labels as number[][]).reduce((n, row) => n + row.filter((label) => label >= 0).length - 1, 0);
    sum += (loss ?? Number.NaN) * tokens;
    count += tokens;
  }
  return count === 0 ? undefined : sum / count;
}
