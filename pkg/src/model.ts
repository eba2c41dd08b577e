// Models: made or loaded, asked for numbers and for text, trained.
//
// In: configs, files, ids, texts, corpora. Out: what the host answers. The calls stand by subject in the `model-….ts` beside this
// file, as functions of the model's remote; here is what they have in common: how a model comes to be, and what is known of it.

import type { Client } from "./client.js";
import { GriotError } from "./errors.js";
import { estimate, type Estimate, type EstimateOptions } from "./estimate.js";
import type { Generation } from "./generation.js";
import { evaluate, type EvaluateOptions, type Evaluation } from "./model-evaluation.js";
import * as folder from "./model-files.js";
import type { SaveOptions } from "./model-files.js";
import * as learning from "./model-learning.js";
import type { StepReport, TrainData, TrainOptions, TrainResult } from "./model-learning.js";
import * as numbers from "./model-numbers.js";
import type { Batch, Forward, ForwardOptions, Tensor } from "./model-numbers.js";
import { CREATE, LOAD } from "./model-options.js";
import * as reading from "./model-reading.js";
import type { Answer, ClassifyOptions, EmbedOptions, Entity, Filling, InspectOptions, LabelScore, Score, TopOptions, Trace } from "./model-reading.js";
import { ModelRemote, type Origin } from "./model-remote.js";
import * as words from "./model-text.js";
import type { GenerateOptions, NextToken } from "./model-text.js";
import { argument, crossing, given, object } from "./options.js";
import { crossingSource, type Reading, type Source, type Target } from "./places/crossing.js";
import type { CallOptions } from "./platform.js";
import type { ModelConfig } from "./presets.js";
import { callStatic, disposable } from "./remote.js";
import type { Run } from "./run.js";
import { isFree } from "./runtime.js";
import { session, type Session, type SessionOptions } from "./session.js";
import type { MadeModel } from "./services/model.js";
import { remoteOf, revive, Tokenizer } from "./tokenizer.js";
import type { Message } from "./tokenizer-options.js";

/** What a model is for. */
export type Task = "causal" | "masked" | "seq2seq" | "classify" | "tag" | "answer" | "embed";

export interface CreateOptions extends CallOptions {
  tokenizer?: Tokenizer | undefined;
  /** Of the first weights; default 0. */
  seed?: number | undefined;
  task?: Task | undefined;
  device?: "auto" | "webgpu" | "cpu" | undefined;
}

export interface LoadOptions extends CallOptions, Reading {
  task?: Task | undefined;
  /** How weights are kept, whatever the files have. "f16" takes half the memory on every device; such a model does not learn. "auto" is "f32". */
  dtype?: "auto" | "f32" | "f16" | undefined;
  /** Fewer positions than the model was made for. */
  context?: number | undefined;
  device?: "auto" | "webgpu" | "cpu" | undefined;
}

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

/** What is behind a model, for the lessons' calls. */
export let remoteOfModel: (model: Model) => ModelRemote;

/** A language model on a device. */
export class Model {
  static {
    disposable(this);
    remoteOfModel = (model) => model.#remote;
  }

  readonly #remote: ModelRemote;
  readonly config: ModelConfig;
  readonly tokenizer?: Tokenizer;
  /** How many numbers are learned. */
  readonly parameters: number;
  readonly task: Task;

  private constructor(client: Client, made: MadeModel, origin: Origin, tokenizer?: Tokenizer) {
    const { about, tokenizer: own } = made;
    this.#remote = new ModelRemote(client, made, origin);
    this.config = JSON.parse(about.config) as ModelConfig;
    ({ parameters: this.parameters, task: this.task } = about);
    const found = tokenizer ?? (own && revive(client, own));
    if (found !== undefined) this.tokenizer = found;
  }

  /** Where it lives; the CPU after a GPU failed it for good. */
  get device(): "webgpu" | "cpu" {
    return this.#remote.device;
  }

  /** A new model with first weights from a seed. The tokenizer tells the size of the vocabulary where the config does not. */
  static async create(config: ModelConfig, options?: CreateOptions): Promise<Model> {
    argument(config, object, "the config", "Model.create");
    const { tokenizer, ...rest } = given(options, CREATE, "Model.create") as CreateOptions;
    if (tokenizer !== undefined && !(tokenizer instanceof Tokenizer)) throw new GriotError("bad-option", 'Model.create: option "tokenizer" must be a Tokenizer');
    const args: Origin["args"] = [JSON.stringify(complete(config, tokenizer)), crossing(rest), tokenizer && remoteOf(tokenizer)];
    const { client, value } = await callStatic<MadeModel>("model", "create", args, rest);
    return new Model(client, value, { method: "create", args, isFree: isFree(rest.device) }, tokenizer);
  }

