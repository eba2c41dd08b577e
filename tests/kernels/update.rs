//! The optimiser's steps as graphs over arenas: ten of them against loops in f64, and gradients that are no numbers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use griot::device::{Class, Device, Limits, Signal, Slice};
use griot::graph::Graph;
use griot::kernels::{Live, place};
use griot::ops::{GradientNorm, Rule, Update};
use griot::rng::Rng;
use pollster::block_on;

use crate::devices::all;

/// Two stretches, the first with decay.
const WORDS: [usize; 2] = [9000, 70];
const ROOM: usize = 9088;
const DECAY: f32 = 0.1;

fn slice(buffer: usize, place: usize, stretch: usize) -> Slice {
    Slice { buffer, offset: place * 2 * ROOM + stretch * ROOM, words: WORDS[stretch] }
}

/// Weights and moments lie in buffer 0, gradients and the report in buffer 1.
fn graph(rule: Rule, clip: Option<f32>) -> Graph {
    let mut graph = Graph::new();
    let report = graph.state("report", &[3], Slice { words: 3, ..slice(1, 1, 0) });
    let gradients = [0, 1].map(|stretch| graph.state("gradients", &[WORDS[stretch]], slice(1, 0, stretch)));
    graph.apply_into(GradientNorm { clip }, &gradients, &[report], &[false]);
    for (stretch, gradient) in gradients.into_iter().enumerate() {
        let own = |place| slice(0, place, stretch);
        let outputs: Vec<_> =
            (0..=rule.moments()).map(|place| graph.state("own", &[WORDS[stretch]], own(place))).collect();
        let decay = if stretch == 0 { DECAY } else { 0.0 };
        graph.apply_into(Update { rule, decay }, &[gradient, report], &outputs, &vec![true; outputs.len()]);
    }
    graph
}

/// The weights after the steps, both stretches in turn, and the last report.
fn play(device: &Device, graph: &Graph, start: &[Vec<f32>], steps: &[Vec<Vec<f32>>]) -> (Vec<f32>, Vec<f32>) {
    block_on(async {
        let plan = graph.plan(2, Limits { binding_words: 1 << 28, buffer_words: 1 << 28, class: Class::Cpu }).unwrap();
        let mut table = Vec::new();
        for &words in [6 * ROOM, 4 * ROOM].iter().chain(&plan.own) {
            table.push(device.allocate("update", words).await.unwrap());
        }
        let put = |slice: Slice, numbers: &[f32]| {
            let words: Vec<u32> = numbers.iter().map(|n| n.to_bits()).collect();
            device.write(&table[slice.buffer], slice.offset, &words).unwrap();
        };
        (0..2).for_each(|stretch| put(slice(0, 0, stretch), &start[stretch]));
        let prepared = device.prepare(&plan.launches, &table).await.unwrap();
        for (step, gradients) in steps.iter().enumerate() {
            (0..2).for_each(|stretch| put(slice(1, 0, stretch), &gradients[stretch]));
            device.play(&prepared, &[live(step)], &Signal::default()).await.unwrap();
        }
        let mut read = Vec::new();
        for slice in [slice(0, 0, 0), slice(0, 0, 1), Slice { words: 3, ..slice(1, 1, 0) }] {
            read.extend(device.read(&table[slice.buffer], slice.offset, slice.words).await.unwrap());
        }
        let mut numbers: Vec<f32> = read.into_iter().map(f32::from_bits).collect();
        let report = numbers.split_off(WORDS[0] + WORDS[1]);
        (numbers, report)
    })
}

fn rate(step: usize) -> f32 {
    0.01 / (1.0 + step as f32)
}

fn live(step: usize) -> Live {
    let correction = |beta: f32| (1.0 / (1.0 - f64::from(beta).powi(step as i32 + 1))) as f32;
    Live::default()
        .with_f32(place::RATE, rate(step))
        .with_f32(place::CORRECTION_1, correction(0.9))
        .with_f32(place::CORRECTION_2, correction(0.95))
}

