//! `config.json` of LLaMA (Touvron et al. 2023) and its relatives in, sizes and flags out.
//!
//! Mistral, Qwen 2 and 3, Gemma 1 to 3 differ by flags: biases, norms on queries and keys, windows, caps, where norms stand.
//! Rotary positions come in two spellings: `rope_parameters`, or `rope_theta` with `rope_scaling`.

use serde_json::{Map, Value, json};

use super::fields::{Fields, brief};
use super::{Common, LAYERS, ModelType, SIZE, activation_named};
use crate::error::{Context, Result};
use crate::kernels::activation::Activation;
use crate::{bail, ensure};

/// Sizes and flags of LLaMA and its relatives.
#[derive(Clone, Debug, PartialEq)]
pub struct Llama {
    /// Blocks.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Numbers of one head; not always width over heads.
    pub head: usize,
    /// Width of the feed-forward half.
    pub hidden: usize,
    /// On the gate.
    pub activation: Activation,
    /// Of every norm.
    pub eps: f32,
    /// Whether the head is the token table.
    pub tied: bool,
    /// Biases on queries, keys and values.
    pub qkv_bias: bool,
    /// Bias on the attention's output.
    pub out_bias: bool,
    /// Biases in the feed-forward half.
    pub mlp_bias: bool,
    /// Norms on queries and keys, each head for itself.
    pub head_norms: bool,
    /// The scale of a norm is one more than its weight.
    pub offset_norms: bool,
    /// Norms also after each half, before it is added.
    pub sandwich: bool,
    /// Tokens are multiplied by this.
    pub embedding_scale: f32,
    /// Scores are multiplied by this.
    pub score_scale: f32,
    /// Scores s become c·tanh(s / c).
    pub score_cap: Option<f32>,
    /// The same for logits.
    pub logit_cap: Option<f32>,
    /// The window of each layer; none sees everything before.
    pub windows: Vec<Option<usize>>,
    /// Rotary positions of the layers without a window, or of all.
    pub rope: Rope,
    /// Rotary positions of the layers with a window, where they differ.
    pub local_rope: Option<Rope>,
    /// Dropout of attention probabilities.
    pub attention_dropout: f32,
    /// Standard deviation of initial weights.
    pub std: f64,
}

/// Rotary positions (Su et al. 2021): angles position / base^(2i / D), possibly scaled.
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
    /// The base.
    pub base: f64,
    /// How positions past the original context are reached.
    pub scaling: RopeScaling,
}

/// How angles are changed to reach further.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// All angles are divided by the factor.
    Linear {
        /// The divisor.
        factor: f64,
    },
    /// The base grows with the length past the original context.
    Dynamic {
        /// How far.
        factor: f64,
        /// The original context.
        original: usize,
    },
    /// LLaMA 3.1: slow angles are divided, fast ones kept, those between blended.
    Llama3 {
        /// The divisor of slow angles.
        factor: f64,
        /// Turns over the original context below which an angle is slow.
        low: f64,
        /// Turns above which it is fast.
        high: f64,
        /// The original context.
        original: usize,
    },
    /// YaRN (Peng et al. 2023).
    Yarn {
        /// The divisor of slow angles.
        factor: f64,
        /// The original context.
        original: usize,
        /// Turns above which an angle is kept.
        fast: f64,
        /// Turns below which it is divided.
        slow: f64,
        /// What cosines and sines are multiplied by.
        attention: f64,
        /// Whether the bounds of the ramp are rounded to whole dimensions.
        truncate: bool,
    },
}

