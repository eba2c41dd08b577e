//! Activations and gated units.

use griot::kernels::activation::Activation;
use griot::ops::{Activate, Gate};

use crate::probe::Probe;

#[test]
fn every_activation_has_its_gradient() {
    for kind in Activation::ALL {
        Probe::new(&[&[3, 7]], move |g, v, _| {
            let once = g.one(Activate { kind }, &[v[0]])?;
            // A second use makes the gradient add up in place.
            Ok(vec![g.one(Activate { kind }, &[v[0]])?, g.one(Activate { kind }, &[once])?])
        })
        .check();
    }
}

#[test]
fn every_gated_unit_has_its_gradient() {
    for kind in Activation::ALL {
        Probe::new(&[&[2, 3, 8]], move |g, v, _| {
            Ok(vec![g.one(Gate { kind }, &[v[0]])?, g.one(Gate { kind }, &[v[0]])?])
        })
        .check();
    }
}
