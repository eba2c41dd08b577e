//! Gradient descent with and without momentum and decay.

use griot::kernels::sgd::{Params, SGD};
use griot::kernels::{Case, Live, place};

use crate::devices::agree;

#[test]
fn sgd_agrees_with_momentum_and_decay() {
    let mut cases = Vec::new();
    for (count, momentum, decay) in [(1usize, 0.0, 0.0), (257, 0.9, 0.0), (1000, 0.5, 0.1)] {
        let params = Params { count: count as u32, momentum, decay };
        let case = Case::new(&SGD, &params, &[])
            .uniform(count, 1.0)
            .f32(vec![2.0, 0.5, 1.0])
            .accumulate(count, 1.0)
            .accumulate(count, 1.0)
            .live(Live::default().with_f32(place::RATE, 0.1));
        cases.push((format!("{count} {momentum} {decay}"), case));
    }
    agree(cases);
}
