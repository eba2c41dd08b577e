//! The gradient of `scale`, alone and added to another.

use griot::ops::Scale;

use crate::probe::Probe;

#[test]
fn scale_passes_its_factor_to_the_gradient() {
    Probe::new(&[&[3, 5]], |g, v, _| {
        let once = g.one(Scale { factor: -0.7 }, &[v[0]])?;
        let twice = g.one(Scale { factor: 3.0 }, &[once])?;
        Ok(vec![twice, once])
    })
    .check();
}
