//! Text that goes on: a prompt in, pieces of text out, until an end token, a stop string, or enough.
//!
//! Pieces are whole characters; what may become part of a stop string waits. The text given out never holds the stop string. After a
//! beam search all pieces come at once.

use std::pin::Pin;
use std::rc::Rc;

use super::model::Model;
use super::stop::Stops;
use crate::device::Signal;
use crate::error::Result;
use crate::generate::sampler::{Chosen, best};
use crate::generate::settings::{Choices, Settings};
use crate::generate::{Decoder, Pace, beams, run};
use crate::models::Task;
use crate::tokenizer::{StreamDecoder, Tokenizer};
use crate::{bail, ensure};

pub use crate::generate::{End as Finish, Flow};

/// One piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Whole characters; may be empty while bytes of one wait.
    pub text: String,
    /// The token's id.
    pub id: u32,
    /// Its number, from 0.
    pub index: usize,
    /// Its log-probability; a prompt has none.
    pub logprob: Option<f64>,
    /// The most probable ids with theirs, if wanted.
    pub top: Vec<(u32, f64)>,
}

/// A whole text.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The text, with `echo` the prompt before it.
    pub text: String,
    /// Its ids, without the one that ended it.
    pub ids: Vec<u32>,
    /// How many tokens were made.
    pub tokens: usize,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
}

/// What a text goes on after: ids, and the text they were made from, where there is one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// The ids.
    pub ids: Vec<u32>,
    /// What `echo` gives out; made from the ids where absent.
    pub text: Option<String>,
}

impl From<Vec<u32>> for Prompt {
    fn from(ids: Vec<u32>) -> Prompt {
        Prompt { ids, text: None }
    }
}

/// Who hears a text while it is made. Behind a pointer, so that the loops which make one are compiled once for all callers.
pub(super) trait Hearer {
    /// Takes a piece, and says whether more are wanted.
    fn hear(&mut self, piece: Piece) -> Said<'_>;
    /// Says whether more is wanted, where there is no piece yet.
    fn pulse(&mut self) -> Said<'_>;
}

/// What a hearer says, in time.
pub(super) type Said<'h> = Pin<Box<dyn Future<Output = Result<Flow>> + 'h>>;

/// A hearer made of two functions.
pub(super) struct Ears<E, P>(pub(super) E, pub(super) P);

impl<E: AsyncFnMut(Piece) -> Result<Flow>, P: AsyncFnMut() -> Result<Flow>> Hearer for Ears<E, P> {
    fn hear(&mut self, piece: Piece) -> Said<'_> {
        Box::pin((self.0)(piece))
    }

    fn pulse(&mut self) -> Said<'_> {
        Box::pin((self.1)())
    }
}

/// Turns tokens into pieces, and keeps the whole.
struct Teller<'t> {
    stream: Option<StreamDecoder<'t>>,
    stops: Stops,
    told: Told,
    index: usize,
    /// A stop string has come.
    stopped: bool,
}

