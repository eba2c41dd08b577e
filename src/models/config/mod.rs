//! A Hugging Face `config.json` object in, a model's sizes and flags out, and the object back.
//!
//! The foreign names live here and in `checkpoint::names`. Both spellings are read: transformers 5 (`rope_parameters`, `dtype`,
//! `layer_types`) and older (`rope_theta`, `rope_scaling`, `torch_dtype`). An unknown `model_type`, and an option that would change
//! numbers and is not honoured, are refused by name. Sizes are bounded before anything is made of them.

use serde_json::{Map, Value, json};

use crate::error::{Context, Result};
use crate::kernels::activation::Activation;
use crate::{bail, ensure};

mod bert;
mod fields;
mod gpt2;
mod kind;
mod llama;
mod t5;

pub use bert::{Bert, Flavour};
pub use gpt2::Gpt2;
pub use kind::{ModelType, Problem, Task};
pub use llama::{Llama, Rope, RopeScaling};
pub use t5::{Stack, T5};

use fields::{Fields, brief};

/// The most blocks a stack may have.
const LAYERS: usize = 1024;
/// The largest size of one dimension.
const SIZE: usize = 1 << 24;
/// The most numbers a model may have.
const NUMBERS: u64 = 1 << 40;

/// The sizes that every model has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// Tokens.
    pub vocab: usize,
    /// Numbers for each position.
    pub width: usize,
    /// Positions.
    pub context: usize,
}

/// What the families have each for itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Family {
    /// GPT-2.
    Gpt2(Gpt2),
    /// LLaMA and its relatives.
    Llama(Llama),
    /// BERT and its relatives.
    Bert(Bert),
    /// T5 and Marian.
    T5(T5),
}

/// The ids that mean something to generation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Special {
    /// Begins a text.
    pub bos: Option<u32>,
    /// End a text.
    pub eos: Vec<u32>,
    /// Fills up.
    pub pad: Option<u32>,
    /// Begins what a decoder writes.
    pub decoder_start: Option<u32>,
}

/// A model's sizes, flags and task.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Which architecture.
    pub model_type: ModelType,
    /// Which head.
    pub task: Task,
    /// Tokens.
    pub vocab: usize,
    /// Numbers for each position.
    pub width: usize,
    /// Positions.
    pub context: usize,
    /// What the family has for itself.
    pub family: Family,
    /// Ids that mean something to generation.
    pub special: Special,
    /// Names of the labels, for classify and tag.
    pub labels: Vec<String>,
    /// What the labels mean, where the config says so.
    pub problem: Option<Problem>,
    object: Map<String, Value>,
}

impl Config {
    /// Reads a config.json object.
    ///
    /// Fails with `unsupported` for an unknown model type or an option that is not honoured, with `bad-file` for a value that
    /// is malformed or out of bounds.
    pub fn from_json(value: &Value) -> Result<Config> {
        let Value::Object(object) = value else { bail!(BadFile, "config: {} is no object", brief(value)) };
        let f = Fields::new(object, "");
        let Some(name) = f.word(&["model_type"])? else { bail!(BadFile, "config: `model_type` is missing") };
        let Some(model_type) = ModelType::ALL.into_iter().find(|known| known.name() == name) else {
            let known: Vec<&str> = ModelType::ALL.iter().map(|known| known.name()).collect();
            bail!(Unsupported, "config: `model_type` `{name}` is not known here; known are {}", known.join(", "))
        };
        let (common, family) = Config::family(model_type, &f).context(|| name.to_owned())?;
        f.absent("quantization_config")?;
        f.absent("pruned_heads")?;
        f.absent("tie_encoder_decoder")?;
        let (labels, problem) = labels(&f)?;
        let special = Special {
            bos: id(&f, "bos_token_id", common.vocab)?,
            eos: ids(&f, "eos_token_id", common.vocab)?,
            pad: id(&f, "pad_token_id", common.vocab)?,
            decoder_start: id(&f, "decoder_start_token_id", common.vocab)?,
        };
        let task = task(&f, model_type)?;
        f.finish()?;
        let Common { vocab, width, context } = common;
        let mut config = Config {
            model_type,
            task,
            vocab,
            width,
            context,
            family,
            special,
            labels,
            problem,
            object: object.clone(),
        };
        // What is written is of this class, although what is read may be of another: BERT's for both of its first objectives.
        let class = super::architecture(model_type, task);
        if f.list(&["architectures"])?.is_some_and(|list| list.first().is_some_and(|name| *name != class.as_str())) {
            config.set("architectures", json!([class]));
        }
        let numbers = super::estimate::numbers(&config);
        ensure!(numbers <= NUMBERS, BadFile, "config: a model of {numbers} numbers; up to {NUMBERS} are possible");
        Ok(config)
    }

