// The tokenizer's calls on the host's side.

import type { Job, Held } from "../door.js";
import { GriotError } from "../errors.js";
import type { Context, Service } from "../host.js";
import type { Place } from "../places/place.js";
import type { Reading } from "../places/crossing.js";
import { openSource } from "../places/source.js";
import type { ObjectRef, WireCorpus } from "../protocol.js";
import type { Surroundings } from "./index.js";

/** A tokenizer of the wasm. */
export interface DoorTokenizer extends Held {
  about(): About;
  encode(texts: (string | [string, string])[], options: unknown): Job;
  decode(ids: Uint32Array, skipSpecial: boolean): string;
  count(text: string, special: boolean): Job;
  id_to_token(id: number): string | undefined;
  token_to_id(token: string): number | undefined;
  vocab(): unknown;
  explain(text: string): unknown;
  chat(messages: unknown, options: unknown): string;
  to_json(): string;
  to_config_json(): string;
  /** For a call of another object, which takes it. */
  lend(): Held;
}

/** What is known of a tokenizer without a call. */
export interface About {
  kind: "bpe" | "wordpiece" | "unigram" | "word" | "char";
  vocabSize: number;
  special: Record<string, { token: string; id: number }>;
}

/** The static half, as the wasm has it. */
export interface DoorTokenizers {
  from_json(json: string, config?: string): DoorTokenizer;
  from_vocab_txt(text: string, config?: string): DoorTokenizer;
  from_vocab_and_merges(vocab: string, merges: string, config?: string): DoorTokenizer;
}

/** A tokenizer as it crosses, with what makes it again in another runtime: the texts of its files, outside of the heaps. */
export interface MadeTokenizer extends ObjectRef {
  about: About;
  recipe: { json: Blob; config: Blob };
}

/** A tokenizer of the wasm, kept for the client. */
export function made({ keep }: Context, tokenizer: DoorTokenizer): MadeTokenizer {
  const recipe = { json: new Blob([tokenizer.to_json()]), config: new Blob([tokenizer.to_config_json()]) };
  return { ...keep("tokenizer", tokenizer), about: tokenizer.about(), recipe };
}

/** The tokenizer of a place, or undefined where there is none; `tell` hears of each file. */
export async function readTokenizer({ door: { Tokenizer } }: Context, place: Place, tell?: Context["tell"]): Promise<DoorTokenizer | undefined> {
  let done = 0;
  const text = async (name: string) => {
    const file = await place.read(name);
    done += file?.size ?? 0;
    if (file !== undefined) tell?.({ phase: "load", done, bytes: true, note: name });
    return await file?.text();
  };
  const config = withTemplate(await text("tokenizer_config.json"), await text("chat_template.jinja"));
  const json = await text("tokenizer.json");
  if (json !== undefined) return Tokenizer.from_json(json, config);
  const [vocab, merges] = [await text("vocab.json"), await text("merges.txt")];
  if (vocab !== undefined && merges !== undefined) return Tokenizer.from_vocab_and_merges(vocab, merges, config);
  const words = await text("vocab.txt");
  return words === undefined ? undefined : Tokenizer.from_vocab_txt(words, config);
}

/** A configuration with the chat template that stands in a file of its own, which counts before its own. */
function withTemplate(config: string | undefined, template: string | undefined): string | undefined {
  if (template === undefined) return config;
  try {
    return JSON.stringify({ ...(JSON.parse(config ?? "{}") as object), chat_template: template });
  } catch {
    return config; // whoever reads it says what is wrong
  }
}

function without(place: Place): GriotError {
  const { code, message, details } = place.missing("tokenizer.json");
  return new GriotError(code, message, { hint: "a tokenizer is tokenizer.json, or vocab.json and merges.txt, or vocab.txt", details });
}

/** The calls; `load` needs to know where `hub:` is. */
export function tokenizer({ settings, chat }: Surroundings): Service {
  return {
    fromJSON: (context, _: undefined, json: string) => made(context, context.door.Tokenizer.from_json(json)),

    async again(context, _: undefined, recipe: MadeTokenizer["recipe"]) {
      const [json, config] = await Promise.all([recipe.json.text(), recipe.config.text()]);
      return context.keep("tokenizer", context.door.Tokenizer.from_json(json, config));
    },

    async load(context, _: undefined, source: unknown, reading: Reading) {
      const place = await openSource(source, settings.hub, context.signal, reading, "Tokenizer.load");
      let tokenizer: DoorTokenizer | undefined;
      try {
        tokenizer = await readTokenizer(context, place, context.tell);
        if (tokenizer === undefined) throw without(place);
        await place.ready(0);
        await place.close();
      } catch (thrown) {
        tokenizer?.free();
        await place.close(thrown);
        throw thrown;
      }
      return made(context, tokenizer);
    },

    trainer(context, _: undefined, corpus: WireCorpus, options: unknown) {
      const finish = (tokenizer: DoorTokenizer) => made(context, tokenizer);
      return context.drive({ job: context.door.train_tokenizer(options), corpus, finish });
    },

    encode: ({ drive }, it: DoorTokenizer, texts: (string | [string, string])[], options: unknown) => drive({ job: it.encode(texts, options) }),
    decode: (_, it: DoorTokenizer, ids: Uint32Array, skipSpecial: boolean) => it.decode(ids, skipSpecial),
    decodeBatch: (_, it: DoorTokenizer, batch: Uint32Array[], skipSpecial: boolean) => batch.map((ids) => it.decode(ids, skipSpecial)),
    count: ({ drive }, it: DoorTokenizer, text: string, special: boolean) => drive({ job: it.count(text, special) }),
    idToToken: (_, it: DoorTokenizer, id: number) => it.id_to_token(id),
    tokenToId: (_, it: DoorTokenizer, token: string) => it.token_to_id(token),
    vocab: (_, it: DoorTokenizer) => it.vocab(),
    explain: (_, it: DoorTokenizer, text: string) => it.explain(text),
    async applyChatTemplate(_, it: DoorTokenizer, messages: unknown, options: unknown) {
      await chat.ready();
      return it.chat(messages, options);
    },
    toJSON: (_, it: DoorTokenizer) => it.to_json(),
  };
}
