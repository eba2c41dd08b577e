//! Rows of a table by id, repeated ids, ids outside the table, and the sums of their gradients.

use griot::kernels::{Case, Format};
use griot::kernels::{embed, embed_gradient, fill};
use griot::rng::Rng;

use crate::devices::agree;

fn ids(rows: usize, vocab: u64) -> Vec<u32> {
    let mut rng = Rng::new(5, rows as u64);
    (0..rows).map(|_| rng.below(vocab) as u32).collect()
}

#[test]
fn embed_takes_the_right_rows_and_nothing_outside_the_table() {
    let mut cases = Vec::new();
    for (rows, width, vocab) in [(1usize, 1usize, 1usize), (7, 65, 3), (70_000, 3, 11), (33, 128, 1000)] {
        for (first, residual, table) in
            [(0, 0, Format::F32), (0, 1, Format::F32), (vocab as u32 / 2, 2, Format::F32), (1, 1, Format::F16)]
        {
            let (scale, vocab_words) = (1.5, vocab as u32);
            let params =
                embed::Params { rows: rows as u32, width: width as u32, vocab: vocab_words, first, residual, scale };
            // Two ids too many: those rows hold the residual alone.
            let constants: Vec<_> = table.constant().into_iter().collect();
            let case = Case::new(&embed::EMBED, &params, &constants)
                .u32(ids(rows, vocab as u64 + 2))
                .weight(vocab * width, 1.0)
                .uniform(rows * width, 1.0);
            let case = match residual {
                2 => case.accumulate(rows * width, 1.0),
                _ => case.output(rows * width + 1),
            };
            cases.push((format!("{rows} of ({vocab}, {width}) from {first}, residual {residual}, {table:?}"), case));
        }
    }
    agree(cases);
}

#[test]
fn the_gradient_adds_every_row_to_its_id_and_leaves_the_others() {
    let mut cases = Vec::new();
    for (rows, width, vocab) in
        [(1usize, 1usize, 1usize), (7, 65, 3), (9000, 2, 2), (33, 128, 1000), (70_001, 1, 70_001)]
    {
        let params = embed_gradient::Params {
            rows: rows as u32,
            width: width as u32,
            vocab: vocab as u32,
            tiles: width.div_ceil(64) as u32,
            scale: 0.5,
            first: vocab as u32 / 3,
            blank: 2,
        };
        let case = Case::new(&embed_gradient::EMBED_GRADIENT, &params, &[])
            .u32(embed::buckets(&ids(rows, vocab as u64 + 2)))
            .uniform(rows * width, 1.0)
            .accumulate(vocab * width, 1.0);
        cases.push((format!("{rows} of ({vocab}, {width})"), case));
    }
    agree(cases);
}

#[test]
fn fill_clears_what_it_should_and_no_more() {
    let case = |count: u32| Case::new(&fill::FILL, &fill::Params { count }, &[]).output(count as usize + 3);
    agree([1, 255, 257, 70_000].map(|count| (format!("{count}"), case(count))));
}
