//! `config.json` of BERT (Devlin et al. 2018) and its relatives in, sizes and flags out.
//!
//! DistilBERT has no types and other names; RoBERTa and CamemBERT count positions from the padding id on;
//! FlauBERT is XLM's encoder, with its norms after or before each half.

use serde_json::json;

use super::fields::Fields;
use super::{Common, LAYERS, ModelType, SIZE, activation};
use crate::ensure;
use crate::error::Result;
use crate::kernels::activation::Activation;

/// Whose parts and names a BERT-like model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// BERT's.
    Bert,
    /// DistilBERT's.
    Distil,
    /// RoBERTa's and CamemBERT's.
    Roberta,
    /// FlauBERT's.
    Flaubert,
}

/// Sizes and flags of BERT and its relatives.
#[derive(Clone, Debug, PartialEq)]
pub struct Bert {
    /// Whose parts and names.
    pub flavour: Flavour,
    /// Blocks.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width of the feed-forward half.
    pub hidden: usize,
    /// In the feed-forward half.
    pub activation: Activation,
    /// Of every norm.
    pub eps: f32,
    /// Rows of the type table; 0: there is none.
    pub types: usize,
    /// Rows of the position table.
    pub positions: usize,
    /// The first position's row.
    pub first_position: usize,
    /// The padding token, whose initial row is zero.
    pub padding: Option<usize>,
    /// Norms stand before each half, not after.
    pub pre_norm: bool,
    /// Whether the head for masked tokens is the token table.
    pub tied: bool,
    /// Dropout of embeddings and of what each half adds.
    pub hidden_dropout: f32,
    /// Dropout of attention probabilities.
    pub attention_dropout: f32,
    /// Dropout before a classifier.
    pub head_dropout: f32,
    /// Standard deviation of initial weights.
    pub std: f64,
    /// Standard deviation of initial embeddings.
    pub embedding_std: f64,
}

pub(super) fn read(model_type: ModelType, f: &Fields<'_>) -> Result<(Common, Bert)> {
    let (common, bert) = match model_type {
        ModelType::DistilBert => distil(f)?,
        ModelType::Flaubert => flaubert(f)?,
        _ => bert(model_type, f)?,
    };
    let (width, heads) = (common.width, bert.heads);
    ensure!(width % heads == 0, BadFile, "config: the width {width} is no multiple of the number of heads {heads}");
    Ok((common, bert))
}

fn bert(model_type: ModelType, f: &Fields<'_>) -> Result<(Common, Bert)> {
    let roberta = model_type != ModelType::Bert;
    f.only("position_embedding_type", &json!("absolute"))?;
    f.absent("is_decoder")?;
    f.absent("add_cross_attention")?;
    let padding = f.whole(&["pad_token_id"])?.or(Some(usize::from(roberta)));
    // RoBERTa counts from the row after the padding's.
    let first_position = if roberta { padding.unwrap_or(0) + 1 } else { 0 };
    let positions = f.size(&["max_position_embeddings"], Some(512), SIZE)?;
    ensure!(
        positions > first_position,
        BadFile,
        "config: `max_position_embeddings` {positions} leaves no position after row {first_position}"
    );
    let hidden_dropout = f.rate(&["hidden_dropout_prob"], 0.1)?;
    let std = f.number(&["initializer_range"], 0.02)?;
    let common = Common {
        vocab: f.size(&["vocab_size"], Some(if roberta { 50_265 } else { 30_522 }), SIZE)?,
        width: f.size(&["hidden_size"], Some(768), SIZE)?,
        context: positions - first_position,
    };
    let bert = Bert {
        flavour: if roberta { Flavour::Roberta } else { Flavour::Bert },
        layers: f.size(&["num_hidden_layers"], Some(12), LAYERS)?,
        heads: f.size(&["num_attention_heads"], Some(12), SIZE)?,
        hidden: f.size(&["intermediate_size"], Some(3072), SIZE)?,
        activation: activation(f, &["hidden_act"], "gelu")?,
        eps: f.positive(&["layer_norm_eps"], 1e-12)? as f32,
        types: f.size(&["type_vocab_size"], Some(2), SIZE)?,
        positions,
        first_position,
        padding: padding.filter(|&id| id < common.vocab),
        pre_norm: false,
        tied: f.flag(&["tie_word_embeddings"], true)?,
        hidden_dropout,
        attention_dropout: f.rate(&["attention_probs_dropout_prob"], 0.1)?,
        head_dropout: f.rate(&["classifier_dropout"], f64::from(hidden_dropout))?,
        std,
        embedding_std: std,
    };
    Ok((common, bert))
}

