//! Losses over logits: spans, squares, binary cross entropy, distillation.

use griot::ops::{Layout, Linear, LogitLoss};

use crate::probe::Probe;

const COEFFICIENTS: [f64; 6] = [0.5, 0.0, 1.0, 0.25, -0.3, 1.0];

#[test]
fn every_loss_of_rows_has_its_gradient() {
    for loss in [LogitLoss::Squares, LogitLoss::Binary, LogitLoss::Distill { temperature: 1.7 }] {
        let targets: Vec<f64> = (0..24).map(|i| f64::from(i % 5) * 0.3).collect();
        Probe::new(&[&[2, 3, 4], &[4, 4]], move |g, v, given| {
            let logits = g.one(Linear::plain(Layout::OutIn), &[v[0], v[1]])?;
            let targets = g.view(given[0], &[2, 3, 4])?;
            Ok(vec![g.apply(loss, &[logits, targets, given[1]])?[0]])
        })
        .numbers(&targets)
        .numbers(&COEFFICIENTS)
        .check();
    }
}

#[test]
fn the_loss_of_spans_has_its_gradient() {
    Probe::new(&[&[3, 5, 2]], |g, v, given| {
        let mut inputs = vec![v[0]];
        for &fixed in given {
            inputs.push(g.view(fixed, &[3, 2])?);
        }
        Ok(vec![g.apply(LogitLoss::Span, &inputs)?[0]])
    })
    .ids(&[0, 5, 1, 5, 0, 3])
    .ids(&[0, 4, 2, 0, 1, 2])
    .numbers(&COEFFICIENTS)
    .check();
}
