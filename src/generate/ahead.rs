//! The run-ahead loop: the device draws k tokens before the host reads any, and two such flights are under way at once.
//!
//! k follows what a token was seen to take, so that one comes at least every 50 ms. Draws depend on seed and position alone, so the
//! text is the same for any k, and the same as the stepped loop's. What was drawn past the end is dropped.

use std::collections::VecDeque;

use super::decoder::Decoder;
use super::passes::{Ending, Kinds, RING, control_words};
use super::sampler::Chosen;
use super::settings::Settings;
use super::stepped::{Flow, Progress};
use crate::device::{Readback, Signal, Slice};
use crate::ensure;
use crate::error::Result;
use crate::kernels::{Live, place};
use crate::ops::{IN_PROMPT, SampleRecord, Sampling};
use crate::plan::Stage;

/// A flight aims at this many milliseconds.
const TARGET: f64 = 40.0;
/// Flights under way.
const DEPTH: usize = 2;
/// The most tokens of one flight, so that none is overwritten before it is read.
const MOST: usize = RING / DEPTH;

/// Whether the device can do what the settings want: log-probabilities of other tokens and groups that must not repeat need the host.
pub(super) fn possible(settings: &Settings) -> bool {
    settings.logprobs.unwrap_or(0) == 0 && settings.no_repeat_ngram == 0
}

/// What every draw of a run heeds.
struct Drawing<'a> {
    settings: &'a Settings,
    kinds: Kinds,
    sampling: Sampling,
    bias: Vec<f32>,
    vocab: usize,
    /// Of each row, its padding.
    firsts: Vec<u32>,
}

/// Draws under way: positions of the tokens, and where they come from.
struct Flight {
    first: usize,
    count: usize,
    readback: Readback,
}

