//! Every activation on awkward sizes, far arguments included.

use griot::kernels::Case;
use griot::kernels::activation::Activation;
use griot::kernels::unary;

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
            for (accumulate, restore) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let params = unary::GradientParams { count: count as u32, kind, accumulate, restore };
                let case = Case::new(&unary::UNARY_GRADIENT, &params, &[]).uniform(count, scale).accumulate(count, 1.0);
                let case = if accumulate == 1 { case.accumulate(count, 1.0) } else { case.output(count + 3) };
                cases.push((
                    format!("{kind} of {count} within {scale}, accumulate {accumulate}, restore {restore}"),
                    case,
                ));
            }
        }
    }
    agree(cases);
}
