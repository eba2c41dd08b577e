//! One vector for a row.

use griot::ops::{Mute, Pool};

use crate::probe::Probe;

#[test]
fn every_pooling_has_its_gradient() {
    for kind in [Pool::Mean, Pool::First, Pool::Last, Pool::Sum] {
        Probe::new(&[&[3, 5, 2]], move |g, v, given| {
            let spans = g.view(given[0], &[3, 2])?;
            let once = g.one(kind, &[v[0], spans])?;
            // Twice, so that the gradient adds up in place.
            Ok(vec![once, g.one(kind, &[v[0], spans])?])
        })
        .ids(&[0, 5, 2, 5, 0, 3])
        .check();
    }
}

#[test]
fn what_is_muted_has_no_gradient_and_the_rest_passes_it_on() {
    Probe::new(&[&[2, 3, 2]], move |g, v, given| {
        let kept = g.view(given[0], &[2, 3, 2])?;
        let once = g.one(Mute, &[v[0], kept])?;
        Ok(vec![once, g.one(Mute, &[v[0], kept])?])
    })
    .ids(&[0, 1, 1, 2, 0, 0, 0, 0, 1, 2, 2, 3])
    .check();
}

#[test]
fn sums_and_means_by_segment_have_their_gradients() {
    for kind in [Pool::Mean, Pool::Sum] {
        Probe::new(&[&[2, 6, 3]], move |g, v, given| {
            let spans = g.view(given[0], &[2, 3, 2])?;
            Ok(vec![g.one(kind, &[v[0], spans])?])
        })
        // Three segments that cover a row, and three of which two overlap and one is empty.
        .ids(&[0, 2, 2, 5, 5, 6, 0, 4, 3, 6, 6, 6])
        .check();
    }
}
