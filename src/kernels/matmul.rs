//! C = act(A·B + bias) + residual, or added to C: matrices of any size, strides and offsets, in batches.
//!
//! Three layouts of rows in memory: NN has A as (M, K) and B as (K, N); NT has B as (N, K); TN has A as (K, M). TN is the gradient
//! of a weight: dW = Xᵀ·dY, K runs over rows, and `matmul_tn_sums` adds up the columns of dY (the gradient of a bias) on the way.
//! `matmul_nn_pre` and `matmul_nt_pre` also write A·B + bias, which the backward pass of the activation needs.
//! Sums are f32, in an order that depends on K alone. The kernels themselves, by layout and tiling, stand in `matmul_tiling.rs`.

use std::ops::Range;

use super::activation::Activation;
use super::gemm::{self, Matrix};
use super::{Call, Extent, Format, Scalar, fold};

pub use super::matmul_tiling::{
    MATMUL_NN, MATMUL_NN_PRE, MATMUL_NT, MATMUL_NT_PRE, MATMUL_TN, MATMUL_TN_SUMS, Tiling, kernel,
};

/// How the two factors lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A is (M, K), B is (K, N).
    NN,
    /// A is (M, K), B is (N, K).
    NT,
    /// A is (K, M), B is (K, N).
    TN,
}

/// Sizes, strides in numbers, and what happens to the sums.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// Rows of C.
    pub m: u32,
    /// Columns of C.
    pub n: u32,
    /// Steps of the sums.
    pub k: u32,
    /// Steps of the last batch's sums: a long sum may be cut into batches.
    pub k_last: u32,
    /// Numbers between two lines of A.
    pub a_step: u32,
    /// Numbers between two lines of B.
    pub b_step: u32,
    /// Numbers between two lines of C, of the residual and of what comes before the activation.
    pub c_step: u32,
    /// A's first number.
    pub a_start: u32,
    /// B's first number.
    pub b_start: u32,
    /// C's first number.
    pub c_start: u32,
    /// How many products.
    pub batch: u32,
    /// Numbers between two batches of A.
    pub a_batch: u32,
    /// Numbers between two batches of B.
    pub b_batch: u32,
    /// Numbers between two batches of C.
    pub c_batch: u32,
    /// 1: add `bias` (N) to every row.
    pub bias: u32,
    /// The activation's code, or 0.
    pub activation: u32,
    /// 1: add `residual`, which lies as C does.
    pub residual: u32,
    /// 1: add to what C holds.
    pub accumulate: u32,
    /// 1: `sums` are those of A's columns (M), 0: those of B's (N).
    pub sums_of_a: u32,
    /// 1: add to what `sums` holds.
    pub sums_accumulate: u32,
}

impl Params {
    /// A dense product without epilogue.
    pub fn dense(layout: Layout, m: usize, n: usize, k: usize) -> Params {
        let (a_step, b_step) = match layout {
            Layout::NN => (k, n),
            Layout::NT => (k, k),
            Layout::TN => (m, n),
        };
        Params {
            m: m as u32,
            n: n as u32,
            k: k as u32,
            k_last: k as u32,
            a_step: a_step as u32,
            b_step: b_step as u32,
            c_step: n as u32,
            a_start: 0,
            b_start: 0,
            c_start: 0,
            batch: 1,
            a_batch: 0,
            b_batch: 0,
            c_batch: 0,
            bias: 0,
            activation: 0,
            residual: 0,
            accumulate: 0,
            sums_of_a: 0,
            sums_accumulate: 0,
        }
    }

    /// All widths, strides and offsets are multiples of four, so that memory can be read four numbers at a time.
    pub fn in_fours(&self, layout: Layout) -> bool {
        let across = match layout {
            Layout::NN | Layout::NT => self.k | self.k_last | self.n,
            Layout::TN => self.m | self.n,
        };
        let strides = self.a_step | self.b_step | self.c_step | self.a_batch | self.b_batch | self.c_batch;
        (across | strides | self.a_start | self.b_start | self.c_start).is_multiple_of(4)
    }

