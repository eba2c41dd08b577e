//! LayerNorm and RMSNorm, with and without scale, bias, unit offset and residual.

use griot::ops::{Norm, NormKind};

use crate::probe::Probe;

#[test]
fn every_norm_has_its_gradient() {
    for kind in [NormKind::Layer, NormKind::Rms] {
        for (scale, bias, unit_offset) in [
            (false, false, false),
            (true, false, false),
            (true, true, false),
            (false, true, false),
            (true, false, true),
        ] {
            for residual in [false, true] {
                let norm = Norm { kind, eps: 1e-5, scale, bias, unit_offset, residual };
                let mut shapes: Vec<&[usize]> = vec![&[3, 3, 5]];
                shapes.extend(std::iter::repeat_n(&[5usize] as &[usize], usize::from(scale) + usize::from(bias)));
                shapes.extend(residual.then_some(&[3usize, 3, 5] as &[usize]));
                Probe::new(&shapes, move |g, v, _| {
                    let once = g.apply(norm, v)?[0];
                    // Twice, so that the gradients of x and of the weights add up in place.
                    let again = g.apply(norm, v)?[0];
                    Ok(vec![once, again])
                })
                .check();
            }
        }
    }
}
