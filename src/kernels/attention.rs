//! Attention without a T x T tensor: `out = softmax(logits) · V`, `lse = log Σ exp(logits)`.
//!
//! `logit(q, k) = cap(scale · q·k) + bias[h][k - q]` with `cap(s) = c · tanh(s / c)`; an online softmax over blocks of keys
//! (Dao, "FlashAttention-2", 2023). What a query sees is one interval of keys, its [`reach`]: the row's or the segment's
//! span, cut by causality and the window. A query that sees nothing gives 0. Keys outside every reach are never read.
//! Heads of queries share the keys of their group. Dropout multiplies probabilities by a mask of the counter generator.
//! This file holds the parameters, the rules and the truth for the whole family; it knows no gradient.

use super::shader::shader;
use std::ops::Range;

use super::attention_cpu;
use super::attention_tile::KEYS;
use super::live::{Live, place};
use super::{Call, Case, Constant, Extent, Kernel, Scalar, fold, read, write};
use crate::rng::{threefry, threefry_row, unit};

/// Queries that the CPU takes as one unit.
pub(super) const BLOCK: usize = 64;
/// Rows that one workgroup takes.
pub(super) const GROUP: usize = 64;

/// What the whole family shares. Strides and offsets are in words, within one position.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub batch: u32,
    /// H, heads of queries.
    pub heads: u32,
    /// K, heads of keys and values; divides H.
    pub kv_heads: u32,
    /// D, the head size.
    pub head: u32,
    /// Tq, queries a row.
    pub queries: u32,
    /// Tk, keys a row; with a cache its capacity.
    pub keys: u32,
    /// From one position's queries to the next.
    pub query_stride: u32,
    /// From one position's keys to the next.
    pub key_stride: u32,
    /// Where keys start within a position.
    pub key_offset: u32,
    /// Where values start within a position.
    pub value_offset: u32,
    /// 1: a span for each position (B, Tq, 2), the segment it belongs to; 0: one a row (B, 2).
    pub segments: u32,
    /// 1: queries and keys are the same positions, so that a query outside its span sees nothing.
    pub own: u32,
    /// 1: keys lie in a cache, row b in block `places[b]`; queries come after `PAST` live positions.
    pub cached: u32,
    /// 1: key k of row b lies in block `places[b, k]` (B, Tk): rows that branched off share what came before.
    pub lineage: u32,
    /// 1: no key after the query.
    pub causal: u32,
    /// Only keys nearer than this; 0 for all.
    pub window: u32,
    /// R of the bias by distance (H, 2R - 1); 0 for none.
    pub reach: u32,
    /// 1: gradients add to what is there.
    pub accumulate: u32,
    /// Names the stream of this dropout.
    pub stream: u32,
    /// Multiplies q·k.
    pub scale: f32,
    /// c of the soft cap; 0 for none.
    pub softcap: f32,
    /// Probability of dropping a probability.
    pub dropout: f32,
}

/// Words of [`Params`].
pub const WORDS: usize = 22;

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        self.over(self.heads, self.queries, BLOCK, 2)
    }
}

impl Params {
    /// Units of `block` and groups over `heads` heads and `rows` positions, with `products` products of the size of q·k.
    pub(super) fn over(&self, heads: u32, rows: u32, block: usize, products: u64) -> Extent {
        let each = (self.batch * heads) as usize;
        let pairs = u64::from(self.batch * self.heads) * u64::from(self.queries) * u64::from(self.keys);
        let pairs = if self.causal == 1 && self.cached == 0 { pairs / 2 } else { pairs };
        Extent {
            grid: fold(each * (rows as usize).div_ceil(GROUP)),
            units: each * (rows as usize).div_ceil(block),
            work: pairs * (2 * products * u64::from(self.head) + 16),
        }
    }

    /// The (row of the batch, head, positions) of a unit over `heads` heads and `rows` positions in blocks of `block`.
    pub(super) fn unit(&self, unit: usize, heads: u32, rows: u32, block: usize) -> (usize, usize, Range<usize>) {
        let blocks = (rows as usize).div_ceil(block);
        let (from, rest) = (unit % blocks * block, unit / blocks);
        (rest / heads as usize, rest % heads as usize, from..(from + block).min(rows as usize))
    }