pub(super) fn read(model_type: ModelType, f: &Fields<'_>) -> Result<(Common, Llama)> {
    use ModelType::{Gemma, Gemma2, Gemma3Text, Llama as Plain, Mistral, Qwen2, Qwen3};
    let gemma = matches!(model_type, Gemma | Gemma2 | Gemma3Text);
    let late_gemma = matches!(model_type, Gemma2 | Gemma3Text);
    let width = f.size(&["hidden_size"], None, SIZE)?;
    let heads = f.size(&["num_attention_heads"], None, SIZE)?;
    let layers = f.size(&["num_hidden_layers"], None, LAYERS)?;
    let kv_heads = match model_type {
        Mistral => f.size(&["num_key_value_heads"], Some(8), SIZE)?,
        Gemma | Gemma2 | Gemma3Text | Qwen2 | Qwen3 => f.size(&["num_key_value_heads"], None, SIZE)?,
        _ => f.size(&["num_key_value_heads"], Some(heads), SIZE)?,
    };
    ensure!(
        heads % kv_heads == 0,
        BadFile,
        "config: `num_attention_heads` {heads} is no multiple of `num_key_value_heads` {kv_heads}"
    );
    let usual_head = match model_type {
        Qwen3 => 128,
        Gemma | Gemma2 | Gemma3Text => 256,
        _ => width / heads,
    };
    ensure!(
        width % heads == 0
            || matches!(model_type, Qwen3 | Gemma | Gemma2 | Gemma3Text)
            || f.value("head_dim").is_some(),
        BadFile,
        "config: `hidden_size` {width} is no multiple of `num_attention_heads` {heads}, and there is no `head_dim`"
    );
    let head = f.size(&["head_dim"], Some(usual_head.max(1)), 4096)?;
    ensure!(head % 2 == 0, BadFile, "config: `head_dim` is {head}, rotary positions need an even number");
    ensure!(heads * head <= SIZE, BadFile, "config: {heads} heads of {head} are too many numbers");
    let usual_context = match model_type {
        Plain => 2048,
        Mistral | Gemma3Text => 131_072,
        Qwen2 | Qwen3 => 32_768,
        _ => 8192,
    };
    let context = f.size(&["max_position_embeddings"], Some(usual_context), SIZE)?;
    let common = Common { vocab: f.size(&["vocab_size"], None, SIZE)?, width, context };
    let windows = windows(model_type, f, layers)?;
    let (rope, local_rope) = ropes(model_type, f, context)?;
    let attention_bias =
        matches!(model_type, Plain | Qwen3 | Gemma | Gemma2 | Gemma3Text) && f.flag(&["attention_bias"], false)?;
    let score_scale = if late_gemma { f.positive(&["query_pre_attn_scalar"], 256.0)? } else { head as f64 };
    let cap = |name: &str, usual: Option<f64>| -> Result<Option<f32>> {
        // Null says that there is none, absence that it is as the reference's default.
        let cap = f.optional(&[name])?.or(usual.filter(|_| !f.holds(name)));
        ensure!(cap.is_none_or(|cap| cap > 0.0), BadFile, "config: `{name}` must be more than zero");
        Ok(cap.map(|cap| cap as f32))
    };
    let (score_cap, logit_cap) = match model_type {
        Gemma2 => (cap("attn_logit_softcapping", Some(50.0))?, cap("final_logit_softcapping", Some(30.0))?),
        Gemma3Text => {
            // The reference reads the first for Gemma 3 too, and does nothing with it.
            cap("attn_logit_softcapping", None)?;
            (None, cap("final_logit_softcapping", None)?)
        }
        _ => (None, None),
    };
    f.absent("use_bidirectional_attention")?;
    let llama = Llama {
        layers,
        heads,
        kv_heads,
        head,
        hidden: f.size(&["intermediate_size"], None, SIZE)?,
        activation: gated(model_type, f)?,
        eps: f.positive(&["rms_norm_eps"], 1e-6)? as f32,
        tied: f.flag(&["tie_word_embeddings"], gemma)?,
        qkv_bias: attention_bias || model_type == Qwen2,
        out_bias: attention_bias,
        mlp_bias: model_type == Plain && f.flag(&["mlp_bias"], false)?,
        head_norms: matches!(model_type, Qwen3 | Gemma3Text),
        offset_norms: gemma,
        sandwich: late_gemma,
        embedding_scale: if gemma { (width as f64).sqrt() as f32 } else { 1.0 },
        score_scale: score_scale.powf(-0.5) as f32,
        score_cap,
        logit_cap,
        windows,
        rope,
        local_rope,
        attention_dropout: f.rate(&["attention_dropout"], 0.0)?,
        std: f.number(&["initializer_range"], 0.02)?,
    };
    Ok((common, llama))
}

