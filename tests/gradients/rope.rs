//! Turning by position and its gradient, which turns back.

use griot::ops::Rope;

use crate::probe::Probe;

#[test]
fn turning_has_the_gradient_it_should() {
    for (interleaved, value, kv_heads, rotary) in [(false, true, 1, 4), (true, true, 1, 6), (false, false, 0, 6)] {
        let rope = Rope { heads: 2, kv_heads, head: 6, rotary, interleaved, value };
        let width = if value { 24 } else { 12 };
        let angles: Vec<f64> = (0..9 * rotary).map(|i| (i as f64 * 0.7).sin()).collect();
        Probe::new(&[&[2, 3, width]], move |g, v, fixed| {
            let (positions, table) = (g.view(fixed[0], &[2, 3])?, g.view(fixed[1], &[9, rotary])?);
            Ok(vec![g.one(rope, &[v[0], positions, table])?])
        })
        .ids(&[0, 1, 2, 5, 6, 8])
        .numbers(&angles)
        .check();
    }
}
