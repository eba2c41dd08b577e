//! Keeps what [`sample`](super::sample) drew, so that k tokens can be made before any is read back.
//!
//! `drawn` holds each sequence's last id, which the next step reads, and from `start` on a ring over positions with the id and the
//! bits of the log-probability of each sequence: the token of position t lies at t mod W. Units are sequences.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Live, Scalar, place, read, write};

/// Sizes.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub rows: u32,
    /// W, positions that the ring holds.
    pub ring: u32,
    /// Where the ring begins, in words.
    pub start: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        Extent { grid: [self.rows.div_ceil(64), 1, 1], units: self.rows as usize, work: u64::from(self.rows) }
    }
}

fn record<S: Scalar>(call: &Call<'_, S>, units: Range<usize>, bits: fn(S) -> u32) {
    let p: &Params = call.params();
    let drawn = call.ids_out(2);
    let line = call.live.word(place::SAMPLE) % p.ring * p.rows;
    for row in units {
        let at = p.start as usize + 2 * (line as usize + row);
        let id = S::uint(call.id(0, row) as u32);
        (drawn[row], drawn[at]) = (id, id);
        drawn[at + 1] = S::uint(bits(call.input(1)[row]));
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    record(call, units, f32::to_bits);
}

fn reference(call: &Call<'_, f64>, units: Range<usize>) {
    record(call, units, |number| (number as f32).to_bits());
}

fn check() -> Case {
    let case = Case::new(&SAMPLE_RECORD, &Params { rows: 3, ring: 4, start: 8 }, &[]);
    let case = case.live(Live::default().with(place::SAMPLE, 6));
    case.u32(vec![4, 9, 0]).f32(vec![-1.5, -0.25, 0.0]).u32((0..32).collect())
}

/// The kernel.
pub static SAMPLE_RECORD: Kernel = Kernel {
    name: "sample_record",
    wgsl: shader!("sample_record"),
    bindings: &[read("ids"), read("logprobs"), write("drawn")],
    params_words: 3,
    cpu,
    reference,
    check,
};
