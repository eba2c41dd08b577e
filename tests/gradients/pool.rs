//! One vector for a row.

use griot::ops::Pool;

use crate::probe::Probe;

#[test]
fn every_pooling_has_its_gradient() {
    for kind in [Pool::Mean, Pool::First, Pool::Last] {
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