    /// Rows and columns of one unit on the CPU: small enough to pause between two, large enough to pack B for. One or two rows
    /// are not packed and like long lines.
    fn block(&self) -> (usize, usize) {
        match self.k {
            0..16384 if self.m <= 2 => (64, 4096),
            0..4096 => (64, 256),
            4096..16384 => (64, 128),
            _ => (16, 128),
        }
    }

    fn steps(&self, batch: usize) -> usize {
        (if batch + 1 == self.batch as usize { self.k_last } else { self.k }) as usize
    }

    /// Which columns of which factor a block of C adds up, if any: the factor, its step, the columns, and where the batch's sums start.
    fn summed<'a, S>(
        &self,
        batch: usize,
        a: &'a [S],
        b: &'a [S],
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> (&'a [S], usize, Range<usize>, usize) {
        if self.sums_of_a == 1 {
            let lines = if columns.start == 0 { rows.clone() } else { 0..0 };
            return (a, self.a_step as usize, lines, batch * self.m as usize);
        }
        let lines = if rows.start == 0 { columns.clone() } else { 0..0 };
        (b, self.b_step as usize, lines, batch * self.n as usize)
    }

    /// The blocks of C that belong to units: batch, rows, columns. Row blocks come fastest, so that units in a row share B.
    fn blocks(&self, units: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>, Range<usize>)> + use<> {
        let (m, n) = (self.m as usize, self.n as usize);
        let (tall, wide) = self.block();
        let (down, along) = (m.div_ceil(tall), n.div_ceil(wide));
        let mut unit = units.start;
        std::iter::from_fn(move || {
            if unit >= units.end {
                return None;
            }
            let (first, column) = (unit % down, unit / down % along);
            let count = (down - first).min(units.end - unit);
            let batch = unit / (down * along);
            unit += count;
            let (rows, columns) =
                (first * tall..m.min((first + count) * tall), column * wide..n.min((column + 1) * wide));
            Some((batch, rows, columns))
        })
    }
}

