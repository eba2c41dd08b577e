//! Values that their maker writes again on the way back, over their gradient, for the gradients of weights that waited for them.

use griot::Result;
use griot::graph::{Graph, Tensor};
use griot::kernels::activation::Activation;
use griot::ops::{Activate, Dropout, Gate, Layout, Linear, Norm, NormKind};

use crate::probe::Probe;

const PLAIN: Linear = Linear { layout: Layout::OutIn, bias: false, residual: false, activation: None };
const NORM: Norm =
    Norm { kind: NormKind::Layer, eps: 1e-5, scale: true, bias: true, unit_offset: false, residual: false };

#[test]
fn each_maker_of_a_value_restores_it_for_the_weight_after_it() {
    Probe::new(&[&[3, 4], &[4], &[4], &[5, 4]], |g, v, _| {
        let y = g.apply(NORM, &v[..3])?[0];
        Ok(vec![g.one(PLAIN, &[y, v[3]])?])
    })
    .check();
    Probe::new(&[&[3, 4], &[6, 4], &[5, 6]], |g, v, _| {
        let up = Linear { activation: Some(Activation::GeluTanh), ..PLAIN };
        let y = g.apply(up, &v[..2])?[0];
        Ok(vec![g.one(PLAIN, &[y, v[2]])?])
    })
    .check();
    Probe::new(&[&[3, 6], &[5, 3]], |g, v, _| {
        let y = g.one(Gate { kind: Activation::Silu }, &[v[0]])?;
        Ok(vec![g.one(PLAIN, &[y, v[1]])?])
    })
    .check();
    Probe::new(&[&[3, 4], &[5, 4]], |g, v, _| {
        let y = g.one(Activate { kind: Activation::Tanh }, &[v[0]])?;
        Ok(vec![g.one(PLAIN, &[y, v[1]])?])
    })
    .check();
}

/// Norm, up, down and the residual stream; `twice` reads the norm's output a second time.
fn half(g: &mut Graph, v: &[Tensor], x: Tensor, twice: bool) -> Result<Tensor> {
    let y = g.apply(NORM, &[x, v[1], v[2]])?[0];
    let z = g.apply(Linear { activation: Some(Activation::Silu), ..PLAIN }, &[y, v[3]])?[0];
    let sum = g.one(Linear { residual: true, ..PLAIN }, &[z, v[4], x])?;
    if twice { g.one(Linear { residual: true, ..PLAIN }, &[y, v[5], sum]) } else { Ok(sum) }
}

const SHAPES: [&[usize]; 6] = [&[3, 4], &[4], &[4], &[6, 4], &[4, 6], &[4, 4]];

#[test]
fn the_residual_stream_around_restored_values_keeps_its_gradient() {
    for twice in [false, true] {
        let shapes = if twice { &SHAPES[..] } else { &SHAPES[..5] };
        Probe::new(shapes, move |g, v, _| {
            let x = half(g, v, v[0], twice)?;
            Ok(vec![half(g, v, x, twice)?])
        })
        .check();
        Probe::new(shapes, move |g, v, _| {
            let x = g.recompute(|g| half(g, v, v[0], twice))?;
            Ok(vec![g.recompute(|g| half(g, v, x, twice))?])
        })
        .check();
    }
}

#[test]
fn a_value_that_was_its_own_residual_is_read_before_its_gradient_is_written_over() {
    Probe::new(&[&[3, 4], &[4], &[4], &[4, 4], &[4, 4]], |g, v, _| {
        let y = g.apply(NORM, &v[..3])?[0];
        let z = g.one(Linear { residual: true, ..PLAIN }, &[y, v[3], y])?;
        // As after a norm that stands behind a half: read and added to.
        let a = g.one(Dropout { rate: 0.0, stream: 0, residual: true }, &[z, y])?;
        g.one(PLAIN, &[a, v[4]]).map(|out| vec![out, z])
    })
    .check();
}

#[test]
fn a_norm_whose_gradient_is_that_of_its_residual_too_restores_nothing() {
    Probe::new(&[&[3, 4], &[4], &[4], &[3, 4], &[5, 4], &[4, 4]], |g, v, _| {
        // So that the gradient passes on to a residual that something else made.
        let residual = g.one(PLAIN, &[v[3], v[5]])?;
        let y = g.apply(Norm { residual: true, ..NORM }, &[v[0], v[1], v[2], residual])?[0];
        Ok(vec![g.one(PLAIN, &[y, v[4]])?])
    })
    .check();
}

#[test]
fn a_gradient_that_a_waiting_weight_reads_is_not_added_to_before() {
    Probe::new(&[&[3, 4], &[3, 4], &[4, 4], &[4, 4], &[4, 4]], |g, v, _| {
        let x = g.one(Activate { kind: Activation::Tanh }, &[v[0]])?;
        // Between the maker and the weight that waits for it: adds to the gradient of the residual, which is that of the sum.
        let beside = g.one(PLAIN, &[v[1], v[2]])?;
        let sum = g.one(Linear { residual: true, ..PLAIN }, &[x, v[3], v[1]])?;
        Ok(vec![g.one(PLAIN, &[sum, v[4]])?, beside])
    })
    .check();
}

#[test]
fn a_weight_does_not_wait_for_what_another_block_made() {
    for again in [false, true] {
        Probe::new(&[&[3, 4], &[4, 4], &[4], &[4], &[5, 4]], move |g, v, _| {
            let first = |g: &mut Graph| {
                let x = g.one(PLAIN, &[v[0], v[1]])?;
                Ok(g.apply(NORM, &[x, v[2], v[3]])?[0])
            };
            let y = if again { g.recompute(first)? } else { first(g)? };
            Ok(vec![g.recompute(|g| g.one(PLAIN, &[y, v[4]]))?])
        })
        .check();
    }
}
