//! One vector for a row: the mean of its valid places, or the first or the last of them; zero where there is none. Units are rows.
//!
//! The gradient gives each place that was taken its share of dy.

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
    /// 0: mean, 1: first, 2: last.
    pub kind: u32,
    /// 1: add to what dx holds; 0 forward.
    pub accumulate: u32,
    /// How many numbers are written: C a row forward, T·C a row backward.
    pub written: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = self.rows as usize;
        let work = u64::from(self.rows) * u64::from(self.time) * u64::from(self.width);
        Extent { grid: fold((self.written as usize).div_ceil(64)), units: rows, work }
    }
}

/// The places of a row that are taken.
fn taken<S: Scalar>(call: &Call<'_, S>, p: &Params, row: usize) -> Range<usize> {
    let end = call.id(1, 2 * row + 1).min(p.time as usize);
    let first = call.id(1, 2 * row).min(end);
    match p.kind {
        1 => first..(first + 1).min(end),
        2 => end.max(first + 1) - 1..end,
        _ => first..end,
    }
}

fn forward<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (time, width) = (p.time as usize, p.width as usize);
    let (x, y) = (call.input(0), call.output(2));
    for row in units {
        let places = taken(call, p, row);
        let mut sums = vec![0.0f64; width];
        for t in places.clone() {
            let place = (row * time + t) * width;
            sums.iter_mut().zip(&x[place..place + width]).for_each(|(sum, x)| *sum += x.wide());
        }
        for (y, sum) in y[row * width..(row + 1) * width].iter_mut().zip(sums) {
            *y = S::narrow(sum / places.len().max(1) as f64);
        }
    }
}

fn backward<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (time, width) = (p.time as usize, p.width as usize);
    let (dy, dx) = (call.input(0), call.output(2));
    for row in units {
        let places = taken(call, p, row);
        for t in 0..time {
            let share = if places.contains(&t) { 1.0 / places.len() as f64 } else { 0.0 };
            let place = (row * time + t) * width;
            for (dx, dy) in dx[place..place + width].iter_mut().zip(&dy[row * width..]) {
                let held = if p.accumulate == 1 { dx.wide() } else { 0.0 };
                *dx = S::narrow(held + if share == 0.0 { 0.0 } else { dy.wide() * share });
            }
        }
    }
}

const SIZES: Params = Params { rows: 3, time: 7, width: 70, kind: 0, accumulate: 0, written: 0 };

/// Forward.
pub static POOL: Kernel = Kernel {
    name: "pool",
    wgsl: include_str!("../../shaders/pool.wgsl"),
    bindings: &[read("x"), read("spans"), write("y")],
    params_words: 6,
    cpu: forward::<f32>,
    reference: forward::<f64>,
    check: || {
        let params = Params { written: 210, ..SIZES };
        Case::new(&POOL, &params, &[]).uniform(1470, 1.0).u32(vec![0, 7, 2, 5, 6, 7]).output(210)
    },
};

/// Backward.
pub static POOL_GRADIENT: Kernel = Kernel {
    name: "pool_gradient",
    wgsl: include_str!("../../shaders/pool.wgsl"),
    bindings: &[read("x"), read("spans"), write("y")],
    params_words: 6,
    cpu: backward::<f32>,
    reference: backward::<f64>,
    check: || {
        let params = Params { accumulate: 1, written: 1470, ..SIZES };
        Case::new(&POOL_GRADIENT, &params, &[]).uniform(210, 1.0).u32(vec![0, 7, 2, 5, 6, 7]).accumulate(1470, 1.0)
    },
};
