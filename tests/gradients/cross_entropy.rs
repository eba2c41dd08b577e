//! The output layer with its loss: layouts, bias, smoothing, z-loss, softcap, chunks, tied weights.

use griot::ops::{Embed, Layout, Linear, LinearCrossEntropy};

use crate::probe::Probe;

const TARGETS: [u32; 6] = [3, 0, 6, 2, 2, 5];
const COEFFICIENTS: [f64; 6] = [0.5, 0.0, 1.0, 0.25, -0.3, 1.0];

#[test]
fn every_flag_has_its_gradient_whole_and_in_chunks() {
    for flags in 0..32u32 {
        let on = |bit: u32| flags >> bit & 1 == 1;
        let loss = LinearCrossEntropy {
            layout: if on(0) { Layout::InOut } else { Layout::OutIn },
            bias: on(1),
            smoothing: if on(2) { 0.1 } else { 0.0 },
            z_loss: if on(2) { 0.05 } else { 0.0 },
            softcap: on(3).then_some(2.0),
            chunk_words: on(4).then_some(14),
        };
        let weight: &[usize] = if on(0) { &[4, 7] } else { &[7, 4] };
        let mut shapes: Vec<&[usize]> = vec![&[2, 3, 4], weight];
        if loss.bias {
            shapes.push(&[7]);
        }
        Probe::new(&shapes, move |g, v, given| {
            let inputs = [v, given].concat();
            Ok(vec![g.apply(loss, &inputs)?[0]])
        })
        .ids(&TARGETS)
        .numbers(&COEFFICIENTS)
        .check();
    }
}

#[test]
fn a_tied_weight_gets_the_sum_of_its_uses() {
    Probe::new(&[&[7, 4]], |g, v, given| {
        let h =
            g.one(Embed { scale: 1.0, residual: false, trained: true, blank: None }, &[given[0], v[0], given[2]])?;
        let h = g.one(Linear::plain(Layout::OutIn), &[h, v[0]])?;
        let h = g.one(Linear::plain(Layout::InOut), &[h, v[0]])?;
        Ok(vec![g.apply(LinearCrossEntropy::plain(Layout::OutIn), &[h, v[0], given[0], given[1]])?[0]])
    })
    .ids(&TARGETS)
    .numbers(&COEFFICIENTS)
    .ids(&griot::kernels::embed::buckets(&TARGETS))
    .check();
}
