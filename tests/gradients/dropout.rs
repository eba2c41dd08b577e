//! Dropout with and without a residual; the mask on the way back is that of the way there.

use griot::kernels::{Live, place};
use griot::ops::Dropout;

use crate::probe::Probe;

#[test]
fn dropout_passes_back_what_it_let_through() {
    let mut probe = Probe::new(&[&[3, 7], &[3, 7]], |g, v, _| {
        let y = g.one(Dropout { rate: 0.4, stream: 1, residual: false }, &[v[0]])?;
        let y = g.one(Dropout { rate: 0.4, stream: 2, residual: true }, &[y, v[1]])?;
        Ok(vec![g.one(Dropout { rate: 0.2, stream: 3, residual: true }, &[v[0], y])?])
    });
    probe.live = Live::default().with(place::SEED, 3).with(place::STEP, 17).with(place::MICRO, 1);
    probe.check();
}
