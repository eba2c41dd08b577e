//! The attention family over every flag and awkward sizes, with poison wherever nobody may look.

use griot::kernels::attention::{ATTENTION, Params, spans_of_segments};
use griot::kernels::attention_bias::{self, ATTENTION_BIAS};
use griot::kernels::attention_decode::{self, ATTENTION_DECODE};
use griot::kernels::attention_delta::{self, ATTENTION_DELTA};
use griot::kernels::attention_keys::{self, ATTENTION_KEYS};
use griot::kernels::attention_map::{self, ATTENTION_MAP};
use griot::kernels::attention_queries::{self, ATTENTION_QUERIES};
use griot::kernels::{Call, Case, Live, Span, place};
use griot::rng::Rng;

use crate::devices::agree;

/// A packed causal row, to be changed.
fn packed(batch: u32, heads: u32, kv_heads: u32, head: u32, time: u32) -> Params {
    let stride = (heads + 2 * kv_heads) * head;
    Params {
        batch,
        heads,
        kv_heads,
        head,
        queries: time,
        keys: time,
        query_stride: stride,
        key_stride: stride,
        key_offset: heads * head,
        value_offset: (heads + kv_heads) * head,
        own: 1,
        causal: 1,
        scale: 1.0 / (head as f32).sqrt(),
        ..Params::default()
    }
}

fn cross(batch: u32, heads: u32, head: u32, queries: u32, keys: u32) -> Params {
    Params {
        batch,
        heads,
        kv_heads: heads,
        head,
        queries,
        keys,
        query_stride: heads * head,
        key_stride: 2 * heads * head,
        value_offset: heads * head,
        scale: 1.0 / (head as f32).sqrt(),
        ..Params::default()
    }
}

/// What a case works on.
struct Scene {
    p: Params,
    query: Vec<f32>,
    keys: Vec<f32>,
    spans: Vec<u32>,
    bias: Vec<f32>,
    places: Vec<u32>,
    live: Live,
}

/// Normal numbers of the given size; positions outside their row's span are poison.
fn scene(p: Params, size: f64, spans: Vec<u32>) -> Scene {
    let mut rng = Rng::new(7, u64::from(p.head));
    let mut normal = |words: u32, size: f64| (0..words).map(|_| (rng.normal() * size) as f32).collect::<Vec<f32>>();
    let mut query = normal(p.batch * p.queries * p.query_stride, size);
    let mut keys =
        if p.own == 1 && p.cached == 0 { query.clone() } else { normal(p.batch * p.keys * p.key_stride, size) };
    let bias = normal(p.heads * (2 * p.reach.max(1) - 1), 1.0);
    let poison = |words: &mut [f32], time: u32, stride: u32| {
        for (at, words) in words.chunks_mut(stride as usize).enumerate() {
            let (b, t) = (at / time as usize, at as u32 % time);
            let at = if p.segments == 1 { at } else { b };
            if t < spans[2 * at] || t >= spans[2 * at + 1] {
                words.fill(f32::NAN);
            }
        }
    };
    if p.cached == 0 {
        poison(&mut keys, p.keys, p.key_stride);
    }
    if p.own == 1 && p.cached == 0 {
        poison(&mut query, p.queries, p.query_stride);
    }
    Scene { p, query, keys, spans, bias, places: (0..p.batch).collect(), live: Live::default() }
}

impl Scene {
    fn forward(&self) -> Case {
        let rows = (self.p.batch * self.p.heads * self.p.queries) as usize;
        let case = Case::new(&ATTENTION, &self.p, &[("HEAD", self.p.head)]).live(self.live);
        // The rounding of a logit of 80 is the error of its weight.
        let case = case.tolerance(if self.query.iter().any(|x| x.abs() > 10.0) { 4e-5 } else { 1e-5 });
        let case = case.f32(self.query.clone()).f32(self.keys.clone()).u32(self.spans.clone());
        case.f32(self.bias.clone()).u32(self.places.clone()).output(rows * self.p.head as usize).output(rows)
    }