    /// The head of keys that head `h` of queries reads.
    pub(super) fn group(&self, h: usize) -> usize {
        h / (self.heads / self.kv_heads) as usize
    }

    /// First word of a query, within the queries.
    pub(super) fn query_at(&self, b: usize, h: usize, q: usize) -> usize {
        (b * self.queries as usize + q) * self.query_stride as usize + h * self.head as usize
    }

    /// First word of a key and of its value, within the keys; `block` is the row or its cache block.
    pub(super) fn key_at(&self, block: usize, group: usize, k: usize) -> (usize, usize) {
        let at = (block * self.keys as usize + k) * self.key_stride as usize + group * self.head as usize;
        (at + self.key_offset as usize, at + self.value_offset as usize)
    }

    /// First word of a row of the output, which is (B, Tq, H·D).
    pub(super) fn out_at(&self, b: usize, h: usize, q: usize) -> usize {
        ((b * self.queries as usize + q) * self.heads as usize + h) * self.head as usize
    }

    /// The number of a query within (B, H, Tq).
    pub(super) fn row(&self, b: usize, h: usize, q: usize) -> usize {
        (b * self.heads as usize + h) * self.queries as usize + q
    }

    /// The place of a bias within (H, 2R - 1); `at` is the query's position.
    pub(super) fn bias_at(&self, h: usize, at: usize, k: usize) -> usize {
        h * (2 * self.reach as usize - 1) + k + self.reach as usize - 1 - at
    }

    /// Positions before the first query.
    pub(super) fn past(&self, live: &Live) -> usize {
        if self.cached == 1 { live.word(place::PAST) as usize } else { 0 }
    }

    /// The keys that query `q` sees, given its span.
    pub(super) fn reach(&self, past: usize, span: (usize, usize), q: usize) -> Range<usize> {
        let at = q + past;
        let (mut from, mut to) = (span.0, span.1.min(self.keys as usize));
        if self.own == 1 && !(from..to).contains(&at) {
            return 0..0;
        }
        if self.causal == 1 {
            to = to.min(at + 1);
        }
        if self.window > 0 {
            from = from.max((at + 1).saturating_sub(self.window as usize));
            if self.causal == 0 {
                to = to.min(at + self.window as usize);
            }
        }
        if from < to { from..to } else { 0..0 }
    }
}

/// The keys that query `q` of row `b` sees; spans are binding `binding`.
pub(super) fn reach<S: Scalar>(call: &Call<'_, S>, p: &Params, binding: usize, b: usize, q: usize) -> Range<usize> {
    let at = if p.segments == 1 { b * p.queries as usize + q } else { b };
    let span = (call.id(binding, 2 * at), call.id(binding, 2 * at + 1));
    p.reach(p.past(call.live), span, q)
}

/// The block that key `k` of row `b` lies in; places are binding 4.
pub(super) fn block<S: Scalar>(call: &Call<'_, S>, p: &Params, b: usize, k: usize) -> usize {
    match (p.cached, p.lineage) {
        (0, _) => b,
        (_, 0) => call.id(4, b),
        _ => call.id(4, b * p.keys as usize + k),
    }
}

/// Which probabilities of one head are kept, and what the kept ones are multiplied by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask {
    key: [u32; 2],
    rate: f32,
}

impl Mask {
    pub(super) fn new(p: &Params, live: &Live, b: usize, h: usize) -> Mask {
        if p.dropout == 0.0 {
            return Mask { key: [0; 2], rate: 0.0 };
        }
        let step = live.word(place::STEP) ^ (live.word(place::MICRO) << 24);
        let head = b as u32 * p.heads + h as u32;
        Mask { key: threefry([live.word(place::SEED), p.stream], [head, step]), rate: p.dropout }
    }

    /// 0, or 1 / (1 - rate). Two neighbouring keys share one draw of two words.
    pub(super) fn factor(&self, q: usize, k: usize) -> f32 {
        if self.rate == 0.0 {
            return 1.0;
        }
        let word = threefry(self.key, [q as u32, k as u32 / 2])[k % 2];
        if unit(word) < self.rate { 0.0 } else { 1.0 / (1.0 - self.rate) }
    }