/// The activation of the gate. Gemma's first files say `gelu` and mean the tanh approximation. Gemma's have two names for it: the
/// reference reads the first in Gemma, the second in Gemma 2 and 3, whatever the other says.
fn gated(model_type: ModelType, f: &Fields<'_>) -> Result<Activation> {
    let first = f.word(&["hidden_act"])?;
    let later = || f.word(&["hidden_activation"]);
    let name = match model_type {
        ModelType::Gemma => later().map(|_| first.filter(|name| *name != "gelu").unwrap_or("gelu_pytorch_tanh"))?,
        ModelType::Gemma2 | ModelType::Gemma3Text => later()?.unwrap_or("gelu_pytorch_tanh"),
        _ => first.unwrap_or("silu"),
    };
    activation_named(name).context(|| "config: the activation of the gate".to_owned())
}

fn windows(model_type: ModelType, f: &Fields<'_>, layers: usize) -> Result<Vec<Option<usize>>> {
    use ModelType::{Gemma2, Gemma3Text, Mistral, Qwen2, Qwen3};
    let usual = matches!(model_type, Mistral | Qwen2 | Qwen3 | Gemma2 | Gemma3Text) && !f.holds("sliding_window");
    let window = f.whole(&["sliding_window"])?.or(usual.then_some(4096));
    ensure!(window != Some(0), BadFile, "config: `sliding_window` is 0");
    let on = match model_type {
        Qwen2 | Qwen3 => f.flag(&["use_sliding_window"], false)?,
        Mistral | Gemma2 | Gemma3Text => true,
        _ => {
            f.absent("use_sliding_window")?;
            false
        }
    };
    let window = window.filter(|_| on);
    let from = f.whole(&["max_window_layers"])?.unwrap_or(28);
    let pattern = f.size(&["sliding_window_pattern"], Some(6), LAYERS)?;
    let slides = |layer: usize| match model_type {
        Mistral => true,
        Qwen2 | Qwen3 => layer >= from,
        Gemma2 => layer.is_multiple_of(2),
        Gemma3Text => !(layer + 1).is_multiple_of(pattern),
        _ => false,
    };
    let Some(list) = f.list(&["layer_types"])? else {
        return Ok((0..layers).map(|layer| window.filter(|_| slides(layer))).collect());
    };
    ensure!(list.len() == layers, BadFile, "config: `layer_types` has {} entries for {layers} layers", list.len());
    let mut windows = Vec::with_capacity(layers);
    for kind in list {
        windows.push(match kind.as_str() {
            Some("full_attention") => None,
            Some("sliding_attention") if window.is_some() => window,
            _ => bail!(Unsupported, "config: `layer_types` holds {}, which is not supported here", brief(kind)),
        });
    }
    Ok(windows)
}

