//! Gated units on awkward sizes.

use griot::kernels::Case;
use griot::kernels::activation::Activation;
use griot::kernels::gate;

use crate::devices::agree;

#[test]
fn gated_units_agree_at_every_size() {
    let mut cases = Vec::new();
    for kind in [Activation::Silu, Activation::GeluTanh, Activation::GeluErf, Activation::Relu] {
        for (rows, width) in [(1usize, 1usize), (3, 257), (131, 48), (5, 600)] {
            let (kind, count) = (kind.code(), rows * width);
            let params = gate::Params { rows: rows as u32, width: width as u32, kind };
            let case = Case::new(&gate::GATE, &params, &[]).uniform(2 * count, 8.0).output(count + 3);
            cases.push((format!("{kind} of ({rows}, {width})"), case));
            for (accumulate, restore) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let (rows, width) = (rows as u32, width as u32);
                let params = gate::GradientParams { rows, width, kind, accumulate, restore };
                let case = Case::new(&gate::GATE_GRADIENT, &params, &[]).uniform(2 * count, 8.0).accumulate(count, 1.0);
                let case = if accumulate == 1 { case.accumulate(2 * count, 1.0) } else { case.output(2 * count + 3) };
                cases.push((format!("{kind} of ({rows}, {width}), accumulate {accumulate}, restore {restore}"), case));
            }
        }
    }
    agree(cases);
}
