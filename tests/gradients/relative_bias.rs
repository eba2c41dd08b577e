//! A shared table of relative positions under two layers of attention, one of them with its own queries.

use griot::ops::{Attention, RelativeBias, Source};

use crate::probe::Probe;

#[test]
fn a_table_shared_by_layers_gets_the_sum_of_their_gradients() {
    let layer = Attention { bias: true, scale: 1.0, causal: false, ..Attention::new(2, 2, 3) };
    let cross = Attention { source: Source::Cross, ..layer.clone() };
    Probe::new(&[&[2, 5, 18], &[2, 3, 6], &[2, 5, 12], &[8, 2]], move |g, v, ids| {
        let spans = g.view(ids[0], &[2, 2])?;
        let bias = g.one(RelativeBias { reach: 6, buckets: 8, bidirectional: true, farthest: 5 }, &[v[3]])?;
        let first = g.apply(layer.clone(), &[v[0], v[0], spans, bias])?;
        let second = g.apply(cross.clone(), &[v[1], v[2], spans, bias])?;
        Ok(vec![first[0], second[0]])
    })
    .ids(&[0, 5, 1, 4])
    .check();
}

#[test]
fn a_causal_table_has_its_gradient_under_dropout_and_cap() {
    let layer = Attention { bias: true, dropout: 0.3, softcap: Some(3.0), ..Attention::new(4, 2, 3) };
    Probe::new(&[&[1, 6, 24], &[4, 4]], move |g, v, ids| {
        let spans = g.view(ids[0], &[1, 2])?;
        let bias = g.one(RelativeBias { reach: 6, buckets: 4, bidirectional: false, farthest: 5 }, &[v[1]])?;
        Ok(vec![g.apply(layer.clone(), &[v[0], v[0], spans, bias])?[0]])
    })
    .ids(&[0, 6])
    .check();
}
