//! The cache takes new positions after the past, in the blocks that the rows were given, and nothing beyond its capacity.

use griot::kernels::cache::{CACHE, Params};
use griot::kernels::{Case, Live, place};

use crate::devices::agree;

#[test]
fn new_positions_lie_after_the_past_and_the_rest_stays() {
    let mut cases = Vec::new();
    for (batch, time, past) in [(1u32, 1u32, 0u32), (3, 5, 2), (2, 9, 6), (1, 3, 11), (2, 2, 40)] {
        let p = Params { batch, time, stride: 20, offset: 8, width: 12, capacity: 11 };
        let places: Vec<u32> = (0..batch).map(|b| (b + 2) % 4).collect();
        let case = Case::new(&CACHE, &p, &[]).uniform((batch * time * 20) as usize, 1.0).u32(places);
        let case = case.output(4 * 11 * 12).live(Live::default().with(place::PAST, past));
        cases.push((format!("{batch} rows of {time} after {past}"), case));
    }
    agree(cases);
}