/// The same by plain loops in f64, as PyTorch writes them.
fn expected(rule: Rule, clip: Option<f32>, start: &[Vec<f32>], steps: &[Vec<Vec<f32>>]) -> Vec<f64> {
    let mut w: Vec<f64> = start.iter().flatten().map(|&w| f64::from(w)).collect();
    let (mut m, mut v) = (vec![0.0; w.len()], vec![0.0; w.len()]);
    for (step, gradients) in steps.iter().enumerate() {
        let norm = gradients.iter().flatten().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        let scale = clip.map_or(1.0, |clip| (f64::from(clip) / (norm + 1e-6)).min(1.0));
        let (lr, t) = (f64::from(rate(step)), step as i32 + 1);
        for (i, &g) in gradients.iter().flatten().enumerate() {
            let mut g = f64::from(g) * scale;
            let decay = if i < WORDS[0] { f64::from(DECAY) } else { 0.0 };
            match rule {
                Rule::Adam { betas, eps, apart } => {
                    let [b1, b2] = betas.map(f64::from);
                    if apart {
                        w[i] *= 1.0 - lr * decay;
                    } else {
                        g += decay * w[i];
                    }
                    m[i] = b1 * m[i] + (1.0 - b1) * g;
                    v[i] = b2 * v[i] + (1.0 - b2) * g * g;
                    let root = v[i].sqrt() / (1.0 - b2.powi(t)).sqrt() + f64::from(eps);
                    w[i] -= lr / (1.0 - b1.powi(t)) * m[i] / root;
                }
                Rule::Sgd { momentum } => {
                    m[i] = f64::from(momentum) * m[i] + g + decay * w[i];
                    w[i] -= lr * m[i];
                }
            }
        }
    }
    w
}

fn draw(steps: usize) -> (Vec<Vec<f32>>, Vec<Vec<Vec<f32>>>) {
    let mut rng = Rng::new(3, 1);
    let mut draw = |scale: f64| WORDS.map(|words| (0..words).map(|_| (rng.normal() * scale) as f32).collect()).to_vec();
    (draw(1.0), (0..steps).map(|_| draw(0.1)).collect())
}

#[test]
fn ten_steps_of_every_rule_are_those_of_plain_loops() {
    let adam = |apart| Rule::Adam { betas: [0.9, 0.95], eps: 1e-8, apart };
    for rule in [adam(true), adam(false), Rule::Sgd { momentum: 0.9 }, Rule::Sgd { momentum: 0.0 }] {
        // The norm is about 9.5: clipped by the first limit, not by the second.
        for clip in [Some(1.0), Some(100.0), None] {
            let (start, steps) = draw(10);
            let expected = expected(rule, clip, &start, &steps);
            for (name, device) in all() {
                let (weights, report) = play(&device, &graph(rule, clip), &start, &steps);
                let worst = weights.iter().zip(&expected).map(|(w, e)| (f64::from(*w) - e).abs()).fold(0.0, f64::max);
                assert!(worst < 3e-6, "{rule:?} clip {clip:?} on {name}: off by {worst:.1e}");
                assert!((report[0] - 9.5).abs() < 0.3 && report[2] == 1.0, "{report:?}");
                assert_eq!(report[1] < 1.0, clip == Some(1.0));
            }
        }
    }
}

#[test]
fn a_gradient_that_is_no_number_skips_the_step_and_says_so() {
    let rule = Rule::Adam { betas: [0.9, 0.95], eps: 1e-8, apart: true };
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2e38] {
        let (start, mut steps) = draw(1);
        steps[0][1][69] = bad;
        for (name, device) in all() {
            let (weights, report) = play(&device, &graph(rule, Some(1.0)), &start, &steps);
            assert!(weights == start.concat(), "{bad} on {name}");
            assert_eq!(report[1..], [0.0, 0.0], "{bad} on {name}");
        }
    }
}