fn ropes(model_type: ModelType, f: &Fields<'_>, context: usize) -> Result<(Rope, Option<Rope>)> {
    let gemma3 = model_type == ModelType::Gemma3Text;
    let base = match model_type {
        ModelType::Gemma3Text => 1e6,
        _ => 1e4,
    };
    let theta = f.positive(&["rope_theta"], base)?;
    let local_theta = if gemma3 { Some(f.positive(&["rope_local_base_freq"], 1e4)?) } else { None };
    let plain = |base: f64| Rope { base, scaling: RopeScaling::None };
    let scaling = f.object(&["rope_scaling"])?;
    f.only("partial_rotary_factor", &json!(1.0))?;
    let Some(parameters) = f.object(&["rope_parameters"])? else {
        let rope = match scaling {
            Some(object) => rope(object, "rope_scaling.", theta, context)?,
            None => plain(theta),
        };
        return Ok((rope, local_theta.map(plain)));
    };
    ensure!(scaling.is_none(), BadFile, "config: `rope_scaling` and `rope_parameters` are both there");
    let nested = |kind: &str| parameters.get(kind).and_then(Value::as_object);
    match (nested("full_attention"), nested("sliding_attention")) {
        (Some(full), Some(sliding)) => {
            for name in parameters.keys() {
                let known = name == "full_attention" || name == "sliding_attention";
                ensure!(known, Unsupported, "config: `rope_parameters.{name}` is not known here");
            }
            let local = rope(sliding, "rope_parameters.sliding_attention.", local_theta.unwrap_or(theta), context)?;
            let full = rope(full, "rope_parameters.full_attention.", theta, context)?;
            let differ = local != full;
            Ok((full, differ.then_some(local)))
        }
        _ => Ok((rope(parameters, "rope_parameters.", theta, context)?, local_theta.map(plain))),
    }
}

fn rope(object: &Map<String, Value>, path: &'static str, theta: f64, context: usize) -> Result<Rope> {
    let f = Fields::new(object, path);
    let base = f.positive(&["rope_theta"], theta)?;
    ensure!(base > 1.0, BadFile, "config: `{path}rope_theta` is {base}, more than 1 is wanted");
    let kind = f.word(&["rope_type", "type"])?.unwrap_or("default");
    f.only("partial_rotary_factor", &json!(1.0))?;
    let original = || f.size(&["original_max_position_embeddings"], Some(context), SIZE);
    let factor = || -> Result<f64> {
        let factor = f.optional(&["factor"])?;
        let Some(factor) = factor.filter(|factor| *factor >= 1.0) else {
            bail!(BadFile, "config: `{path}factor` is {factor:?}, at least 1 is wanted")
        };
        Ok(factor)
    };
    let scaling = match kind {
        "default" => RopeScaling::None,
        "linear" => RopeScaling::Linear { factor: factor()? },
        "dynamic" => RopeScaling::Dynamic { factor: factor()?, original: context },
        "llama3" => {
            let (low, high) = (f.positive(&["low_freq_factor"], 1.0)?, f.positive(&["high_freq_factor"], 4.0)?);
            ensure!(
                low < high,
                BadFile,
                "config: `{path}low_freq_factor` {low} is not below `high_freq_factor` {high}"
            );
            RopeScaling::Llama3 { factor: factor()?, low, high, original: original()? }
        }
        "yarn" => yarn(&f, factor()?, original()?)?,
        _ => bail!(Unsupported, "config: `{path}rope_type` `{kind}` is not known here"),
    };
    f.value("original_max_position_embeddings");
    f.finish()?;
    Ok(Rope { base, scaling })
}

fn yarn(f: &Fields<'_>, factor: f64, original: usize) -> Result<RopeScaling> {
    let scale = |m: f64| if factor <= 1.0 { 1.0 } else { 0.1 * m * crate::rng::ln(factor) + 1.0 };
    let (one, all) = (f.optional(&["mscale"])?, f.optional(&["mscale_all_dim"])?);
    let usual = match (one, all) {
        (Some(one), Some(all)) if one != 0.0 && all != 0.0 => scale(one) / scale(all),
        _ => scale(1.0),
    };
    Ok(RopeScaling::Yarn {
        factor,
        original,
        fast: f.positive(&["beta_fast"], 32.0)?,
        slow: f.positive(&["beta_slow"], 1.0)?,
        attention: f.positive(&["attention_factor"], usual)?,
        truncate: f.flag(&["truncate"], true)?,
    })
}
