//! Matrices over the limit of a binding: tables and heads are read and learn in parts, with the numbers they would have in one; what
//! cannot be parted is refused by name. The limit is feigned and small.

use griot::device::{Device, Limits, Signal, Slice};
use griot::error::Result;
use griot::graph::{Graph, Tensor};
use griot::kernels::activation::Activation;
use griot::kernels::{Live, embed};
use griot::ops::{Embed, Layout, Linear, LinearCrossEntropy};
use griot::plan::{Arenas, Plan, Stage};
use griot::rng::Rng;
use std::rc::Rc;

use crate::seat::devices;

const ROWS: usize = 12;
const WIDTH: usize = 48;
const VOCAB: usize = 700;
const SMALL: usize = 150 * WIDTH;

struct Bench {
    graph: Graph,
    /// Words of the stores that were given out: weights in the first, gradients in the second.
    words: usize,
}

impl Bench {
    fn weight(&mut self, name: &str, shape: &[usize]) -> Tensor {
        let words: usize = shape.iter().product();
        let (home, gradient) =
            (Slice { buffer: 0, offset: self.words, words }, Slice { buffer: 1, offset: self.words, words });
        self.words += words.next_multiple_of(64);
        self.graph.weight(name, shape, home, Some(gradient))
    }

    fn plan(&self, limits: Limits) -> Result<Plan> {
        self.graph.plan(2, limits)
    }
}

/// Plays a plan and gives what it keeps, and the gradients.
fn play(device: &Rc<Device>, plan: Plan, words: usize, kept: &[&str]) -> Vec<Vec<f32>> {
    pollster::block_on(async {
        let arenas = Arenas::new(device.clone(), 2).await.unwrap();
        arenas.ensure(0, words, "weights").await.unwrap();
        arenas.ensure(1, words, "gradients").await.unwrap();
        let mut rng = Rng::new(3, 9);
        let numbers: Vec<u32> = (0..words).map(|_| (rng.normal() as f32 * 0.3).to_bits()).collect();
        arenas.write(Slice { buffer: 0, offset: 0, words }, &numbers).unwrap();
        let stage = Stage::new(&arenas, plan, "test").await.unwrap();
        let ids: Vec<u32> = [0, 699, 63, 64, 127, 128, 350, 699, 5, 255, 256, 600].to_vec();
        let targets: Vec<u32> = ids.iter().rev().copied().collect();
        let coefficients: Vec<u32> = (0..ROWS).map(|row| (0.05 * row as f32).to_bits()).collect();
        for (name, words) in
            [("buckets", &embed::buckets(&ids)), ("ids", &ids), ("targets", &targets), ("coefficients", &coefficients)]
        {
            if stage.has(name) {
                stage.set(name, words).unwrap();
            }
        }
        stage.play(&[Live::default()], &Signal::default()).await.unwrap();
        let mut all = Vec::new();
        for name in kept {
            all.push(stage.read_f32(name).await.unwrap());
        }
        let gradients = arenas.read(Slice { buffer: 1, offset: 0, words }).await.unwrap();
        all.push(gradients.into_iter().map(f32::from_bits).collect());
        all
    })
}

/// The same plan with the device's limits and with small ones gives the same numbers; the second binds no more than that.
fn compare(build: impl Fn(&mut Bench) -> Vec<&'static str>) {
    for (name, device) in devices() {
        let mut bench = Bench { graph: Graph::new(), words: 0 };
        let kept = build(&mut bench);
        let limits = device.limits();
        let (whole, parted) =
            (bench.plan(limits).unwrap(), bench.plan(Limits { binding_words: SMALL, ..limits }).unwrap());
        let bound =
            |plan: &Plan| plan.launches.iter().flat_map(|l| &l.bindings).map(|slice| slice.words).max().unwrap();
        assert!(bound(&whole) > SMALL && bound(&parted) <= SMALL, "{name}");
        let (whole, parted) = (play(&device, whole, bench.words, &kept), play(&device, parted, bench.words, &kept));
        for (at, (whole, parted)) in whole.iter().zip(&parted).enumerate() {
            let most = whole.iter().fold(0.0f32, |most, n| most.max(n.abs()));
            let off = whole.iter().zip(parted).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
            assert!(most > 0.0 && off <= 1e-5 * most, "{name}: number {at} is off by {off} of {most}");
        }
    }
}

