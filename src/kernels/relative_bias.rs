//! T5's relative positions (Raffel et al., 2020): a table (buckets, H) spread over distances, `bias[h][d] = table[bucket(d)][h]`
//! with `d = key - query`, and the gradient, which gathers distances back into their buckets.
//!
//! Distances near 0 have a bucket each, farther ones share, wider and wider up to `farthest`; one half of the buckets is
//! for keys after the query unless attention is causal. The edges are computed on the host as the model's files mean them,
//! with f32 logarithms, and baked: no device rounds them its own way.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// The most edges that `Params` can hold.
pub const EDGES: usize = 31;

/// Sizes, and where buckets begin.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// H.
    pub heads: u32,
    /// R: distances go from -(R - 1) to R - 1.
    pub reach: u32,
    /// All buckets.
    pub buckets: u32,
    /// The first this many distances have a bucket each.
    pub exact: u32,
    /// Buckets of one direction; all of them if keys after the query share the bucket of distance 0.
    pub side: u32,
    /// 1: add to what is there.
    pub accumulate: u32,
    /// First distance of each further bucket; past the last one, a number that no distance reaches.
    pub edges: [u32; EDGES],
}

impl Params {
    /// The buckets of a table with `buckets` rows; `None` if they cannot be made: odd or too many.
    pub fn new(heads: usize, reach: usize, buckets: usize, bidirectional: bool, farthest: usize) -> Option<Params> {
        let side = if bidirectional { buckets / 2 } else { buckets };
        let exact = side / 2;
        let further = side.checked_sub(exact + 1)?;
        if exact == 0 || (bidirectional && buckets % 2 == 1) || further > EDGES || farthest <= exact {
            return None;
        }
        // As the model was trained: logarithms in f32, truncated.
        let range = (farthest as f64 / exact as f64).ln() as f32;
        let bucket = |distance: usize| {
            let log = f64::from(distance as f32 / exact as f32).ln() as f32;
            ((log / range * (side - exact) as f32) as usize).min(further)
        };
        let mut edges = [u32::MAX; EDGES];
        for distance in exact..=farthest {
            for edge in edges.iter_mut().take(bucket(distance)) {
                *edge = (*edge).min(distance as u32);
            }
        }
        Some(Params {
            heads: heads as u32,
            reach: reach as u32,
            buckets: buckets as u32,
            exact: exact as u32,
            side: side as u32,
            accumulate: 0,
            edges,
        })
    }

    /// The bucket of column `at` of (H, 2R - 1).
    pub fn bucket(&self, at: usize) -> usize {
        let distance = at as i64 - (i64::from(self.reach) - 1);
        let two = self.side < self.buckets;
        let near = if two { distance.unsigned_abs() } else { (-distance).max(0) as u64 };
        let base = if two && distance > 0 { self.side } else { 0 };
        let further = self.edges.iter().filter(|&&edge| near >= u64::from(edge)).count();
        base as usize + if near < u64::from(self.exact) { near as usize } else { self.exact as usize + further }
    }
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let words = self.heads as usize * (2 * self.reach as usize - 1);
        Extent { grid: fold(words.div_ceil(64)), units: words, work: words as u64 * 40 }
    }
}

/// The parameters of the gradient: one unit, and one workgroup, for each number of the table.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct GradientParams(pub Params);

impl super::Params for GradientParams {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let units = (self.0.heads * self.0.buckets) as usize;
        Extent { grid: fold(units), units, work: units as u64 * u64::from(self.0.reach) * 80 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (table, bias, width) = (call.input(0), call.output(1), 2 * p.reach as usize - 1);
    for unit in units {
        bias[unit] = table[p.bucket(unit % width) * p.heads as usize + unit / width];
    }
}

fn reference_gradient<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p = &call.params::<GradientParams>().0;
    let (dbias, dtable, width) = (call.input(0), call.output(1), 2 * p.reach as usize - 1);
    for unit in units {
        let (bucket, h) = (unit / p.heads as usize, unit % p.heads as usize);
        let mine = (0..width).filter(|&at| p.bucket(at) == bucket);
        let sum: f64 = mine.map(|at| dbias[h * width + at].wide()).sum();
        dtable[unit] = S::narrow(if p.accumulate == 1 { dtable[unit].wide() + sum } else { sum });
    }
}

/// Eight buckets both ways up to 20, three heads, distances to 29.
const CHECK: Params = Params {
    heads: 3,
    reach: 30,
    buckets: 8,
    exact: 2,
    side: 4,
    accumulate: 0,
    edges: {
        let mut edges = [u32::MAX; EDGES];
        edges[0] = 7;
        edges
    },
};

fn check() -> Case {
    Case::new(&RELATIVE_BIAS, &CHECK, &[]).uniform(24, 1.0).output(3 * 59)
}

fn check_gradient() -> Case {
    Case::new(&RELATIVE_BIAS_GRADIENT, &GradientParams(CHECK), &[]).uniform(3 * 59, 1.0).output(24)
}

/// The table over distances.
pub static RELATIVE_BIAS: Kernel = Kernel {
    name: "relative_bias",
    wgsl: shader!("relative_bias"),
    bindings: &[read("table"), write("bias")],
    params_words: 6 + EDGES,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};

/// Distances back into the table.
pub static RELATIVE_BIAS_GRADIENT: Kernel = Kernel {
    name: "relative_bias_gradient",
    wgsl: shader!("relative_bias_gradient"),
    bindings: &[read("dbias"), write("dtable")],
    params_words: 6 + EDGES,
    cpu: reference_gradient::<f32>,
    reference: reference_gradient::<f64>,
    check: check_gradient,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn of(p: &Params, distances: &[i64]) -> Vec<usize> {
        distances.iter().map(|d| p.bucket((d + i64::from(p.reach) - 1) as usize)).collect()
    }

    /// Computed apart, from the formula of the Hugging Face library with its f32 logarithms.
    #[test]
    fn buckets_are_those_of_t5() {
        let both = Params::new(4, 300, 32, true, 128).unwrap();
        let distances =
            [0, -1, -7, -8, -11, -12, -15, -16, -22, -23, -31, -32, -45, -46, -63, -64, -90, -91, -127, -299];
        assert_eq!(of(&both, &distances), [0, 1, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 15]);
        assert_eq!(of(&both, &[1, 8, 299]), [17, 24, 31]);
        let causal = Params::new(4, 300, 32, false, 128).unwrap();
        assert_eq!(
            of(&causal, &[5, 0, -15, -16, -18, -19, -64, -112, -113, -200]),
            [0, 0, 15, 16, 16, 17, 26, 30, 31, 31]
        );
        assert!(Params::new(1, 5, 31, true, 128).is_none() && Params::new(1, 5, 1, false, 128).is_none());
    }
}