    /// The factors of a tile of keys from `k0` on.
    pub(super) fn line(&self, q: usize, k0: usize) -> [f32; KEYS] {
        let draws = threefry_row::<{ KEYS / 2 + 4 }>(self.key, [q as u32, k0 as u32 / 2]);
        let kept = 1.0 / (1.0 - self.rate);
        std::array::from_fn(|j| {
            let at = k0 % 2 + j;
            if unit(draws[at % 2][at / 2]) < self.rate { 0.0 } else { kept }
        })
    }
}

/// The soft cap of a score, and its slope there.
pub(super) fn cap(p: &Params, score: f64) -> (f64, f64) {
    if p.softcap == 0.0 {
        return (score, 1.0);
    }
    let c = f64::from(p.softcap);
    let t = (score / c).tanh();
    (c * t, 1.0 - t * t)
}

/// Bindings 0 to 3 of every kernel of the family.
pub(super) struct Rows<'a, S> {
    pub(super) query: &'a [S],
    pub(super) keys: &'a [S],
    pub(super) bias: &'a [S],
    pub(super) past: usize,
}

impl<'a, S: Scalar> Rows<'a, S> {
    pub(super) fn of(call: &Call<'a, S>, p: &Params) -> Self {
        Rows { query: call.input(0), keys: call.input(1), bias: call.input(3), past: p.past(call.live) }
    }

    /// The logit of a query and a key, and the slope of the cap.
    pub(super) fn logit(&self, p: &Params, (b, block, h): (usize, usize, usize), q: usize, k: usize) -> (f64, f64) {
        let score = dot(&self.query[p.query_at(b, h, q)..], &self.keys[p.key_at(block, p.group(h), k).0..], p.head);
        let (capped, slope) = cap(p, score * f64::from(p.scale));
        let bias = if p.reach > 0 { self.bias[p.bias_at(h, q + self.past, k)].wide() } else { 0.0 };
        (capped + bias, slope)
    }
}

/// The product of the first `head` numbers of two slices, in f64.
pub(super) fn dot<S: Scalar>(a: &[S], b: &[S], head: u32) -> f64 {
    a.iter().zip(b).take(head as usize).map(|(a, b)| a.wide() * b.wide()).sum()
}

/// The probabilities of one query over its reach, materialised, and their log-sum-exp.
pub(super) fn probabilities<S: Scalar>(
    p: &Params,
    rows: &Rows<'_, S>,
    (b, block, h): (usize, &dyn Fn(usize) -> usize, usize),
    q: usize,
    reach: Range<usize>,
) -> (Vec<f64>, f64) {
    if reach.is_empty() {
        return (Vec::new(), 0.0);
    }
    let logits: Vec<f64> = reach.map(|k| rows.logit(p, (b, block(k), h), q, k).0).collect();
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - most).exp()).sum();
    (logits.iter().map(|logit| (logit - most).exp() / sum).collect(), most + sum.ln())
}

/// The plain formula: every probability of a row, then the weighted sum.
pub(super) fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let rows = Rows::of(call, p);
    let (out, lse) = (call.output(5), call.output(6));
    for unit in units {
        let (b, h, queries) = p.unit(unit, p.heads, p.queries, BLOCK);
        let block = |k: usize| block(call, p, b, k);
        let mask = Mask::new(p, call.live, b, h);
        for q in queries {
            let reach = reach(call, p, 2, b, q);
            let (weights, log_sum) = probabilities(p, &rows, (b, &block, h), q, reach.clone());
            let mut sums = vec![0.0; p.head as usize];
            for (k, weight) in reach.zip(weights) {
                let value = &rows.keys[p.key_at(block(k), p.group(h), k).1..];
                let weight = weight * f64::from(mask.factor(q, k));
                sums.iter_mut().zip(value).for_each(|(sum, v)| *sum += weight * v.wide());
            }
            let at = p.out_at(b, h, q);
            out[at..at + p.head as usize].iter_mut().zip(sums).for_each(|(o, sum)| *o = S::narrow(sum));
            lse[p.row(b, h, q)] = S::narrow(log_sum);
        }
    }
}

