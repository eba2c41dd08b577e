//! Rotary positions: every kind of pair, there and back.

use griot::kernels::Case;
use griot::kernels::rope::{Params, ROPE};

use crate::devices::agree;

/// Cosines, then sines, of a few angles.
fn table(rotary: u32, positions: u32) -> Vec<f32> {
    let half = rotary / 2;
    let angle = |position: u32, at: u32| (position as f32) * 0.1f32.powi((at % half) as i32);
    let of = |position, at| if at < half { angle(position, at).cos() } else { angle(position, at).sin() };
    (0..positions).flat_map(|position| (0..rotary).map(move |at| of(position, at))).collect()
}

#[test]
fn turning_agrees_for_every_kind_of_pair_and_part() {
    let mut cases = Vec::new();
    for (heads, extra, head, rotary) in [(1u32, 0u32, 2u32, 2u32), (3, 7, 10, 6), (4, 64, 64, 64), (2, 5, 48, 24)] {
        for flags in 0..8 {
            let p = Params {
                rows: 9,
                width: heads * head + extra,
                turned: heads * head,
                head,
                rotary,
                positions: 40,
                interleaved: flags & 1,
                inverse: flags >> 1 & 1,
                accumulate: flags >> 2,
            };
            let words = (p.rows * p.width) as usize;
            let case = Case::new(&ROPE, &p, &[]).uniform(words, 1.0).u32((0..9).map(|i| i * 7 % 41).collect());
            let case = case.f32(table(rotary, 40));
            let case = if p.accumulate == 1 { case.accumulate(words, 1.0) } else { case.output(words) };
            cases.push((format!("{heads} heads of {head}, {rotary} turned, flags {flags}"), case));
        }
    }
    agree(cases);
}

#[test]
fn turning_there_and_back_changes_nothing() {
    for interleaved in [0, 1] {
        let there = Params {
            rows: 4,
            width: 24,
            turned: 16,
            head: 8,
            rotary: 8,
            positions: 9,
            interleaved,
            inverse: 0,
            accumulate: 0,
        };
        let positions = vec![3, 0, 8, 5];
        let angles = table(8, 9);
        let case = Case::new(&ROPE, &there, &[]).uniform(96, 1.0).u32(positions.clone()).f32(angles.clone()).output(96);
        let turned = case.expected();
        let narrow: Vec<f32> = turned[3].iter().map(|&x| x as f32).collect();
        let back = Params { inverse: 1, ..there };
        let back = Case::new(&ROPE, &back, &[]).f32(narrow).u32(positions).f32(angles).output(96).expected();
        for (a, b) in back[3].iter().zip(&turned[0]) {
            assert!((a - b).abs() < 1e-6, "{a} after turning back, {b} before");
        }
    }
}
