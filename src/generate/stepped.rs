//! The stepped loop: the logits of each token come to the host, which chooses. And the one door to both loops.
//!
//! Comes in: a decoder, settings. Goes out: tokens as they are made, one for each row that has not ended, and how each row ended.
//! Afterwards the decoder holds just what was handed out.

use super::ahead;
use super::decoder::Decoder;
use super::sampler::{Chosen, choose};
use super::settings::Settings;
use crate::device::{Class, Signal};
use crate::error::Result;

/// What the receiver of tokens wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// More.
    On,
    /// No more; what there is, is the result.
    End,
}

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With an end token.
    Stop,
    /// As many tokens as wanted, or as fit.
    Length,
    /// The receiver wanted no more.
    Stopped,
}

/// Which loop makes the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The host sees the logits of each token.
    Stepped,
    /// The device draws several tokens before any is read.
    Ahead,
}

impl Pace {
    /// The loop that serves these settings best on the decoder's device.
    pub fn of(decoder: &Decoder, settings: &Settings) -> Pace {
        let cpu = decoder.placed().arenas.device().limits().class == Class::Cpu;
        if cpu || !ahead::possible(settings) { Pace::Stepped } else { Pace::Ahead }
    }
}

/// Rows in the making: what has been handed out, and which have ended.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    /// What is wanted.
    pub settings: &'a Settings,
    /// Tokens made.
    pub made: usize,
    /// Tokens that will be made at most.
    pub most: usize,
    ends: Vec<Option<End>>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(decoder: &Decoder, settings: &'a Settings) -> Progress<'a> {
        let most = settings.max_tokens.min(decoder.room());
        Progress { settings, made: 0, most, ends: vec![None; decoder.count()] }
    }

    /// Hands one token of each row on; whether more are wanted.
    pub(super) async fn hand(
        &mut self,
        chosen: Vec<Chosen>,
        emit: &mut impl AsyncFnMut(&[Option<Chosen>]) -> Result<Flow>,
    ) -> Result<bool> {
        let mut fresh = Vec::with_capacity(chosen.len());
        for (chosen, end) in chosen.into_iter().zip(&mut self.ends) {
            if end.is_none() && self.settings.stop_tokens.contains(&chosen.id) {
                *end = Some(End::Stop);
            }
            fresh.push(if end.is_none() { Some(chosen) } else { None });
        }
        if fresh.iter().all(Option::is_none) {
            return Ok(false);
        }
        self.made += 1;
        if emit(&fresh).await? == Flow::End {
            self.ends.iter_mut().for_each(|end| *end = end.or(Some(End::Stopped)));
            return Ok(false);
        }
        Ok(self.made < self.most)
    }

    pub(super) fn ends(self) -> Vec<End> {
        self.ends.into_iter().map(|end| end.unwrap_or(End::Length)).collect()
    }
}

/// Makes tokens for every row until all have ended.
///
/// Fails with `non-finite` if the logits are no numbers, with `bad-option` where the settings leave no token.
pub async fn run(
    decoder: &mut Decoder,
    settings: &Settings,
    pace: Pace,
    signal: &Signal,
    emit: &mut impl AsyncFnMut(&[Option<Chosen>]) -> Result<Flow>,
) -> Result<Vec<End>> {
    let begin = decoder.length();
    let mut progress = Progress::new(decoder, settings);
    decoder.expect(0, progress.most);
    if progress.most > 0 {
        match pace {
            Pace::Stepped => step(decoder, &mut progress, signal, emit).await?,
            Pace::Ahead => ahead::run(decoder, &mut progress, signal, emit).await?,
        }
    }
    decoder.keep(begin + progress.made);
    Ok(progress.ends())
}

async fn step(
    decoder: &mut Decoder,
    progress: &mut Progress<'_>,
    signal: &Signal,
    emit: &mut impl AsyncFnMut(&[Option<Chosen>]) -> Result<Flow>,
) -> Result<()> {
    loop {
        let logits = decoder.logits(signal).await?;
        let mut chosen = Vec::with_capacity(logits.len());
        for (row, logits) in logits.iter().enumerate() {
            chosen.push(choose(logits, decoder.ids(row), progress.made, progress.settings)?);
        }
        decoder.push(&chosen.iter().map(|chosen| chosen.id).collect::<Vec<_>>())?;
        if !progress.hand(chosen, emit).await? {
            return Ok(());
        }
    }
}
