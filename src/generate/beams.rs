//! Beam search as transformers has it: the best continuations of several texts at once, by the sum of their log-probabilities.
//!
//! Comes in: a decoder with one row a prompt, settings. Goes out: for each prompt its finished texts, the best first; a score is the sum
//! divided by length^penalty. Of twice as many candidates as beams those that end are set apart and the others go on, so that ends
//! never thin the beams out. Beams branch within the cache. Sums are in f64.

use super::decoder::Decoder;
use super::sampler::{Chosen, best, process, top};
use super::settings::{EarlyStopping, Settings};
use super::stepped::{End, Flow};
use crate::device::Signal;
use crate::ensure;
use crate::error::Result;
use crate::kernels::processors::softmax;
use crate::order;

/// A text that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its tokens, without the one that ended it, each with its log-probability.
    pub tokens: Vec<Chosen>,
    /// By which texts are compared.
    pub score: f64,
    /// How it ended.
    pub end: End,
}

/// A text in the making, or one that has just ended.
#[derive(Clone, Debug)]
struct Beam {
    tokens: Vec<Chosen>,
    /// The sum of log-probabilities, after the processors.
    sum: f64,
    /// The row whose continuation it is.
    row: usize,
}

/// The search after one prompt.
struct Search {
    running: Vec<Beam>,
    found: Vec<Found>,
    over: bool,
}

/// Searches after every row of `decoder`. `ends` says whether a text ends with its last token although that is no end token;
/// `pulse` is asked between steps.
///
/// Fails with `non-finite` if the logits are no numbers, with `bad-option` where the settings leave no token.
pub async fn search(
    decoder: &mut Decoder,
    settings: &Settings,
    signal: &Signal,
    ends: impl Fn(&[Chosen]) -> bool,
    pulse: &mut impl AsyncFnMut() -> Result<Flow>,
) -> Result<Vec<Vec<Found>>> {
    let (prompts, beams, most) = (decoder.count(), settings.beams, settings.max_tokens.min(decoder.room()));
    decoder.expect(prompts * beams, most);
    let begun = |row| Beam { tokens: Vec::new(), sum: 0.0, row };
    let mut searches: Vec<Search> =
        (0..prompts).map(|row| Search { running: vec![begun(row)], found: Vec::new(), over: most == 0 }).collect();
    let mut made = 0;
    while searches.iter().any(|search| !search.over) {
        let logits = decoder.logits(signal).await?;
        for search in searches.iter_mut().filter(|search| !search.over) {
            let candidates = search.candidates(decoder, &logits, made, settings)?;
            search.part(candidates, made + 1, most, settings, &ends);
        }
        made += 1;
        if pulse().await? == Flow::End {
            searches.iter_mut().for_each(|search| search.stop(made, settings));
            break;
        }
        if searches.iter().all(|search| search.over) {
            break;
        }
        // What is over keeps its rows, so that all prompts have equally many; nothing comes of them.
        let mut parents = Vec::with_capacity(prompts * beams);
        let mut ids = Vec::with_capacity(prompts * beams);
        for (prompt, search) in searches.iter().enumerate() {
            for at in 0..beams {
                let any = if decoder.count() == prompts { prompt } else { prompt * beams + at };
                let beam = search.running.get(at).or(search.running.last());
                parents.push(beam.map_or(any, |beam| beam.row));
                ids.push(beam.and_then(|beam| beam.tokens.last()).map_or(0, |chosen| chosen.id));
            }
        }
        decoder.branch(&parents, &ids)?;
        for (prompt, search) in searches.iter_mut().enumerate() {
            search.running.iter_mut().enumerate().for_each(|(at, beam)| beam.row = prompt * beams + at);
        }
    }
    Ok(searches.into_iter().map(|search| search.found).collect())
}

