//! Linear layers: every flag in every layout, weights shared and frozen.

use griot::device::Slice;
use griot::graph::Graph;
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
