//! What a caller may choose about generation, and what a model's `generation_config.json` chooses where the caller does not.
//!
//! With that file `do_sample: true` takes its fields, otherwise the temperature is 0; fields that it lacks are off. Without the
//! file the temperature is 1 and all else off. What the caller gives wins, one by one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Result;
use crate::{bail, ensure};

/// What the caller chose; absent is absent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Choices {
    /// Most tokens to make.
    pub max_tokens: Option<usize>,
    /// Fewest tokens to make before an end token may stand.
    pub min_tokens: Option<usize>,
    /// Divides the logits; 0 takes the best.
    pub temperature: Option<f32>,
    /// Keeps this many best.
    pub top_k: Option<usize>,
    /// Keeps the fewest whose probabilities reach this.
    pub top_p: Option<f32>,
    /// Keeps those with at least this share of the best's probability.
    pub min_p: Option<f32>,
    /// Keeps the most typical whose probabilities reach this.
    pub typical_p: Option<f32>,
    /// Divides positive and multiplies negative logits of tokens that stand already.
    pub repetition_penalty: Option<f32>,
    /// Taken from a logit for each time its token was made.
    pub frequency_penalty: Option<f32>,
    /// Taken from a logit once its token was made.
    pub presence_penalty: Option<f32>,
    /// No group of this many tokens stands twice.
    pub no_repeat_ngram: Option<usize>,
    /// Added to the logits of tokens by id.
    pub logit_bias: Option<BTreeMap<u32, f32>>,
    /// Beams of a beam search.
    pub beams: Option<usize>,
    /// The exponent of the length that scores of beams are divided by.
    pub length_penalty: Option<f32>,
    /// When a beam search may end.
    pub early_stopping: Option<EarlyStopping>,
    /// Token ids that end a text; replaces the model's.
    pub stop_tokens: Option<Vec<u32>>,
    /// Seed of the draws.
    pub seed: Option<u32>,
    /// How many log-probabilities to report with each token.
    pub logprobs: Option<usize>,
    /// The prompt comes first.
    pub echo: Option<bool>,
}

/// When a beam search may end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyStopping {
    /// When no beam can be expected to get better.
    #[default]
    No,
    /// As soon as enough beams are finished.
    Yes,
    /// Only when no beam can get better at any length.
    Never,
}

impl<'de> Deserialize<'de> for EarlyStopping {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(true) => Ok(EarlyStopping::Yes),
            Value::Bool(false) => Ok(EarlyStopping::No),
            Value::String(word) if word == "never" => Ok(EarlyStopping::Never),
            other => Err(serde::de::Error::custom(format!("earlyStopping: true, false or \"never\", got {other}"))),
        }
    }
}

/// What is done: every choice made.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Most tokens to make.
    pub max_tokens: usize,
    /// Fewest tokens to make.
    pub min_tokens: usize,
    /// 0 takes the best.
    pub temperature: f32,
    /// 0 is off.
    pub top_k: usize,
    /// 1 is off.
    pub top_p: f32,
    /// 0 is off.
    pub min_p: f32,
    /// 1 is off.
    pub typical_p: f32,
    /// 1 is off.
    pub repetition_penalty: f32,
    /// 0 is off.
    pub frequency_penalty: f32,
    /// 0 is off.
    pub presence_penalty: f32,
    /// 0 is off.
    pub no_repeat_ngram: usize,
    /// Added to logits.
    pub logit_bias: BTreeMap<u32, f32>,
    /// 1 is no search.
    pub beams: usize,
    /// Of the beams.
    pub length_penalty: f32,
    /// Of the beams.
    pub early_stopping: EarlyStopping,
    /// Token ids that end a text.
    pub stop_tokens: Vec<u32>,
    /// Seed of the draws.
    pub seed: u32,
    /// How many log-probabilities to report.
    pub logprobs: Option<usize>,
    /// The prompt comes first.
    pub echo: bool,
}

/// Tokens to make where nobody says how many.
const MAX_TOKENS: usize = 256;

impl Choices {
    /// Every choice made, from the caller, the model's generation file, and `end_tokens` of its config.
    pub fn settle(&self, file: Option<&Value>, end_tokens: &[u32]) -> Result<Settings> {
        let samples = file.is_none_or(|file| file.get("do_sample") == Some(&Value::Bool(true)));
        // A field of the file counts when it samples; penalties and lengths also when it does not.
        let field = |name: &str| file.and_then(|file| file.get(name)).and_then(Value::as_f64);
        let sampled = |name: &str, off: f64| if samples { field(name).unwrap_or(off) as f32 } else { off as f32 };
        // Who asks for a temperature wants no search that only the file asks for.
        let searches = self.temperature.is_none_or(|temperature| temperature == 0.0);
        let from_file = field("num_beams").filter(|_| searches).map(|n| n as usize);
        let beams = self.beams.or(from_file).unwrap_or(1);
        for (name, given) in
            [("lengthPenalty", self.length_penalty.is_some()), ("earlyStopping", self.early_stopping.is_some())]
        {
            ensure!(beams > 1 || !given, BadOption, "generate: {name} is for beams over 1");
        }
        let temperature = match self.temperature {
            Some(temperature) => temperature,
            None if beams > 1 || !samples => 0.0,
            None => sampled("temperature", 1.0),
        };
        let stop_tokens = match (&self.stop_tokens, file.and_then(|file| file.get("eos_token_id"))) {
            (Some(given), _) => given.clone(),
            (None, Some(ids)) => ids_of(ids),
            (None, None) => end_tokens.to_vec(),
        };
        let settings = Settings {
            max_tokens: self.max_tokens.unwrap_or(MAX_TOKENS),
            min_tokens: self.min_tokens.or_else(|| field("min_new_tokens").map(|n| n as usize)).unwrap_or(0),
            temperature,
            top_k: self.top_k.unwrap_or(sampled("top_k", 0.0) as usize),
            top_p: self.top_p.unwrap_or(sampled("top_p", 1.0)),
            min_p: self.min_p.unwrap_or(sampled("min_p", 0.0)),
            typical_p: self.typical_p.unwrap_or(sampled("typical_p", 1.0)),
            repetition_penalty: self.repetition_penalty.unwrap_or(field("repetition_penalty").unwrap_or(1.0) as f32),
            frequency_penalty: self.frequency_penalty.unwrap_or(0.0),
            presence_penalty: self.presence_penalty.unwrap_or(0.0),
            no_repeat_ngram: self.no_repeat_ngram.unwrap_or(field("no_repeat_ngram_size").unwrap_or(0.0) as usize),
            logit_bias: self.logit_bias.clone().unwrap_or_default(),
            beams,
            length_penalty: self.length_penalty.unwrap_or(field("length_penalty").unwrap_or(1.0) as f32),
            early_stopping: match (self.early_stopping, file.and_then(|file| file.get("early_stopping"))) {
                (Some(given), _) => given,
                (None, Some(Value::Bool(true))) => EarlyStopping::Yes,
                (None, Some(Value::String(word))) if word == "never" => EarlyStopping::Never,
                (None, _) => EarlyStopping::No,
            },
            stop_tokens,
            seed: self.seed.unwrap_or(0),
            logprobs: self.logprobs,
            echo: self.echo.unwrap_or(false),
        };
        settings.check()?;
        Ok(settings)
    }
}