    fn family(model_type: ModelType, f: &Fields<'_>) -> Result<(Common, Family)> {
        Ok(match model_type {
            ModelType::Gpt2 => {
                let (common, gpt2) = gpt2::read(f)?;
                (common, Family::Gpt2(gpt2))
            }
            ModelType::Llama
            | ModelType::Mistral
            | ModelType::Qwen2
            | ModelType::Qwen3
            | ModelType::Gemma
            | ModelType::Gemma2
            | ModelType::Gemma3Text => {
                let (common, llama) = llama::read(model_type, f)?;
                (common, Family::Llama(llama))
            }
            ModelType::Bert
            | ModelType::DistilBert
            | ModelType::Roberta
            | ModelType::Camembert
            | ModelType::Flaubert => {
                let (common, bert) = bert::read(model_type, f)?;
                (common, Family::Bert(bert))
            }
            ModelType::T5 | ModelType::Marian => {
                let (common, t5) = t5::read(model_type, f)?;
                (common, Family::T5(t5))
            }
        })
    }

    /// The config.json object: what was read, with what was changed since.
    pub fn to_json(&self) -> Value {
        Value::Object(self.object.clone())
    }

    /// The same model with another head, in the config.json too.
    ///
    /// Fails with `bad-option` if the family has no such head.
    pub fn with_task(&self, task: Task) -> Result<Config> {
        let encoder = self.model_type.usual_task() == Task::Masked;
        let possible = match task {
            Task::Masked | Task::Classify | Task::Tag | Task::Answer => encoder,
            Task::Causal | Task::Seq2seq => self.model_type.usual_task() == task,
            Task::Embed => self.model_type.usual_task() != Task::Seq2seq,
        };
        ensure!(possible, BadOption, "task: a {} has no head for `{}`", self.model_type.name(), task.name());
        let mut config = Config { task, ..self.clone() };
        config.set("architectures", json!([super::architecture(self.model_type, task)]));
        Ok(config)
    }

    /// The same model with other labels, in the config.json too.
    #[must_use]
    pub fn with_labels(&self, labels: &[String], problem: Option<Problem>) -> Config {
        let mut config = Config { labels: labels.to_vec(), problem, ..self.clone() };
        let names: Map<String, Value> =
            labels.iter().enumerate().map(|(at, name)| (at.to_string(), json!(name))).collect();
        let ids: Map<String, Value> = labels.iter().enumerate().map(|(at, name)| (name.clone(), json!(at))).collect();
        config.set("id2label", Value::Object(names));
        config.set("label2id", Value::Object(ids));
        if let Some(problem) = problem {
            let name = match problem {
                Problem::SingleLabel => "single_label_classification",
                Problem::MultiLabel => "multi_label_classification",
                Problem::Regression => "regression",
            };
            config.set("problem_type", json!(name));
        }
        config
    }

    /// The same model with every rate of dropout set to `rate`; its config.json stays as it is.
    #[must_use]
    pub fn with_dropout(&self, rate: f32) -> Config {
        let mut config = self.clone();
        match &mut config.family {
            Family::Gpt2(c) => {
                (c.embedding_dropout, c.attention_dropout, c.residual_dropout) = (rate, rate, rate);
            }
            Family::Llama(c) => c.attention_dropout = rate,
            Family::Bert(c) => (c.hidden_dropout, c.attention_dropout, c.head_dropout) = (rate, rate, rate),
            Family::T5(c) => (c.dropout, c.attention_dropout, c.activation_dropout) = (rate, rate, rate),
        }
        config
    }

    /// The same model for fewer positions; its weights and its config.json stay as they are.
    pub fn with_context(&self, context: usize) -> Result<Config> {
        ensure!(
            (1..=self.context).contains(&context),
            BadOption,
            "context: {context} is asked for, the model has {}",
            self.context
        );
        Ok(Config { context, ..self.clone() })
    }

    /// Writes one field of the config.json object.
    pub fn set(&mut self, name: &str, value: Value) {
        self.object.insert(name.to_owned(), value);
    }

    /// The row of the position table where positions begin to count: past the padding's in RoBERTa and CamemBERT.
    pub fn first_position(&self) -> usize {
        match &self.family {
            Family::Bert(c) => c.first_position,
            _ => 0,
        }
    }

    /// Kinds of segments that the model tells apart; 0 where it knows no types.
    pub fn types(&self) -> usize {
        match &self.family {
            Family::Bert(c) => c.types,
            _ => 0,
        }
    }

    /// Logits at each place: tokens, labels, or the two ends of an answer.
    pub fn outputs(&self) -> usize {
        match self.task {
            Task::Classify | Task::Tag => self.labels.len(),
            Task::Answer => 2,
            Task::Causal | Task::Masked | Task::Seq2seq | Task::Embed => self.vocab,
        }
    }

    /// Blocks of the stack that writes: the decoder's, or the encoder's where there is only one.
    pub fn layers(&self) -> usize {
        match &self.family {
            Family::Gpt2(c) => c.layers,
            Family::Llama(c) => c.layers,
            Family::Bert(c) => c.layers,
            Family::T5(c) => c.decoder.layers,
        }
    }

