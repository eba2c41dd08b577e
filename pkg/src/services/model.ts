// The model's calls on the host's side.

import type { Documents } from "../corpus.js";
import type { Held, Job } from "../door.js";
import { GriotError } from "../errors.js";
import type { Context, Service } from "../host.js";
import { openSource, type Place } from "../places/source.js";
import type { ObjectRef, WireCorpus } from "../protocol.js";
import { made as madeTokenizer, readTokenizer, type DoorTokenizer, type MadeTokenizer } from "./tokenizer.js";

/** What is known of a model without a call; the config as text. */
export interface About {
  config: string;
  parameters: number;
  task: "causal" | "masked" | "seq2seq" | "classify" | "tag" | "answer" | "embed";
  device: "webgpu" | "cpu";
}

/** A model of the wasm. */
export interface DoorModel extends Held {
  about(): About;
  summary(): string;
  forward(batch: unknown, extras: unknown): Job;
  gradients(batch: unknown): Job;
  weights(names?: string[] | null): Job;
  set_weights(names: string[], shapes: unknown, numbers: Float32Array[]): void;
  generate(prompt: unknown, options: unknown, stops: string[]): Job;
  next(text: string, top: number): Job;
  train(options: unknown, batches: unknown, every: number): Job;
  files(): Job;
}

/** This subject's part of the door. */
export interface DoorModels {
  create_model(config: string, options: unknown, tokenizer?: Held | null): Job;
  load_model(config: string, generation: string | null | undefined, options: unknown, tokenizer?: Held | null): Job;
}

/** A model as it crosses, with the tokenizer that came with its files. */
export interface MadeModel extends ObjectRef {
  about: About;
  tokenizer?: MadeTokenizer;
}

interface Files {
  config: string;
  weights: Uint8Array<ArrayBuffer>[];
  generation?: string;
  tokenizer?: string;
  tokenizerConfig?: string;
}

/** Bytes of a weights file that are read at a time. */
const CHUNK = 1 << 22;

/** A header may not be longer; the reader refuses it then. */
const HEADER = 100_000_000;

function made(context: Context, model: DoorModel, tokenizer?: DoorTokenizer): MadeModel {
  const about = model.about();
  return { ...context.keep("model", model), about, ...(tokenizer && { tokenizer: madeTokenizer(context, tokenizer) }) };
}

/** The weights: one file, or the shards that an index names. */
async function weights(place: Place, signal: AbortSignal): Promise<{ name: string; blob: Blob }[]> {
  const one = await place.read("model.safetensors", signal);
  if (one !== undefined) return [{ name: "model.safetensors", blob: one }];
  const index = await (await place.read("model.safetensors.index.json", signal))?.text();
  if (index === undefined) throw new GriotError("bad-file", `there is no model.safetensors in ${place.name}`);
  const names = new Set(Object.values((JSON.parse(index) as { weight_map?: Record<string, string> }).weight_map ?? {}));
  return await Promise.all(
    [...names].sort().map(async (name) => {
      const blob = await place.read(name, signal);
      if (blob === undefined) throw new GriotError("bad-file", `model.safetensors.index.json names ${name}, which is not in ${place.name}`);
      return { name, blob };
    }),
  );
}

/** What the job of loading reads: all headers, then all bytes. */
async function* contents(files: { name: string; blob: Blob }[]): AsyncGenerator<unknown[], undefined> {
  const bytes = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
  for (const { name, blob } of files) {
    const first = await bytes(blob.slice(0, 8));
    const length = first.length < 8 ? 0 : Math.min(Number(new DataView(first.buffer).getBigUint64(0, true)), HEADER);
    yield [{ name, size: blob.size, header: await bytes(blob.slice(0, 8 + length)) }];
  }
  for (const [file, { blob }] of files.entries()) {
    for (let at = 0; at < blob.size; at += CHUNK) yield [{ file, bytes: await bytes(blob.slice(at, at + CHUNK)) }];
  }
}

function documents(files: { name: string; blob: Blob }[]): Documents {
  const all = contents(files);
  return { next: async () => (await all.next()).value, restart: () => {} };
}

function files({ config, weights, generation, tokenizer, tokenizerConfig }: Files): Map<string, Blob> {
  const texts = { "config.json": config, "generation_config.json": generation, "tokenizer.json": tokenizer, "tokenizer_config.json": tokenizerConfig };
  const all = new Map<string, Blob>([["model.safetensors", new Blob(weights)]]);
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) all.set(name, new Blob([text], { type: "application/json" }));
  return all;
}

export const model: Service = {
  create(context, _: undefined, config: string, options: unknown, tokenizer: ObjectRef | undefined) {
    const lent = tokenizer && context.held<DoorTokenizer>(tokenizer).lend();
    return context.drive({ job: context.door.create_model(config, options, lent), finish: (model: DoorModel) => made(context, model) });
  },

  async load(context, _: undefined, source: unknown, options: unknown) {
    const place = await openSource(source, undefined);
    const text = async (name: string) => await (await place.read(name, context.signal))?.text();
    const config = await text("config.json");
    if (config === undefined) throw new GriotError("bad-file", `there is no config.json in ${place.name}`);
    const found = await weights(place, context.signal);
    const tokenizer = await readTokenizer(context, place);
    const job = context.door.load_model(config, await text("generation_config.json"), options, tokenizer?.lend());
    return context.drive({ job, documents: documents(found), finish: (model: DoorModel) => made(context, model, tokenizer) });
  },

  summary: (_, it: DoorModel) => it.summary(),
  forward: ({ drive }, it: DoorModel, batch: unknown, extras: unknown) => drive({ job: it.forward(batch, extras) }),
  gradients: ({ drive }, it: DoorModel, batch: unknown) =>
    drive({
      job: it.gradients(batch),
      finish: ({ loss, gradients }: { loss: number; gradients: [string, unknown][] }) => ({ loss, gradients: new Map(gradients) }),
    }),
  weights: ({ drive }, it: DoorModel, names: string[] | undefined) =>
    drive({ job: it.weights(names), finish: (named: [string, unknown][]) => new Map(named) }),
  setWeights: (_, it: DoorModel, names: string[], shapes: unknown, numbers: Float32Array[]) => it.set_weights(names, shapes, numbers),
  generate: ({ drive }, it: DoorModel, prompt: unknown, options: unknown, stops: string[]) => drive({ job: it.generate(prompt, options, stops) }),
  next: ({ drive }, it: DoorModel, text: string, top: number) => drive({ job: it.next(text, top) }),
  train: ({ drive }, it: DoorModel, corpus: WireCorpus | undefined, batches: unknown, options: unknown, every: number) =>
    drive({ job: it.train(options, batches, every), corpus }),
  files: ({ drive }, it: DoorModel) => drive({ job: it.files(), finish: files }),
};
