// What the runtime tells of itself: its device, its memory, what is stored.

import { argument, given, long, text } from "./options.js";
import type { Stored } from "./places/opfs.js";
import type { CallOptions } from "./platform.js";
import { callStatic } from "./remote.js";

/** What the runtime computes on, and how its kernels did. */
export interface DeviceReport {
  kind: "webgpu" | "cpu";
  name: string;
  vendor: string;
  /** A program that plays a GPU, or the CPU itself. */
  software: boolean;
  /** Why it was chosen. */
  reason: string;
  wasm: "simd" | "relaxed";
  features: string[];
  limits: Record<string, number>;
  /** Kernels against their references; more come as kernels come into use. */
  checks: { kernel: string; error: number; tolerance: number; fellBack: boolean }[];
}

/** Bytes of the buffers that we created. */
export interface MemoryReport {
  live: number;
  peak: number;
  wasm: number;
  owners: { name: string; bytes: number }[];
}

async function ask<T>(method: string, args: unknown[], options: CallOptions | undefined): Promise<T> {
  return (await callStatic<T>("runtime", method, args, given(options, long, method))).value;
}

/** Opens the device if it is not open, and tells what it is. */
export const device = (options?: CallOptions): Promise<DeviceReport> => ask("device", [], options);

/** Bytes on the device and in the wasm. */
export const memory = (options?: CallOptions): Promise<MemoryReport> => ask("memory", [], options);

/** The models that are kept under `opfs:`, and the downloads. */
export const storage = {
  /** What there is: models by name, downloads by address. */
  list: (options?: CallOptions): Promise<Stored[]> => ask("list", [], options),
  /** Removes one; one that is not there is removed already. */
  async remove(name: string, options?: CallOptions): Promise<void> {
    argument(name, text, "the name", "storage.remove");
    await ask("remove", [name], options);
  },
};
