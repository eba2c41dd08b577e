//! Every activation on awkward sizes, far arguments included; and gated units.

use griot::kernels::Case;
use griot::kernels::activation::Activation;
use griot::kernels::{gate, unary};

use crate::devices::agree;

#[test]
fn every_activation_agrees_at_every_size_and_far_out() {
    let mut cases = Vec::new();
    for kind in Activation::ALL {
        for (count, scale) in [(1usize, 1.0), (257, 5.0), (1003, 80.0)] {
            let kind = kind.code();
            let params = unary::Params { count: count as u32, kind };
            let case = Case::new(&unary::UNARY, &params, &[]).uniform(count, scale).output(count + 3);
            cases.push((format!("{kind} of {count} within {scale}"), case));
            for accumulate in [0, 1] {
                let params = unary::GradientParams { count: count as u32, kind, accumulate };
                let case = Case::new(&unary::UNARY_GRADIENT, &params, &[]).uniform(count, scale).uniform(count, 1.0);
                let case = if accumulate == 1 { case.accumulate(count, 1.0) } else { case.output(count + 3) };
                cases.push((format!("{kind} of {count} within {scale}, accumulate {accumulate}"), case));
            }
        }
    }
    agree(cases);
}

#[test]
fn gated_units_agree_at_every_size() {
    let mut cases = Vec::new();
    for kind in [Activation::Silu, Activation::GeluTanh, Activation::GeluErf, Activation::Relu] {
        for (rows, width) in [(1usize, 1usize), (3, 257), (131, 48), (5, 600)] {
            let (kind, count) = (kind.code(), rows * width);
            let params = gate::Params { rows: rows as u32, width: width as u32, kind };
            let case = Case::new(&gate::GATE, &params, &[]).uniform(2 * count, 8.0).output(count + 3);
            cases.push((format!("{kind} of ({rows}, {width})"), case));
            for accumulate in [0, 1] {
                let params = gate::GradientParams { rows: rows as u32, width: width as u32, kind, accumulate };
                let case = Case::new(&gate::GATE_GRADIENT, &params, &[]).uniform(2 * count, 8.0).uniform(count, 1.0);
                let case = if accumulate == 1 { case.accumulate(2 * count, 1.0) } else { case.output(2 * count + 3) };
                cases.push((format!("{kind} of ({rows}, {width}), accumulate {accumulate}"), case));
            }
        }
    }
    agree(cases);
}
