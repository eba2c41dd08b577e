//! Attention on the CPU: blocks of 64 queries against tiles of 32 keys, packed so that every inner loop is contiguous.
//!
//! The same three walks as the shaders: forward with an online softmax, gradients of keys and values, gradient of queries.
//! What it computes is said in `attention`, `attention_keys` and `attention_queries`.

use std::ops::Range;

use super::attention::{BLOCK, Mask, Params, Rows, block, reach};
use super::attention_tile::{KEYS, dot, pack, product, product_across, transpose, with_scratch};
use super::fast_math::{exp, tanh};
use super::gemm::add_lines;
use super::{Call, attention_keys, attention_queries};

type Line = [f32; KEYS];

/// The reaches of a block of queries, and the keys between the first and the last of them.
struct Block {
    b: usize,
    h: usize,
    queries: Range<usize>,
    reaches: [(usize, usize); BLOCK],
    all: Range<usize>,
}

impl Block {
    fn new(call: &Call<'_, f32>, p: &Params, b: usize, h: usize, queries: Range<usize>) -> Block {
        let mut reaches = [(0, 0); BLOCK];
        let (mut first, mut end) = (usize::MAX, 0);
        for (place, q) in reaches.iter_mut().zip(queries.clone()) {
            let reach = reach(call, p, 2, b, q);
            if !reach.is_empty() {
                (first, end) = (first.min(reach.start), end.max(reach.end));
            }
            *place = (reach.start, reach.end);
        }
        Block { b, h, queries, reaches, all: first..end.max(first) }
    }

    /// How many rows of four the block fills.
    fn rows(&self) -> usize {
        self.queries.len().next_multiple_of(4)
    }

    /// Packs what lies at `at(q)` for each query that sees anything.
    fn pack(&self, from: &[f32], at: impl Fn(usize) -> usize, into: &mut [f32], head: usize, width: usize) {
        let places = self.queries.clone().zip(&self.reaches).map(|(q, &(lo, hi))| (lo < hi).then(|| at(q)));
        pack(from, places.chain(std::iter::repeat(None)), into, head, width);
    }

    /// The rows, in fours, from the first to the last that sees anything of the tile at `k0`.
    fn seeing(&self, k0: usize) -> Range<usize> {
        let sees = |&(lo, hi): &(usize, usize)| lo < (k0 + KEYS).min(hi) && hi > k0;
        let reaches = &self.reaches[..self.queries.len()];
        let first = reaches.iter().position(sees).unwrap_or(0);
        let end = reaches.iter().rposition(sees).map_or(0, |last| last + 1);
        first / 4 * 4..end.next_multiple_of(4).max(first / 4 * 4)
    }

    /// The part of the tile at `k0` that the `r`-th query sees.
    fn within(&self, r: usize, k0: usize) -> (usize, usize) {
        let (lo, hi) = self.reaches[r];
        (lo.clamp(k0, k0 + KEYS) - k0, hi.clamp(k0, k0 + KEYS) - k0)
    }
}

/// Packs a tile of keys and values; what is outside the range or between segments becomes 0.
fn pack_tile(
    call: &Call<'_, f32>,
    p: &Params,
    (b, group): (usize, usize),
    tile: Range<usize>,
    k: &mut [f32],
    v: &mut [f32],
) {
    let head = p.head as usize;
    let width = head.next_multiple_of(8);
    let places = |value: bool| {
        tile.clone()
            .map(move |k| (k, p.key_at(block(call, p, b, k), group, k)))
            .map(move |(k, (key, val))| (k, if value { val } else { key }))
    };
    let (keys, repeat) = (call.input(1), || std::iter::repeat(None));
    pack(keys, places(false).map(|(k, at)| alive(call, p, b, k).then_some(at)).chain(repeat()), k, head, width);
    pack(keys, places(true).map(|(k, at)| alive(call, p, b, k).then_some(at)).chain(repeat()), v, head, width);
}

/// Turns scores (already scaled) into logits; `slopes` takes the slope of the cap. `row` is the head, the query's position
/// and the tile's first key.
fn logits(p: &Params, bias: &[f32], row: (usize, usize, usize), part: (usize, usize), s: &mut Line, slopes: &mut Line) {
    let (h, at, k0) = row;
    if p.softcap > 0.0 {
        for (s, slope) in s.iter_mut().zip(slopes) {
            let t = tanh(*s / p.softcap);
            (*s, *slope) = (p.softcap * t, 1.0 - t * t);
        }
    }
    if p.reach > 0 && part.0 < part.1 {
        let from = p.bias_at(h, at, k0 + part.0);
        s[part.0..part.1].iter_mut().zip(&bias[from..]).for_each(|(s, bias)| *s += bias);
    }
}

