//! One vector for a row: rows padded on either side, rows without a valid place, poison in the padding.

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
        for kind in 0..3 {
            let params = Params {
                rows: rows as u32,
                time: t,
                width: width as u32,
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
