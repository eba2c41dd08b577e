//! The gradient of the norms on queries and keys, used twice so that everything adds up.

use griot::ops::HeadNorm;

use crate::probe::Probe;

#[test]
fn head_norm_has_its_gradient() {
    for unit_offset in [false, true] {
        let norm = HeadNorm { heads: 3, kv_heads: 2, head: 4, eps: 1e-6, unit_offset };
        Probe::new(&[&[2, 2, 28], &[4], &[4]], move |g, v, _| {
            let once = g.one(norm, v)?;
            Ok(vec![g.one(norm, &[once, v[1], v[2]])?, once])
        })
        .check();
    }
}
