//! `counts[b, ids[b]] += 1`: what was made, for the penalties of [`sample`](super::sample). Units are sequences.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, read, write};

/// Sizes.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub rows: u32,
    /// V.
    pub vocab: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        Extent { grid: [self.rows.div_ceil(64), 1, 1], units: self.rows as usize, work: u64::from(self.rows) }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let counts = call.ids_out(1);
    for row in units {
        let id = call.id(0, row);
        if id < p.vocab as usize {
            let count = &mut counts[row * p.vocab as usize + id];
            let before: u64 = (*count).into();
            *count = S::uint(before as u32 + 1);
        }
    }
}

fn check() -> Case {
    Case::new(&SAMPLE_COUNT, &Params { rows: 3, vocab: 5 }, &[]).u32(vec![4, 9, 0]).u32((0..15).collect())
}

/// The kernel.
pub static SAMPLE_COUNT: Kernel = Kernel {
    name: "sample_count",
    wgsl: shader!("sample_count"),
    bindings: &[read("ids"), write("counts")],
    params_words: 2,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