fn ids_of(value: &Value) -> Vec<u32> {
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match value {
        Value::Array(ids) => ids.iter().filter_map(id).collect(),
        one => id(one).into_iter().collect(),
    }
}

impl Settings {
    fn check(&self) -> Result<()> {
        let shares = [("topP", self.top_p), ("minP", self.min_p), ("typicalP", self.typical_p)];
        for (name, share) in shares {
            ensure!((0.0..=1.0).contains(&share), BadOption, "generate: {name}: 0 to 1, got {share}");
        }
        let temperature = self.temperature;
        ensure!(
            temperature >= 0.0 && temperature.is_finite(),
            BadOption,
            "generate: temperature: from 0 on, got {temperature}"
        );
        ensure!(
            self.repetition_penalty > 0.0 && self.repetition_penalty.is_finite(),
            BadOption,
            "generate: repetitionPenalty: more than 0, got {}",
            self.repetition_penalty
        );
        let bias = self.logit_bias.values().all(|&bias| bias < f32::INFINITY);
        ensure!(bias, BadOption, "generate: logitBias: numbers are wanted, -Infinity is one");
        let finite = [self.frequency_penalty, self.presence_penalty, self.length_penalty];
        ensure!(finite.iter().all(|n| n.is_finite()), BadOption, "generate: penalties must be finite");
        ensure!(self.max_tokens > 0, BadOption, "generate: maxTokens: at least 1 is wanted");
        ensure!(self.min_tokens <= self.max_tokens, BadOption, "generate: minTokens is over maxTokens");
        ensure!(self.beams >= 1, BadOption, "generate: beams: at least 1 is wanted");
        if self.beams > 1 && temperature != 0.0 {
            bail!(BadOption, "generate: beams over 1 are deterministic, temperature {temperature} cannot be honoured");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_the_temperature_is_one_and_all_else_off() {
        let settings = Choices::default().settle(None, &[7]).unwrap();
        assert_eq!((settings.temperature, settings.top_k, settings.top_p, settings.max_tokens), (1.0, 0, 1.0, 256));
        assert_eq!(settings.stop_tokens, [7]);
    }

    #[test]
    fn a_file_that_does_not_sample_means_the_best_token() {
        let file = serde_json::json!({"eos_token_id": [2, 3], "top_k": 50, "temperature": 0.7});
        let settings = Choices::default().settle(Some(&file), &[7]).unwrap();
        assert_eq!((settings.temperature, settings.top_k, settings.stop_tokens), (0.0, 0, vec![2, 3]));
    }

    #[test]
    fn a_file_that_samples_gives_its_fields_and_the_caller_wins() {
        let file = serde_json::json!({"do_sample": true, "top_p": 0.9, "temperature": 0.6});
        let choices = Choices { top_p: Some(0.5), stop_tokens: Some(vec![]), ..Choices::default() };
        let settings = choices.settle(Some(&file), &[7]).unwrap();
        assert_eq!((settings.temperature, settings.top_p, settings.top_k), (0.6, 0.5, 0));
        assert!(settings.stop_tokens.is_empty());
    }

    #[test]
    fn beams_with_a_temperature_are_refused() {
        let choices = Choices { beams: Some(4), temperature: Some(0.8), ..Choices::default() };
        assert_eq!(choices.settle(None, &[]).unwrap_err().code(), "bad-option");
        let choices = Choices { beams: Some(4), ..Choices::default() };
        assert_eq!(choices.settle(None, &[]).unwrap().temperature, 0.0);
        let file = serde_json::json!({"num_beams": 4, "early_stopping": true, "do_sample": true});
        let settings = Choices::default().settle(Some(&file), &[]).unwrap();
        assert_eq!((settings.beams, settings.temperature, settings.early_stopping), (4, 0.0, EarlyStopping::Yes));
        let choices = Choices { temperature: Some(0.8), ..Choices::default() };
        assert_eq!(choices.settle(Some(&file), &[]).unwrap().beams, 1);
        let choices = Choices { length_penalty: Some(2.0), ..Choices::default() };
        assert_eq!(choices.settle(None, &[]).unwrap_err().code(), "bad-option");
    }
}
