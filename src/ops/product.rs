//! Writes the launch of a product: which of the kernels that compute the same, by the device's class, the layout and the sizes.
//!
//! On a GPU a few rows go to kernels that cut K among threads, large products to large tiles, and long sums with few tiles
//! (gradients of small weights over many rows) are cut into batches and folded in a fixed order.
//! A matrix over the limit of a binding is taken in stretches of its rows: as outputs side by side, as sums one after the other.
//! A table, not a measurement: the same plan on the same device, always.

use super::rows::parts;
use crate::device::Class;
use crate::graph::Lowering;
use crate::kernels::matmul::{Layout, Params, Tiling, kernel};
use crate::kernels::matmul_fold::{self, MATMUL_FOLD};
use crate::plan::Operand;

/// Up to this many rows a product is bound by reading B.
const FEW: u32 = 4;
/// Workgroups that keep a large GPU busy.
const BUSY: u32 = 64;
/// The shortest part of a sum that is worth a batch of its own.
const PART: u32 = 256;

/// Launches C = A·B with its epilogue; `second` is `pre` or `sums`. Unused `bias` and `residual` may be any operand that is read.
pub(super) fn product(
    l: &mut Lowering<'_>,
    layout: Layout,
    params: &Params,
    operands: [Operand; 5],
    second: Option<Operand>,
) {
    let limits = l.limits();
    let [a, b, bias, residual, c] = operands;
    // The matrix that may be too large is the weight, or its gradient: B, or C of a TN product.
    let (large, width) = if layout == Layout::TN { (c, params.c_step) } else { (b, params.b_step) };
    let rows = if layout == Layout::NN { params.k } else { [params.m, params.n][usize::from(layout == Layout::NT)] };
    let plain = params.bias + params.residual + params.activation == 0 && second.is_none();
    let dense = params.batch == 1 && large.numbers() == (rows * width) as usize;
    if large.words <= limits.binding_words || !dense || (layout == Layout::NN && !plain) {
        return launches(l, layout, params, operands, second);
    }
    for (first, part) in parts(large, rows as usize, width as usize, limits) {
        let (first, count) = (first as u32, part.numbers() as u32 / width);
        let lines = |of: Operand| of.part(first as usize, count as usize);
        match layout {
            Layout::NN => {
                let accumulate = if first > 0 { 1 } else { params.accumulate };
                let start = params.a_start + first;
                let params = Params { k: count, k_last: count, a_start: start, accumulate, ..*params };
                launches(l, layout, &params, [a, part, bias, residual, c], None);
            }
            Layout::NT => {
                let cut = Params { n: count, c_start: params.c_start + first, ..*params };
                let bias = if params.bias == 1 { lines(bias) } else { bias };
                launches(l, layout, &cut, [a, part, bias, residual, c], second);
            }
            Layout::TN => {
                let cut = Params { m: count, a_start: params.a_start + first, ..*params };
                // Sums of B's columns are the same for every stretch.
                let sums = match params.sums_of_a {
                    1 => second.map(lines),
                    _ => second.filter(|_| first == 0),
                };
                launches(l, layout, &cut, [a, b, bias, residual, part], sums);
            }
        }
    }
}

/// The same for matrices that can be bound.
fn launches(
    l: &mut Lowering<'_>,
    layout: Layout,
    params: &Params,
    [a, b, bias, residual, c]: [Operand; 5],
    second: Option<Operand>,
) {
    let class = l.limits().class;
    let tiling = tiling(class, layout, params);
    let launch = |l: &mut Lowering<'_>, params: &Params, c: Operand, second: Option<Operand>| {
        let mut bindings = vec![a, b, bias, residual, c];
        bindings.extend(second);
        l.launch(kernel(tiling, layout, second.is_some()), params, &tiling.constants(b.format), &bindings);
    };
    let parts = batches(class, layout, params);
    let lines = if params.sums_of_a == 1 { params.m } else { params.n };
    let count = (params.m * params.n) as usize;
    if parts < 2 || count * parts as usize > l.limits().binding_words {
        launch(l, params, c, second);
        return;
    }
    let cut = cut(params, layout, parts);
    let c_parts = l.scratch(count * cut.batch as usize);
    let second_parts = second.map(|_| l.scratch((lines * cut.batch) as usize));
    launch(l, &cut, c_parts, second_parts);
    let fold = |l: &mut Lowering<'_>, parts: Operand, to: Operand, count: u32, accumulate: u32| {
        let params = matmul_fold::Params { count, parts: cut.batch, accumulate };
        l.launch(&MATMUL_FOLD, &params, &[], &[parts, to]);
    };
    fold(l, c_parts, c, params.m * params.n, params.accumulate);
    if let (Some(parts), Some(sums)) = (second_parts, second) {
        fold(l, parts, sums, lines, params.sums_accumulate);
    }
}

