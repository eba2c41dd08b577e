//! `config.json` of GPT-2 in, its sizes and flags out (Radford et al. 2019).

use super::fields::Fields;
use super::{LAYERS, SIZE, activation};
use crate::ensure;
use crate::error::Result;
use crate::kernels::activation::Activation;

/// GPT-2's sizes and flags.
#[derive(Clone, Debug, PartialEq)]
pub struct Gpt2 {
    /// Rows of the position table.
    pub positions: usize,
    /// Blocks.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width of the feed-forward half.
    pub hidden: usize,
    /// Between the two maps of the feed-forward half.
    pub activation: Activation,
    /// Of every norm.
    pub eps: f32,
    /// Whether scores are divided by the root of the head size.
    pub scaled: bool,
    /// Whether scores of layer i are divided by i + 1 too.
    pub by_layer: bool,
    /// Dropout of embeddings.
    pub embedding_dropout: f32,
    /// Dropout of attention probabilities.
    pub attention_dropout: f32,
    /// Dropout of what each half adds.
    pub residual_dropout: f32,
    /// Standard deviation of initial weights.
    pub std: f64,
    /// Whether the head is the token table.
    pub tied: bool,
}

pub(super) fn read(f: &Fields<'_>) -> Result<(super::Common, Gpt2)> {
    let width = f.size(&["n_embd", "hidden_size"], Some(768), SIZE)?;
    let heads = f.size(&["n_head", "num_attention_heads"], Some(12), SIZE)?;
    ensure!(width % heads == 0, BadFile, "config: `n_embd` {width} is no multiple of `n_head` {heads}");
    let common = super::Common {
        vocab: f.size(&["vocab_size"], Some(50_257), SIZE)?,
        width,
        context: f.size(&["n_positions", "max_position_embeddings"], Some(1024), SIZE)?,
    };
    f.absent("add_cross_attention")?;
    let gpt2 = Gpt2 {
        positions: common.context,
        layers: f.size(&["n_layer", "num_hidden_layers"], Some(12), LAYERS)?,
        heads,
        hidden: f.size(&["n_inner"], Some(4 * width), SIZE)?,
        activation: activation(f, &["activation_function"], "gelu_new")?,
        eps: f.positive(&["layer_norm_epsilon"], 1e-5)? as f32,
        scaled: f.flag(&["scale_attn_weights"], true)?,
        by_layer: f.flag(&["scale_attn_by_inverse_layer_idx"], false)?,
        embedding_dropout: f.rate(&["embd_pdrop"], 0.1)?,
        attention_dropout: f.rate(&["attn_pdrop"], 0.1)?,
        residual_dropout: f.rate(&["resid_pdrop"], 0.1)?,
        std: f.number(&["initializer_range"], 0.02)?,
        tied: f.flag(&["tie_word_embeddings"], true)?,
    };
    Ok((common, gpt2))
}
