//! Linear layers: every flag in every layout, weights shared and frozen.

use griot::device::reference::Reference;
use griot::device::{Class, Limits, Slice};
use griot::graph::Graph;
use griot::kernels::Live;
use griot::kernels::activation::Activation;
use griot::ops::{Layout, Linear};

use crate::probe::Probe;

#[test]
fn every_combination_of_flags_has_its_gradient() {
    for layout in [Layout::InOut, Layout::OutIn] {
        for bias in [false, true] {
            for residual in [false, true] {
                for activation in [None, Some(Activation::GeluTanh), Some(Activation::Silu)] {
                    let linear = Linear { layout, bias, residual, activation };
                    let weight: &[usize] = if layout == Layout::InOut { &[5, 4] } else { &[4, 5] };
                    let mut shapes: Vec<&[usize]> = vec![&[2, 3, 5], weight];
                    shapes.extend(bias.then_some(&[4][..]));
                    shapes.extend(residual.then_some(&[2, 3, 4][..]));
                    Probe::new(&shapes, move |g, v, _| Ok(vec![g.apply(linear, v)?[0]])).check();
                }
            }
        }
    }
}

#[test]
fn a_weight_used_twice_and_an_input_that_is_its_own_residual_add_up() {
    for layout in [Layout::InOut, Layout::OutIn] {
        Probe::new(&[&[3, 4], &[4, 4], &[4]], move |g, v, _| {
            let first = Linear { layout, bias: true, residual: true, activation: Some(Activation::Tanh) };
            let h = g.apply(first, &[v[0], v[1], v[2], v[0]])?[0];
            Ok(vec![g.one(Linear { activation: None, ..first }, &[h, v[1], v[2], h])?, h])
        })
        .check();
    }
}

#[test]
fn a_bias_can_be_trained_on_a_frozen_weight() {
    let mut graph = Graph::new();
    let slice = |offset, words| Slice { buffer: 0, offset, words };
    let x = graph.input("x", &[3, 4]);
    let weight = graph.weight("weight", &[4, 2], slice(0, 8), None);
    let bias = graph.weight("bias", &[2], slice(64, 2), Some(slice(128, 2)));
    let y = graph.one(Linear { bias: true, ..Linear::plain(Layout::InOut) }, &[x, weight, bias]).unwrap();
    let seed = graph.input("seed", &[3, 2]);
    graph.backward(&[(y, Some(seed))]).unwrap();
    assert!(graph.gradient(bias).is_some() && graph.gradient(weight).is_none() && graph.gradient(x).is_none());
}

#[test]
fn sizes_that_do_not_fit_are_named() {
    let mut graph = Graph::new();
    let (x, weight) = (graph.variable("x", &[2, 3, 64]), graph.variable("w", &[48, 64]));
    let error = graph.one(Linear::plain(Layout::InOut), &[x, weight]).unwrap_err();
    assert_eq!(error.code(), "shape");
    assert_eq!(error.to_string(), "linear: inner sizes differ: x is [2, 3, 64], the InOut weight is [48, 64]");
}

/// The gradients of weight and bias over many rows, as a device of `class` plans them; they add to ones.
fn weight_gradients(class: Class, layout: Layout) -> (usize, Vec<f64>) {
    let (rows, inner, out) = (1100, 3, 5);
    let mut graph = Graph::new();
    let x = graph.input("x", &[rows, inner]);
    let slice = |buffer, offset, words| Slice { buffer, offset, words };
    let shape = if layout == Layout::InOut { [inner, out] } else { [out, inner] };
    let weight = graph.weight("weight", &shape, slice(0, 0, 15), Some(slice(1, 0, 15)));
    let bias = graph.weight("bias", &[out], slice(0, 64, 5), Some(slice(1, 64, 5)));
    let y = graph.one(Linear { bias: true, ..Linear::plain(layout) }, &[x, weight, bias]).unwrap();
    let dy = graph.input("dy", &[rows, out]);
    graph.backward(&[(y, Some(dy))]).unwrap();
    let plan = graph.plan(2, Limits { binding_words: 1 << 28, buffer_words: 1 << 28, class }).unwrap();
    let mut memory = Reference::new(&[&[128, 128], &plan.own[..]].concat());
    let numbers = |count: usize| (0..count).map(|i| ((i * 37) % 101) as f64 / 50.0 - 1.0).collect::<Vec<f64>>();
    memory.write(plan.slice("x").unwrap(), &numbers(rows * inner));
    memory.write(plan.slice("dy").unwrap(), &numbers(rows * out));
    memory.write(slice(1, 0, 128), &[1.0; 128]);
    memory.play(&plan.launches, &Live::default());
    (plan.launches.len(), memory.read(slice(1, 0, 69)).to_vec())
}

#[test]
fn sums_over_many_rows_are_the_same_when_a_gpu_cuts_them() {
    for layout in [Layout::InOut, Layout::OutIn] {
        let (launches, whole) = weight_gradients(Class::Cpu, layout);
        let (more, cut) = weight_gradients(Class::Gpu, layout);
        assert_eq!(more, launches + 2, "the sums were not cut");
        assert!(whole.iter().any(|sum| (sum - 1.0).abs() > 0.5));
        for (whole, cut) in whole.iter().zip(&cut) {
            assert!((whole - cut).abs() < 1e-9 * whole.abs().max(1.0), "{layout:?}: {whole} and {cut}");
        }
    }
}
