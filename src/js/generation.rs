//! The model's calls that make text.
//!
//! In: a prompt as text, ids or messages, choices. Out: a report for each piece, then the whole; probabilities of what comes next.

use super::job::{Desk, Job};
use super::model::Model;
use super::tokenizer::{ChatFields, conversation};
use super::values::{Plain, argument, options};
use super::yielding::milliseconds;
use crate::Result;
use crate::device::Signal;
use crate::generate::settings::Choices;
use crate::tasks::{Finish, Flow, Piece, Prompt, Told};
use crate::tokenizer::Tokenizer;
use js_sys::{Array, Uint32Array};
use serde::Deserialize;
use serde_json::Value;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A prompt as it crosses.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Ids(Vec<u32>),
    Messages(Value),
}

/// A token's text, as far as there is a tokenizer that knows it.
fn token(tokenizer: Option<&Rc<Tokenizer>>, id: u32) -> JsValue {
    tokenizer.and_then(|tokenizer| tokenizer.id_to_token(id)).unwrap_or_default().into()
}

/// A piece as it crosses; log-probabilities only where they were asked for.
fn report(piece: &Piece, tokenizer: Option<&Rc<Tokenizer>>, logprobs: Option<usize>) -> JsValue {
    let plain = Plain::default()
        .with("type", "text")
        .with("text", piece.text.as_str())
        .with("id", piece.id)
        .with("index", piece.index as u32);
    let (Some(logprobs), Some(logprob)) = (logprobs, piece.logprob) else { return plain.into() };
    let plain = plain.with("logprob", logprob);
    if logprobs == 0 {
        return plain.into();
    }
    let top = piece.top.iter().map(|&(id, logprob)| {
        JsValue::from(Plain::default().with("id", id).with("token", token(tokenizer, id)).with("logprob", logprob))
    });
    plain.with("top", top.collect::<Array>()).into()
}

/// What the model reads of messages: what the tokenizer's template writes, the special tokens too.
pub(super) fn conversed(tokenizer: &Tokenizer, messages: &Value, fields: ChatFields, call: &str) -> Result<Prompt> {
    let text = conversation(tokenizer, messages, fields, call)?;
    Ok(Prompt { ids: tokenizer.ids(&text, false)?, text: Some(text) })
}

/// A text on its way to the caller: a report for each piece, then the whole with its counts and times.
pub(super) struct Telling {
    desk: Rc<Desk>,
    tokenizer: Option<Rc<Tokenizer>>,
    logprobs: Option<usize>,
    began: f64,
    first: Cell<Option<f64>>,
}

impl Telling {
    pub(super) fn new(desk: Rc<Desk>, tokenizer: Option<Rc<Tokenizer>>, logprobs: Option<usize>) -> Telling {
        Telling { desk, tokenizer, logprobs, began: milliseconds(), first: Cell::new(None) }
    }

    fn flow(&self) -> Result<Flow> {
        Ok(if self.desk.stopping() { Flow::End } else { Flow::On })
    }

    pub(super) async fn emit(&self, piece: Piece) -> Result<Flow> {
        self.first.set(self.first.get().or_else(|| Some(milliseconds())));
        self.desk.report(report(&piece, self.tokenizer.as_ref(), self.logprobs)).await;
        self.flow()
    }

    pub(super) async fn pulse(&self) -> Result<Flow> {
        self.desk.boundary().await;
        self.flow()
    }

    pub(super) fn whole(&self, told: &Told) -> Plain {
        let over = milliseconds();
        let first = self.first.get().unwrap_or(over);
        let seconds = (over - first) / 1e3;
        let reason = match told.finish {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::Stopped => "stopped",
        };
        let tokens = told.tokens as f64;
        // The first token belongs to the prompt's pass.
        let speed = if seconds > 0.0 { (tokens - 1.0).max(0.0) / seconds } else { 0.0 };
        let usage = Plain::default().with("promptTokens", told.prompt_tokens as u32).with("tokens", tokens);
        let timings = Plain::default()
            .with("prefillSeconds", (first - self.began) / 1e3)
            .with("decodeSeconds", seconds)
            .with("tokensPerSecond", speed);
        Plain::default()
            .with("text", told.text.as_str())
            .with("ids", Uint32Array::from(&told.ids[..]))
            .with("finishReason", reason)
            .with("usage", usage)
            .with("timings", timings)
    }
}

#[wasm_bindgen]
impl Model {
    /// Goes on after a prompt, messages as the tokenizer's template writes them: a report for each piece, then the whole with its counts and times.
    pub fn generate(&self, prompt: JsValue, given: JsValue, stops: Vec<String>) -> Job {
        let model = self.inner.clone();
        Job::new(move |desk| async move {
            let choices: Choices = options(given, "generate")?;
            let settings = model.settings(&choices)?;
            let prompt = match argument(prompt, "generate")? {
                Given::Text(text) => Prompt { ids: model.prompt(&text)?, text: Some(text) },
                Given::Ids(ids) => ids.into(),
                Given::Messages(messages) => {
                    let tokenizer = model.need_tokenizer()?;
                    conversed(&tokenizer, &messages, ChatFields::default(), "generate")?
                }
            };
            let telling = Telling::new(desk, model.tokenizer(), settings.logprobs);
            let (emit, pulse) = (async |piece| telling.emit(piece).await, async || telling.pulse().await);
            let told = model.write(prompt, &settings, &stops, &Signal::default(), emit, pulse).await?;
            Ok(telling.whole(&told).into())
        })
    }

    /// What may come after a text, the most probable first.
    pub fn next(&self, text: String, top: usize) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move {
            let tokenizer = model.tokenizer();
            let next = model.next(&text, top, &Signal::default()).await?;
            let cross = |(id, p, logit): (u32, f64, f32)| {
                let plain = Plain::default().with("token", token(tokenizer.as_ref(), id)).with("id", id);
                JsValue::from(plain.with("p", p).with("logit", logit))
            };
            Ok(next.into_iter().map(cross).collect::<Array>().into())
        })
    }
}