fn tiling(class: Class, layout: Layout, params: &Params) -> Tiling {
    let fours = params.in_fours(layout);
    match class {
        Class::Cpu => Tiling::Square,
        Class::Software => Tiling::Direct,
        Class::Gpu if params.m <= FEW && layout != Layout::TN => {
            if fours {
                Tiling::RowsVector
            } else {
                Tiling::Rows
            }
        }
        Class::Gpu if !fours => Tiling::Square,
        Class::Gpu if params.m.div_ceil(128) * params.n.div_ceil(128) * params.batch >= BUSY => Tiling::Large,
        Class::Gpu => Tiling::Vector,
    }
}

/// Into how many batches the sums of a dense TN product are cut: enough to keep the device busy, none too short.
fn batches(class: Class, layout: Layout, params: &Params) -> u32 {
    let dense = params.batch == 1 && params.c_start == 0 && params.c_step == params.n;
    let tiles = params.m.div_ceil(64) * params.n.div_ceil(64);
    if class != Class::Gpu || layout != Layout::TN || !dense || tiles >= BUSY {
        return 1;
    }
    (2 * BUSY / tiles).min(params.k / PART).max(1)
}

/// The same product, its sums in `parts` batches or fewer of whole slabs, without an epilogue.
fn cut(params: &Params, layout: Layout, parts: u32) -> Params {
    debug_assert_eq!(layout, Layout::TN);
    let part = params.k.div_ceil(parts).next_multiple_of(32);
    let batch = params.k.div_ceil(part);
    Params {
        k: part,
        k_last: params.k - (batch - 1) * part,
        batch,
        a_batch: part * params.a_step,
        b_batch: part * params.b_step,
        c_batch: params.m * params.n,
        accumulate: 0,
        sums_accumulate: 0,
        ..*params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_takes_its_kernels() {
        let of = |class, layout, m, n, k| tiling(class, layout, &Params::dense(layout, m, n, k));
        assert_eq!(of(Class::Cpu, Layout::NN, 1, 768, 768), Tiling::Square);
        assert_eq!(of(Class::Software, Layout::NN, 512, 768, 768), Tiling::Direct);
        assert_eq!(of(Class::Gpu, Layout::NN, 1, 768, 768), Tiling::RowsVector);
        assert_eq!(of(Class::Gpu, Layout::NT, 1, 50_257, 768), Tiling::Rows);
        assert_eq!(of(Class::Gpu, Layout::TN, 4, 768, 768), Tiling::Vector);
        assert_eq!(of(Class::Gpu, Layout::NN, 2048, 3072, 768), Tiling::Large);
        assert_eq!(of(Class::Gpu, Layout::NN, 2048, 3071, 768), Tiling::Square);
    }

    #[test]
    fn long_sums_with_few_tiles_are_cut_into_batches_that_cover_them() {
        let params = Params::dense(Layout::TN, 128, 384, 2050);
        assert_eq!(batches(Class::Cpu, Layout::TN, &params), 1);
        assert_eq!(batches(Class::Gpu, Layout::TN, &Params::dense(Layout::TN, 768, 768, 2050)), 1);
        let parts = batches(Class::Gpu, Layout::TN, &params);
        let cut = cut(&params, Layout::TN, parts);
        assert!(parts == 8 && cut.k == 288 && cut.batch == 8);
        assert_eq!((cut.batch - 1) * cut.k + cut.k_last, params.k);
    }
}