impl Teller<'_> {
    /// The first piece: the prompt itself.
    fn echo(&mut self, prompt: Prompt, tokenizer: Option<&Rc<Tokenizer>>) -> Result<Piece> {
        let text = match (prompt.text, tokenizer) {
            (Some(text), _) => text,
            (None, Some(tokenizer)) => tokenizer.decode(&prompt.ids, true)?,
            (None, None) => String::new(),
        };
        self.told.text.push_str(&text);
        self.told.ids.extend(&prompt.ids);
        self.index = 1;
        let id = prompt.ids.last().copied().unwrap_or_default();
        Ok(Piece { text, id, index: 0, logprob: None, top: Vec::new() })
    }

    /// The piece of the next token; `None` where a stop string stands.
    fn tell(&mut self, chosen: &Chosen) -> Result<Option<Piece>> {
        let text = match &mut self.stream {
            Some(stream) => stream.push(chosen.id)?,
            None => String::new(),
        };
        let released = self.stops.push(&text);
        self.told.text.push_str(&released.text);
        if released.stopped {
            self.told.finish = Finish::Stop;
            return Ok(None);
        }
        self.told.ids.push(chosen.id);
        self.told.tokens += 1;
        let index = self.index;
        self.index += 1;
        let (logprob, top) = (Some(chosen.logprob), chosen.top.clone());
        Ok(Some(Piece { text: released.text, id: chosen.id, index, logprob, top }))
    }

    /// Hands the piece of the next token on.
    async fn hand(&mut self, chosen: &Chosen, hearer: &mut dyn Hearer) -> Result<Flow> {
        match self.tell(chosen)? {
            Some(piece) => hearer.hear(piece).await,
            None => {
                self.stopped = true;
                Ok(Flow::End)
            }
        }
    }

    /// What was held back, and the whole.
    fn end(mut self) -> Result<Told> {
        // After a stop string there is nothing; what else was held back is certain after all.
        if !self.stopped {
            if let Some(stream) = &mut self.stream {
                let released = self.stops.push(&stream.finish()?);
                self.told.text.push_str(&released.text);
            }
            self.told.text.push_str(&self.stops.finish());
        }
        Ok(self.told)
    }
}