/// Row `r` of a tile with 32 numbers each.
fn line(tile: &mut [f32], r: usize) -> &mut Line {
    &mut tile.as_chunks_mut::<KEYS>().0[r]
}

/// Up to this many queries keys are read once, as they lie, and not packed: decoding.
const FEW: usize = 2;

/// Scores of a few queries with the keys of a tile as they lie; keys that nobody may read score 0.
fn scores(call: &Call<'_, f32>, p: &Params, (b, h): (usize, usize), tile: Range<usize>, q: &[f32], s: &mut [f32]) {
    let (head, width) = (p.head as usize, (p.head as usize).next_multiple_of(8));
    let keys = call.input(1);
    s.fill(0.0);
    for (j, k) in tile.enumerate().filter(|&(_, k)| alive(call, p, b, k)) {
        let key = p.key_at(block(call, p, b, k), p.group(h), k).0;
        for (q, s) in q.chunks_exact(width).zip(s.chunks_exact_mut(KEYS)).take(FEW) {
            s[j] = dot(&q[..head], &keys[key..key + head]);
        }
    }
}

/// Adds the weighted values of a tile, as they lie, to a few rows of output.
fn gather(
    call: &Call<'_, f32>,
    p: &Params,
    (b, h): (usize, usize),
    tile: Range<usize>,
    s: &[f32],
    o: &mut [f32],
    rows: usize,
) {
    let (head, width) = (p.head as usize, (p.head as usize).next_multiple_of(8));
    let keys = call.input(1);
    let value = |k: usize| {
        let at = p.key_at(block(call, p, b, k), p.group(h), k).1;
        &keys[at..at + head]
    };
    let mut add = |four: &[(usize, usize)]| {
        for (o, s) in o.chunks_exact_mut(width).zip(s.chunks_exact(KEYS)).take(rows) {
            match *four {
                [c, d, e, f] => add_lines([c, d, e, f].map(|(_, k)| value(k)), [c, d, e, f].map(|(j, _)| s[j]), o),
                _ => four.iter().for_each(|&(j, k)| add_lines([value(k)], [s[j]], o)),
            }
        }
    };
    let (mut four, mut held) = ([(0, 0); 4], 0);
    for place in tile.enumerate().filter(|&(_, k)| alive(call, p, b, k)) {
        four[held] = place;
        held += 1;
        if held == 4 {
            add(&four);
            held = 0;
        }
    }
    add(&four[..held]);
}

/// Whether a key's own segment holds it.
fn alive(call: &Call<'_, f32>, p: &Params, b: usize, k: usize) -> bool {
    let at = b * p.queries as usize + k;
    p.segments == 0 || (call.id(2, 2 * at)..call.id(2, 2 * at + 1)).contains(&k)
}

fn largest(line: &Line) -> f32 {
    let mut most = [f32::MIN; 8];
    for eight in line.as_chunks::<8>().0 {
        most.iter_mut().zip(eight).for_each(|(m, &x)| *m = if x > *m { x } else { *m });
    }
    most.into_iter().fold(f32::MIN, |m, x| if x > m { x } else { m })
}

