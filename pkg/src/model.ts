// Models: made or loaded, asked for numbers and for text, trained.
//
// In: configs, files, ids, texts, corpora. Out: what the host answers. Checks options by name and kind; decides nothing.

import { CorpusArgument, type Client } from "./client.js";
import type { Corpus } from "./corpus.js";
import { GriotError } from "./errors.js";
import { Generation } from "./generation.js";
import {
  CREATE, crossingBatch, generateOptions, isBatches, LOAD, refuse, trainOptions, type Batch, type GenerateOptions, type StepReport, type Tensor,
  type TrainOptions, type TrainResult,
} from "./model-options.js";
import { always, argument, crossing, either, flag, given, kind, long, object, positive, text, texts } from "./options.js";
import type { Source } from "./places/source.js";
import type { CallOptions } from "./platform.js";
import type { ModelConfig } from "./presets.js";
import { callStatic, Remote } from "./remote.js";
import type { Run } from "./run.js";
import type { MadeModel } from "./services/model.js";
import { remoteOf, revive, type Tokenizer } from "./tokenizer.js";

/** What a model is for. */
export type Task = "causal" | "masked" | "seq2seq" | "classify" | "tag" | "answer" | "embed";

export interface CreateOptions extends CallOptions {
  tokenizer?: Tokenizer | undefined;
  /** Of the first weights; default 0. */
  seed?: number | undefined;
  task?: Task | undefined;
  device?: "auto" | "webgpu" | "cpu" | undefined;
}

export interface LoadOptions extends CallOptions {
  task?: Task | undefined;
  dtype?: "auto" | "f32" | undefined;
  /** Fewer positions than the model was made for. */
  context?: number | undefined;
  device?: "auto" | "webgpu" | "cpu" | undefined;
}

/** What a forward pass gave. */
export interface Forward {
  /** (B, T, V). */
  logits: Tensor;
  /** Where the batch has labels. */
  loss?: number;
  /** Layers + 1 of (B, T, C). */
  hidden?: Tensor[];
  /** Per layer (B, H, T, T). */
  attentions?: Tensor[];
}

const PROMPT = either(text, kind("a list of ids", (v) => typeof v === "object" && v !== null && "length" in v));

/** A config with what its tokenizer knows and it does not say. */
function complete(config: ModelConfig, tokenizer: Tokenizer | undefined): ModelConfig {
  if (tokenizer === undefined) return config;
  const whole: ModelConfig = { vocab_size: tokenizer.vocabSize, ...config };
  if (config.model_type === "marian") whole["decoder_vocab_size"] ??= whole["vocab_size"];
  for (const role of ["bos", "eos", "pad"]) {
    const id = tokenizer.special[role]?.id;
    if (id !== undefined) whole[`${role}_token_id`] ??= id;
  }
  return whole;
}

/** Only files in memory for now. */
function filesOf(source: Source): unknown {
  const refused = (what: string) => new GriotError("unsupported", `Model.load: ${what} is not there yet`, { hint: "give the files: File[], or their contents by name" });
  if (source instanceof URL) throw refused("a URL as the source");
  if (typeof source === "string") throw refused(/^(opfs|hub):/.test(source) ? `a source "${source.slice(0, 4)}:"` : "a URL as the source");
  argument(source, object, "the source", "Model.load");
  if ("getFileHandle" in source) throw refused("a FileSystemDirectoryHandle as the source");
  return source;
}

/** A language model on a device. */
export class Model {
  readonly #remote: Remote;
  readonly config: ModelConfig;
  readonly tokenizer?: Tokenizer;
  /** How many numbers are learned. */
  readonly parameters: number;
  readonly task: Task;
  readonly device: "webgpu" | "cpu";

  private constructor(client: Client, { about, tokenizer: own, griotObject }: MadeModel, tokenizer?: Tokenizer) {
    // Weights are not kept twice: a trap loses them.
    this.#remote = new Remote("model", client, { griotObject }, undefined);
    this.config = JSON.parse(about.config) as ModelConfig;
    ({ parameters: this.parameters, task: this.task, device: this.device } = about);
    const found = tokenizer ?? (own && revive(client, own));
    if (found !== undefined) this.tokenizer = found;
  }

  /** A new model with first weights from a seed. The tokenizer tells the size of the vocabulary where the config does not. */
  static async create(config: ModelConfig, options?: CreateOptions): Promise<Model> {
    argument(config, object, "the config", "Model.create");
    const { tokenizer, ...rest } = given(options, CREATE, "Model.create") as CreateOptions;
    const args = [JSON.stringify(complete(config, tokenizer)), crossing(rest), tokenizer && remoteOf(tokenizer)];
    const { client, value } = await callStatic<MadeModel>("model", "create", args, rest);
    return new Model(client, value, tokenizer);
  }