    /// Words that one position takes in one layer's key/value cache.
    pub fn cache_width(&self) -> usize {
        match &self.family {
            Family::Gpt2(_) | Family::Bert(_) => 2 * self.width,
            Family::Llama(c) => 2 * c.kv_heads * c.head,
            Family::T5(c) => 2 * c.decoder.heads * c.head,
        }
    }
}

/// An activation by its foreign name.
fn activation(f: &Fields<'_>, names: &[&str], default: &str) -> Result<Activation> {
    let name = f.word(names)?.unwrap_or(default);
    activation_named(name).context(|| format!("config: `{}`", names.first().copied().unwrap_or_default()))
}

fn activation_named(name: &str) -> Result<Activation> {
    Ok(match name {
        "gelu" | "gelu_python" => Activation::GeluErf,
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" | "gelu_accurate" => Activation::GeluTanh,
        "relu" => Activation::Relu,
        "relu2" => Activation::ReluSquared,
        "silu" | "swish" => Activation::Silu,
        "tanh" => Activation::Tanh,
        "sigmoid" => Activation::Sigmoid,
        _ => bail!(Unsupported, "the activation `{name}` is not known here"),
    })
}

fn task(f: &Fields<'_>, model_type: ModelType) -> Result<Task> {
    let list = f.list(&["architectures"])?.unwrap_or_default();
    let Some(name) = list.first().and_then(Value::as_str) else { return Ok(model_type.usual_task()) };
    let usual = model_type.usual_task();
    let known = [
        ("LMHeadModel", usual),
        ("ForCausalLM", usual),
        ("ForMaskedLM", usual),
        ("ForPreTraining", usual),
        ("ForConditionalGeneration", usual),
        ("MTModel", usual),
        ("ForSequenceClassification", Task::Classify),
        ("ForTokenClassification", Task::Tag),
        ("ForQuestionAnswering", Task::Answer),
        ("ForQuestionAnsweringSimple", Task::Answer),
    ];
    if let Some((_, task)) = known.iter().find(|(end, _)| name.ends_with(end)) {
        let single = matches!(task, Task::Classify | Task::Tag | Task::Answer);
        ensure!(!single || usual == Task::Masked, Unsupported, "config: the architecture `{name}` is not known here");
        return Ok(*task);
    }
    ensure!(name.ends_with("Model"), Unsupported, "config: the architecture `{name}` is not known here");
    Ok(if usual == Task::Seq2seq { usual } else { Task::Embed })
}

fn labels(f: &Fields<'_>) -> Result<(Vec<String>, Option<Problem>)> {
    let problem = match f.word(&["problem_type"])? {
        None => None,
        Some("single_label_classification") => Some(Problem::SingleLabel),
        Some("multi_label_classification") => Some(Problem::MultiLabel),
        Some("regression") => Some(Problem::Regression),
        Some(other) => bail!(Unsupported, "config: `problem_type` `{other}` is not known here"),
    };
    let count = f.whole(&["num_labels"])?;
    let Some(names) = f.object(&["id2label"])? else {
        let count = count.unwrap_or(2);
        ensure!((1..=65_536).contains(&count), BadFile, "config: `num_labels` is {count}");
        return Ok(((0..count).map(|at| format!("LABEL_{at}")).collect(), problem));
    };
    let mut labels = vec![None; names.len()];
    for (id, name) in names {
        let place = id.parse::<usize>().ok().and_then(|at| labels.get_mut(at));
        let (Some(place), Some(name)) = (place, name.as_str()) else {
            bail!(BadFile, "config: `id2label` has `{id}`: {} among {} labels", brief(name), names.len())
        };
        *place = Some(name.to_owned());
    }
    let labels: Vec<String> = labels.into_iter().flatten().collect();
    ensure!(labels.len() == names.len() && !labels.is_empty(), BadFile, "config: `id2label` has gaps or is empty");
    Ok((labels, problem))
}

fn id(f: &Fields<'_>, name: &str, vocab: usize) -> Result<Option<u32>> {
    Ok(ids(f, name, vocab)?.first().copied())
}

/// One id or a list of them; -1 and ids outside the vocabulary, which some files have, count as absent.
fn ids(f: &Fields<'_>, name: &str, vocab: usize) -> Result<Vec<u32>> {
    let single;
    let list = match f.value(name) {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list.as_slice(),
        Some(value) => {
            single = [value.clone()];
            &single
        }
    };
    let mut ids = Vec::new();
    for value in list {
        let Some(number) = value.as_f64().filter(|n| n.fract() == 0.0) else {
            bail!(BadFile, "config: `{name}` holds {}, an id is wanted", brief(value))
        };
        if (0.0..vocab as f64).contains(&number) {
            ids.push(number as u32);
        }
    }
    Ok(ids)
}
