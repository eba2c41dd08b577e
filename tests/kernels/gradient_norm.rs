//! Norms over few and many numbers, clipped or not, and what is not finite.

use griot::kernels::Case;
use griot::kernels::gradient_norm::{Finish, GRADIENT_NORM, GRADIENT_NORM_FINISH, Params, REPORT_WORDS};

use crate::devices::agree;

#[test]
fn partial_sums_agree_at_every_size() {
    let sizes = [1usize, 5, 4095, 4096, 4097, 100_003];
    agree(sizes.map(|count| {
        let params = Params { count: count as u32, clip: 0.0 };
        let case = Case::new(&GRADIENT_NORM, &params, &[]).uniform(count, 2.0).output(count.div_ceil(4096) + 3);
        (count.to_string(), case)
    }));
}

#[test]
fn norm_and_scale_agree_and_what_is_not_finite_is_said() {
    let mut cases = Vec::new();
    for (clip, sums) in [(0.0, vec![4.0; 700]), (1.0, vec![1e-4; 3]), (1.0, vec![4.0; 300]), (1.0, vec![0.0])] {
        let params = Finish { count: sums.len() as u32, clip };
        let name = format!("clip {clip} of {}", sums.len());
        cases.push((name, Case::new(&GRADIENT_NORM_FINISH, &params, &[]).f32(sums).output(REPORT_WORDS + 2)));
    }
    agree(cases);
    for (name, device) in crate::devices::all() {
        for bad in [f32::NAN, f32::INFINITY] {
            let case = Case::new(&GRADIENT_NORM_FINISH, &Finish { count: 3, clip: 1.0 }, &[])
                .f32(vec![1.0, bad, 1.0])
                .output(REPORT_WORDS);
            let report = &pollster::block_on(device.run(&case)).unwrap()[1];
            assert_eq!((report[1], report[2]), (0, 0), "{bad} on {name}");
        }
    }
}
