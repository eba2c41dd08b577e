//! `config.json` of T5 (Raffel et al. 2019) and of Marian (the encoder-decoder of Vaswani et al. 2017) in, sizes and flags out.
//!
//! T5: norms before each half, relative positions, no biases, no scaling of scores. Marian: norms after each half,
//! sinusoids, biases.

use serde_json::json;

use super::fields::Fields;
use super::{Common, LAYERS, ModelType, SIZE, activation, activation_named};
use crate::error::Result;
use crate::kernels::activation::Activation;
use crate::{bail, ensure};

/// Sizes of one of the two stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Blocks.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width of the feed-forward half.
    pub hidden: usize,
}

/// Relative positions: scores get a number by head and bucket of the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relative {
    /// Buckets.
    pub buckets: usize,
    /// The distance from which all share the last bucket.
    pub farthest: usize,
}

/// Sizes and flags of the encoder-decoders.
#[derive(Clone, Debug, PartialEq)]
pub struct T5 {
    /// The stack that reads.
    pub encoder: Stack,
    /// The stack that writes.
    pub decoder: Stack,
    /// Numbers of one head.
    pub head: usize,
    /// In the feed-forward half.
    pub activation: Activation,
    /// Whether the feed-forward half is gated.
    pub gated: bool,
    /// T5's relative positions; without them, Marian's sinusoids, norms after each half, and biases.
    pub relative: Option<Relative>,
    /// Of every norm.
    pub eps: f32,
    /// Tokens are multiplied by this.
    pub embedding_scale: f32,
    /// What enters the head is multiplied by this.
    pub head_scale: f32,
    /// Whether the head is the token table.
    pub tied: bool,
    /// Dropout of embeddings and of what each half adds.
    pub dropout: f32,
    /// Dropout of attention probabilities.
    pub attention_dropout: f32,
    /// Dropout inside the feed-forward half.
    pub activation_dropout: f32,
    /// The padding token, whose initial row is zero, where the family has it so.
    pub padding: Option<usize>,
    /// T5's factor, or Marian's standard deviation, of initial weights.
    pub init: f64,
}

pub(super) fn read(model_type: ModelType, f: &Fields<'_>) -> Result<(Common, T5)> {
    f.only("is_encoder_decoder", &json!(true))?;
    f.absent("is_decoder")?;
    if model_type == ModelType::Marian { marian(f) } else { t5(f) }
}

fn t5(f: &Fields<'_>) -> Result<(Common, T5)> {
    let width = f.size(&["d_model", "hidden_size"], Some(512), SIZE)?;
    let heads = f.size(&["num_heads", "num_attention_heads"], Some(8), SIZE)?;
    let head = f.size(&["d_kv"], Some(64), 4096)?;
    ensure!(heads * head <= SIZE, BadFile, "config: {heads} heads of {head} are too many numbers");
    let hidden = f.size(&["d_ff"], Some(2048), SIZE)?;
    let layers = f.size(&["num_layers", "num_hidden_layers"], Some(6), LAYERS)?;
    let writing = f.size(&["num_decoder_layers"], Some(layers), LAYERS)?;
    let (gated, activation) = projection(f.word(&["feed_forward_proj"])?.unwrap_or("relu"))?;
    if let Some(is) = f.value("is_gated_act").and_then(serde_json::Value::as_bool) {
        ensure!(is == gated, BadFile, "config: `is_gated_act` {is} contradicts `feed_forward_proj`");
    }
    if let Some(name) = f.word(&["dense_act_fn"])? {
        let named = activation_named(name)?;
        ensure!(named == activation, BadFile, "config: `dense_act_fn` {name} contradicts `feed_forward_proj`");
    }
    let tied = f.flag(&["tie_word_embeddings"], true)?;
    let scaled = f.flag(&["scale_decoder_outputs"], tied)?;
    let buckets = f.size(&["relative_attention_num_buckets"], Some(32), 4096)?;
    let farthest = f.size(&["relative_attention_max_distance"], Some(128), SIZE)?;
    ensure!(
        (4..=64).contains(&buckets) && buckets.is_multiple_of(2) && farthest > buckets / 2,
        Unsupported,
        "config: {buckets} `relative_attention_num_buckets` up to distance {farthest} are not supported"
    );
    let dropout = f.rate(&["dropout_rate"], 0.1)?;
    f.rate(&["classifier_dropout"], 0.0)?;
    let common = Common {
        vocab: f.size(&["vocab_size"], Some(32_128), SIZE)?,
        width,
        context: f.size(&["n_positions"], Some(512), SIZE)?,
    };
    let t5 = T5 {
        encoder: Stack { layers, heads, hidden },
        decoder: Stack { layers: writing, heads, hidden },
        head,
        activation,
        gated,
        relative: Some(Relative { buckets, farthest }),
        eps: f.positive(&["layer_norm_epsilon"], 1e-6)? as f32,
        embedding_scale: 1.0,
        head_scale: if scaled { (width as f64).powf(-0.5) as f32 } else { 1.0 },
        tied,
        dropout,
        attention_dropout: dropout,
        activation_dropout: dropout,
        padding: None,
        init: f.number(&["initializer_factor"], 1.0)?,
    };
    Ok((common, t5))
}