fn distil(f: &Fields<'_>) -> Result<(Common, Bert)> {
    let positions = f.size(&["max_position_embeddings"], Some(512), SIZE)?;
    // Only says how the table was first filled.
    f.flag(&["sinusoidal_pos_embds"], false)?;
    let std = f.number(&["initializer_range"], 0.02)?;
    let answer = f.rate(&["qa_dropout"], 0.1)?;
    let classify = f.rate(&["seq_classif_dropout"], 0.2)?;
    let hidden_dropout = f.rate(&["dropout"], 0.1)?;
    let common = Common {
        vocab: f.size(&["vocab_size"], Some(30_522), SIZE)?,
        width: f.size(&["dim", "hidden_size"], Some(768), SIZE)?,
        context: positions,
    };
    let architecture = f.list(&["architectures"])?.and_then(|list| list.first()?.as_str()).unwrap_or_default();
    let head_dropout = match architecture {
        "DistilBertForQuestionAnswering" => answer,
        "DistilBertForTokenClassification" => hidden_dropout,
        _ => classify,
    };
    let bert = Bert {
        flavour: Flavour::Distil,
        layers: f.size(&["n_layers", "num_hidden_layers"], Some(6), LAYERS)?,
        heads: f.size(&["n_heads", "num_attention_heads"], Some(12), SIZE)?,
        hidden: f.size(&["hidden_dim"], Some(3072), SIZE)?,
        activation: activation(f, &["activation"], "gelu")?,
        eps: 1e-12,
        types: 0,
        positions,
        first_position: 0,
        padding: f.whole(&["pad_token_id"])?.or(Some(0)).filter(|&id| id < common.vocab),
        pre_norm: false,
        tied: f.flag(&["tie_word_embeddings"], true)?,
        hidden_dropout,
        attention_dropout: f.rate(&["attention_dropout"], 0.1)?,
        head_dropout,
        std,
        embedding_std: std,
    };
    Ok((common, bert))
}

fn flaubert(f: &Fields<'_>) -> Result<(Common, Bert)> {
    for name in ["causal", "asm", "sinusoidal_embeddings"] {
        f.absent(name)?;
    }
    f.only("n_langs", &json!(1))?;
    f.only("is_encoder", &json!(true))?;
    // Has an effect only with several languages.
    f.flag(&["use_lang_emb"], true)?;
    ensure!(f.number(&["layerdrop"], 0.0)? == 0.0, Unsupported, "config: `layerdrop` other than 0 is not supported");
    for name in ["bos_index", "eos_index", "unk_index", "mask_index", "mask_token_id", "lang_id"] {
        f.whole(&[name])?;
    }
    for name in ["summary_use_proj", "summary_proj_to_labels"] {
        f.only(name, &json!(true))?;
    }
    f.only("summary_type", &json!("first"))?;
    f.absent("summary_activation")?;
    for name in ["start_n_top", "end_n_top", "max_vocab", "min_count"] {
        f.whole(&[name])?;
    }
    for name in ["amp", "attention_heads_dropout", "fp16", "use_apex"] {
        f.value(name);
    }
    let width = f.size(&["emb_dim", "hidden_size"], Some(2048), SIZE)?;
    let positions = f.size(&["max_position_embeddings"], Some(512), SIZE)?;
    let common = Common { vocab: f.size(&["vocab_size", "n_words"], Some(30_145), SIZE)?, width, context: positions };
    let padding = f.whole(&["pad_index", "pad_token_id"])?.or(Some(2));
    ensure!(width <= SIZE / 4, BadFile, "config: `emb_dim` is {width}");
    let gelu = f.flag(&["gelu_activation"], true)?;
    let bert = Bert {
        flavour: Flavour::Flaubert,
        layers: f.size(&["n_layers", "n_layer", "num_hidden_layers"], Some(12), LAYERS)?,
        heads: f.size(&["n_heads", "num_attention_heads"], Some(16), SIZE)?,
        hidden: 4 * width,
        activation: if gelu { Activation::GeluErf } else { Activation::Relu },
        eps: f.positive(&["layer_norm_eps"], 1e-12)? as f32,
        types: 0,
        positions,
        first_position: 0,
        padding: padding.filter(|&id| id < common.vocab),
        pre_norm: f.flag(&["pre_norm"], false)?,
        tied: f.flag(&["tie_word_embeddings"], true)?,
        hidden_dropout: f.rate(&["dropout"], 0.1)?,
        attention_dropout: f.rate(&["attention_dropout"], 0.1)?,
        head_dropout: f.rate(&["summary_first_dropout"], 0.1)?,
        std: f.number(&["init_std"], 0.02)?,
        embedding_std: f.number(&["embed_init_std"], (2048f64).powf(-0.5))?,
    };
    Ok((common, bert))
}
