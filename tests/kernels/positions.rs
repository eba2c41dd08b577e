//! Places of tokens, with and without left padding, at the start and far into a cache.

use griot::kernels::positions::{POSITIONS_FILL, Params};
use griot::kernels::{Case, Live, place};

use crate::devices::agree;

#[test]
fn positions_count_from_the_first_valid_place() {
    let mut cases = Vec::new();
    for (rows, time, past) in [(1u32, 1u32, 0u32), (1, 1, 511), (3, 16, 0), (7, 5, 4), (64, 70, 3)] {
        let spans = (0..rows).flat_map(|row| [row % 5, time + past]).collect();
        let case = Case::new(&POSITIONS_FILL, &Params { rows, time }, &[])
            .u32(spans)
            .u32(vec![u32::MAX; (rows * time) as usize + 3])
            .live(Live::default().with(place::PAST, past));
        cases.push((format!("{rows} rows of {time} after {past}"), case));
    }
    agree(cases);
}
