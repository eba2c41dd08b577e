// The peers that run in JavaScript, each as `(json) => (text) => number of tokens`, made from a tokenizer.json of ours. Bundled for the page and for Node.

import { PreTrainedTokenizer } from "@huggingface/transformers";
import { GptEncoding } from "./node_modules/gpt-tokenizer/esm/GptEncoding.js";
import { init, Tiktoken } from "tiktoken/lite/init";

const GPT2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The byte that each symbol of a byte-level vocabulary stands for. */
function bytesOfSymbols() {
  const plain = [...Array(256).keys()].filter((b) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174);
  let next = 256;
  return new Map([...Array(256).keys()].map((b) => [String.fromCodePoint(plain.includes(b) ? b : next++), b]));
}

/** Byte strings with their ranks, which are the ids; the special tokens left out. */
function ranks(json) {
  const symbols = bytesOfSymbols();
  const { model, added_tokens } = JSON.parse(json);
  const special = new Set(added_tokens.map(({ content }) => content));
  return Object.entries(model.vocab).filter(([token]) => !special.has(token)).map(([token, id]) => [Uint8Array.from([...token], (c) => symbols.get(c)), id]);
}

export function gptTokenizer(json) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const list = [];
  for (const [raw, id] of ranks(json)) {
    try {
      list[id] = decoder.decode(raw);
    } catch {
      list[id] = [...raw];
    }
  }
  list[0] ??= "\0<|endoftext|>";
  const encoding = new GptEncoding({ bytePairRankDecoder: list, tokenSplitRegex: GPT2, specialTokensEncoder: new Map([["<|endoftext|>", 1_000_000]]) });
  return (text) => encoding.encode(text).length;
}

/** `wasm` is the bytes of tiktoken's file. */
export async function tiktoken(json, wasm) {
  await init((imports) => WebAssembly.instantiate(wasm, imports));
  const lines = ranks(json).sort((a, b) => a[1] - b[1]);
  const base64 = (raw) => btoa(String.fromCharCode(...raw));
  const encoding = new Tiktoken(`! ${lines[0][1]} ${lines.map(([raw]) => base64(raw)).join(" ")}`, {}, GPT2.source);
  return (text) => encoding.encode_ordinary(text).length;
}

export function transformers(json) {
  const tokenizer = new PreTrainedTokenizer(JSON.parse(json), { tokenizer_class: "PreTrainedTokenizer" });
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).length;
}
