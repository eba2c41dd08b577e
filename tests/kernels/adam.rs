//! Adam and AdamW against their reference, over sizes, and frozen where the gradient is not finite.

use griot::kernels::adam::{ADAM, Params};
use griot::kernels::{Case, Live, place};

use crate::devices::agree;

fn live() -> Live {
    Live::default()
        .with_f32(place::RATE, 3e-3)
        .with_f32(place::CORRECTION_1, 1.0 / (1.0 - 0.9f32.powi(3)))
        .with_f32(place::CORRECTION_2, 1.0 / (1.0 - 0.95f32.powi(3)))
}

fn case(count: usize, apart: u32, finite: f32) -> Case {
    let params = Params { count: count as u32, beta1: 0.9, beta2: 0.95, eps: 1e-8, decay: 0.1, apart };
    Case::new(&ADAM, &params, &[])
        .uniform(count, 1.0)
        .f32(vec![2.0, 0.5, finite])
        .accumulate(count + 3, 1.0)
        .accumulate(count + 3, 0.3)
        .f32((0..count + 3).map(|n| 1e-6 + (n % 91) as f32 * 1e-2).collect())
        .live(live())
}

#[test]
fn adam_agrees_with_decay_apart_and_within() {
    let mut cases = Vec::new();
    for count in [1, 3, 255, 1000, 70_001] {
        for apart in [0, 1] {
            cases.push((format!("{count} apart {apart}"), case(count, apart, 1.0)));
        }
    }
    agree(cases);
}

#[test]
fn a_gradient_that_is_not_finite_moves_nothing() {
    for (name, device) in crate::devices::all() {
        let case = case(100, 1, 0.0);
        let before: Vec<Vec<u32>> = case.data.iter().map(|data| data.words()).collect();
        assert_eq!(pollster::block_on(device.run(&case)).unwrap(), before, "{name}");
    }
}
