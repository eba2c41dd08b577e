// Sizes in, a `config.json` object out, for the five architectures that a course begins with.
//
// The same objects as `src/models/presets.rs` makes; a number of tokens that is not given is left to the tokenizer. No dropout:
// small models do without.

import { GriotError } from "./errors.js";
import { given, positive } from "./options.js";

/** A Hugging Face `config.json` object. */
export interface ModelConfig {
  model_type: string;
  [field: string]: unknown;
}

/** The sizes of a model to be made. */
export interface Sizes {
  /** Blocks; of each stack where there are two. */
  layers: number;
  heads: number;
  /** Heads of keys and values, for llama. */
  kvHeads?: number | undefined;
  width: number;
  /** Of the feed-forward half: four times the width by default, 8/3 of it for llama. */
  hidden?: number | undefined;
  context: number;
  /** Default: the tokenizer's. */
  vocabSize?: number | undefined;
}

const SIZES = { layers: positive, heads: positive, width: positive, hidden: positive, context: positive, vocabSize: positive };

function check(sizes: Sizes, where: string, table: Record<string, typeof positive> = SIZES): Sizes & { hidden: number } {
  const checked = given(sizes, table, where);
  for (const name of ["layers", "heads", "width", "context"] as const) {
    if (checked[name] === undefined) throw new GriotError("bad-option", `${where}: option "${name}" must be ${positive.expected}`);
  }
  if (checked.width % checked.heads !== 0) throw new GriotError("bad-option", `${where}: width: ${checked.width} is no multiple of ${checked.heads} heads`);
  return { ...checked, hidden: checked.hidden ?? 4 * checked.width };
}

const vocab = ({ vocabSize }: Sizes, ...names: string[]) => (vocabSize === undefined ? {} : Object.fromEntries(names.map((name) => [name, vocabSize])));

/** Configs by architecture. */
export const presets = {
  /** GPT-2. */
  gpt(sizes: Omit<Sizes, "kvHeads">): ModelConfig {
    const s = check(sizes, "presets.gpt");
    return {
      model_type: "gpt2", architectures: ["GPT2LMHeadModel"], ...vocab(s, "vocab_size"), n_positions: s.context, n_embd: s.width, n_layer: s.layers,
      n_head: s.heads, n_inner: s.hidden, activation_function: "gelu_new", layer_norm_epsilon: 1e-5, initializer_range: 0.02, embd_pdrop: 0,
      attn_pdrop: 0, resid_pdrop: 0, tie_word_embeddings: true,
    };
  },

  /** LLaMA, with a tied head and a feed-forward half of 8/3 of the width, to the next multiple of 32. */
  llama(sizes: Sizes): ModelConfig {
    const s = check(sizes, "presets.llama", { ...SIZES, kvHeads: positive });
    const hidden = sizes.hidden ?? Math.ceil(Math.floor((8 * s.width) / 3) / 32) * 32;
    return {
      model_type: "llama", architectures: ["LlamaForCausalLM"], ...vocab(s, "vocab_size"), max_position_embeddings: s.context, hidden_size: s.width,
      intermediate_size: hidden, num_hidden_layers: s.layers, num_attention_heads: s.heads, num_key_value_heads: s.kvHeads ?? s.heads,
      head_dim: s.width / s.heads, hidden_act: "silu", rms_norm_eps: 1e-5, initializer_range: 0.02, attention_bias: false, mlp_bias: false,
      attention_dropout: 0, tie_word_embeddings: true, rope_parameters: { rope_type: "default", rope_theta: 10000 },
    };
  },

  /** BERT. */
  bert(sizes: Omit<Sizes, "kvHeads">): ModelConfig {
    const s = check(sizes, "presets.bert");
    return {
      model_type: "bert", architectures: ["BertForMaskedLM"], ...vocab(s, "vocab_size"), max_position_embeddings: s.context, hidden_size: s.width,
      intermediate_size: s.hidden, num_hidden_layers: s.layers, num_attention_heads: s.heads, hidden_act: "gelu", layer_norm_eps: 1e-12,
      type_vocab_size: 2, initializer_range: 0.02, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0, pad_token_id: 0, tie_word_embeddings: true,
    };
  },

  /** T5, version 1.1: gated GELU; with a tied head, as small models want it. */
  t5(sizes: Omit<Sizes, "kvHeads">): ModelConfig {
    const s = check(sizes, "presets.t5");
    return {
      model_type: "t5", architectures: ["T5ForConditionalGeneration"], ...vocab(s, "vocab_size"), n_positions: s.context, d_model: s.width,
      d_kv: s.width / s.heads, d_ff: s.hidden, num_layers: s.layers, num_decoder_layers: s.layers, num_heads: s.heads,
      relative_attention_num_buckets: 32, relative_attention_max_distance: 128, dropout_rate: 0, layer_norm_epsilon: 1e-6, initializer_factor: 1,
      feed_forward_proj: "gated-gelu", is_encoder_decoder: true, pad_token_id: 0, eos_token_id: 1, decoder_start_token_id: 0, tie_word_embeddings: true,
    };
  },

  /** The encoder-decoder of Vaswani et al. 2017, under Marian's names. */
  transformer(sizes: Omit<Sizes, "kvHeads">): ModelConfig {
    const s = check(sizes, "presets.transformer");
    return {
      model_type: "marian", architectures: ["MarianMTModel"], ...vocab(s, "vocab_size", "decoder_vocab_size"), max_position_embeddings: s.context,
      d_model: s.width, encoder_layers: s.layers, decoder_layers: s.layers, encoder_attention_heads: s.heads, decoder_attention_heads: s.heads,
      encoder_ffn_dim: s.hidden, decoder_ffn_dim: s.hidden, activation_function: "relu", dropout: 0, attention_dropout: 0, activation_dropout: 0,
      init_std: 0.02, scale_embedding: true, static_position_embeddings: true, share_encoder_decoder_embeddings: true, is_encoder_decoder: true,
      pad_token_id: 0, eos_token_id: 1, decoder_start_token_id: 0, forced_eos_token_id: 1, tie_word_embeddings: true,
    };
  },
};
