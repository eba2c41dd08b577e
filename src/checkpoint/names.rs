//! Our names of tensors and Hugging Face's, both ways, for each family and head.
//!
//! A table holds stems, `{}` stands for a layer's number. Names are exactly those that `save_pretrained` writes for the class;
//! read are also older spellings (`gamma`, `beta`), files of the bare model (without prefix) or of a model with another head.
//! What no class here has is unknown, and refused by whoever loads.

use std::collections::BTreeMap;

use crate::bail;
use crate::error::Result;
use crate::models::{Config, Family, Flavour, ModelType, Task};
use crate::nn::{Inventory, Role};

/// Ours, theirs.
type Stems = &'static [(&'static str, &'static str)];

const GPT2: Stems = &[
    ("tokens", "wte"),
    ("positions", "wpe"),
    ("blocks.{}.attention_norm", "h.{}.ln_1"),
    ("blocks.{}.attention.qkv", "h.{}.attn.c_attn"),
    ("blocks.{}.attention.out", "h.{}.attn.c_proj"),
    ("blocks.{}.mlp_norm", "h.{}.ln_2"),
    ("blocks.{}.mlp.up", "h.{}.mlp.c_fc"),
    ("blocks.{}.mlp.down", "h.{}.mlp.c_proj"),
    ("norm", "ln_f"),
];

const LLAMA: Stems = &[
    ("tokens", "embed_tokens"),
    ("blocks.{}.attention_norm", "layers.{}.input_layernorm"),
    ("blocks.{}.attention.q", "layers.{}.self_attn.q_proj"),
    ("blocks.{}.attention.k", "layers.{}.self_attn.k_proj"),
    ("blocks.{}.attention.v", "layers.{}.self_attn.v_proj"),
    ("blocks.{}.attention.out", "layers.{}.self_attn.o_proj"),
    ("blocks.{}.attention.q_norm", "layers.{}.self_attn.q_norm"),
    ("blocks.{}.attention.k_norm", "layers.{}.self_attn.k_norm"),
    ("blocks.{}.mlp.gate", "layers.{}.mlp.gate_proj"),
    ("blocks.{}.mlp.up", "layers.{}.mlp.up_proj"),
    ("blocks.{}.mlp.down", "layers.{}.mlp.down_proj"),
    ("norm", "norm"),
];

/// Where LLaMA has one norm after attention, Gemma 2 and 3 have three.
const SINGLE_NORMS: Stems = &[("blocks.{}.mlp_norm", "layers.{}.post_attention_layernorm")];
const SANDWICH_NORMS: Stems = &[
    ("blocks.{}.mlp_norm", "layers.{}.pre_feedforward_layernorm"),
    ("blocks.{}.attention_after", "layers.{}.post_attention_layernorm"),
    ("blocks.{}.mlp_after", "layers.{}.post_feedforward_layernorm"),
];

const BERT: Stems = &[
    ("tokens", "embeddings.word_embeddings"),
    ("positions", "embeddings.position_embeddings"),
    ("types", "embeddings.token_type_embeddings"),
    ("embedding_norm", "embeddings.LayerNorm"),
    ("blocks.{}.attention.q", "encoder.layer.{}.attention.self.query"),
    ("blocks.{}.attention.k", "encoder.layer.{}.attention.self.key"),
    ("blocks.{}.attention.v", "encoder.layer.{}.attention.self.value"),
    ("blocks.{}.attention.out", "encoder.layer.{}.attention.output.dense"),
    ("blocks.{}.attention_norm", "encoder.layer.{}.attention.output.LayerNorm"),
    ("blocks.{}.mlp.up", "encoder.layer.{}.intermediate.dense"),
    ("blocks.{}.mlp.down", "encoder.layer.{}.output.dense"),
    ("blocks.{}.mlp_norm", "encoder.layer.{}.output.LayerNorm"),
    ("pooler", "pooler.dense"),
];