#[test]
fn a_table_that_is_embedding_and_head_is_read_and_learns_in_parts() {
    compare(|bench| {
        let table = bench.weight("table", &[VOCAB, WIDTH]);
        let bias = bench.weight("bias", &[VOCAB]);
        let g = &mut bench.graph;
        let (ids, buckets) = (g.input("ids", &[ROWS]), g.input("buckets", &[embed::bucket_words(ROWS)]));
        let (targets, coefficients) = (g.input("targets", &[ROWS]), g.input("coefficients", &[ROWS]));
        let op = Embed { scale: 1.5, residual: false, trained: true, blank: Some(64) };
        let x = g.one(op, &[ids, table, buckets]).unwrap();
        let again = Embed { residual: true, ..op };
        let x = g.one(again, &[ids, table, x, buckets]).unwrap();
        let op = LinearCrossEntropy { bias: true, smoothing: 0.1, ..LinearCrossEntropy::plain(Layout::OutIn) };
        let loss = g.apply(op, &[x, table, bias, targets, coefficients]).unwrap();
        g.keep("loss", loss[0]);
        g.keep("nll", loss[1]);
        g.backward(&[(loss[0], None)]).unwrap();
        vec!["loss", "nll"]
    });
}

#[test]
fn matrices_that_lie_either_way_learn_in_parts() {
    compare(|bench| {
        let table = bench.weight("table", &[VOCAB, WIDTH]);
        let turned = bench.weight("turned", &[VOCAB / 2, WIDTH]);
        let tall = bench.weight("tall", &[VOCAB / 2, WIDTH]);
        let bias = bench.weight("bias", &[VOCAB / 2]);
        let g = &mut bench.graph;
        let (ids, buckets) = (g.input("ids", &[ROWS]), g.input("buckets", &[embed::bucket_words(ROWS)]));
        let (targets, coefficients) = (g.input("targets", &[ROWS]), g.input("coefficients", &[ROWS]));
        let op = Embed { scale: 1.0, residual: false, trained: true, blank: None };
        let x = g.one(op, &[ids, table, buckets]).unwrap();
        let up = Linear { activation: Some(Activation::GeluTanh), bias: true, ..Linear::plain(Layout::OutIn) };
        let y = g.apply(up, &[x, tall, bias]).unwrap()[0];
        let z = g.one(Linear::plain(Layout::InOut), &[y, turned]).unwrap();
        let plain = LinearCrossEntropy::plain(Layout::OutIn);
        let loss = g.apply(plain, &[z, table, targets, coefficients]).unwrap();
        g.keep("loss", loss[0]);
        g.backward(&[(loss[0], None)]).unwrap();
        vec!["loss"]
    });
}

#[test]
fn what_cannot_be_parted_is_refused_with_operation_and_shapes() {
    let (name, device) = devices().remove(0);
    let mut bench = Bench { graph: Graph::new(), words: 0 };
    let weight = bench.weight("weight", &[64, 32]);
    let x = bench.graph.input("x", &[300, 64]);
    let y = bench.graph.one(Linear::plain(Layout::InOut), &[x, weight]).unwrap();
    bench.graph.keep("y", y);
    let error = bench.plan(Limits { binding_words: 10_000, ..device.limits() }).unwrap_err();
    let text = format!("{error:?}");
    assert_eq!(error.code(), "out-of-memory", "{name}");
    for part in ["linear", "[300, 64]", "[64, 32]", "76800 bytes", "40000"] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
}
