// All that both entries export: the page's and the direct binding's.

export { GriotError, type Code } from "./errors.js";
export type { CallOptions, Progress, WasmSource } from "./platform.js";
export type { Corpus } from "./corpus.js";
export type { Estimate, EstimateOptions } from "./estimate.js";
export { Generation, type Generated, type Piece } from "./generation.js";
export { Model, type CreateOptions, type LoadOptions, type Task } from "./model.js";
export type { Example, StepReport, TrainData, TrainOptions, TrainResult } from "./model-learning.js";
export type { SaveOptions } from "./model-files.js";
export type { Batch, Forward, ForwardOptions, Tensor } from "./model-numbers.js";
export type { EvaluateOptions, Evaluation } from "./model-evaluation.js";
export type { Answer, ClassifyOptions, EmbedOptions, Entity, Filling, InspectOptions, LabelScore, Score, TopOptions, Trace } from "./model-reading.js";
export type { GenerateOptions, NextToken } from "./model-text.js";
export { Ngram, type NgramGenerateOptions, type NgramOptions } from "./ngram.js";
export type { Stored } from "./places/opfs.js";
export type { Reading, Source, Target } from "./places/crossing.js";
export { presets, type ModelConfig, type Sizes } from "./presets.js";
export { Run } from "./run.js";
export { Session, type SessionOptions } from "./session.js";
export { device, memory, storage, type DeviceReport, type MemoryReport } from "./reports.js";
export { close, configure, events, type Configuration } from "./runtime.js";
export { stories, type Pair, type Stories, type StoryOptions } from "./stories.js";
export type { EncodeOptions, Encoding, Kind, MergeStep, Message, TokenizerOptions, TrainStep } from "./tokenizer-options.js";
export { Tokenizer } from "./tokenizer.js";