impl Model {
    /// The ids of a prompt, with what the tokenizer puts before a text and not what it puts after.
    pub fn prompt(&self, text: &str) -> Result<Vec<u32>> {
        let tokenizer = self.need_tokenizer()?;
        let mut ids = tokenizer.ids(text, true)?;
        let plain = tokenizer.ids(text, false)?;
        // End tokens that a template adds would end the text before it begins; an encoder reads them.
        let reads = self.config().task == Task::Seq2seq;
        while !reads && ids.len() > plain.len() && ids.last().is_some_and(|id| self.config().special.eos.contains(id)) {
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
        let vocab = self.config().vocab;
        let foreign = settings.logit_bias.keys().chain(&settings.stop_tokens).find(|&&id| id as usize >= vocab);
        if let Some(id) = foreign {
            bail!(BadOption, [id: *id, vocab: vocab], "generate: token id {id} is out of the vocabulary of {vocab}");
        }
        Ok(settings)
    }

    /// Rows that go on after prompts: the prompts themselves, or what a decoder writes after an encoder read them.
    ///
    /// Fails with `unsupported` for a model that writes no text.
    pub fn decoder(&self, prompts: &[Vec<u32>]) -> Result<Decoder> {
        let (placed, config) = (self.placed().clone(), self.config());
        match config.task {
            Task::Causal => Decoder::new(placed, prompts),
            Task::Seq2seq => {
                let special = &config.special;
                let Some(start) = special.decoder_start.or(special.bos).or(special.pad) else {
                    bail!(
                        BadInput,
                        "the config has no `decoder_start_token_id`, and the decoder must begin with something"
                    )
                };
                Decoder::after(placed, prompts, start)
            }
            task => bail!(Unsupported, "a model for the task {} writes no text", task.name()),
        }
    }

    /// Goes on after `prompt`, handing each piece to `emit`.
    pub async fn generate(
        &self,
        prompt: impl Into<Prompt>,
        settings: &Settings,
        stops: &[String],
        signal: &Signal,
        emit: impl AsyncFnMut(Piece) -> Result<Flow>,
    ) -> Result<Told> {
        self.write(prompt, settings, stops, signal, emit, async || Ok(Flow::On)).await
    }

    /// The same; `pulse` is asked between the steps of a beam search, which has no pieces before its end.
    pub async fn write(
        &self,
        prompt: impl Into<Prompt>,
        settings: &Settings,
        stops: &[String],
        signal: &Signal,
        emit: impl AsyncFnMut(Piece) -> Result<Flow>,
        pulse: impl AsyncFnMut() -> Result<Flow>,
    ) -> Result<Told> {
        let prompt: Prompt = prompt.into();
        let mut decoder = self.decoder(std::slice::from_ref(&prompt.ids))?;
        self.go_on(&mut decoder, prompt, settings, stops, signal, &mut Ears(emit, pulse)).await
    }

    /// The same with a decoder that stands at the prompt's end.
    pub(super) async fn go_on(
        &self,
        decoder: &mut Decoder,
        prompt: Prompt,
        settings: &Settings,
        stops: &[String],
        signal: &Signal,
        hearer: &mut dyn Hearer,
    ) -> Result<Told> {
        let tokenizer = self.tokenizer();
        ensure!(stops.is_empty() || tokenizer.is_some(), BadInput, "stop strings need a tokenizer");
        let told = Told {
            text: String::new(),
            ids: Vec::new(),
            tokens: 0,
            finish: Finish::Length,
            prompt_tokens: prompt.ids.len(),
        };
        let stream = tokenizer.as_ref().map(|tokenizer| tokenizer.stream(true));
        let mut teller = Teller { stream, stops: Stops::new(stops.iter().cloned()), told, index: 0, stopped: false };
        if settings.echo {
            let piece = teller.echo(prompt, tokenizer.as_ref())?;
            if hearer.hear(piece).await? == Flow::End {
                teller.told.finish = Finish::Stopped;
                return teller.end();
            }
        }
        let end = if settings.beams > 1 {
            let found = self.search(decoder, settings, stops, signal, hearer).await?;
            let mut end = found.1;
            for chosen in &found.0 {
                if teller.hand(chosen, hearer).await? == Flow::End {
                    end = Finish::Stopped;
                    break;
                }
            }
            end
        } else {
            let pace = Pace::of(decoder, settings);
            let mut one = async |chosen: &[Option<Chosen>]| match chosen {
                [Some(chosen)] => teller.hand(chosen, hearer).await,
                _ => Ok(Flow::End),
            };
            run(decoder, settings, pace, signal, &mut one).await?.first().copied().unwrap_or(Finish::Length)
        };
        teller.told.finish = if teller.stopped { Finish::Stop } else { end };
        teller.end()
    }

    /// The best text of a beam search, and how it ended.
    async fn search(
        &self,
        decoder: &mut Decoder,
        settings: &Settings,
        stops: &[String],
        signal: &Signal,
        hearer: &mut dyn Hearer,
    ) -> Result<(Vec<Chosen>, Finish)> {
        let tokenizer = self.tokenizer();
        let ends = |tokens: &[Chosen]| {
            let Some(tokenizer) = tokenizer.as_ref().filter(|_| !stops.is_empty()) else { return false };
            let ids: Vec<u32> = tokens.iter().map(|chosen| chosen.id).collect();
            tokenizer.decode(&ids, true).is_ok_and(|text| stops.iter().any(|stop| text.contains(stop.as_str())))
        };
        let mut found = beams::search(decoder, settings, signal, ends, &mut async || hearer.pulse().await).await?;
        match found.first_mut().filter(|found| !found.is_empty()) {
            Some(found) => {
                let best = found.swap_remove(0);
                Ok((best.tokens, best.end))
            }
            None => Ok((Vec::new(), Finish::Length)),
        }
    }

    /// Probabilities of the token that follows `text`: the `top` best, with id, probability and logit.
    pub async fn next(&self, text: &str, top: usize, signal: &Signal) -> Result<Vec<(u32, f64, f32)>> {
        let prompt = self.prompt(text)?;
        let context = self.config().context;
        // Of a text longer than the context the end counts.
        let prompt = prompt[prompt.len().saturating_sub(context)..].to_vec();
        let mut decoder = self.decoder(&[prompt])?;
        let logits = decoder.logits(signal).await?;
        let Some(logits) = logits.first() else { bail!(Internal, "next: no logits") };
        let scores: Vec<f64> = logits.iter().map(|&l| f64::from(l)).collect();
        let (p, _) = crate::kernels::processors::softmax(&scores);
        let best = best(&scores, top);
        Ok(best.into_iter().map(|id| (id as u32, p[id], logits[id])).collect())
    }
}
