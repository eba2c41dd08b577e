//! `dtable[id] += scale × the sum of the rows of dy where that id stands`, in the order of the rows, without atomics.
//!
//! The rows come sorted by id from [`buckets`](super::embed::buckets). A unit is a slot of the buckets: the units past the number of
//! different ids have nothing to do. Always adds; who wants the gradient alone clears it first.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, embed, fold, read, write};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N, the number of ids, and of slots.
    pub rows: u32,
    /// C.
    pub width: u32,
    /// V, rows of the table or of this part of it.
    pub vocab: u32,
    /// How many tiles of 64 columns make a row.
    pub tiles: u32,
    /// What the forward pass multiplied the table's rows by.
    pub scale: f32,
    /// The id of the table's first row.
    pub first: u32,
    /// The id whose row learns nothing: the padding's; 2³² − 1 for none.
    pub blank: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = self.rows as usize;
        Extent { grid: fold(rows * self.tiles as usize), units: rows, work: rows as u64 * u64::from(self.width) * 2 }
    }
}

/// A slot's row of the table and the places of its rows in the order, for slots that hold one within the table.
fn slot<S: Scalar>(call: &Call<'_, S>, p: &Params, slot: usize) -> Option<(usize, Range<usize>)> {
    let rows = p.rows as usize;
    if slot >= call.id(0, 0).min(rows) {
        return None;
    }
    let id = call.id(0, 1 + slot);
    let (first, last) = (call.id(0, 1 + rows + slot), call.id(0, 2 + rows + slot));
    let row = (id as u32).wrapping_sub(p.first) as usize;
    (row < p.vocab as usize && id != p.blank as usize && last <= rows)
        .then_some((row, 2 + 2 * rows + first..2 + 2 * rows + last))
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (dy, dtable) = (call.input(1), call.output(2));
    let width = p.width as usize;
    for (id, places) in units.filter_map(|unit| slot(call, p, unit)) {
        for c in 0..width {
            let sum: f64 = places.clone().map(|place| dy[call.id(0, place) * width + c].wide()).sum();
            let out = &mut dtable[id * width + c];
            *out = S::narrow(out.wide() + f64::from(p.scale) * sum);
        }
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let (dy, dtable) = (call.input(1), call.output(2));
    let width = p.width as usize;
    for (id, places) in units.filter_map(|unit| slot(call, p, unit)) {
        let out = &mut dtable[id * width..(id + 1) * width];
        for row in places.map(|place| call.id(0, place)) {
            for (out, dy) in out.iter_mut().zip(&dy[row * width..(row + 1) * width]) {
                *out += p.scale * dy;
            }
        }
    }
}

fn check() -> Case {
    let ids = [2, 0, 2, 2, 1, 2, 2];
    let params = Params { rows: 7, width: 70, vocab: 3, tiles: 2, scale: 2.0, first: 0, blank: 1 };
    Case::new(&EMBED_GRADIENT, &params, &[]).u32(embed::buckets(&ids)).uniform(490, 1.0).accumulate(210, 1.0)
}

/// The kernel.
pub static EMBED_GRADIENT: Kernel = Kernel {
    name: "embed_gradient",
    wgsl: shader!("embed_gradient"),
    bindings: &[read("buckets"), read("dy"), write("dtable")],
    params_words: 7,
    cpu,
    reference: reference::<f64>,
    check,
};
