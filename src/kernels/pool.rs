//! One vector for each span of places: their mean or sum, or the first or the last of them; zero where there is none. Units are rows.
//!
//! A row has any number of spans, which may overlap. The gradient gives each place that was taken its share of every dy.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes and flags, of both directions.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// B.
    pub rows: u32,
    /// T.
    pub time: u32,
    /// C.
    pub width: u32,
    /// Of each row, S.
    pub spans: u32,
    /// 0: mean, 1: first, 2: last, 3: sum.
    pub kind: u32,
    /// 1: add to what dx holds; 0 forward.
    pub accumulate: u32,
    /// How many numbers are written: S·C a row forward, T·C a row backward.
    pub written: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = self.rows as usize;
        let work = u64::from(self.rows) * u64::from(self.spans) * u64::from(self.time) * u64::from(self.width);
        Extent { grid: fold((self.written as usize).div_ceil(64)), units: rows, work }
    }
}

/// The places of a span that are taken, and what each of them counts.
fn taken<S: Scalar>(call: &Call<'_, S>, p: &Params, span: usize) -> (Range<usize>, f64) {
    let end = call.id(1, 2 * span + 1).min(p.time as usize);
    let first = call.id(1, 2 * span).min(end);
    let places = match p.kind {
        1 => first..(first + 1).min(end),
        2 => end.max(first + 1) - 1..end,
        _ => first..end,
    };
    let share = if p.kind == 3 { 1.0 } else { 1.0 / places.len().max(1) as f64 };
    (places, share)
}

fn forward<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (time, width, spans) = (p.time as usize, p.width as usize, p.spans as usize);
    let (x, y) = (call.input(0), call.output(2));
    let mut sums = vec![0.0f64; width];
    for span in units.start * spans..units.end * spans {
        let (places, share) = taken(call, p, span);
        sums.fill(0.0);
        for t in places {
            let place = (span / spans * time + t) * width;
            sums.iter_mut().zip(&x[place..place + width]).for_each(|(sum, x)| *sum += x.wide());
        }
        for (y, sum) in y[span * width..(span + 1) * width].iter_mut().zip(&sums) {
            *y = S::narrow(sum * share);
        }
    }
}

fn backward<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (time, width, spans) = (p.time as usize, p.width as usize, p.spans as usize);
    let (dy, dx) = (call.input(0), call.output(2));
    let mut sums = vec![0.0f64; width];
    for row in units {
        for t in 0..time {
            sums.fill(0.0);
            for span in row * spans..(row + 1) * spans {
                let (places, share) = taken(call, p, span);
                if places.contains(&t) {
                    sums.iter_mut().zip(&dy[span * width..]).for_each(|(sum, dy)| *sum += dy.wide() * share);
                }
            }
            let place = (row * time + t) * width;
            for (dx, sum) in dx[place..place + width].iter_mut().zip(&sums) {
                *dx = S::narrow(sum + if p.accumulate == 1 { dx.wide() } else { 0.0 });
            }
        }
    }
}

const SIZES: Params = Params { rows: 3, time: 7, width: 70, spans: 2, kind: 0, accumulate: 0, written: 0 };

/// Two spans a row: one after the other, overlapping, the second empty.
const CHECKED: [u32; 12] = [0, 3, 3, 7, 1, 6, 2, 5, 6, 7, 7, 7];

/// Forward.
pub static POOL: Kernel = Kernel {
    name: "pool",
    wgsl: shader!("pool"),
    bindings: &[read("x"), read("spans"), write("y")],
    params_words: 7,
    cpu: forward::<f32>,
    reference: forward::<f64>,
    check: || {
        let params = Params { written: 420, ..SIZES };
        Case::new(&POOL, &params, &[]).uniform(1470, 1.0).u32(CHECKED.to_vec()).output(420)
    },
};

/// Backward.
pub static POOL_GRADIENT: Kernel = Kernel {
    name: "pool_gradient",
    wgsl: shader!("pool"),
    bindings: &[read("x"), read("spans"), write("y")],
    params_words: 7,
    cpu: backward::<f32>,
    reference: backward::<f64>,
    check: || {
        let params = Params { accumulate: 1, written: 1470, ..SIZES };
        Case::new(&POOL_GRADIENT, &params, &[]).uniform(420, 1.0).u32(CHECKED.to_vec()).accumulate(1470, 1.0)
    },
};