fn sum(line: &Line) -> f32 {
    let mut sums = [0.0f32; 8];
    for eight in line.as_chunks::<8>().0 {
        sums.iter_mut().zip(eight).for_each(|(sum, x)| *sum += x);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}

/// The twin of `attention`.
pub(super) fn forward(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let head = p.head as usize;
    let width = head.next_multiple_of(8);
    let (rows, out, lse) = (Rows::of(call, p), call.output(5), call.output(6));
    let tile = KEYS * width;
    with_scratch([BLOCK * width, BLOCK * width, BLOCK * KEYS, tile, tile, tile], |[q, o, s, k, v, across]| {
        for unit in units {
            let (b, h, queries) = p.unit(unit, p.heads, p.queries, BLOCK);
            let block = Block::new(call, p, b, h, queries);
            let (mask, m) = (Mask::new(p, call.live, b, h), block.rows());
            let (q, o, s) = (&mut q[..m * width], &mut o[..m * width], &mut s[..m * KEYS]);
            block.pack(rows.query, |q| p.query_at(b, h, q), q, head, width);
            q.iter_mut().for_each(|x| *x *= p.scale);
            o.fill(0.0);
            let (mut most, mut total) = ([-1e30f32; BLOCK], [0.0f32; BLOCK]);
            for k0 in block.all.clone().step_by(KEYS) {
                let tile = k0..(k0 + KEYS).min(block.all.end);
                let live = block.seeing(k0);
                let few = block.queries.len() <= FEW;
                if few {
                    scores(call, p, (b, h), tile.clone(), q, s);
                } else {
                    pack_tile(call, p, (b, p.group(h)), tile.clone(), k, v);
                    transpose(k, across, width);
                    let s = &mut s[live.start * KEYS..live.end * KEYS];
                    s.fill(0.0);
                    product(&q[live.start * width..live.end * width], across, s, KEYS, width);
                }
                for r in live.clone() {
                    let s = line(s, r);
                    let (from, to) = block.within(r, k0);
                    if from >= to {
                        s.fill(0.0);
                        continue;
                    }
                    let at = block.queries.start + r;
                    logits(p, rows.bias, (h, at + rows.past, k0), (from, to), s, &mut [0.0; KEYS]);
                    s[..from].fill(-1e30);
                    s[to..].fill(-1e30);
                    let top = largest(s).max(most[r]);
                    s.iter_mut().for_each(|s| *s = exp(*s - top));
                    let fade = exp(most[r] - top);
                    (most[r], total[r]) = (top, total[r] * fade + sum(s));
                    if fade != 1.0 {
                        o[r * width..(r + 1) * width].iter_mut().for_each(|o| *o *= fade);
                    }
                    if p.dropout > 0.0 {
                        s.iter_mut().zip(mask.line(at, k0)).for_each(|(s, keep)| *s *= keep);
                    }
                }
                if few {
                    gather(call, p, (b, h), tile, s, o, block.queries.len());
                } else {
                    let (s, o) = (&s[live.start * KEYS..live.end * KEYS], &mut o[live.start * width..live.end * width]);
                    product(s, v, o, width, KEYS);
                }
            }
            for (r, query) in block.queries.clone().enumerate() {
                let (at, seen) = (p.out_at(b, h, query), total[r] > 0.0);
                let share = if seen { 1.0 / total[r] } else { 0.0 };
                out[at..at + head].iter_mut().zip(&o[r * width..]).for_each(|(out, o)| *out = o * share);
                lse[p.row(b, h, query)] = if seen { most[r] + total[r].ln() } else { 0.0 };
            }
        }
    });
}

/// Probabilities times mask into `weights`, gradients of scores into `s`; `dp` is dout · v.
struct Slopes<'a> {
    p: &'a Params,
    rows: &'a Rows<'a, f32>,
    stats: &'a [f32],
    mask: Mask,
}

impl Slopes<'_> {
    fn tile(&self, block: &Block, k0: usize, s: &mut [f32], dp: &[f32], mut weights: Option<&mut [f32]>) {
        let p = self.p;
        for r in block.seeing(k0) {
            let (s, dp) = (line(s, r), &dp.as_chunks::<KEYS>().0[r]);
            let (from, to) = block.within(r, k0);
            let mut w = [0.0; KEYS];
            if from < to {
                let query = block.queries.start + r;
                let row = p.row(block.b, block.h, query);
                let (lse, delta) = (self.stats[2 * row], self.stats[2 * row + 1]);
                let mut slopes = [1.0; KEYS];
                logits(p, self.rows.bias, (block.h, query, k0), (from, to), s, &mut slopes);
                w.iter_mut().zip(s.iter()).for_each(|(w, s)| *w = exp(*s - lse));
                let keep = if p.dropout > 0.0 { self.mask.line(query, k0) } else { [1.0; KEYS] };
                for j in 0..KEYS {
                    s[j] = w[j] * (keep[j] * dp[j] - delta) * slopes[j];
                    w[j] *= keep[j];
                }
                for line in [&mut *s, &mut w] {
                    line[..from].fill(0.0);
                    line[to..].fill(0.0);
                }
            } else {
                s.fill(0.0);
            }
            if let Some(weights) = weights.as_deref_mut() {
                *line(weights, r) = w;
            }
        }
    }
}

/// Adds or writes one row of a gradient.
fn store(into: &mut [f32], from: &[f32], scale: f32, accumulate: bool) {
    for (into, from) in into.iter_mut().zip(from) {
        *into = if accumulate { *into + from * scale } else { from * scale };
    }
}

