// The model's calls that deal in numbers, on the host's side.

import type { Job } from "../door.js";
import type { Service } from "../host.js";

/** What the wasm's model offers for them. */
export interface DoorNumbers {
  summary(): string;
  forward(batch: unknown, extras: unknown): Job;
  gradients(batch: unknown): Job;
  plan(batch: unknown): Job;
  weights(names?: string[] | null): Job;
  set_weights(names: string[], shapes: unknown, numbers: Float32Array[]): void;
}

export const numbers: Service = {
  summary: (_, it: DoorNumbers) => it.summary(),
  forward: ({ drive }, it: DoorNumbers, batch: unknown, extras: unknown) => drive({ job: it.forward(batch, extras) }),
  gradients: ({ drive }, it: DoorNumbers, batch: unknown) =>
    drive({
      job: it.gradients(batch),
      finish: ({ loss, gradients }: { loss: number; gradients: [string, unknown][] }) => ({ loss, gradients: new Map(gradients) }),
    }),
  plan: ({ drive }, it: DoorNumbers, batch: unknown) => drive({ job: it.plan(batch) }),
  weights: ({ drive }, it: DoorNumbers, names: string[] | undefined) =>
    drive({ job: it.weights(names), finish: (named: [string, unknown][]) => new Map(named) }),
  setWeights: (_, it: DoorNumbers, names: string[], shapes: unknown, numbers: Float32Array[]) => it.set_weights(names, shapes, numbers),
};