const DISTIL: Stems = &[
    ("tokens", "embeddings.word_embeddings"),
    ("positions", "embeddings.position_embeddings"),
    ("embedding_norm", "embeddings.LayerNorm"),
    ("blocks.{}.attention.q", "transformer.layer.{}.attention.q_lin"),
    ("blocks.{}.attention.k", "transformer.layer.{}.attention.k_lin"),
    ("blocks.{}.attention.v", "transformer.layer.{}.attention.v_lin"),
    ("blocks.{}.attention.out", "transformer.layer.{}.attention.out_lin"),
    ("blocks.{}.attention_norm", "transformer.layer.{}.sa_layer_norm"),
    ("blocks.{}.mlp.up", "transformer.layer.{}.ffn.lin1"),
    ("blocks.{}.mlp.down", "transformer.layer.{}.ffn.lin2"),
    ("blocks.{}.mlp_norm", "transformer.layer.{}.output_layer_norm"),
];

const FLAUBERT: Stems = &[
    ("tokens", "embeddings"),
    ("positions", "position_embeddings"),
    ("embedding_norm", "layer_norm_emb"),
    ("blocks.{}.attention.q", "attentions.{}.q_lin"),
    ("blocks.{}.attention.k", "attentions.{}.k_lin"),
    ("blocks.{}.attention.v", "attentions.{}.v_lin"),
    ("blocks.{}.attention.out", "attentions.{}.out_lin"),
    ("blocks.{}.attention_norm", "layer_norm1.{}"),
    ("blocks.{}.mlp.up", "ffns.{}.lin1"),
    ("blocks.{}.mlp.down", "ffns.{}.lin2"),
    ("blocks.{}.mlp_norm", "layer_norm2.{}"),
];

