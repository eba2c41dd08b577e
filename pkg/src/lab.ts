// What only lessons and tests need.

import { remoteOfModel, type Model } from "./model.js";
import { crossingBatch, type Batch } from "./model-numbers.js";
import { argument, flag, given, kind, long, object, positive, text } from "./options.js";
import type { CallOptions } from "./platform.js";
import { callStatic } from "./remote.js";

/** One kernel against its reference, on the runtime's device. */
export interface KernelCheck {
  kernel: string;
  agrees: boolean;
  /** The worst error, relative to the largest value expected; Infinity if the kernel did not run. */
  error: number;
  tolerance: number;
  /** Compiling, running and reading back. */
  ms: number;
  /** What the compiler or the device said, where the kernel did not run. */
  message?: string;
}

/** Runs every kernel on a small case and compares it with its reference. */
export async function kernels(options?: CallOptions): Promise<KernelCheck[]> {
  return (await callStatic<KernelCheck[]>("lab", "kernels", [], given(options, long, "kernels"))).value;
}

/** What came of a kernel on trial. */
export interface Trial {
  /** Whether it computes what its reference does. */
  agrees: boolean;
  /** The worst error, relative to the largest value expected; Infinity if the kernel did not run. */
  worst: number;
  /** Running and reading back, once it is compiled. */
  ms: number;
  /** What the compiler said; lines and columns count from 1, 0 where there is none. */
  messages: { kind: "error" | "warning" | "info"; line: number; column: number; text: string }[];
}

const sizes = kind("whole numbers by name", (v) => object.is(v) && Object.values(v as object).every((size) => Number.isInteger(size) && size >= 0 && size < 2 ** 32));

/** Runs one kernel against its reference on the runtime's device: with its own WGSL or yours, with its own sizes or those you name. */
export async function kernel(name: string, options?: CallOptions & { wgsl?: string | undefined; sizes?: Record<string, number> | undefined }): Promise<Trial> {
  argument(name, text, "the kernel's name", "kernel");
  const { wgsl, sizes: chosen, ...rest } = given(options, { ...long, wgsl: text, sizes }, "kernel");
  return (await callStatic<Trial>("lab", "kernel", [name, wgsl, chosen], rest)).value;
}

/** The plan of a batch as text: the launches of the forward pass, or with labels those of the loss and the way back, and their memory. */
export async function plan(model: Model, batch: Batch, options?: CallOptions): Promise<string> {
  return await remoteOfModel(model).call("plan", [crossingBatch(batch, "plan")], given(options, long, "plan"));
}

/** Faults that tests feign, of GPUs that are opened from here on. */
export interface Faults {
  /** As if there was no WebGPU. */
  noAdapter?: boolean;
  /** As if the adapter refused a device. */
  refused?: boolean;
  /** As if a software adapter was hardware. */
  hardware?: boolean;
  /** As if the largest buffer and binding were of so many bytes. */
  bufferBytes?: number;
  /** Other texts for kernels, by name. */
  shaders?: Record<string, string>;
}

const FAULTS = { noAdapter: flag, refused: flag, hardware: flag, bufferBytes: positive, shaders: object };

/** Feigns faults until it is called again, or `close()`. */
export async function feign(faults: Faults = {}): Promise<void> {
  await callStatic("lab", "feign", [given(faults, FAULTS, "feign")]);
}

/** Destroys the open GPU, as a driver does that fails; whether there was one. */
export async function destroy(): Promise<boolean> {
  return (await callStatic<boolean>("lab", "destroy", [])).value;
}

/** Makes the wasm trap, as a defect would: the call rejects with `internal` and the next one finds a new runtime. */
export async function trap(): Promise<void> {
  await callStatic("lab", "trap", []);
}
