//! Losses of independent labels and of numbers: awkward sizes, rows that do not count.

use griot::kernels::{Case, label_loss};

use crate::devices::agree;
use crate::losses::gradient;

#[test]
fn squares_and_binary_cross_entropy_agree() {
    let mut cases = Vec::new();
    for (rows, labels) in [(1usize, 1usize), (65, 3), (4_200_000, 1)] {
        // The largest is there for its folded grid alone.
        for flags in 0..if rows > 65 { 1 } else { 4 } {
            let (binary, accumulate) = (flags & 1, flags >> 1);
            let (r, l) = (rows as u32, labels as u32);
            let params = label_loss::Params { rows: r, labels: l, binary, gradient: 1, accumulate };
            let case = Case::new(&label_loss::LABEL_LOSS, &params, &[])
                .uniform(rows * labels, 80.0)
                .uniform(rows * labels, 1.0)
                .f32((0..rows).map(|row| [0.5, 0.0, 1.0][row % 3]).collect())
                .output(rows)
                .output(rows);
            cases.push((format!("({rows}, {labels}) flags {flags}"), gradient(case, rows * labels, accumulate)));
        }
    }
    agree(cases);
}