const T5: Stems = &[
    ("tokens", "shared"),
    ("encoder.relative", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias"),
    ("encoder.blocks.{}.attention.q", "encoder.block.{}.layer.0.SelfAttention.q"),
    ("encoder.blocks.{}.attention.k", "encoder.block.{}.layer.0.SelfAttention.k"),
    ("encoder.blocks.{}.attention.v", "encoder.block.{}.layer.0.SelfAttention.v"),
    ("encoder.blocks.{}.attention.out", "encoder.block.{}.layer.0.SelfAttention.o"),
    ("encoder.blocks.{}.attention_norm", "encoder.block.{}.layer.0.layer_norm"),
    ("encoder.blocks.{}.mlp.gate", "encoder.block.{}.layer.1.DenseReluDense.wi_0"),
    ("encoder.blocks.{}.mlp.down", "encoder.block.{}.layer.1.DenseReluDense.wo"),
    ("encoder.blocks.{}.mlp_norm", "encoder.block.{}.layer.1.layer_norm"),
    ("encoder.norm", "encoder.final_layer_norm"),
    ("decoder.relative", "decoder.block.0.layer.0.SelfAttention.relative_attention_bias"),
    ("decoder.blocks.{}.attention.q", "decoder.block.{}.layer.0.SelfAttention.q"),
    ("decoder.blocks.{}.attention.k", "decoder.block.{}.layer.0.SelfAttention.k"),
    ("decoder.blocks.{}.attention.v", "decoder.block.{}.layer.0.SelfAttention.v"),
    ("decoder.blocks.{}.attention.out", "decoder.block.{}.layer.0.SelfAttention.o"),
    ("decoder.blocks.{}.attention_norm", "decoder.block.{}.layer.0.layer_norm"),
    ("decoder.blocks.{}.cross.q", "decoder.block.{}.layer.1.EncDecAttention.q"),
    ("decoder.blocks.{}.cross.k", "decoder.block.{}.layer.1.EncDecAttention.k"),
    ("decoder.blocks.{}.cross.v", "decoder.block.{}.layer.1.EncDecAttention.v"),
    ("decoder.blocks.{}.cross.out", "decoder.block.{}.layer.1.EncDecAttention.o"),
    ("decoder.blocks.{}.cross_norm", "decoder.block.{}.layer.1.layer_norm"),
    ("decoder.blocks.{}.mlp.gate", "decoder.block.{}.layer.2.DenseReluDense.wi_0"),
    ("decoder.blocks.{}.mlp.down", "decoder.block.{}.layer.2.DenseReluDense.wo"),
    ("decoder.blocks.{}.mlp_norm", "decoder.block.{}.layer.2.layer_norm"),
    ("decoder.norm", "decoder.final_layer_norm"),
    ("head", "lm_head"),
];

/// The map up from the residual stream is called otherwise where a gate stands beside it.
const T5_PLAIN: Stems = &[
    ("encoder.blocks.{}.mlp.up", "encoder.block.{}.layer.1.DenseReluDense.wi"),
    ("decoder.blocks.{}.mlp.up", "decoder.block.{}.layer.2.DenseReluDense.wi"),
];
const T5_GATED: Stems = &[
    ("encoder.blocks.{}.mlp.up", "encoder.block.{}.layer.1.DenseReluDense.wi_1"),
    ("decoder.blocks.{}.mlp.up", "decoder.block.{}.layer.2.DenseReluDense.wi_1"),
];

const MARIAN: Stems = &[
    ("tokens", "shared"),
    ("encoder.blocks.{}.attention.q", "encoder.layers.{}.self_attn.q_proj"),
    ("encoder.blocks.{}.attention.k", "encoder.layers.{}.self_attn.k_proj"),
    ("encoder.blocks.{}.attention.v", "encoder.layers.{}.self_attn.v_proj"),
    ("encoder.blocks.{}.attention.out", "encoder.layers.{}.self_attn.out_proj"),
    ("encoder.blocks.{}.attention_norm", "encoder.layers.{}.self_attn_layer_norm"),
    ("encoder.blocks.{}.mlp.up", "encoder.layers.{}.fc1"),
    ("encoder.blocks.{}.mlp.down", "encoder.layers.{}.fc2"),
    ("encoder.blocks.{}.mlp_norm", "encoder.layers.{}.final_layer_norm"),
    ("decoder.blocks.{}.attention.q", "decoder.layers.{}.self_attn.q_proj"),
    ("decoder.blocks.{}.attention.k", "decoder.layers.{}.self_attn.k_proj"),
    ("decoder.blocks.{}.attention.v", "decoder.layers.{}.self_attn.v_proj"),
    ("decoder.blocks.{}.attention.out", "decoder.layers.{}.self_attn.out_proj"),
    ("decoder.blocks.{}.attention_norm", "decoder.layers.{}.self_attn_layer_norm"),
    ("decoder.blocks.{}.cross.q", "decoder.layers.{}.encoder_attn.q_proj"),
    ("decoder.blocks.{}.cross.k", "decoder.layers.{}.encoder_attn.k_proj"),
    ("decoder.blocks.{}.cross.v", "decoder.layers.{}.encoder_attn.v_proj"),
    ("decoder.blocks.{}.cross.out", "decoder.layers.{}.encoder_attn.out_proj"),
    ("decoder.blocks.{}.cross_norm", "decoder.layers.{}.encoder_attn_layer_norm"),
    ("decoder.blocks.{}.mlp.up", "decoder.layers.{}.fc1"),
    ("decoder.blocks.{}.mlp.down", "decoder.layers.{}.fc2"),
    ("decoder.blocks.{}.mlp_norm", "decoder.layers.{}.final_layer_norm"),
];

/// Where a tensor of a file belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Part `part` of parameter `parameter` of the inventory.
    Part {
        /// The parameter's number.
        parameter: usize,
        /// The part's number.
        part: usize,
    },
    /// Known and not needed: a mask, a copy of a tied table, another head.
    Needless,
    /// Nothing here has it.
    Unknown,
}

/// The names of one model's tensors.
#[derive(Clone, Debug)]
pub struct Names {
    prefix: &'static str,
    tied: bool,
    model_type: ModelType,
    foreign: BTreeMap<String, String>,
    places: BTreeMap<String, (usize, usize)>,
}