  /** Reads config.json and model.safetensors or its shards, with the tokenizer and generation_config.json where there are any. */
  static async load(source: Source, options?: LoadOptions): Promise<Model> {
    refuse(options, ["integrity", "cache"], "Model.load");
    const { dtype: _dtype, ...rest } = given(options, LOAD, "Model.load");
    const { client, value } = await callStatic<MadeModel>("model", "load", [filesOf(source), crossing(rest)], rest);
    return new Model(client, value);
  }

  /** The layers, shapes and parameter counts, as text. */
  async summary(options?: CallOptions): Promise<string> {
    return await this.#remote.call("summary", [], given(options, always, "summary"));
  }

  /** Logits of a batch of ids, its loss if it has labels; hidden states and attentions if wanted. */
  async forward(batch: Batch, options?: CallOptions & { hidden?: boolean | undefined; attentions?: boolean | undefined }): Promise<Forward> {
    const checked = given(options, { ...long, hidden: flag, attentions: flag }, "forward");
    return await this.#remote.call("forward", [crossingBatch(batch, "forward"), crossing(checked)], checked);
  }

  /** The loss of a batch, and its gradient by Hugging Face parameter name. Dropout is off. */
  async gradients(batch: Batch, options?: CallOptions): Promise<{ loss: number; gradients: Map<string, Tensor> }> {
    return await this.#remote.call("gradients", [crossingBatch(batch, "gradients")], given(options, long, "gradients"));
  }

  /** Parameters by Hugging Face name: those named, or all. */
  async weights(names?: string[], options?: CallOptions): Promise<Map<string, Tensor>> {
    if (names !== undefined) argument(names, texts, "the names", "weights");
    return await this.#remote.call("weights", [names], given(options, long, "weights"));
  }

  /** Sets parameters; if one does not fit, none. */
  async setWeights(values: Map<string, Tensor>, options?: CallOptions): Promise<void> {
    argument(values, kind("a Map of tensors", (v) => v instanceof Map && [...v.values()].every((t: Partial<Tensor>) => t?.data instanceof Float32Array && Array.isArray(t.shape))), "the values", "setWeights");
    const tensors = [...values.values()];
    const args = [[...values.keys()], tensors.map(({ shape }) => shape), tensors.map(({ data }) => data)];
    await this.#remote.call("setWeights", args, given(options, always, "setWeights"));
  }

  /** Learns from texts, or from batches of ids in the order given. */
  train(data: Corpus | Batch[], options: TrainOptions): Run<StepReport, TrainResult> {
    const { crossing, every, call } = trainOptions(options, this.task);
    if (typeof data === "object" && data !== null && "train" in data) throw new GriotError("unsupported", "train: validation data is not there yet");
    const [corpus, batches] = isBatches(data) ? [undefined, data.map((batch) => crossingBatch(batch, "train"))] : [new CorpusArgument(data, "train"), undefined];
    return this.#remote.run("train", [corpus, batches, crossing, every], call, (result: TrainResult) => result);
  }

  /** Continues a text, or ids. */
  generate(prompt: string | ArrayLike<number>, options?: GenerateOptions): Generation {
    argument(prompt, PROMPT, "the prompt", "generate");
    if (Array.isArray(prompt) && prompt.some((one) => typeof one === "object")) throw new GriotError("unsupported", "generate: messages as the prompt are not there yet", { hint: "tokenizer.applyChatTemplate makes a text of them" });
    const { crossing, stops, call } = generateOptions(options);
    const given = typeof prompt === "string" ? prompt : Array.from(prompt);
    return new Generation((sink) => this.#remote.work("generate", [given, crossing, stops], call, (made: never) => made, sink));
  }

  /** What may come after a text, the most probable first. */
  async next(input: string, options?: CallOptions & { top?: number | undefined }): Promise<{ token: string; id: number; p: number; logit: number }[]> {
    argument(input, text, "the text", "next");
    const { top = 10, ...rest } = given(options, { ...always, top: positive }, "next");
    return await this.#remote.call("next", [input, top], rest);
  }

  /** The model's files, in memory: config.json, model.safetensors, the tokenizer's. `Model.load` reads them. */
  async files(options?: CallOptions): Promise<Map<string, Blob>> {
    return await this.#remote.call("files", [], given(options, long, "files"));
  }

  /** Frees the model; calls on it in hand reject with `disposed`. Its tokenizer stays. */
  dispose(): Promise<void> {
    return this.#remote.dispose();
  }
}
