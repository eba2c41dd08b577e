// What only lessons and tests need.

import { callStatic } from "./remote.js";

/** Makes the wasm trap, as a defect would: the call rejects with `internal` and the next one finds a new runtime. */
export async function trap(): Promise<void> {
  await callStatic("lab", "trap", []);
}