impl Names {
    /// The names of `inventory`'s tensors in files of `config`'s class.
    pub fn new(config: &Config, inventory: &Inventory) -> Result<Names> {
        let (prefix, stems, head) = tables(config);
        // The bare model's class writes no prefix.
        let written = if config.task == Task::Embed { "" } else { prefix };
        let tied = match &config.family {
            Family::Gpt2(c) => c.tied,
            Family::Llama(c) => c.tied,
            Family::Bert(c) => c.tied,
            Family::T5(c) => c.tied,
        };
        let mut names =
            Names { prefix, tied, model_type: config.model_type, foreign: BTreeMap::new(), places: BTreeMap::new() };
        for (at, parameter) in inventory.iter().enumerate() {
            if parameter.role == Role::Fixed {
                continue;
            }
            for (place, part) in parameter.parts.iter().enumerate() {
                let theirs = match translate(&part.name, head) {
                    Some(name) => name,
                    None => match stems.iter().find_map(|stems| translate(&part.name, stems)) {
                        Some(name) => format!("{written}{name}"),
                        None => bail!(Internal, "names: `{}` has no foreign name", part.name),
                    },
                };
                names.places.insert(theirs.clone(), (at, place));
                names.foreign.insert(part.name.clone(), theirs);
            }
        }
        Ok(names)
    }

    /// Hugging Face's name of one of our parts.
    pub fn foreign(&self, part: &str) -> Option<&str> {
        self.foreign.get(part).map(String::as_str)
    }

    /// All foreign names in order, each with its parameter and part.
    pub fn all(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        self.places.iter().map(|(name, &(parameter, part))| (name.as_str(), parameter, part))
    }

    /// Where a tensor of a file belongs.
    pub fn find(&self, name: &str) -> Found {
        let spelled = name.replace(".gamma", ".weight").replace(".beta", ".bias");
        let bare = spelled.strip_prefix(self.prefix).unwrap_or(&spelled);
        let candidates = [spelled.as_str(), &format!("{}{spelled}", self.prefix), bare];
        for candidate in candidates {
            if let Some(&(parameter, part)) = self.places.get(candidate) {
                return Found::Part { parameter, part };
            }
        }
        if self.needless(bare) { Found::Needless } else { Found::Unknown }
    }

    /// The tensor that a tied head's `name` should be a copy of.
    pub fn original(&self, name: &str) -> Option<&str> {
        let heads = ["lm_head", "lm_head.decoder", "cls.predictions.decoder", "vocab_projector", "pred_layer.proj"];
        let stem = name.strip_suffix(".weight")?;
        if self.tied && heads.contains(&stem) { self.foreign("tokens.weight") } else { None }
    }

    fn needless(&self, bare: &str) -> bool {
        let (starts, ends): (&[&str], &[&str]) = match self.model_type {
            ModelType::Gpt2 => (&["score.", "lm_head."], &[".attn.bias", ".attn.masked_bias"]),
            ModelType::T5 => (
                &["encoder.embed_tokens.", "decoder.embed_tokens.", "lm_head."],
                &["EncDecAttention.relative_attention_bias.weight"],
            ),
            ModelType::Marian => (
                &[
                    "encoder.embed_tokens.",
                    "decoder.embed_tokens.",
                    "encoder.embed_positions.",
                    "decoder.embed_positions.",
                    "lm_head.",
                    "final_logits_bias",
                ],
                &[],
            ),
            ModelType::Bert
            | ModelType::DistilBert
            | ModelType::Roberta
            | ModelType::Camembert
            | ModelType::Flaubert => (
                &[
                    "cls.",
                    "pooler.",
                    "classifier.",
                    "pre_classifier.",
                    "qa_outputs.",
                    "lm_head.",
                    "vocab_transform.",
                    "vocab_layer_norm.",
                    "vocab_projector.",
                    "pred_layer.",
                    "sequence_summary.",
                ],
                &["position_ids", "token_type_ids"],
            ),
            _ => (&["lm_head.", "score."], &["rotary_emb.inv_freq"]),
        };
        // Without tying, a head that the task needs has been found; with tying, a second copy of the table says nothing new.
        let copy = bare == "lm_head.weight" && !self.tied && self.model_type.usual_task() != Task::Masked;
        let wanted = copy && self.places.contains_key("lm_head.weight");
        !wanted && (starts.iter().any(|start| bare.starts_with(start)) || ends.iter().any(|end| bare.ends_with(end)))
    }

    /// The shape a part has in files: ours, but for Marian's bias of logits, which is a row.
    pub fn foreign_shape(&self, name: &str, shape: &[usize]) -> Vec<usize> {
        let mut foreign = shape.to_vec();
        if name == "final_logits_bias" {
            foreign.insert(0, 1);
        }
        foreign
    }
}

