//! Writes the keys and values of new positions into the cache: row b's into block `places[b]`, after the live past.
//! What would lie beyond the capacity is left out; the caller counts positions.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Live, Scalar, fold, place, read, write};

/// Sizes in words.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub batch: u32,
    /// T, new positions a row.
    pub time: u32,
    /// From one packed position to the next.
    pub stride: u32,
    /// Where keys start within a packed position; values follow.
    pub offset: u32,
    /// Keys and values of one position together.
    pub width: u32,
    /// Positions in a block.
    pub capacity: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = (self.batch * self.time) as usize;
        let words = rows * self.width as usize;
        Extent { grid: fold(words.div_ceil(256)), units: rows, work: words as u64 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (packed, cache, width) = (call.input(0), call.output(2), p.width as usize);
    for row in units {
        let (b, t) = (row / p.time as usize, row % p.time as usize);
        let at = call.live.word(place::PAST) as usize + t;
        if at < p.capacity as usize {
            let from = row * p.stride as usize + p.offset as usize;
            let to = (call.id(1, b) * p.capacity as usize + at) * width;
            cache[to..to + width].copy_from_slice(&packed[from..from + width]);
        }
    }
}

fn check() -> Case {
    let p = Params { batch: 2, time: 3, stride: 12, offset: 4, width: 8, capacity: 6 };
    let case = Case::new(&CACHE, &p, &[]).uniform(72, 1.0).u32(vec![2, 0]).output(3 * 6 * 8);
    case.live(Live::default().with(place::PAST, 4))
}

/// The kernel.
pub static CACHE: Kernel = Kernel {
    name: "cache",
    wgsl: shader!("cache"),
    bindings: &[read("packed"), read("places"), write("cache_words")],
    params_words: 6,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