  /** Reads config.json and model.safetensors or its shards, with the tokenizer and generation_config.json where there are any. */
  static async load(source: Source, options?: LoadOptions): Promise<Model> {
    const { integrity, cache, ...rest } = given(options, LOAD, "Model.load") as LoadOptions;
    const args: Origin["args"] = [crossingSource(source, "Model.load"), crossing(rest), { integrity, cache }];
    const { client, value } = await callStatic<MadeModel>("model", "load", args, rest);
    return new Model(client, value, { method: "again", args, isFree: isFree(rest.device) });
  }

  /** What a model will take; of a source only its config and the headers of its weights are read. */
  static async estimate(what: Source | ModelConfig, options: EstimateOptions): Promise<Estimate> {
    return await estimate(what, options);
  }

  /** The layers, shapes and parameter counts, as text. */
  async summary(options?: CallOptions): Promise<string> {
    return await numbers.summary(this.#remote, options);
  }

  /** Logits of a batch of ids, its loss if it has labels; hidden states and attentions if wanted. */
  async forward(batch: Batch, options?: ForwardOptions): Promise<Forward> {
    return await numbers.forward(this.#remote, batch, options);
  }

  /** The loss of a batch, and its gradient by Hugging Face parameter name. Dropout is off. */
  async gradients(batch: Batch, options?: CallOptions): Promise<{ loss: number; gradients: Map<string, Tensor> }> {
    return await numbers.gradients(this.#remote, batch, options);
  }

  /** Parameters by Hugging Face name: those named, or all. */
  async weights(names?: string[], options?: CallOptions): Promise<Map<string, Tensor>> {
    return await numbers.weights(this.#remote, names, options);
  }

  /** Sets parameters; if one does not fit, none. */
  async setWeights(values: Map<string, Tensor>, options?: CallOptions): Promise<void> {
    await numbers.setWeights(this.#remote, values, options);
  }

  /** Learns from texts or examples, or from batches of ids in the order given. */
  train(data: TrainData, options: TrainOptions): Run<StepReport, TrainResult> {
    return learning.train(this.#remote, this.config, data, options);
  }

  /** How well the model does on data that it does not learn from (of two parts `valid`): the loss, and what its task is judged by. */
  async evaluate(data: TrainData, options?: EvaluateOptions): Promise<Evaluation> {
    return await evaluate(this.#remote, data, options);
  }

  /** Continues a text, ids, or a conversation as the tokenizer's chat template writes it. */
  generate(prompt: string | Message[] | ArrayLike<number>, options?: GenerateOptions): Generation {
    return words.generate(this.#remote, prompt, options);
  }

  /** A conversation that goes on, and keeps what it has read. */
  async session(options?: SessionOptions): Promise<Session> {
    return await session(this.#remote, options);
  }

  /** What may come after a text, the most probable first. */
  async next(input: string, options?: CallOptions & { top?: number | undefined }): Promise<NextToken[]> {
    return await words.next(this.#remote, input, options);
  }

  /** The log-probability of each token of a text, and its perplexity. */
  async score(input: string, options?: CallOptions): Promise<Score> {
    return await reading.score(this.#remote, input, options);
  }

  /** For each mask token of a text what may stand there, the most probable first; five by default. */
  async fill(input: string, options?: TopOptions): Promise<Filling[][]> {
    return await reading.fill(this.#remote, input, options);
  }

  /** For each text its labels, the most probable first; all by default. */
  async classify(input: string | string[], options?: ClassifyOptions): Promise<LabelScore[][]> {
    return await reading.classify(this.#remote, input, options);
  }

  /** The entities of a text, merged over words and their pieces. */
  async tag(input: string, options?: CallOptions): Promise<Entity[]> {
    return await reading.tag(this.#remote, input, options);
  }

  /** The most probable answers within a context; one by default. */
  async answer(question: string, context: string, options?: TopOptions): Promise<Answer[]> {
    return await reading.answer(this.#remote, question, context, options);
  }

  /** One vector for each text. */
  async embed(input: string | string[], options?: EmbedOptions): Promise<Float32Array[]> {
    return await reading.embed(this.#remote, input, options);
  }

  /** A text's way through the layers: where each looks, its state, what the head would read of it. */
  async inspect(input: string, options?: InspectOptions): Promise<Trace> {
    return await reading.inspect(this.#remote, input, options);
  }

  /** The model's files, in memory: config.json, model.safetensors, the tokenizer's. `Model.load` reads them. */
  async files(options?: SaveOptions): Promise<Map<string, Blob>> {
    return await folder.files(this.#remote, options);
  }

  /** Saves the model's files; a save that fails leaves what was there before. */
  async save(target: Target, options?: SaveOptions): Promise<void> {
    await folder.save(this.#remote, target, options);
  }

  /** Frees the model; calls on it in hand reject with `disposed`. Its tokenizer stays. */
  dispose(): Promise<void> {
    return this.#remote.dispose();
  }
}
