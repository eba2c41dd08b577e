//! The matmul kernels: each layout, with and without a second output, in each way of cutting C among threads.
//!
//! Tilings differ in speed alone. `Square`, `Vector`, `Direct` and `Large` add up in one order and give the same bits on one device;
//! `Rows` cuts K among threads. Which one is taken is decided where launches are written, by a table; the CPU is the same for all.

use super::matmul::{Layout, Params, Second, cpu, reference};
use super::shader::shader;
use super::{Activation, Case, Constant, Format, Kernel, read, write};
use crate::ensure;
use crate::error::Result;

/// A way of cutting C among workgroups and threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiling {
    /// Any sizes; tiles of 64 x 64 in workgroup memory.
    Square,
    /// As `Square`, for multiples of four.
    Vector,
    /// As `Vector`, tiles of 128 x 128: for large products on large devices.
    Large,
    /// No workgroup memory: for adapters in software.
    Direct,
    /// A few rows; not for TN.
    Rows,
    /// As `Rows`, for multiples of four.
    RowsVector,
}

impl Tiling {
    /// All of them.
    pub const ALL: [Tiling; 6] =
        [Tiling::Square, Tiling::Vector, Tiling::Large, Tiling::Direct, Tiling::Rows, Tiling::RowsVector];

    /// The constants of a launch: rows and columns of a tile, and whether B is f16.
    pub fn constants(self, b: Format) -> Vec<Constant> {
        let (tall, wide) = match self {
            Tiling::Square | Tiling::Vector => (64, 64),
            Tiling::Large => (128, 128),
            Tiling::Direct => (32, 32),
            Tiling::Rows | Tiling::RowsVector => (4, 32),
        };
        let mut constants = vec![("TALL", tall), ("WIDE", wide)];
        constants.extend(b.constant());
        constants
    }

    /// Whether it computes a product of this layout and these sizes.
    pub fn takes(self, layout: Layout, params: &Params) -> bool {
        match self {
            Tiling::Square | Tiling::Direct => true,
            Tiling::Vector | Tiling::Large => params.in_fours(layout),
            Tiling::Rows => layout != Layout::TN,
            Tiling::RowsVector => layout != Layout::TN && params.in_fours(layout),
        }
    }
}

/// The kernel of a layout; with `second`, the one that also writes `pre` (NN, NT) or `sums` (TN).
pub fn kernel(tiling: Tiling, layout: Layout, second: bool) -> &'static Kernel {
    let [nn, nn_pre, nt, nt_pre, tn, tn_sums] = match tiling {
        Tiling::Square => SQUARE,
        Tiling::Vector => VECTOR,
        Tiling::Large => LARGE,
        Tiling::Direct => DIRECT,
        Tiling::Rows => ROWS,
        Tiling::RowsVector => ROWS_VECTOR,
    };
    match (layout, second) {
        (Layout::NN, false) => nn,
        (Layout::NN, true) => nn_pre,
        (Layout::NT, false) => nt,
        (Layout::NT, true) => nt_pre,
        (Layout::TN, false) => tn,
        (Layout::TN, true) => tn_sums,
    }
}

/// The sizes that a check may have.
const SIZES: [(&str, u32); 3] = [("rows", 72), ("columns", 68), ("inner", 36)];

fn check(kernel: &'static Kernel, tiling: Tiling, layout: Layout, second: Second) -> Case {
    check_at(kernel, tiling, layout, second, &tiling.constants(Format::F32))
}

fn check_at(kernel: &'static Kernel, tiling: Tiling, layout: Layout, second: Second, constants: &[Constant]) -> Case {
    let awkward = tiling.takes(layout, &Params::dense(layout, 70, 67, 37));
    case(kernel, layout, second, if awkward { [70, 67, 37] } else { [72, 68, 36] }, constants)
}

/// The check with chosen sizes: rows and columns of C, and the inner one.
fn resized(kernel: &'static Kernel, tiling: Tiling, layout: Layout, second: Second, sizes: &[u32]) -> Result<Case> {
    let [m, n, k] = [0, 1, 2].map(|at| sizes[at] as usize);
    let taken = tiling.takes(layout, &Params::dense(layout, m, n, k));
    ensure!(taken, BadOption, "{}: the sizes {sizes:?} must be multiples of four", kernel.name);
    Ok(case(kernel, layout, second, [m, n, k], &tiling.constants(Format::F32)))
}