    /// The same launch by the kernel for decoding, where that takes it.
    fn decode(&self) -> Option<Case> {
        let constants = attention_decode::constants(&self.p)?;
        let mut case = Case::new(&ATTENTION_DECODE, &attention_decode::Params(self.p), &constants).live(self.live);
        case.data = self.forward().data;
        Some(case)
    }

    fn map(&self) -> Case {
        let p = &self.p;
        let case = Case::new(&ATTENTION_MAP, &attention_map::Params(*p), &[]).tolerance(4e-5);
        let case = case.f32(self.query.clone()).f32(self.keys.clone()).u32(self.spans.clone()).f32(self.bias.clone());
        case.output((p.batch * p.heads * p.queries * p.keys) as usize)
    }

    /// The three backward cases, on what the reference's forward gives.
    fn backward(&self) -> Vec<Case> {
        let p = &self.p;
        let narrow = |wide: &[f64]| wide.iter().map(|&x| x as f32).collect::<Vec<f32>>();
        let forward = self.forward().expected();
        let (out, lse) = (narrow(&forward[5]), narrow(&forward[6]));
        let mut rng = Rng::new(8, 8);
        let dout: Vec<f32> = out.iter().map(|_| rng.normal() as f32).collect();
        let sizes = attention_delta::Params { batch: p.batch, heads: p.heads, head: p.head, queries: p.queries };
        let delta = Case::new(&ATTENTION_DELTA, &sizes, &[]).f32(out).f32(dout.clone()).f32(lse.clone());
        let delta = delta.output(2 * lse.len());
        let stats = narrow(&delta.expected()[3]);
        let of = |case: Case, words: usize, accumulate: u32| {
            let case = case.live(self.live).f32(self.query.clone()).f32(self.keys.clone()).u32(self.spans.clone());
            let case = case.f32(self.bias.clone()).f32(dout.clone()).f32(stats.clone()).tolerance(4e-5);
            if accumulate == 1 { case.accumulate(words, 1.0) } else { case.output(words) }
        };
        let mut cases = vec![delta];
        for accumulate in [0, 1] {
            let (p, head) = (Params { accumulate, ..*p }, [("HEAD", p.head)]);
            let keys = Case::new(&ATTENTION_KEYS, &attention_keys::Params(p), &head);
            let queries = Case::new(&ATTENTION_QUERIES, &attention_queries::Params(p), &head);
            cases.push(of(keys, self.keys.len(), accumulate));
            if p.reach > 0 {
                let bias = Case::new(&ATTENTION_BIAS, &attention_bias::Params(p), &[]);
                cases.push(of(bias, self.bias.len(), accumulate));
            }
            let queries = of(queries, self.query.len(), accumulate);
            // With one key in reach the gradient of the query is 0, and rounding has nothing to be measured by.
            if accumulate == 1 || queries.expected()[6].iter().any(|x| x.abs() > 1e-6) {
                cases.push(queries);
            }
        }
        cases
    }

    fn all(&self, name: &str) -> Vec<(String, Case)> {
        let mut cases = self.backward();
        cases.push(self.forward());
        cases.push(self.map());
        cases.into_iter().map(|case| (name.to_owned(), case)).collect()
    }
}

fn whole(p: &Params) -> Vec<u32> {
    (0..p.batch).flat_map(|_| [0, p.keys]).collect()
}

#[test]
fn attention_agrees_at_every_size_and_grouping() {
    let mut cases = Vec::new();
    for (batch, heads, kv_heads, head, time) in [
        (1, 1, 1, 4, 1),
        (2, 2, 2, 16, 2),
        (1, 4, 2, 32, 31),
        (1, 2, 1, 48, 67),
        (2, 4, 1, 64, 33),
        (1, 1, 1, 80, 64),
        (1, 2, 2, 128, 65),
        (1, 1, 1, 7, 13),
        (1, 1, 1, 256, 5),
    ] {
        for causal in [0, 1] {
            let p = Params { causal, ..packed(batch, heads, kv_heads, head, time) };
            cases.extend(
                scene(p, 1.0, whole(&p)).all(&format!("{batch} {heads}/{kv_heads} {head} {time} causal {causal}")),
            );
        }
    }
    agree(cases);
}

