//! Cases of the kernel `sum`: awkward sizes, more than 65,535 workgroups, copied and added.

use griot::kernels::Case;
use griot::kernels::sum::{Params, SUM};

use crate::devices::agree;

#[test]
fn sum_copies_and_adds_at_every_size() {
    let mut cases = Vec::new();
    for count in [1usize, 3, 255, 256, 257, 65_535 * 256 + 77] {
        for accumulate in [0, 1] {
            let params = Params { count: count as u32, accumulate };
            let case = Case::new(&SUM, &params, &[]).uniform(count, 3.0);
            // Room after the end must stay as it is: poison shows a write.
            let case = if accumulate == 1 { case.accumulate(count, 1.0) } else { case.output(count + 5) };
            cases.push((format!("{count} accumulate {accumulate}"), case));
        }
    }
    agree(cases);
}