impl Search {
    /// The best continuations of all running beams, twice as many as beams, or more where there are several end tokens.
    fn candidates(
        &self,
        decoder: &Decoder,
        logits: &[Vec<f32>],
        made: usize,
        settings: &Settings,
    ) -> Result<Vec<(Beam, usize)>> {
        let count = settings.beams * (1 + settings.stop_tokens.len()).max(2);
        let mut all: Vec<(f64, usize, usize)> = Vec::new();
        let mut plain = Vec::with_capacity(self.running.len());
        for (at, beam) in self.running.iter().enumerate() {
            let logits = &logits[beam.row];
            ensure!(logits.iter().all(|l| !l.is_nan()), NonFinite, "generate: the model's logits are not numbers");
            let (_, logs) = softmax(&logits.iter().map(|&l| f64::from(l)).collect::<Vec<_>>());
            let mut scores = logs.clone();
            process(&mut scores, decoder.ids(beam.row), made, settings);
            let few = best(&scores, count).into_iter().filter(|&id| scores[id] > f64::NEG_INFINITY);
            all.extend(few.map(|id| (beam.sum + scores[id], at, id)));
            plain.push(logs);
        }
        ensure!(!all.is_empty(), BadOption, "generate: the options leave no token to choose");
        let order = best(&all.iter().map(|(sum, ..)| *sum).collect::<Vec<_>>(), count);
        let continued = order.into_iter().map(|place| {
            let (sum, at, id) = all[place];
            let mut beam = Beam { sum, ..self.running[at].clone() };
            beam.tokens.push(Chosen { id: id as u32, logprob: plain[at][id], top: top(&plain[at], settings) });
            (beam, id)
        });
        Ok(continued.collect())
    }

    /// Sets apart what ends, keeps the best that do not, and sees whether anything can come of them.
    fn part(
        &mut self,
        candidates: Vec<(Beam, usize)>,
        length: usize,
        most: usize,
        settings: &Settings,
        ends: &impl Fn(&[Chosen]) -> bool,
    ) {
        let beams = settings.beams;
        let share = |length: usize| (length as f64).powf(f64::from(settings.length_penalty));
        self.running.clear();
        for (place, (mut beam, id)) in candidates.into_iter().enumerate() {
            let token = settings.stop_tokens.contains(&(id as u32));
            let word = !token && ends(&beam.tokens);
            if !token && !word && length < most {
                if self.running.len() < beams {
                    self.running.push(beam);
                }
                continue;
            }
            // An end that is not among the best was only worth setting apart.
            if place >= beams {
                continue;
            }
            if token {
                beam.tokens.pop();
            }
            let end = if token || word { End::Stop } else { End::Length };
            self.found.push(Found { tokens: beam.tokens, score: beam.sum / share(length), end });
        }
        order::by(&mut self.found, |a, b| b.score.total_cmp(&a.score));
        self.found.truncate(beams);
        let full = self.found.len() == beams;
        let worst = self.found.last().map_or(f64::NEG_INFINITY, |found| found.score);
        // The longest a text may get, or as long as it is: what makes the best running one look best.
        let hoped = match settings.early_stopping {
            EarlyStopping::Never if settings.length_penalty > 0.0 => most,
            _ => length,
        };
        let best = self.running.first().map_or(f64::NEG_INFINITY, |beam| beam.sum / share(hoped));
        let hopeless = full && best <= worst;
        self.over = self.running.is_empty() || hopeless || (full && settings.early_stopping == EarlyStopping::Yes);
    }

    /// Ends now: what runs counts as it is.
    fn stop(&mut self, length: usize, settings: &Settings) {
        if self.over {
            return;
        }
        let share = (length as f64).powf(f64::from(settings.length_penalty));
        let running = self.running.drain(..);
        self.found.extend(running.map(|beam| Found {
            tokens: beam.tokens,
            score: beam.sum / share,
            end: End::Stopped,
        }));
        order::by(&mut self.found, |a, b| b.score.total_cmp(&a.score));
        self.over = true;
    }
}
