//! Sizes in, a `config.json` object out, for the five architectures that a course begins with.
//!
//! The objects are what `transformers` would write for these sizes; what is not said takes the reference's defaults, but
//! dropout, which small models do without.

use serde_json::{Value, json};

use crate::ensure;
use crate::error::Result;

/// The sizes of a model to be made.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sizes {
    /// Blocks; of each stack where there are two.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Heads of keys and values, for llama.
    #[serde(default)]
    pub kv_heads: Option<usize>,
    /// Numbers for each position.
    pub width: usize,
    /// Width of the feed-forward half; usually four times the width.
    #[serde(default)]
    pub hidden: Option<usize>,
    /// Positions.
    pub context: usize,
    /// Tokens; where absent, those of the tokenizer that the model is made for.
    #[serde(default)]
    pub vocab_size: Option<usize>,
}

impl Sizes {
    fn check(&self, kv_heads: bool) -> Result<()> {
        ensure!(kv_heads || self.kv_heads.is_none(), BadOption, "kvHeads: only presets.llama has them");
        ensure!(
            self.heads > 0 && self.width.is_multiple_of(self.heads),
            BadOption,
            "width: {} is no multiple of {} heads",
            self.width,
            self.heads
        );
        Ok(())
    }

    fn hidden(&self) -> usize {
        self.hidden.unwrap_or(4 * self.width)
    }
}

/// GPT-2.
pub fn gpt(s: &Sizes) -> Result<Value> {
    s.check(false)?;
    Ok(json!({
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": s.vocab_size, "n_positions": s.context,
        "n_embd": s.width, "n_layer": s.layers, "n_head": s.heads, "n_inner": s.hidden(), "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5, "initializer_range": 0.02, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0,
        "tie_word_embeddings": true
    }))
}

/// LLaMA, with a tied head and a feed-forward half of 8/3 of the width, to the next multiple of 32.
pub fn llama(s: &Sizes) -> Result<Value> {
    s.check(true)?;
    let hidden = s.hidden.unwrap_or((8 * s.width / 3).next_multiple_of(32));
    Ok(json!({
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": s.vocab_size,
        "max_position_embeddings": s.context, "hidden_size": s.width, "intermediate_size": hidden,
        "num_hidden_layers": s.layers, "num_attention_heads": s.heads, "num_key_value_heads": s.kv_heads.unwrap_or(s.heads),
        "head_dim": s.width / s.heads, "hidden_act": "silu", "rms_norm_eps": 1e-5, "initializer_range": 0.02,
        "attention_bias": false, "mlp_bias": false, "attention_dropout": 0.0, "tie_word_embeddings": true,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}
    }))
}

/// BERT.
pub fn bert(s: &Sizes) -> Result<Value> {
    s.check(false)?;
    Ok(json!({
        "model_type": "bert", "architectures": ["BertForMaskedLM"], "vocab_size": s.vocab_size,
        "max_position_embeddings": s.context, "hidden_size": s.width, "intermediate_size": s.hidden(),
        "num_hidden_layers": s.layers, "num_attention_heads": s.heads, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "type_vocab_size": 2, "initializer_range": 0.02, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
        "pad_token_id": 0, "tie_word_embeddings": true
    }))
}

/// T5, version 1.1: gated GELU; with a tied head, as small models want it.
pub fn t5(s: &Sizes) -> Result<Value> {
    s.check(false)?;
    Ok(json!({
        "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "vocab_size": s.vocab_size, "n_positions": s.context,
        "d_model": s.width, "d_kv": s.width / s.heads, "d_ff": s.hidden(), "num_layers": s.layers,
        "num_decoder_layers": s.layers, "num_heads": s.heads, "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128, "dropout_rate": 0.0, "layer_norm_epsilon": 1e-6, "initializer_factor": 1.0,
        "feed_forward_proj": "gated-gelu", "is_encoder_decoder": true, "pad_token_id": 0, "eos_token_id": 1,
        "decoder_start_token_id": 0, "tie_word_embeddings": true
    }))
}

/// The encoder-decoder of Vaswani et al. 2017, under Marian's names.
pub fn transformer(s: &Sizes) -> Result<Value> {
    s.check(false)?;
    Ok(json!({
        "model_type": "marian", "architectures": ["MarianMTModel"], "vocab_size": s.vocab_size, "decoder_vocab_size": s.vocab_size,
        "max_position_embeddings": s.context, "d_model": s.width, "encoder_layers": s.layers, "decoder_layers": s.layers,
        "encoder_attention_heads": s.heads, "decoder_attention_heads": s.heads, "encoder_ffn_dim": s.hidden(),
        "decoder_ffn_dim": s.hidden(), "activation_function": "relu", "dropout": 0.0, "attention_dropout": 0.0,
        "activation_dropout": 0.0, "init_std": 0.02, "scale_embedding": true, "static_position_embeddings": true,
        "share_encoder_decoder_embeddings": true, "is_encoder_decoder": true, "pad_token_id": 0, "eos_token_id": 1,
        "decoder_start_token_id": 0, "forced_eos_token_id": 1, "tie_word_embeddings": true
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Config;

    #[test]
    fn every_preset_is_a_config_of_the_sizes_asked_for() {
        let sizes = json!({"layers": 3, "heads": 4, "width": 32, "context": 24, "vocabSize": 500});
        let sizes: Sizes = serde_json::from_value(sizes).unwrap();
        for preset in [gpt, llama, bert, t5, transformer] {
            let config = Config::from_json(&preset(&sizes).unwrap()).unwrap();
            assert_eq!((config.layers(), config.width, config.context, config.vocab), (3, 32, 24, 500));
        }
    }

    #[test]
    fn sizes_that_do_not_fit_or_are_not_known_are_refused() {
        let of = |value: Value| serde_json::from_value::<Sizes>(value);
        assert!(of(json!({"layers": 1, "heads": 1, "width": 8, "context": 8, "depth": 3})).is_err());
        let odd = of(json!({"layers": 1, "heads": 3, "width": 8, "context": 8})).unwrap();
        assert_eq!(gpt(&odd).unwrap_err().code(), "bad-option");
        let grouped = of(json!({"layers": 1, "heads": 2, "kvHeads": 1, "width": 8, "context": 8})).unwrap();
        assert!(llama(&grouped).is_ok() && gpt(&grouped).is_err());
    }
}
