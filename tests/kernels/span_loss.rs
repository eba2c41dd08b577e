//! The loss of where an answer begins and ends: places outside take no part.

use griot::kernels::{Case, span_loss};

use crate::devices::agree;
use crate::losses::gradient;

#[test]
fn spans_agree_and_places_outside_take_no_part() {
    let mut cases = Vec::new();
    for (rows, time) in [(1usize, 1usize), (3, 7), (5, 513)] {
        for accumulate in [0, 1] {
            let params = span_loss::Params { rows: rows as u32, time: time as u32, gradient: 1, accumulate };
            let t = time as u32;
            // Some rows are padded on the left, some on the right; some targets lie outside.
            let spans =
                (0..rows as u32).flat_map(|row| [[0, t], [t / 3, t], [0, t / 2 + 1]][row as usize % 3]).collect();
            let mut logits: Vec<f32> = (0..rows * time * 2).map(|i| (i * 37 % 161) as f32 - 80.0).collect();
            if rows > 1 {
                logits[time * 2] = f32::NAN;
            }
            let case = Case::new(&span_loss::SPAN_LOSS, &params, &[])
                .f32(logits)
                .u32(spans)
                .u32((0..2 * rows as u32).map(|line| line * 5 % t).collect())
                .f32((0..2 * rows).map(|line| [0.5, 0.25, 0.0][line % 3]).collect())
                .output(2 * rows)
                .output(2 * rows);
            cases.push((
                format!("({rows}, {time}) accumulate {accumulate}"),
                gradient(case, rows * time * 2, accumulate),
            ));
        }
    }
    agree(cases);
}