impl<'a> Drawing<'a> {
    fn new(decoder: &Decoder, settings: &'a Settings) -> Drawing<'a> {
        let vocab = decoder.placed.config.vocab;
        let penalised =
            settings.repetition_penalty != 1.0 || settings.frequency_penalty != 0.0 || settings.presence_penalty != 0.0;
        let barred = settings.logit_bias.values().any(|&bias| bias == f32::NEG_INFINITY);
        let kinds = Kinds {
            counted: penalised,
            biased: !settings.logit_bias.is_empty(),
            masked: barred || (settings.min_tokens > 0 && !settings.stop_tokens.is_empty()),
        };
        let mut bias = vec![0.0; if kinds.biased { vocab } else { 0 }];
        for (&id, &of) in settings.logit_bias.iter().filter(|(_, of)| of.is_finite()) {
            if let Some(bias) = bias.get_mut(id as usize) {
                *bias = of;
            }
        }
        let sampling = Sampling {
            temperature: settings.temperature,
            top_k: settings.top_k as u32,
            // 0 is off to the kernel, and the narrowest choice to the caller.
            top_p: settings.top_p.max(f32::MIN_POSITIVE),
            min_p: settings.min_p,
            typical_p: settings.typical_p.max(f32::MIN_POSITIVE),
            repetition: if settings.repetition_penalty == 1.0 { 0.0 } else { settings.repetition_penalty },
            frequency: settings.frequency_penalty,
            presence: settings.presence_penalty,
        };
        Drawing { settings, kinds, sampling, bias, vocab, firsts: decoder.firsts.clone() }
    }

    /// Gives a stage what it draws by; end tokens are out until `made` tokens are enough.
    fn set(&self, stage: &Stage, made: usize) -> Result<()> {
        let words = control_words(self.vocab, self.kinds);
        let mut control = vec![u32::MAX; self.firsts.len() * words];
        for (line, &first) in control.chunks_mut(words).zip(&self.firsts) {
            (line[0], line[1]) = (self.settings.seed, first.wrapping_neg());
            let mut bar = |id: u32| {
                if let Some(word) = line.get_mut(2 + id as usize / 32) {
                    *word &= !(1 << (id % 32));
                }
            };
            let barred = self.settings.logit_bias.iter().filter(|(_, of)| **of == f32::NEG_INFINITY);
            barred.for_each(|(&id, _)| bar(id));
            if made < self.settings.min_tokens {
                self.settings.stop_tokens.iter().for_each(|&id| bar(id));
            }
        }
        stage.set("control", &control)?;
        if self.kinds.biased {
            stage.set("bias", bytemuck::cast_slice(&self.bias))?;
        }
        Ok(())
    }
}

/// Makes tokens until the rows have ended.
pub(super) async fn run(
    decoder: &mut Decoder,
    progress: &mut Progress<'_>,
    signal: &Signal,
    emit: &mut impl AsyncFnMut(&[Option<Chosen>]) -> Result<Flow>,
) -> Result<()> {
    let settings = progress.settings;
    let drawing = Drawing::new(decoder, settings);
    let begin = decoder.length();
    let placed = decoder.placed.clone();
    let device = placed.arenas.device().clone();
    let record = SampleRecord { ring: RING };
    let drawn = Slice { buffer: placed.drawn(), offset: 0, words: record.words(decoder.count()) };
    let mut flights: VecDeque<Flight> = VecDeque::new();
    let (mut most, mut seen) = (1usize, None);
    loop {
        // Tokens drawn, also those that are still under way.
        let mut sent = progress.made + flights.iter().map(|flight| flight.count).sum::<usize>();
        while flights.len() < DEPTH && sent < progress.most {
            let goes_on = sent > 0 && decoder.fits() > 0 && placed.blocks.holds_drawn(decoder.holder);
            if !goes_on && !flights.is_empty() {
                break;
            }
            let left = if sent < settings.min_tokens { settings.min_tokens - sent } else { progress.most - sent };
            let count = if goes_on { most.min(left).min(progress.most - sent).min(decoder.fits()) } else { 1 };
            if goes_on {
                let stage = decoder.stage(1, true, Ending::Draw(drawing.kinds)).await?;
                drawing.set(&stage, sent)?;
                let live = |step: usize| {
                    let live = Live::default().with(place::PAST, (decoder.past + step) as u32);
                    drawing.sampling.live(live, (decoder.past + step + 1) as u32)
                };
                stage.play(&(0..count).map(live).collect::<Vec<_>>(), signal).await?;
                decoder.advance(count);
            } else {
                prepare(decoder, &drawing, progress.made).await?;
                let live = |live, position| drawing.sampling.live(live, position as u32);
                decoder.feed(Ending::Draw(drawing.kinds), |stage| drawing.set(stage, sent), live, signal).await?;
            }
            let readback = device.read_later(&placed.arenas.buffer(drawn.buffer)?, 0, drawn.words)?;
            flights.push_back(Flight { first: begin + sent, count, readback });
            sent += count;
        }
        let Some(flight) = flights.pop_front() else { return Ok(()) };
        let words = flight.readback.words().await?;
        let now = device.now();
        if let Some(before) = seen.replace(now) {
            let each = ((now - before) / flight.count as f64).max(0.01);
            most = ((TARGET / each) as usize).clamp(1, (2 * most).min(MOST));
        }
        for position in flight.first..flight.first + flight.count {
            let chosen = tokens(&words, decoder.count(), position)?;
            decoder.rows.iter_mut().zip(&chosen).for_each(|(row, chosen)| row.push(chosen.id));
            if !progress.hand(chosen, emit).await? {
                return Ok(());
            }
        }
    }
}

/// Takes the place of draws over: room for them, and how often each token stands.
async fn prepare(decoder: &Decoder, drawing: &Drawing<'_>, made: usize) -> Result<()> {
    let (placed, rows, vocab) = (&decoder.placed, decoder.count(), decoder.placed.config.vocab);
    let mut sizes = vec![(placed.drawn(), SampleRecord { ring: RING }.words(rows))];
    if drawing.kinds.counted {
        sizes.push((placed.counts(), rows * vocab));
    }
    for &(at, words) in &sizes {
        if placed.arenas.buffer(at).is_ok_and(|buffer| buffer.words() >= words) {
            continue;
        }
        placed.stages.forget("decode");
        placed.arenas.release(at);
        placed.arenas.ensure(at, words, "cache").await?;
    }
    placed.blocks.take_drawn(decoder.holder);
    if drawing.kinds.counted {
        let mut counts = vec![0u32; rows * vocab];
        for (row, counts) in counts.chunks_mut(vocab).enumerate() {
            let ids = decoder.ids(row);
            let (prompt, fresh) = ids.split_at(ids.len() - made);
            prompt.iter().for_each(|&id| counts[id as usize] |= IN_PROMPT);
            fresh.iter().for_each(|&id| counts[id as usize] += 1);
        }
        placed.arenas.write(Slice { buffer: placed.counts(), offset: 0, words: counts.len() }, &counts)?;
    }
    Ok(())
}

/// The tokens of all rows at a position, from the ring.
fn tokens(words: &[u32], rows: usize, position: usize) -> Result<Vec<Chosen>> {
    let at = SampleRecord::start(rows) + 2 * (position % RING) * rows;
    let line = words.get(at..at + 2 * rows).unwrap_or_default();
    let mut chosen = Vec::with_capacity(rows);
    for pair in line.chunks_exact(2) {
        let logprob = f64::from(f32::from_bits(pair[1]));
        ensure!(!logprob.is_nan(), NonFinite, "generate: the model's logits are not numbers");
        ensure!(logprob.is_finite(), BadOption, "generate: the options leave no token to choose");
        chosen.push(Chosen { id: pair[0], logprob, top: Vec::new() });
    }
    Ok(chosen)
}
