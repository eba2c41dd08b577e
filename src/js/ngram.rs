//! The counting baseline's calls.
//!
//! In: documents through the desk, tokens, texts. Out: probabilities, what may come next, perplexity, text piece by piece.

use super::error::out;
use super::job::Job;
use super::tokenizer::Tokenizer;
use super::trainer::text_of;
use super::values::{Plain, argument, options};
use super::yielding::Pace;
use crate::study::ngram::{Ending, Evaluation, NgramTrainer, Sampling, Smoothing};
use crate::tasks::stop::Stops;
use crate::{Error, Kind};
use js_sys::{Array, Uint32Array};
use serde::Deserialize;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A baseline that the host holds.
#[wasm_bindgen]
pub struct Ngram {
    inner: Rc<crate::study::ngram::Ngram>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainFields {
    order: usize,
    smoothing: Option<SmoothingFields>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SmoothingFields {
    kind: String,
    k: Option<f64>,
}

/// Counts the corpus of the call.
#[wasm_bindgen]
pub fn train_ngram(given: JsValue, tokenizer: Option<TokenizerRef>) -> Job {
    Job::new(move |desk| async move {
        let given: TrainFields = argument(given, "Ngram.train")?;
        let smoothing = match given.smoothing {
            Some(SmoothingFields { kind, k }) => Smoothing::of(&kind, k)?,
            None => Smoothing::None,
        };
        let tokenizer = tokenizer.map(|tokenizer| (*tokenizer.inner).clone());
        let mut trainer = NgramTrainer::new(given.order, tokenizer, smoothing)?;
        let (pace, mut read) = (Pace::new(), 0);
        while let Some(document) = desk.document().await {
            let text = text_of(&document)?;
            let mut from = 0;
            // The end of an empty document is counted too.
            loop {
                let to = trainer.feed_part(&text, from)?;
                read += to - from;
                from = to;
                if pace.is_due() {
                    desk.progress("count", read as f64, None, true);
                    pace.breathe().await;
                }
                if from >= text.len() {
                    break;
                }
            }
        }
        desk.progress("count", read as f64, Some(read as f64), true);
        Ok(Ngram { inner: Rc::new(trainer.finish()?) }.into())
    })
}

/// A tokenizer that a call borrows: the host keeps its own.
#[wasm_bindgen]
pub struct TokenizerRef {
    pub(super) inner: Rc<crate::tokenizer::Tokenizer>,
}

#[wasm_bindgen]
impl Tokenizer {
    /// The tokenizer for a call of another object.
    pub fn lend(&self) -> TokenizerRef {
        TokenizerRef { inner: self.inner.clone() }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct GenerateFields {
    max_tokens: Option<usize>,
    temperature: Option<f64>,
    top_k: Option<usize>,
    top_p: Option<f64>,
    min_p: Option<f64>,
    seed: Option<u64>,
}

/// A context: tokens, or a text to be cut into them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Context {
    Text(String),
    Tokens(Vec<String>),
}

#[wasm_bindgen]
impl Ngram {
    /// P(token | context).
    pub fn probability(&self, token: &str, context: Vec<String>) -> f64 {
        let context: Vec<&str> = context.iter().map(String::as_str).collect();
        self.inner.probability(token, &context)
    }

    /// What may come next, the most probable first.
    pub fn next(&self, context: JsValue, top: usize) -> Result<Array, JsValue> {
        let next = || match argument(context, "next")? {
            Context::Text(text) => self.inner.next_after(&text, top),
            Context::Tokens(tokens) => Ok(self.inner.next(&tokens.iter().map(String::as_str).collect::<Vec<_>>(), top)),
        };
        let cross = |next: crate::study::ngram::Next| {
            let plain = Plain::default().with("token", next.token.as_str()).with("p", next.p).with("count", next.count);
            JsValue::from(plain)
        };
        Ok(out(next())?.into_iter().map(cross).collect())
    }

    /// Perplexity on the corpus of the call.
    pub fn evaluate(&self) -> Job {
        let ngram = self.inner.clone();
        Job::new(move |desk| async move {
            let (pace, mut sum, mut read) = (Pace::new(), None::<Evaluation>, 0);
            while let Some(document) = desk.document().await {
                let text = text_of(&document)?;
                let one = ngram.evaluate([text.as_str()])?;
                sum = Some(sum.map_or(one, |sum| sum.and(one)));
                read += text.len();
                if pace.is_due() {
                    desk.progress("evaluate", read as f64, None, true);
                    pace.breathe().await;
                }
            }
            desk.progress("evaluate", read as f64, Some(read as f64), true);
            let sum = sum.ok_or_else(|| Error::new(Kind::BadInput, "evaluate: the corpus holds no document"))?;
            Ok(Plain::default()
                .with("logLikelihood", sum.log_likelihood)
                .with("tokens", sum.tokens as f64)
                .with("perplexity", sum.perplexity)
                .into())
        })
    }

    /// Continues a text: a report for each piece, then the whole.
    pub fn generate(&self, prompt: String, given: JsValue, stops: Vec<String>) -> Job {
        let ngram = self.inner.clone();
        Job::new(move |desk| async move {
            let given: GenerateFields = options(given, "generate")?;
            let how = Sampling {
                max_tokens: given.max_tokens.unwrap_or(256),
                temperature: given.temperature.unwrap_or(1.0),
                top_k: given.top_k,
                top_p: given.top_p,
                min_p: given.min_p,
                seed: given.seed.unwrap_or(0),
            };
            let pace = Pace::new();
            let mut generating = ngram.begin(&prompt, how)?;
            let (mut stops, mut told, mut stopped) = (Stops::new(stops), String::new(), false);
            let (mut index, mut kept) = (0, 0);
            while let Some((id, text)) = generating.piece()? {
                let released = stops.push(&text);
                told.push_str(&released.text);
                stopped = released.stopped;
                if stopped {
                    break;
                }
                kept = generating.ids().len();
                let piece = Plain::default().with("type", "text").with("text", released.text.as_str());
                desk.report(piece.with("id", id).with("index", index).into()).await;
                index += 1;
                if desk.stopping() {
                    break;
                }
                pace.breathe().await;
            }
            let reason = match generating.ending() {
                _ if stopped => "stop",
                Some(Ending::Stop) => "stop",
                Some(Ending::Length) => "length",
                None => "stopped",
            };
            // After a stop string there is nothing, neither it nor the tokens that completed it.
            let ids = generating.ids();
            let ids = if stopped { ids.get(..kept).unwrap_or_default() } else { ids };
            let text = if stopped { told } else { generating.text()? };
            Ok(Plain::default()
                .with("text", text.as_str())
                .with("ids", Uint32Array::from(ids))
                .with("finishReason", reason)
                .with("promptTokens", generating.prompt_tokens() as u32)
                .into())
        })
    }
}