/// The twin of `attention_keys`.
pub(super) fn keys(call: &Call<'_, f32>, units: Range<usize>) {
    let p = &call.params::<attention_keys::Params>().0;
    let head = p.head as usize;
    let width = head.next_multiple_of(8);
    let (rows, dout, stats, dkeys) = (Rows::of(call, p), call.input(4), call.input(5), call.output(6));
    let (share, tile, many) = ((p.heads / p.kv_heads) as usize, KEYS * width, BLOCK * width);
    let sizes = [many, many, BLOCK * KEYS, BLOCK * KEYS, BLOCK * KEYS, tile, tile, tile, tile, tile, tile];
    with_scratch(sizes, |[q, o, s, dp, w, k, v, kt, vt, dk, dv]| {
        for unit in units {
            let (b, group, tile) = p.unit(unit, p.kv_heads, p.keys, KEYS);
            let k0 = tile.start;
            pack_tile(call, p, (b, group), tile.clone(), k, v);
            transpose(k, kt, width);
            transpose(v, vt, width);
            dk.fill(0.0);
            dv.fill(0.0);
            for h in group * share..(group + 1) * share {
                let slopes = Slopes { p, rows: &rows, stats, mask: Mask::new(p, call.live, b, h) };
                for from in (0..p.queries as usize).step_by(BLOCK) {
                    let block = Block::new(call, p, b, h, from..(from + BLOCK).min(p.queries as usize));
                    if block.all.start >= tile.end || block.all.end <= tile.start {
                        continue;
                    }
                    let live = block.seeing(k0);
                    let (many, few) = (live.start * width..live.end * width, live.start * KEYS..live.end * KEYS);
                    block.pack(rows.query, |q| p.query_at(b, h, q), q, head, width);
                    q[many.clone()].iter_mut().for_each(|x| *x *= p.scale);
                    block.pack(dout, |q| p.out_at(b, h, q), o, head, width);
                    s[few.clone()].fill(0.0);
                    dp[few.clone()].fill(0.0);
                    product(&q[many.clone()], kt, &mut s[few.clone()], KEYS, width);
                    product(&o[many.clone()], vt, &mut dp[few.clone()], KEYS, width);
                    slopes.tile(&block, k0, s, dp, Some(w));
                    product_across(&w[few.clone()], &o[many.clone()], dv, KEYS, width, live.len());
                    product_across(&s[few], &q[many], dk, KEYS, width, live.len());
                }
            }
            for (r, key) in tile.enumerate() {
                let ((key, value), at) = (p.key_at(b, group, key), r * width..r * width + head);
                store(&mut dkeys[key..key + head], &dk[at.clone()], 1.0, p.accumulate == 1);
                store(&mut dkeys[value..value + head], &dv[at], 1.0, p.accumulate == 1);
            }
        }
    });
}

/// The twin of `attention_queries`.
pub(super) fn queries(call: &Call<'_, f32>, units: Range<usize>) {
    let p = &call.params::<attention_queries::Params>().0;
    let head = p.head as usize;
    let width = head.next_multiple_of(8);
    let (rows, dout, stats, dquery) = (Rows::of(call, p), call.input(4), call.input(5), call.output(6));
    let (tile, many) = (KEYS * width, BLOCK * width);
    let sizes = [many, many, many, BLOCK * KEYS, BLOCK * KEYS, tile, tile, tile, tile];
    with_scratch(sizes, |[q, o, dq, s, dp, k, v, kt, vt]| {
        for unit in units {
            let (b, h, range) = p.unit(unit, p.heads, p.queries, BLOCK);
            let block = Block::new(call, p, b, h, range);
            let slopes = Slopes { p, rows: &rows, stats, mask: Mask::new(p, call.live, b, h) };
            let m = block.rows();
            let (q, o, dq) = (&mut q[..m * width], &mut o[..m * width], &mut dq[..m * width]);
            block.pack(rows.query, |q| p.query_at(b, h, q), q, head, width);
            q.iter_mut().for_each(|x| *x *= p.scale);
            block.pack(dout, |q| p.out_at(b, h, q), o, head, width);
            dq.fill(0.0);
            for k0 in block.all.clone().step_by(KEYS) {
                pack_tile(call, p, (b, p.group(h)), k0..(k0 + KEYS).min(block.all.end), k, v);
                transpose(k, kt, width);
                transpose(v, vt, width);
                let live = block.seeing(k0);
                let (many, few) = (live.start * width..live.end * width, live.start * KEYS..live.end * KEYS);
                s[few.clone()].fill(0.0);
                dp[few.clone()].fill(0.0);
                product(&q[many.clone()], kt, &mut s[few.clone()], KEYS, width);
                product(&o[many.clone()], vt, &mut dp[few.clone()], KEYS, width);
                slopes.tile(&block, k0, s, dp, None);
                product(&s[few], k, &mut dq[many], width, KEYS);
            }
            for (r, query) in block.queries.clone().enumerate() {
                let at = p.query_at(b, h, query);
                store(&mut dquery[at..at + head], &dq[r * width..r * width + head], p.scale, p.accumulate == 1);
            }
        }
    });
}