/// Spans for packed rows: `segments` (B, T) names the segment of each position, 0 is padding. Gives (B, T, 2).
pub fn spans_of_segments(segments: &[u32], time: usize) -> Vec<u32> {
    let mut spans = vec![0; segments.len() * 2];
    for (row, spans) in segments.chunks(time.max(1)).zip(spans.chunks_mut(2 * time.max(1))) {
        let mut from = 0;
        for run in row.chunk_by(|a, b| a == b) {
            let to = from + run.len();
            if run[0] != 0 {
                spans[2 * from..2 * to].chunks_mut(2).for_each(|span| span.copy_from_slice(&[from as u32, to as u32]));
            }
            from = to;
        }
    }
    spans
}

/// Two packed rows of 37 positions, two heads on one head of keys.
pub(super) const CHECK: Params = checked(16);

/// The same with another head size.
const fn checked(head: u32) -> Params {
    Params {
        batch: 2,
        heads: 2,
        kv_heads: 1,
        head,
        queries: 37,
        keys: 37,
        query_stride: 4 * head,
        key_stride: 4 * head,
        key_offset: 2 * head,
        value_offset: 3 * head,
        segments: 0,
        own: 1,
        cached: 0,
        lineage: 0,
        causal: 1,
        window: 0,
        reach: 0,
        accumulate: 0,
        stream: 0,
        scale: 4.0 / head as f32,
        softcap: 0.0,
        dropout: 0.0,
    }
}

fn check() -> Case {
    check_at(&[("HEAD", 16)]).varied(check_at)
}

fn check_at(constants: &[Constant]) -> Case {
    let p = checked(head_of(constants));
    let packed = packed(p.head);
    let case = Case::new(&ATTENTION, &p, constants).f32(packed.clone()).f32(packed);
    let head = p.head as usize;
    case.u32(vec![0, 37, 5, 30]).f32(vec![0.0]).u32(vec![0]).output(2 * 37 * 2 * head).output(2 * 2 * 37)
}

/// The head size among a launch's constants.
fn head_of(constants: &[Constant]) -> u32 {
    constants.iter().find(|(name, _)| *name == "HEAD").map_or(16, |(_, head)| *head)
}

/// The packed numbers of the checks.
pub(super) fn packed(head: u32) -> Vec<f32> {
    let mut rng = crate::rng::Rng::new(1, 1);
    (0..2 * 37 * 4 * head).map(|_| rng.normal() as f32).collect()
}

/// The check of a backward kernel that adds to `words` numbers for each of a head, with statistics that a forward run gives.
pub(super) fn check_backward(
    reach: u32,
    constants: &[Constant],
    words: impl Fn(usize) -> usize,
    case: impl Fn(Params) -> Case,
) -> Case {
    let p = checked(head_of(constants));
    let head = p.head as usize;
    let (packed, outputs) = (packed(p.head), check_at(&[("HEAD", p.head)]).expected());
    let dout: Vec<f32> = packed.iter().take(2 * 37 * 2 * head).map(|x| 0.5 - x).collect();
    let (out, lse) = (&outputs[5], &outputs[6]);
    let mut stats = vec![0.0; 2 * 2 * 2 * 37];
    for (b, h, q) in (0..2).flat_map(|b| (0..2).flat_map(move |h| (0..37).map(move |q| (b, h, q)))) {
        let (row, at) = (p.row(b, h, q), p.out_at(b, h, q));
        stats[2 * row] = lse[row] as f32;
        stats[2 * row + 1] = (0..head).map(|d| out[at + d] * f64::from(dout[at + d])).sum::<f64>() as f32;
    }
    let case = case(Params { accumulate: 1, reach, ..p }).f32(packed.clone()).f32(packed).u32(vec![0, 37, 5, 30]);
    case.f32(vec![0.0; 2 * 73]).f32(dout).f32(stats).accumulate(words(head), 1.0)
}

/// The kernel.
pub static ATTENTION: Kernel = Kernel {
    name: "attention",
    wgsl: shader!("attention"),
    bindings: &[read("query"), read("keys"), read("spans"), read("bias"), read("places"), write("out"), write("lse")],
    params_words: WORDS,
    cpu: attention_cpu::forward,
    reference: reference::<f64>,
    check,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_become_the_spans_of_their_runs() {
        let spans = spans_of_segments(&[1, 1, 2, 0, 3, 3, 3, 3], 4);
        assert_eq!(spans, [0, 2, 0, 2, 2, 3, 0, 0, 0, 4, 0, 4, 0, 4, 0, 4]);
    }
}
