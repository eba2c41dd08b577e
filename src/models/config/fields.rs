//! Reads a `config.json` object field by field and remembers what was read, so that nothing is accepted and ignored.
//!
//! Numbers may be written as whole floats (`12.0`); strings in their place are refused. A field that nobody read may stay
//! only if it cannot change numbers: null, false, text that is none of [`WORDS`], or one of [`HARMLESS`]. Everything else is refused by name.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::{bail, ensure};

/// Fields that transformers writes and that say nothing about the numbers of one forward pass.
const HARMLESS: &[&str] = &[
    "architectures",
    "model_type",
    "transformers_version",
    "torch_dtype",
    "dtype",
    "use_cache",
    "id2label",
    "label2id",
    "num_labels",
    "problem_type",
    "task_specific_params",
    "initializer_range",
    "initializer_factor",
    "output_past",
    "output_hidden_states",
    "output_attentions",
    "return_dict",
    "return_dict_in_generate",
    "output_scores",
    "torchscript",
    "use_bfloat16",
    "chunk_size_feed_forward",
    "pretraining_tp",
    "gradient_checkpointing",
    "keys_to_ignore_at_inference",
    "tokenizer_class",
    "prefix",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "sep_token_id",
    "cls_token_id",
    "mask_token_id",
    "unk_token_id",
    "decoder_start_token_id",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "suppress_tokens",
    "begin_suppress_tokens",
    "bad_words_ids",
    "max_length",
    "min_length",
    "do_sample",
    "early_stopping",
    "num_beams",
    "num_beam_groups",
    "diversity_penalty",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
    "repetition_penalty",
    "length_penalty",
    "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size",
    "num_return_sequences",
    "remove_invalid_values",
    "exponential_decay_length_penalty",
    "finetuning_task",
    "xla_device",
    "tf_legacy_loss",
    "max_window_layers",
    "n_ctx",
    "cache_implementation",
    "model_max_length",
    "summary_activation",
    "summary_first_dropout",
    "summary_proj_to_labels",
    "summary_type",
    "summary_use_proj",
    "reorder_and_upcast_attn",
];

/// Fields whose text says how numbers are made, in one family or another.
const WORDS: &[&str] = &[
    "activation",
    "activation_function",
    "dense_act_fn",
    "feed_forward_proj",
    "hidden_act",
    "hidden_activation",
    "position_embedding_type",
];

/// The largest whole number that a config may hold: no size of a model is over it.
const LARGEST: f64 = 16_777_216.0;