fn case(
    kernel: &'static Kernel,
    layout: Layout,
    second: Second,
    [m, n, k]: [usize; 3],
    constants: &[Constant],
) -> Case {
    let mut params = Params::dense(layout, m, n, k);
    (params.bias, params.residual, params.activation) = match second {
        Second::Sums => (0, 0, 0),
        _ => (1, 1, Activation::GeluTanh.code()),
    };
    let case = Case::new(kernel, &params, constants);
    let case = case.uniform(m * k, 1.0).weight(n * k, 1.0).uniform(n, 1.0).uniform(m * n, 1.0).output(m * n);
    match second {
        Second::None => case,
        Second::Pre => case.output(m * n),
        Second::Sums => case.output(n),
    }
}

/// The kernels of one tiling. The layouts' names stand in the text of the shader.
macro_rules! kernels {
    ($tiling:expr, $file:literal: $($kernel:ident = $end:literal, $layout:expr, $second:expr $(, $more:literal)?;)+) => {
        $(
            #[doc = concat!("The kernel `", $file, $end, "`.")]
            pub static $kernel: Kernel = Kernel {
                name: concat!($file, $end),
                wgsl: shader!($file),
                bindings: &[read("a"), read("b"), read("bias"), read("residual"), write("c") $(, write($more))?],
                params_words: 20,
                cpu: |call, units| cpu($layout, $second, call, units),
                reference: |call, units| reference($layout, $second, call, units),
                check: || {
                    check(&$kernel, $tiling, $layout, $second)
                        .varied(|constants| check_at(&$kernel, $tiling, $layout, $second, constants))
                        .sized(&SIZES, |sizes| resized(&$kernel, $tiling, $layout, $second, sizes))
                },
            };
        )+
    };
}

/// The six kernels of one tiling, NN and NT alone where there is no TN.
macro_rules! tiling {
    ($all:ident, $tiling:expr, $file:literal, $nn:ident, $nn_pre:ident, $nt:ident, $nt_pre:ident) => {
        kernels! { $tiling, $file:
            $nn = "_nn", Layout::NN, Second::None;
            $nn_pre = "_nn_pre", Layout::NN, Second::Pre, "pre";
            $nt = "_nt", Layout::NT, Second::None;
            $nt_pre = "_nt_pre", Layout::NT, Second::Pre, "pre";
        }
        const $all: [&Kernel; 6] = [&$nn, &$nn_pre, &$nt, &$nt_pre, &MATMUL_TN, &MATMUL_TN_SUMS];
    };
    ($all:ident, $tiling:expr, $file:literal, $nn:ident, $nn_pre:ident, $nt:ident, $nt_pre:ident, $tn:ident, $tn_sums:ident) => {
        kernels! { $tiling, $file:
            $nn = "_nn", Layout::NN, Second::None;
            $nn_pre = "_nn_pre", Layout::NN, Second::Pre, "pre";
            $nt = "_nt", Layout::NT, Second::None;
            $nt_pre = "_nt_pre", Layout::NT, Second::Pre, "pre";
            $tn = "_tn", Layout::TN, Second::None;
            $tn_sums = "_tn_sums", Layout::TN, Second::Sums, "sums";
        }
        const $all: [&Kernel; 6] = [&$nn, &$nn_pre, &$nt, &$nt_pre, &$tn, &$tn_sums];
    };
}

tiling!(
    SQUARE,
    Tiling::Square,
    "matmul",
    MATMUL_NN,
    MATMUL_NN_PRE,
    MATMUL_NT,
    MATMUL_NT_PRE,
    MATMUL_TN,
    MATMUL_TN_SUMS
);
tiling!(
    VECTOR,
    Tiling::Vector,
    "matmul_vector",
    VECTOR_NN,
    VECTOR_NN_PRE,
    VECTOR_NT,
    VECTOR_NT_PRE,
    VECTOR_TN,
    VECTOR_TN_SUMS
);
tiling!(LARGE, Tiling::Large, "matmul_large", LARGE_NN, LARGE_NN_PRE, LARGE_NT, LARGE_NT_PRE, LARGE_TN, LARGE_TN_SUMS);
tiling!(
    DIRECT,
    Tiling::Direct,
    "matmul_direct",
    DIRECT_NN,
    DIRECT_NN_PRE,
    DIRECT_NT,
    DIRECT_NT_PRE,
    DIRECT_TN,
    DIRECT_TN_SUMS
);
tiling!(ROWS, Tiling::Rows, "matmul_rows", ROWS_NN, ROWS_NN_PRE, ROWS_NT, ROWS_NT_PRE);
tiling!(
    ROWS_VECTOR,
    Tiling::RowsVector,
    "matmul_rows_vector",
    ROWS_VECTOR_NN,
    ROWS_VECTOR_NN_PRE,
    ROWS_VECTOR_NT,
    ROWS_VECTOR_NT_PRE
);