#[test]
fn padding_left_and_right_is_never_read_and_gives_zero() {
    let mut cases = Vec::new();
    for causal in [0, 1] {
        let p = Params { causal, ..packed(4, 2, 1, 16, 37) };
        let scene = scene(p, 1.0, vec![0, 37, 5, 37, 0, 30, 0, 0]);
        let out = &scene.forward().expected()[5];
        assert!(out[37 * 32..42 * 32].iter().all(|&x| x == 0.0), "a fully masked row gives zero");
        assert!(out.iter().all(|x| x.is_finite()));
        cases.extend(scene.all(&format!("spans causal {causal}")));
    }
    let p = cross(3, 2, 20, 9, 41);
    cases.extend(scene(p, 1.0, vec![0, 41, 7, 29, 0, 0]).all("cross with spans"));
    agree(cases);
}

#[test]
fn windows_caps_biases_and_large_logits_agree() {
    let base = packed(2, 4, 2, 16, 71);
    let mut cases = Vec::new();
    for (name, p, size) in [
        ("window 1", Params { window: 1, ..base }, 1.0),
        ("window 10", Params { window: 10, ..base }, 1.0),
        ("window 40 both ways", Params { window: 40, causal: 0, ..base }, 1.0),
        ("cap", Params { softcap: 2.0, scale: 0.5, ..base }, 1.0),
        ("bias", Params { reach: 71, scale: 1.0, causal: 0, ..base }, 1.0),
        ("bias, causal, wide reach", Params { reach: 90, ..base }, 1.0),
        ("logits of 80", Params { scale: 1.0, ..base }, 4.5),
    ] {
        cases.extend(scene(p, size, vec![0, 71, 3, 68]).all(name));
    }
    agree(cases);
}

#[test]
fn segments_are_sequences_of_their_own() {
    let p = Params { segments: 1, ..packed(2, 2, 2, 16, 70) };
    let mut ids = vec![0u32; 140];
    ids[..40].fill(1);
    ids[40..66].fill(2);
    ids[70..73].fill(9);
    ids[73..140].fill(4);
    let mut cases = Vec::new();
    for causal in [0, 1] {
        cases.extend(scene(Params { causal, ..p }, 1.0, spans_of_segments(&ids, 70)).all("segments"));
    }
    let together = scene(p, 1.0, spans_of_segments(&ids, 70));
    let whole = &together.forward().expected()[5];
    let mut alone = scene(packed(1, 2, 2, 16, 26), 1.0, vec![0, 26]);
    alone.query = together.query[40 * 96..66 * 96].to_vec();
    alone.keys = alone.query.clone();
    let apart = &alone.forward().expected()[5];
    for (a, b) in whole[40 * 32..66 * 32].iter().zip(apart) {
        assert!((a - b).abs() < 1e-12, "{a} in a packed row, {b} alone");
    }
    agree(cases);
}

/// The map times the values is the output, and each row of it sums to 1 or to 0.
#[test]
fn the_map_explains_the_output() {
    let p = Params { window: 9, softcap: 3.0, reach: 30, ..packed(2, 4, 2, 8, 29) };
    let scene = scene(p, 1.0, vec![0, 29, 4, 20]);
    let (out, map) = (&scene.forward().expected()[5], &scene.map().expected()[4]);
    for (row, weights) in map.chunks(29).enumerate() {
        let (q, h, b) = (row % 29, row / 29 % 4, row / 29 / 4);
        let seen = q as u32 >= scene.spans[2 * b] && (q as u32) < scene.spans[2 * b + 1];
        assert!((weights.iter().sum::<f64>() - f64::from(u8::from(seen))).abs() < 1e-12);
        for d in 0..8 {
            let value = |k: usize| f64::from(scene.keys[(b * 29 + k) * 64 + 48 + h / 2 * 8 + d]);
            let sum: f64 = (0..29).filter(|&k| weights[k] > 0.0).map(|k| weights[k] * value(k)).sum();
            assert!((sum - out[(b * 29 + q) * 32 + h * 8 + d]).abs() < 1e-12);
        }
    }
}

