//! Sums in a fixed order, at every size.

use griot::kernels::Case;
use griot::kernels::total::{self, TOTAL};

use crate::devices::agree;

#[test]
fn totals_agree_at_every_size() {
    let case = |count: usize, accumulate: u32| {
        let params = total::Params { count: count as u32, accumulate };
        let case = Case::new(&TOTAL, &params, &[]).f32((0..count).map(|i| (i % 13) as f32).collect());
        if accumulate == 1 { case.f32(vec![7.0]) } else { case.output(2) }
    };
    agree([1usize, 255, 257, 100_003].map(|count| (format!("{count}"), case(count, (count % 4 == 1).into()))));
}
