//! `positions[b, t] = max(past + t - first[b], 0)`: the place of each token in its own sequence.
//!
//! `past` is live: the tokens already in the cache. Rows padded on the left begin at their first valid place.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Live, Scalar, fold, place, read, write};

/// B and T.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub rows: u32,
    /// T.
    pub time: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let count = self.rows as usize * self.time as usize;
        Extent { grid: fold(count.div_ceil(64)), units: 1, work: count as u64 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, _: Range<usize>) {
    let p: &Params = call.params();
    let past = call.live.word(place::PAST) as usize;
    let positions = call.ids_out(1);
    for (at, position) in positions.iter_mut().enumerate().take((p.rows * p.time) as usize) {
        let first = call.id(0, at / p.time as usize * 2);
        *position = S::uint((past + at % p.time as usize).saturating_sub(first) as u32);
    }
}

fn check() -> Case {
    Case::new(&POSITIONS_FILL, &Params { rows: 3, time: 5 }, &[])
        .u32(vec![0, 9, 2, 9, 8, 9])
        .u32(vec![77; 15])
        .live(Live::default().with(place::PAST, 4))
}

/// The kernel.
pub static POSITIONS_FILL: Kernel = Kernel {
    name: "positions_fill",
    wgsl: shader!("positions"),
    bindings: &[read("spans"), write("positions")],
    params_words: 2,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
