//! Filling writes what it should and nothing after it.

use griot::kernels::Case;
use griot::kernels::fill::{FILL, Params};

use crate::devices::agree;

#[test]
fn fill_stops_at_its_end() {
    let sizes = [1usize, 255, 256, 257, 100_001];
    agree(sizes.map(|count| {
        let params = Params { count: count as u32 };
        (count.to_string(), Case::new(&FILL, &params, &[]).output(count + 9))
    }));
}
