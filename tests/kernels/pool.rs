//! One vector for a row, or for each span of it: rows padded on either side, rows without a valid place, poison in the padding.

use griot::kernels::Case;
use griot::kernels::pool::{POOL, POOL_GRADIENT, Params};

use crate::devices::agree;

#[test]
fn pooling_and_its_gradient_agree_and_padding_is_never_read() {
    let mut cases = Vec::new();
    for (rows, time, width) in [(1usize, 1usize, 1usize), (4, 9, 65), (66_000, 3, 2)] {
        let t = time as u32;
        let spans: Vec<[u32; 2]> =
            (0..rows).map(|row| [[0, t], [t / 2, t], [0, t.div_ceil(2)], [t / 2, t / 2]][row % 4]).collect();
        let padded = |i: usize| {
            !(spans[i / (time * width)][0]..spans[i / (time * width)][1]).contains(&((i / width % time) as u32))
        };
        let x: Vec<f32> =
            (0..rows * time * width).map(|i| if padded(i) { f32::NAN } else { (i % 17) as f32 }).collect();
        for kind in 0..4 {
            let params = Params {
                rows: rows as u32,
                time: t,
                width: width as u32,
                spans: 1,
                kind,
                accumulate: 0,
                written: (rows * width) as u32,
            };
            let case = Case::new(&POOL, &params, &[]).f32(x.clone()).u32(spans.concat()).output(rows * width + 1);
            cases.push((format!("({rows}, {time}, {width}) kind {kind}"), case));
            for accumulate in [0, 1] {
                let params = Params { accumulate, written: x.len() as u32, ..params };
                let case = Case::new(&POOL_GRADIENT, &params, &[]).uniform(rows * width, 1.0).u32(spans.concat());
                let case = if accumulate == 1 { case.accumulate(x.len(), 1.0) } else { case.output(x.len() + 1) };
                cases.push((format!("({rows}, {time}, {width}) kind {kind}, accumulate {accumulate}"), case));
            }
        }
    }
    agree(cases);
}

#[test]
fn spans_of_one_row_agree_also_where_they_overlap_or_are_empty() {
    let mut cases = Vec::new();
    let (rows, time, width) = (3usize, 11usize, 66usize);
    let spans = vec![0, 4, 4, 9, 9, 11, 2, 8, 0, 11, 5, 5, 7, 7, 1, 2, 2, 11];
    for kind in 0..4 {
        for accumulate in [0, 1] {
            let sizes = Params { rows: 3, time: 11, width: 66, spans: 3, kind, accumulate: 0, written: 594 };
            let case = Case::new(&POOL, &sizes, &[]).uniform(rows * time * width, 1.0).u32(spans.clone());
            cases.push((format!("kind {kind}"), case.output(595)));
            let params = Params { accumulate, written: (rows * time * width) as u32, ..sizes };
            let case = Case::new(&POOL_GRADIENT, &params, &[]).uniform(594, 1.0).u32(spans.clone());
            let case = if accumulate == 1 { case.accumulate(2178, 1.0) } else { case.output(2179) };
            cases.push((format!("kind {kind}, accumulate {accumulate}"), case));
        }
    }
    agree(cases);
}
