//! Cases of the kernel `scale`: awkward sizes, more than 65,535 workgroups, written and added.

use griot::kernels::Case;
use griot::kernels::scale::{Params, SCALE};

use crate::devices::agree;

#[test]
fn scale_multiplies_and_adds_at_every_size() {
    let mut cases = Vec::new();
    for (count, factor) in [(1usize, 2.0f32), (3, -0.1), (257, 0.0), (65_535 * 256 + 77, 1.5)] {
        for accumulate in [0, 1] {
            let params = Params { count: count as u32, accumulate, factor };
            let case = Case::new(&SCALE, &params, &[]).uniform(count, 3.0);
            let case = if accumulate == 1 { case.accumulate(count, 1.0) } else { case.output(count + 5) };
            cases.push((format!("{count} times {factor} accumulate {accumulate}"), case));
        }
    }
    agree(cases);
}
