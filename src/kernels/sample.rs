//! The next token of each sequence from its logits: the processors in transformers' order, then a draw. Units are sequences.
//!
//! What the caller of `generate` chooses is live, see [`Sampling`]. The draw is a function of the sequence's seed and the token's
//! position alone, so a sequence is the same in any batch. Cuts are found by the bits of the scores, without sorting, on the GPU.
//! Temperature 0 takes the best, of equals the lowest id. The log-probability is that of the logits as they came.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Live, Scalar, place, processors, read, write};
use crate::rng::{threefry, unit};

/// Bit of a count: the token stands in the prompt.
pub const IN_PROMPT: u32 = 1 << 31;

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub rows: u32,
    /// V.
    pub vocab: u32,
    /// 1: `counts` penalise.
    pub counted: u32,
    /// 1: plus `bias`.
    pub biased: u32,
    /// Words of a sequence's mask, V bits; 0: there is none.
    pub mask_words: u32,
    /// The bits of minus infinity, which WGSL has no constant for.
    pub out: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = self.rows as usize;
        Extent { grid: [self.rows, 1, 1], units: rows, work: rows as u64 * u64::from(self.vocab) * 100 }
    }
}

/// What the caller chooses about sampling; zero turns a part off, also where one would.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sampling {
    /// Divides the scores; 0 takes the best.
    pub temperature: f32,
    /// Keeps this many best.
    pub top_k: u32,
    /// Keeps the fewest whose probabilities reach this.
    pub top_p: f32,
    /// Keeps those with this share of the best one's probability.
    pub min_p: f32,
    /// Keeps the most typical whose probabilities reach this.
    pub typical_p: f32,
    /// Divides positive and multiplies negative scores of tokens that stand already.
    pub repetition: f32,
    /// Taken from a score for each time its token was made.
    pub frequency: f32,
    /// Taken from a score once its token was made.
    pub presence: f32,
}

impl Sampling {
    /// Puts the choices and the position of the token to be made among the live words.
    #[must_use]
    pub fn live(&self, live: Live, position: u32) -> Live {
        let first = place::SAMPLE;
        live.with(first, position)
            .with_f32(first + 1, self.temperature)
            .with(first + 2, self.top_k)
            .with_f32(first + 3, self.top_p)
            .with_f32(first + 4, self.min_p)
            .with_f32(first + 5, self.typical_p)
            .with_f32(first + 6, self.repetition)
            .with_f32(first + 7, self.frequency)
            .with_f32(first + 8, self.presence)
    }

    fn of(live: &Live) -> Sampling {
        let number = |at: usize| live.f32(place::SAMPLE + at);
        Sampling {
            temperature: number(1),
            top_k: live.word(place::SAMPLE + 2),
            top_p: number(3),
            min_p: number(4),
            typical_p: number(5),
            repetition: number(6),
            frequency: number(7),
            presence: number(8),
        }
    }
}

/// The number in 0..1 that decides a draw.
pub fn lot(seed: u32, position: u32) -> f64 {
    f64::from(unit(threefry([seed, 0], [position, 0])[0]))
}

fn filter(scores: &mut [f64], choice: &Sampling) {
    let wide = f64::from;
    processors::temperature(scores, wide(choice.temperature));
    processors::top_k(scores, choice.top_k as usize);
    if choice.top_p > 0.0 && choice.top_p < 1.0 {
        processors::top_p(scores, wide(choice.top_p), 1);
    }
    if choice.min_p > 0.0 {
        processors::min_p(scores, wide(choice.min_p), 1);
    }
    if choice.typical_p > 0.0 && choice.typical_p < 1.0 {
        processors::typical(scores, wide(choice.typical_p), 1);
    }
}

/// The best, of equals the first; the first of all if nothing is left.
fn best(scores: &[f64]) -> usize {
    let mut best = 0;
    for (token, &score) in scores.iter().enumerate() {
        if score > scores[best] || scores[best].is_nan() {
            best = token;
        }
    }
    best
}

