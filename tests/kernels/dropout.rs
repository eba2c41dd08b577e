//! Masks: the same bits on every device, the right share, another for every stream, step and micro-batch.

use griot::kernels::Case;
use griot::kernels::dropout::{DROPOUT, Params};
use griot::kernels::{Live, place};

use crate::devices::agree;

fn case(count: usize, params: Params, live: Live) -> Case {
    let case = Case::new(&DROPOUT, &Params { count: count as u32, ..params }, &[]).live(live);
    let case = case.f32(vec![1.0; count]).uniform(count, 1.0);
    if params.accumulate == 1 { case.accumulate(count, 1.0) } else { case.output(count + 1) }
}

const PLAIN: Params = Params { count: 0, stream: 3, rate: 0.25, residual: 0, accumulate: 0 };

#[test]
fn masks_agree_at_every_size_and_with_every_flag() {
    let live = Live::default().with(place::SEED, 9).with(place::STEP, 1 << 20).with(place::MICRO, 3);
    let mut cases = Vec::new();
    for count in [1usize, 2, 511, 513, 40_001] {
        for flags in 0..4u32 {
            for rate in [0.0, 0.1, 0.999] {
                let params = Params { rate, residual: flags & 1, accumulate: flags >> 1, ..PLAIN };
                cases.push((format!("{count} flags {flags} rate {rate}"), case(count, params, live)));
            }
        }
    }
    agree(cases);
}

#[test]
fn the_right_share_is_dropped_and_another_one_each_time() {
    let live = Live::default().with(place::SEED, 9).with(place::STEP, 4).with(place::MICRO, 1);
    let mask = |params: Params, live: Live| -> Vec<bool> {
        case(10_000, params, live).expected()[2][..10_000].iter().map(|&y| y == 0.0).collect()
    };
    let first = mask(PLAIN, live);
    let dropped = first.iter().filter(|&&dropped| dropped).count();
    assert!((2400..2600).contains(&dropped), "{dropped} of 10000 at 0.25");
    assert_eq!(first, mask(PLAIN, live));
    let others = [
        mask(Params { stream: 4, ..PLAIN }, live),
        mask(PLAIN, live.with(place::SEED, 10)),
        mask(PLAIN, live.with(place::STEP, 5)),
        mask(PLAIN, live.with(place::MICRO, 2)),
    ];
    for other in others {
        let same = first.iter().zip(&other).filter(|(a, b)| a == b).count();
        assert!((5900..6600).contains(&same), "two masks agree in {same} of 10000, independent ones in 6250");
    }
}
