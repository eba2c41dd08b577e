//! A conversation that goes on: what was read once stays in the cache.
//!
//! Comes in: the whole conversation each time, as the template writes it or as its bare text. Goes out: its next part, the same as one
//! generation after the whole would give. Only the end in which it differs from what was read before is read. What does not
//! fit the window any more is left out from the oldest message on, if wished. Messages are kept by the caller; knows no template.

use std::cell::RefCell;
use std::ops::Range;

use serde_json::Value;

use super::generate::{Ears, Flow, Piece, Prompt, Told};
use super::model::Model;
use crate::bail;
use crate::device::Signal;
use crate::ensure;
use crate::error::{Error, Kind, Result};
use crate::generate::Decoder;
use crate::generate::settings::Settings;
use crate::models::Task;

/// The cache of one conversation.
#[derive(Debug, Default)]
pub struct Session {
    decoder: RefCell<Option<Decoder>>,
}

/// A conversation in its window.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitting {
    /// What the model reads.
    pub prompt: Prompt,
    /// The messages that were left out.
    pub left_out: Range<usize>,
}

/// Fits messages into `window` tokens, as `render` writes them. With `slide` the oldest are left out, in whole turns, until `room` tokens
/// are free after them; a system message at the beginning stays, and so do the last `fresh` ones.
///
/// Fails with `context-overflow`, with the counts.
pub fn fit(
    messages: &[Value],
    fresh: usize,
    window: usize,
    room: Option<usize>,
    render: impl Fn(&[Value]) -> Result<Prompt>,
) -> Result<Fitting> {
    let role = |message: &Value, wanted: &str| message.get("role").and_then(Value::as_str) == Some(wanted);
    let first = messages.iter().take_while(|message| role(message, "system")).count();
    let last = messages.len().saturating_sub(fresh);
    let prompt = render(messages)?;
    let wanted = prompt.ids.len() + room.unwrap_or(0);
    let (mut tokens, mut fitting) = (prompt.ids.len(), Fitting { prompt, left_out: first..first });
    if wanted > window && room.is_some() {
        for to in first + 1..=last {
            if to < last && !messages.get(to).is_some_and(|message| role(message, "user")) {
                continue;
            }
            let kept = [messages.get(..first).unwrap_or_default(), messages.get(to..).unwrap_or_default()].concat();
            fitting = Fitting { prompt: render(&kept)?, left_out: first..to };
            tokens = fitting.prompt.ids.len();
            if tokens + room.unwrap_or(0) <= window {
                break;
            }
        }
    }
    if tokens > window {
        let full = format!("session: the conversation has {tokens} tokens, the model's context is {window}");
        let error =
            Error::new(Kind::ContextOverflow, full).detail("tokens", tokens as f64).detail("context", window as f64);
        return Err(if room.is_some() {
            error
        } else {
            error.hint("take the option overflow: \"slide\", or begin another session")
        });
    }
    Ok(fitting)
}

/// A decoder on loan from its session: it goes back when this is dropped, also in the middle of a text.
struct Loan<'s> {
    from: &'s RefCell<Option<Decoder>>,
    decoder: Option<Decoder>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.from.replace(self.decoder.take());
    }
}

impl Session {
    /// A session that has read nothing. What a model can hold none for is refused.
    pub fn new(model: &Model) -> Result<Session> {
        let task = model.config().task;
        ensure!(
            task == Task::Causal,
            Unsupported,
            "session: a model for the task {} does not go on with what it has read",
            task.name()
        );
        model.need_tokenizer()?;
        Ok(Session::default())
    }

    fn lend(&self, model: &Model, ids: &[u32]) -> Result<(Loan<'_>, usize)> {
        let decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => model.decoder(&[ids.to_vec()])?,
        };
        let mut loan = Loan { from: &self.decoder, decoder: Some(decoder) };
        let stays = loan.decoder.as_mut().map_or(Ok(0), |decoder| decoder.resume(ids.to_vec()))?;
        Ok((loan, stays))
    }

    /// Reads ahead of a question.
    pub async fn read(&self, model: &Model, ids: &[u32], signal: &Signal) -> Result<()> {
        let (mut loan, _) = self.lend(model, ids)?;
        match &mut loan.decoder {
            Some(decoder) => decoder.logits(signal).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Goes on after a conversation; gives the text, and how many of the prompt's tokens need not be read again.
    #[expect(clippy::too_many_arguments, reason = "a prompt, what is wanted, and three ways to be heard")]
    pub async fn prompt(
        &self,
        model: &Model,
        prompt: Prompt,
        settings: &Settings,
        stops: &[String],
        signal: &Signal,
        emit: impl AsyncFnMut(Piece) -> Result<Flow>,
        pulse: impl AsyncFnMut() -> Result<Flow>,
    ) -> Result<(Told, usize)> {
        let (mut loan, stays) = self.lend(model, &prompt.ids)?;
        let Some(decoder) = &mut loan.decoder else { bail!(Internal, "session: no decoder") };
        Ok((model.go_on(decoder, prompt, settings, stops, signal, &mut Ears(emit, pulse)).await?, stays))
    }

    /// Another that has read the same.
    pub async fn fork(&self) -> Result<Session> {
        let Some(decoder) = self.decoder.take() else { return Ok(Session::default()) };
        let loan = Loan { from: &self.decoder, decoder: Some(decoder) };
        let other = match &loan.decoder {
            Some(decoder) => Some(decoder.fork().await?),
            None => None,
        };
        Ok(Session { decoder: RefCell::new(other) })
    }

    /// Frees what it has read, also the memory.
    pub async fn free(&self) {
        let decoder = self.decoder.take();
        if let Some(decoder) = decoder {
            decoder.free().await;
        }
    }
}