/// The prefix of the bare model, its stems, and the names of the head, which stand whole.
fn tables(config: &Config) -> (&'static str, Vec<Stems>, Stems) {
    match &config.family {
        Family::Gpt2(_) => ("transformer.", vec![GPT2], &[("head", "lm_head")]),
        Family::Llama(c) => {
            let norms = if c.sandwich { SANDWICH_NORMS } else { SINGLE_NORMS };
            ("model.", vec![LLAMA, norms], &[("head", "lm_head")])
        }
        Family::T5(c) if c.relative.is_some() => ("", vec![T5, if c.gated { T5_GATED } else { T5_PLAIN }], &[]),
        Family::T5(_) => ("model.", vec![MARIAN], &[("head.bias", "final_logits_bias")]),
        Family::Bert(c) => {
            let (prefix, stems): (_, Stems) = match c.flavour {
                Flavour::Bert => ("bert.", BERT),
                Flavour::Distil => ("distilbert.", DISTIL),
                Flavour::Roberta => ("roberta.", BERT),
                Flavour::Flaubert => ("transformer.", FLAUBERT),
            };
            (prefix, vec![stems], bert_head(c.flavour, config.task, c.tied))
        }
    }
}

/// A head for masked tokens that is tied has one bias; one that is not has its own and leaves that one idle.
fn bert_head(flavour: Flavour, task: Task, tied: bool) -> Stems {
    match (task, flavour) {
        (Task::Masked, Flavour::Bert) if tied => &[
            ("head.transform", "cls.predictions.transform.dense"),
            ("head.norm", "cls.predictions.transform.LayerNorm"),
            ("head.bias", "cls.predictions.bias"),
        ],
        (Task::Masked, Flavour::Bert) => &[
            ("head.transform", "cls.predictions.transform.dense"),
            ("head.norm", "cls.predictions.transform.LayerNorm"),
            ("head.idle", "cls.predictions.bias"),
            ("head", "cls.predictions.decoder"),
        ],
        (Task::Masked, Flavour::Distil) => {
            &[("head.transform", "vocab_transform"), ("head.norm", "vocab_layer_norm"), ("head", "vocab_projector")]
        }
        (Task::Masked, Flavour::Roberta) if tied => {
            &[("head.transform", "lm_head.dense"), ("head.norm", "lm_head.layer_norm"), ("head.bias", "lm_head.bias")]
        }
        (Task::Masked, Flavour::Roberta) => &[
            ("head.transform", "lm_head.dense"),
            ("head.norm", "lm_head.layer_norm"),
            ("head.idle", "lm_head.bias"),
            ("head", "lm_head.decoder"),
        ],
        (Task::Masked, Flavour::Flaubert) => &[("head", "pred_layer.proj")],
        (Task::Classify, Flavour::Bert) => &[("head.transform", "bert.pooler.dense"), ("head", "classifier")],
        (Task::Classify, Flavour::Distil) => &[("head.transform", "pre_classifier"), ("head", "classifier")],
        (Task::Classify, Flavour::Roberta) => {
            &[("head.transform", "classifier.dense"), ("head", "classifier.out_proj")]
        }
        (Task::Classify, Flavour::Flaubert) => &[("head", "sequence_summary.summary")],
        (Task::Tag, _) => &[("head", "classifier")],
        (Task::Answer, _) => &[("head", "qa_outputs")],
        _ => &[],
    }
}

/// `name` by the table: the stem is replaced, a layer's number and the ending (`.weight`, `.bias`) stay. A stem may also be
/// a whole name.
fn translate(name: &str, stems: Stems) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    for (ours, theirs) in stems {
        if *ours == name {
            return Some((*theirs).to_owned());
        }
        match ours.split_once("{}") {
            None if *ours == stem => return Some(format!("{theirs}.{ending}")),
            Some((before, after)) => {
                let layer = stem.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                if let Some(layer) = layer.filter(|layer| layer.bytes().all(|byte| byte.is_ascii_digit())) {
                    return Some(format!("{}.{ending}", theirs.replace("{}", layer)));
                }
            }
            None => {}
        }
    }
    None
}
