// What only lessons and tests need.

import { given, long } from "./options.js";
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

/** Makes the wasm trap, as a defect would: the call rejects with `internal` and the next one finds a new runtime. */
export async function trap(): Promise<void> {
  await callStatic("lab", "trap", []);
}