/// A config.json object while it is read.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    read: RefCell<BTreeSet<String>>,
    path: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>, path: &'static str) -> Fields<'a> {
        Fields { object, read: RefCell::new(BTreeSet::new()), path }
    }

    /// The value of a field; null counts as absent.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.read.borrow_mut().insert(name.to_owned());
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Whether the object has the field at all, null included.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// The first of several spellings that is there.
    fn first(&self, names: &[&str]) -> Option<(&'a Value, String)> {
        let mut found = None;
        for name in names {
            if let Some(value) = self.value(name) {
                found.get_or_insert((value, format!("{}{name}", self.path)));
            }
        }
        found
    }

    /// A whole number under one of several spellings.
    pub(super) fn whole(&self, names: &[&str]) -> Result<Option<usize>> {
        let Some((value, name)) = self.first(names) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        match number {
            Some(n) if n.fract() == 0.0 && (0.0..=LARGEST).contains(&n) => Ok(Some(n as usize)),
            _ => bail!(BadFile, "config: `{name}` is {}, a whole number up to {LARGEST} is wanted", brief(value)),
        }
    }

    /// A size: a whole number from 1 up to `most`, with a default.
    pub(super) fn size(&self, names: &[&str], default: Option<usize>, most: usize) -> Result<usize> {
        let name = names.first().copied().unwrap_or_default();
        let Some(size) = self.whole(names)?.or(default) else {
            bail!(BadFile, "config: `{}{name}` is missing", self.path)
        };
        ensure!(
            (1..=most).contains(&size),
            BadFile,
            "config: `{}{name}` is {size}, between 1 and {most} is wanted",
            self.path
        );
        Ok(size)
    }

    /// A finite number, with a default.
    pub(super) fn number(&self, names: &[&str], default: f64) -> Result<f64> {
        Ok(self.optional(names)?.unwrap_or(default))
    }

    /// A finite number, if it is there.
    pub(super) fn optional(&self, names: &[&str]) -> Result<Option<f64>> {
        let Some((value, name)) = self.first(names) else { return Ok(None) };
        match value {
            Value::Number(number) if number.as_f64().is_some_and(f64::is_finite) => Ok(number.as_f64()),
            _ => bail!(BadFile, "config: `{name}` is {}, a number is wanted", brief(value)),
        }
    }

    /// A number that must be above zero: an epsilon, a base, a scale.
    pub(super) fn positive(&self, names: &[&str], default: f64) -> Result<f64> {
        let number = self.number(names, default)?;
        let name = names.first().copied().unwrap_or_default();
        ensure!(number > 0.0, BadFile, "config: `{}{name}` is {number}, more than zero is wanted", self.path);
        Ok(number)
    }

    /// A rate of dropout, in [0, 1).
    pub(super) fn rate(&self, names: &[&str], default: f64) -> Result<f32> {
        let rate = self.number(names, default)?;
        let name = names.first().copied().unwrap_or_default();
        ensure!(
            (0.0..1.0).contains(&rate),
            BadFile,
            "config: `{}{name}` is {rate}, a rate in [0, 1) is wanted",
            self.path
        );
        Ok(rate as f32)
    }

    /// True or false, with a default.
    pub(super) fn flag(&self, names: &[&str], default: bool) -> Result<bool> {
        let Some((value, name)) = self.first(names) else { return Ok(default) };
        match value {
            Value::Bool(flag) => Ok(*flag),
            _ => bail!(BadFile, "config: `{name}` is {}, true or false is wanted", brief(value)),
        }
    }

    /// A word, if it is there.
    pub(super) fn word(&self, names: &[&str]) -> Result<Option<&'a str>> {
        let Some((value, name)) = self.first(names) else { return Ok(None) };
        match value {
            Value::String(word) => Ok(Some(word)),
            _ => bail!(BadFile, "config: `{name}` is {}, a word is wanted", brief(value)),
        }
    }

    /// A list, if it is there.
    pub(super) fn list(&self, names: &[&str]) -> Result<Option<&'a [Value]>> {
        let Some((value, name)) = self.first(names) else { return Ok(None) };
        match value {
            Value::Array(list) => Ok(Some(list)),
            _ => bail!(BadFile, "config: `{name}` is {}, a list is wanted", brief(value)),
        }
    }

    /// An object, if it is there.
    pub(super) fn object(&self, names: &[&str]) -> Result<Option<&'a Map<String, Value>>> {
        let Some((value, name)) = self.first(names) else { return Ok(None) };
        match value {
            Value::Object(object) => Ok(Some(object)),
            _ => bail!(BadFile, "config: `{name}` is {}, an object is wanted", brief(value)),
        }
    }

    /// A field that must be absent or `value`, because nothing else is honoured.
    pub(super) fn only(&self, name: &str, value: &Value) -> Result<()> {
        match self.value(name) {
            Some(is) if is != value => {
                bail!(Unsupported, "config: `{}{name}` is {}; only {} is supported", self.path, brief(is), brief(value))
            }
            _ => Ok(()),
        }
    }

    /// A field that must be absent, null, false or empty.
    pub(super) fn absent(&self, name: &str) -> Result<()> {
        match self.value(name) {
            None | Some(Value::Bool(false)) => Ok(()),
            Some(Value::Object(object)) if object.is_empty() => Ok(()),
            Some(Value::Array(list)) if list.is_empty() => Ok(()),
            Some(is) => bail!(Unsupported, "config: `{}{name}` is {}, which is not supported", self.path, brief(is)),
        }
    }

    /// Refuses what nobody read and what might change numbers.
    pub(super) fn finish(&self) -> Result<()> {
        let read = self.read.borrow();
        for (name, value) in self.object {
            let harmless = match value {
                Value::Null | Value::Bool(false) => true,
                Value::String(_) => !WORDS.contains(&name.as_str()),
                _ => HARMLESS.contains(&name.as_str()) || name.starts_with('_'),
            };
            ensure!(
                harmless || read.contains(name),
                Unsupported,
                "config: `{}{name}` is {}, and no such option is known here",
                self.path,
                brief(value)
            );
        }
        Ok(())
    }
}

/// A value in few words, for messages.
pub(super) fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    let start: String = text.chars().take(57).collect();
    format!("{start}...")
}
