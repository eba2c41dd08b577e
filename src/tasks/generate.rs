//! Text that goes on: a prompt in, pieces of text out, until an end token, a stop string, or enough.
//!
//! Pieces are whole characters; what may become part of a stop string waits. The text given out never holds the stop string.

use super::model::Model;
use super::stop::Stops;
use crate::device::Signal;
use crate::error::Result;
use crate::generate::Decoder;
use crate::generate::sampler::{best, choose};
use crate::generate::settings::{Choices, Settings};
use crate::{bail, ensure};

/// One piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Whole characters; may be empty while bytes of one wait.
    pub text: String,
    /// The token's id.
    pub id: u32,
    /// Its number, from 0.
    pub index: usize,
    /// Its log-probability.
    pub logprob: f64,
    /// The most probable ids with theirs, if wanted.
    pub top: Vec<(u32, f64)>,
}

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// An end token or a stop string.
    Stop,
    /// As many tokens as wanted, or as fit.
    Length,
    /// The caller stopped it.
    Stopped,
}

/// A whole text.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The text, without the prompt.
    pub text: String,
    /// Its ids, without the one that ended it.
    pub ids: Vec<u32>,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
}

/// What the receiver of a piece wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// More.
    On,
    /// No more; what there is, is the result.
    End,
}

impl Model {
    /// The ids of a prompt, with what the tokenizer puts before a text and not what it puts after.
    pub fn prompt(&self, text: &str) -> Result<Vec<u32>> {
        let tokenizer = self.need_tokenizer()?;
        let mut ids = tokenizer.ids(text, true)?;
        let plain = tokenizer.ids(text, false)?;
        // End tokens that a template adds would end the text before it begins.
        while ids.len() > plain.len() && ids.last().is_some_and(|id| self.config().special.eos.contains(id)) {
            ids.pop();
        }
        if ids.is_empty() {
            let special = &self.config().special;
            match special.bos.or(special.eos.first().copied()) {
                Some(first) => ids.push(first),
                None => bail!(BadInput, "the prompt is empty, and the model has no token to begin with"),
            }
        }
        Ok(ids)
    }

    /// The settings that a caller's choices come to.
    pub fn settings(&self, choices: &Choices) -> Result<Settings> {
        let settings = choices.settle(self.generation(), &self.config().special.eos)?;
        ensure!(settings.beams == 1, Unsupported, "generate: beams are not there yet");
        Ok(settings)
    }

    /// Goes on after `prompt`, handing each piece to `emit`.
    pub async fn generate(
        &self,
        prompt: Vec<u32>,
        settings: &Settings,
        stops: &[String],
        signal: &Signal,
        mut emit: impl AsyncFnMut(Piece) -> Result<Flow>,
    ) -> Result<Told> {
        let tokenizer = self.tokenizer();
        ensure!(stops.is_empty() || tokenizer.is_some(), BadInput, "stop strings need a tokenizer");
        let prompt_tokens = prompt.len();
        let mut decoder = Decoder::new(self.placed().clone(), std::slice::from_ref(&prompt)).await?;
        let mut stream = tokenizer.as_ref().map(|tokenizer| tokenizer.stream(true));
        let mut stops = Stops::new(stops.iter().cloned());
        let mut told = Told { text: String::new(), ids: Vec::new(), finish: Finish::Length, prompt_tokens };
        while told.ids.len() < settings.max_tokens {
            let logits = decoder.logits(signal).await?;
            let Some(logits) = logits.first() else { bail!(Internal, "generate: no logits") };
            let chosen = choose(logits, decoder.ids(0), told.ids.len(), settings)?;
            if settings.stop_tokens.contains(&chosen.id) {
                told.finish = Finish::Stop;
                break;
            }
            let text = match &mut stream {
                Some(stream) => stream.push(chosen.id)?,
                None => String::new(),
            };
            let released = stops.push(&text);
            told.text.push_str(&released.text);
            if released.stopped {
                told.finish = Finish::Stop;
                break;
            }
            let index = told.ids.len();
            told.ids.push(chosen.id);
            let piece = Piece { text: released.text, id: chosen.id, index, logprob: chosen.logprob, top: chosen.top };
            if emit(piece).await? == Flow::End {
                told.finish = Finish::Stopped;
                break;
            }
            if decoder.room() == 0 {
                break;
            }
            decoder.push(&[chosen.id])?;
        }
        if let Some(stream) = stream.as_mut().filter(|_| told.finish != Finish::Stop) {
            let released = stops.push(&stream.finish()?);
            told.text.push_str(&released.text);
        }
        told.text.push_str(&stops.finish());
        Ok(told)
    }

    /// Probabilities of the token that follows `text`: the `top` best, with id, probability and logit.
    pub async fn next(&self, text: &str, top: usize, signal: &Signal) -> Result<Vec<(u32, f64, f32)>> {
        let prompt = self.prompt(text)?;
        let context = self.config().context;
        // Of a text longer than the context the end counts.
        let prompt = prompt[prompt.len().saturating_sub(context)..].to_vec();
        let mut decoder = Decoder::new(self.placed().clone(), &[prompt]).await?;
        let logits = decoder.logits(signal).await?;
        let Some(logits) = logits.first() else { bail!(Internal, "next: no logits") };
        let scores: Vec<f64> = logits.iter().map(|&l| f64::from(l)).collect();
        let (p, _) = crate::kernels::processors::softmax(&scores);
        let best = best(&scores, top);
        Ok(best.into_iter().map(|id| (id as u32, p[id], logits[id])).collect())
    }
}