/// `relu`, `gated-gelu` and the like. A gated GELU is the tanh approximation, as T5 v1.1 was trained.
fn projection(name: &str) -> Result<(bool, Activation)> {
    Ok(match name.split_once('-') {
        None => (false, activation_named(name)?),
        Some(("gated", "gelu")) => (true, Activation::GeluTanh),
        Some(("gated", name)) => (true, activation_named(name)?),
        Some(_) => bail!(Unsupported, "config: `feed_forward_proj` `{name}` is not known here"),
    })
}

fn marian(f: &Fields<'_>) -> Result<(Common, T5)> {
    for name in ["normalize_before", "normalize_embedding", "add_final_layer_norm", "add_bias_logits"] {
        f.absent(name)?;
    }
    f.only("static_position_embeddings", &json!(true))?;
    f.only("share_encoder_decoder_embeddings", &json!(true))?;
    for name in ["encoder_layerdrop", "decoder_layerdrop"] {
        ensure!(f.number(&[name], 0.0)? == 0.0, Unsupported, "config: `{name}` other than 0 is not supported");
    }
    f.whole(&["extra_pos_embeddings"])?;
    f.rate(&["classif_dropout", "classifier_dropout"], 0.0)?;
    f.whole(&["num_hidden_layers"])?;
    let vocab = f.size(&["vocab_size"], Some(58_101), SIZE)?;
    let decoder_vocab = f.size(&["decoder_vocab_size"], Some(vocab), SIZE)?;
    ensure!(
        decoder_vocab == vocab,
        Unsupported,
        "config: `decoder_vocab_size` {decoder_vocab} other than `vocab_size` {vocab} is not supported"
    );
    let width = f.size(&["d_model", "hidden_size"], Some(1024), SIZE)?;
    let stack = |side: &str| -> Result<Stack> {
        let heads = f.size(&[&format!("{side}_attention_heads")], Some(16), SIZE)?;
        ensure!(width % heads == 0, BadFile, "config: `d_model` {width} is no multiple of {heads} heads");
        Ok(Stack {
            layers: f.size(&[&format!("{side}_layers")], Some(12), LAYERS)?,
            heads,
            hidden: f.size(&[&format!("{side}_ffn_dim")], Some(4096), SIZE)?,
        })
    };
    let (encoder, decoder) = (stack("encoder")?, stack("decoder")?);
    ensure!(
        encoder.heads == decoder.heads,
        Unsupported,
        "config: {} `encoder_attention_heads` and {} `decoder_attention_heads` are not supported together",
        encoder.heads,
        decoder.heads
    );
    f.only("tie_word_embeddings", &json!(true))?;
    let scaled = f.flag(&["scale_embedding"], false)?;
    let common = Common { vocab, width, context: f.size(&["max_position_embeddings"], Some(1024), SIZE)? };
    let marian = T5 {
        encoder,
        decoder,
        head: width / encoder.heads,
        activation: activation(f, &["activation_function"], "gelu")?,
        gated: false,
        relative: None,
        eps: 1e-5,
        embedding_scale: if scaled { (width as f64).sqrt() as f32 } else { 1.0 },
        head_scale: 1.0,
        tied: true,
        dropout: f.rate(&["dropout"], 0.1)?,
        attention_dropout: f.rate(&["attention_dropout"], 0.0)?,
        activation_dropout: f.rate(&["activation_dropout"], 0.0)?,
        padding: f.whole(&["pad_token_id"])?.or(Some(58_100)).filter(|&id| id < vocab),
        init: f.number(&["init_std"], 0.02)?,
    };
    Ok((common, marian))
}