impl super::Params for Params {
    fn extent(&self, constants: &[(&'static str, u32)]) -> Extent {
        let (m, n, batch) = (self.m as usize, self.n as usize, self.batch as usize);
        let size = |name| constants.iter().find(|(n, _)| *n == name).map_or(64, |(_, size)| *size as usize);
        let (tall, wide) = self.block();
        Extent {
            grid: fold(m.div_ceil(size("TALL")) * n.div_ceil(size("WIDE")) * batch),
            units: m.div_ceil(tall) * n.div_ceil(wide) * batch,
            work: 2 * (m * n * batch) as u64 * u64::from(self.k),
        }
    }
}

/// Bindings of all six, in order.
const BIAS: usize = 2;
const RESIDUAL: usize = 3;
const C: usize = 4;
const SECOND: usize = 5;

/// What the sixth binding is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    None,
    Pre,
    Sums,
}

pub(super) fn reference<S: Scalar>(layout: Layout, second: Second, call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (a, bias, residual, c) = (call.input(0), call.input(BIAS), call.input(RESIDUAL), call.output(C));
    let more = if second == Second::None { &mut [] } else { call.output(SECOND) };
    let (activation, format) = (Activation::of(p.activation), call.format());
    for (batch, rows, columns) in p.blocks(units) {
        let a = &a[p.a_start as usize + batch * p.a_batch as usize..];
        let b_start = p.b_start as usize + batch * p.b_batch as usize;
        let start = p.c_start as usize + batch * p.c_batch as usize;
        let (a_step, b_step, steps) = (p.a_step as usize, p.b_step as usize, p.steps(batch));
        for row in rows.clone() {
            for column in columns.clone() {
                let mut sum = 0.0;
                for k in 0..steps {
                    let x = if layout == Layout::TN { a[k * a_step + row] } else { a[row * a_step + k] };
                    let y = if layout == Layout::NT { column * b_step + k } else { k * b_step + column };
                    sum += x.wide() * call.weight(format, 1, b_start + y);
                }
                if p.bias == 1 {
                    sum += bias[column].wide();
                }
                let at = start + row * p.c_step as usize + column;
                if second == Second::Pre {
                    more[at] = S::narrow(sum);
                }
                let mut value = activation.map_or(sum, |f| f.value(sum));
                if p.residual == 1 {
                    value += residual[at].wide();
                }
                if p.accumulate == 1 {
                    value += c[at].wide();
                }
                c[at] = S::narrow(value);
            }
        }
        if second == Second::Sums {
            let (x, step, lines, start) = p.summed(batch, a, &call.input(1)[b_start..], &rows, &columns);
            for line in lines {
                let sum = &mut more[start + line];
                let held = if p.sums_accumulate == 1 { sum.wide() } else { 0.0 };
                *sum = S::narrow((0..steps).fold(held, |sum, k| sum + x[k * step + line].wide()));
            }
        }
    }
}

/// Columns that the epilogue takes at a time.
const PIECE: usize = 256;

pub(super) fn cpu(layout: Layout, second: Second, call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let (a, bias, residual, c) = (call.input(0), call.input(BIAS), call.input(RESIDUAL), call.output(C));
    let more = if second == Second::None { &mut [] } else { call.output(SECOND) };
    let activation = Activation::of(p.activation);
    let mut bent = [0.0; PIECE];
    for (batch, rows, columns) in p.blocks(units) {
        let a = Matrix {
            data: &a[p.a_start as usize + batch * p.a_batch as usize..],
            step: p.a_step as usize,
            along: layout != Layout::TN,
        };
        let b_start = p.b_start as usize + batch * p.b_batch as usize;
        let (b_step, b_along) = (p.b_step as usize, layout == Layout::NT);
        let start = p.c_start as usize + batch * p.c_batch as usize;
        let mut finish = |row: usize, sums: &mut [f32]| {
            for (piece, sums) in sums.chunks_mut(PIECE).enumerate() {
                let column = columns.start + piece * PIECE;
                let at = start + row * p.c_step as usize + column;
                let place = at..at + sums.len();
                if p.bias == 1 {
                    add(sums, &bias[column..column + sums.len()]);
                }
                if second == Second::Pre {
                    more[place.clone()].copy_from_slice(sums);
                }
                let value = match activation {
                    Some(f) => {
                        let bent = &mut bent[..sums.len()];
                        f.values(sums, bent);
                        bent
                    }
                    None => sums,
                };
                if p.residual == 1 {
                    add(value, &residual[place.clone()]);
                }
                if p.accumulate == 1 {
                    add(&mut c[place], value);
                } else {
                    c[place].copy_from_slice(value);
                }
            }
        };
        let (block, steps) = ((rows.clone(), columns.clone()), p.steps(batch));
        match call.format() {
            Format::F32 => {
                let data = &call.input(1)[b_start..];
                gemm::product(a, Matrix { data, step: b_step, along: b_along }, block, steps, &mut finish);
            }
            Format::F16 => {
                let data = &bytemuck::cast_slice::<u32, u16>(call.ids(1))[b_start..];
                gemm::product(a, Matrix { data, step: b_step, along: b_along }, block, steps, &mut finish);
            }
        }
        if second == Second::Sums {
            let (data, step, lines, start) = p.summed(batch, a.data, &call.input(1)[b_start..], &rows, &columns);
            gemm::line_sums(Matrix { data, step, along: false }, lines.clone(), steps, |sums| {
                let to = &mut more[start + lines.start..start + lines.end];
                if p.sums_accumulate == 1 {
                    add(to, sums);
                } else {
                    to.copy_from_slice(sums);
                }
            });
        }
    }
}

fn add(to: &mut [f32], what: &[f32]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += what;
    }
}