/// The token that `lot` falls on, by the tokens' shares in the order of their ids.
pub fn draw(scores: &[f64], lot: f64) -> usize {
    let top = best(scores);
    let share = |score: f64| if score == f64::NEG_INFINITY { 0.0 } else { (score - scores[top]).exp() };
    let goal = lot * scores.iter().map(|&score| share(score)).sum::<f64>();
    let (mut before, mut last) = (0.0, top);
    for (token, &score) in scores.iter().enumerate() {
        let weight = share(score);
        if weight > 0.0 {
            last = token;
            if goal < before + weight {
                break;
            }
            before += weight;
        }
    }
    last
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let choice = Sampling::of(call.live);
    let (vocab, masked) = (p.vocab as usize, p.mask_words > 0);
    let (scores, ids, logprobs) = (call.output(4), call.ids_out(5), call.output(6));
    for row in units {
        let logits = &call.input(0)[row * vocab..(row + 1) * vocab];
        let mut numbers: Vec<f64> = logits.iter().map(|logit| logit.wide()).collect();
        let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let log = most + numbers.iter().map(|logit| (logit - most).exp()).sum::<f64>().ln();
        let line = row * (2 + p.mask_words as usize);
        if p.biased == 1 {
            numbers.iter_mut().zip(call.input(2)).for_each(|(number, bias)| *number += bias.wide());
        }
        if p.counted == 1 {
            let count = |token: usize| call.id(1, row * vocab + token) as u32;
            if choice.repetition > 0.0 {
                processors::repetition(&mut numbers, |token| count(token) > 0, f64::from(choice.repetition));
            }
            let (frequency, presence) = (f64::from(choice.frequency), f64::from(choice.presence));
            processors::frequency_and_presence(&mut numbers, |token| count(token) & !IN_PROMPT, frequency, presence);
        }
        for (token, number) in numbers.iter_mut().enumerate().filter(|_| masked) {
            if call.id(3, line + 2 + token / 32) >> (token % 32) & 1 == 0 {
                *number = f64::NEG_INFINITY;
            }
        }
        let chosen = if choice.temperature > 0.0 {
            filter(&mut numbers, &choice);
            let position = (call.id(3, line + 1) as u32).wrapping_add(call.live.word(place::SAMPLE));
            draw(&numbers, lot(call.id(3, line) as u32, position))
        } else {
            best(&numbers)
        };
        for (score, number) in scores[row * vocab..(row + 1) * vocab].iter_mut().zip(numbers) {
            *score = S::narrow(number);
        }
        ids[row] = S::uint(chosen as u32);
        logprobs[row] = S::narrow(logits[chosen].wide() - log);
    }
}

fn check() -> Case {
    let choice = Sampling { temperature: 0.8, top_k: 40, top_p: 0.9, min_p: 0.01, ..Sampling::default() };
    let params = Params::new(2, 700, false, false, false);
    Case::new(&SAMPLE, &params, &[])
        .live(choice.live(Live::default(), 3))
        .uniform(1400, 6.0)
        .u32(vec![0])
        .f32(vec![0.0])
        .u32(vec![7, 0, 8, 100])
        .output(1400)
        .u32(vec![0; 2])
        .output(2)
}

impl Params {
    /// Sizes, and which of counts, bias and mask there are.
    pub fn new(rows: usize, vocab: usize, counted: bool, biased: bool, masked: bool) -> Params {
        Params {
            rows: rows as u32,
            vocab: vocab as u32,
            counted: counted.into(),
            biased: biased.into(),
            mask_words: if masked { vocab.div_ceil(32) as u32 } else { 0 },
            out: f32::NEG_INFINITY.to_bits(),
        }
    }
}

/// The kernel.
pub static SAMPLE: Kernel = Kernel {
    name: "sample",
    wgsl: shader!("sample"),
    bindings: &[
        read("logits"),
        read("counts"),
        read("bias"),
        read("control"),
        write("scores"),
        write("ids"),
        write("logprobs"),
    ],
    params_words: 6,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
