// All that both entries export: the page's and the direct binding's.

export { GriotError, type Code } from "./errors.js";
export type { CallOptions, Progress, WasmSource } from "./platform.js";
export type { Corpus } from "./corpus.js";
export { Run } from "./run.js";
export { close, configure, events, type Configuration } from "./runtime.js";