#[test]
fn dropout_drops_the_same_in_every_player_and_keeps_the_mean() {
    let live = Live::default().with(place::SEED, 77).with(place::STEP, 3).with(place::MICRO, 1);
    let p = Params { dropout: 0.3, stream: 5, ..packed(2, 4, 2, 16, 45) };
    let mut scene = scene(p, 1.0, vec![0, 45, 3, 45]);
    scene.live = live;
    agree(scene.all("dropout"));
    // With values of 1 the output is the kept share of the probabilities over (1 - rate).
    scene.keys.iter_mut().for_each(|x| *x = 1.0);
    let out = &scene.forward().expected()[5];
    let rows: Vec<f64> = out.chunks(16).map(|row| row[0]).filter(|x| *x > 0.0).collect();
    let mean = rows.iter().sum::<f64>() / rows.len() as f64;
    assert!((mean - 1.0).abs() < 0.1 && rows.iter().any(|x| (x - 1.0).abs() > 0.05), "mean {mean}");
}

#[test]
fn a_cache_is_read_by_place_and_only_up_to_the_present() {
    let mut cases = Vec::new();
    let mut decoded = 0;
    for (time, past, capacity, flags) in [
        (1u32, 0u32, 80u32, 0),
        (1, 40, 80, 0),
        (1, 700, 900, 0),
        (1, 530, 600, 1),
        (2, 300, 310, 2),
        (4, 255, 300, 0),
        (5, 33, 80, 0),
        (70, 2, 80, 0),
    ] {
        let p = Params {
            cached: 1,
            keys: capacity,
            key_stride: 2 * 2 * 16,
            key_offset: 0,
            value_offset: 32,
            window: if flags == 1 { 100 } else { 0 },
            softcap: if flags == 1 { 2.0 } else { 0.0 },
            reach: if flags == 2 { capacity } else { 0 },
            ..packed(2, 4, 2, 16, time)
        };
        let mut scene = scene(p, 1.0, vec![0, capacity, past.min(4), capacity]);
        let block = (capacity * p.key_stride) as usize;
        scene.keys.extend(vec![0.5; block]);
        scene.places = vec![2, 0];
        for words in scene.keys.chunks_mut(block) {
            words[((past + time) * p.key_stride) as usize..].fill(f32::NAN);
        }
        scene.live = Live::default().with(place::PAST, past);
        cases.push((format!("cache, {time} after {past}"), scene.forward()));
        let decode = scene.decode();
        decoded += usize::from(decode.is_some());
        cases.extend(decode.map(|case| (format!("cache, {time} after {past}, decoding"), case)));
        // Rows that branched off: each key in a block of its own choice, the same numbers elsewhere.
        scene.p.lineage = 1;
        scene.places = (0..2 * capacity).map(|at| (at * 7 + at / capacity) % 3).collect();
        cases.push((format!("lineage, {time} after {past}"), scene.forward()));
        cases.extend(scene.decode().map(|case| (format!("lineage, {time} after {past}, decoding"), case)));
    }
    assert_eq!(decoded, 6, "eight rows of queries on a head of keys are few, ten are not");
    agree(cases);
}

#[test]
fn bits_depend_not_on_how_the_units_are_split() {
    let p = Params { dropout: 0.1, ..packed(2, 2, 1, 24, 150) };
    let scene = scene(p, 1.0, vec![0, 150, 7, 131]);
    for case in scene.backward().into_iter().chain([scene.forward()]) {
        let run = |parts: usize| {
            let mut memory: Vec<Vec<u32>> = case.data.iter().map(|data| data.words()).collect();
            // SAFETY: each span covers its own vector, which outlives the call.
            let spans: Vec<Span<f32>> =
                memory.iter_mut().map(|m| unsafe { Span::new(m.as_mut_ptr().cast(), m.len()) }).collect();
            let call = Call { params: &case.params, live: &case.live, constants: &case.constants, spans: &spans };
            for unit in (0..case.extent.units).step_by(parts) {
                (case.kernel.cpu)(&call, unit..case.extent.units.min(unit + parts));
            }
            memory
        };
        assert!(case.extent.units > 3 && run(1) == run(3) && run(1) == run(usize::MAX / 2), "{:?}", case.kernel);
    }
}
