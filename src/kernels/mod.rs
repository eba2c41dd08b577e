//! Kernels: one file here for each file in `shaders/`, under the same name.
//!
//! Each file reads in this order: prose and formula, `Params`, `reference` (plain loops, sums in f64: the truth),
//! `cpu` where speed matters without a GPU, grid, and the [`Kernel`] that ties them together.
//! A kernel knows slices and numbers. It refuses to know tensors, graphs, devices and who calls it.

use std::ops::Range;

pub mod activation;
pub mod adam;
pub mod attention;
pub mod attention_bias;
mod attention_cpu;
pub mod attention_decode;
pub mod attention_delta;
pub mod attention_keys;
pub mod attention_map;
pub mod attention_queries;
mod attention_tile;
pub mod cache;
pub mod case;
pub mod compose;
pub mod cross_entropy;
pub mod distill;
pub mod dropout;
pub mod embed;
pub mod embed_gradient;
pub mod fast_math;
pub mod fill;
pub mod format;
pub mod gate;
pub mod gemm;
pub mod gradient_norm;
pub mod head_norm;
pub mod label_loss;
pub mod live;
pub mod matmul;
pub mod matmul_fold;
pub mod matmul_tiling;
pub mod norm;
pub mod norm_gradient;
pub mod norm_weights;
pub mod pool;
pub mod positions;
pub mod processors;
pub mod relative_bias;
pub mod rope;
pub mod sample;
pub mod sample_count;
pub mod sample_record;
pub mod scale;
pub mod sgd;
mod shader;
pub mod simd;
pub mod span_loss;
pub mod sum;
pub mod total;
pub mod unary;

pub use activation::Activation;
pub use case::{Case, Constant};
pub use format::Format;
pub use live::{Live, place};

/// Every kernel, for the tests that visit all of them.
pub const ALL: &[&Kernel] = &[
    &adam::ADAM,
    &attention::ATTENTION,
    &attention_bias::ATTENTION_BIAS,
    &attention_decode::ATTENTION_DECODE,
    &attention_delta::ATTENTION_DELTA,
    &attention_keys::ATTENTION_KEYS,
    &attention_map::ATTENTION_MAP,
    &attention_queries::ATTENTION_QUERIES,
    &cache::CACHE,
    &cross_entropy::CROSS_ENTROPY,
    &distill::DISTILL,
    &dropout::DROPOUT,
    &embed::EMBED,
    &embed_gradient::EMBED_GRADIENT,
    &fill::FILL,
    &gate::GATE,
    &gate::GATE_GRADIENT,
    &gradient_norm::GRADIENT_NORM,
    &gradient_norm::GRADIENT_NORM_FINISH,
    &head_norm::HEAD_NORM,
    &head_norm::HEAD_NORM_GRADIENT,
    &head_norm::HEAD_NORM_WEIGHTS,
    &label_loss::LABEL_LOSS,
    &matmul::MATMUL_NN,
    &matmul::MATMUL_NN_PRE,
    &matmul::MATMUL_NT,
    &matmul::MATMUL_NT_PRE,
    &matmul::MATMUL_TN,
    &matmul::MATMUL_TN_SUMS,
    &matmul_fold::MATMUL_FOLD,
    &matmul_tiling::VECTOR_NN,
    &matmul_tiling::VECTOR_NN_PRE,
    &matmul_tiling::VECTOR_NT,
    &matmul_tiling::VECTOR_NT_PRE,
    &matmul_tiling::VECTOR_TN,
    &matmul_tiling::VECTOR_TN_SUMS,
    &matmul_tiling::LARGE_NN,
    &matmul_tiling::LARGE_NN_PRE,
    &matmul_tiling::LARGE_NT,
    &matmul_tiling::LARGE_NT_PRE,
    &matmul_tiling::LARGE_TN,
    &matmul_tiling::LARGE_TN_SUMS,
    &matmul_tiling::DIRECT_NN,
    &matmul_tiling::DIRECT_NN_PRE,
    &matmul_tiling::DIRECT_NT,
    &matmul_tiling::DIRECT_NT_PRE,
    &matmul_tiling::DIRECT_TN,
    &matmul_tiling::DIRECT_TN_SUMS,
    &matmul_tiling::ROWS_NN,
    &matmul_tiling::ROWS_NN_PRE,
    &matmul_tiling::ROWS_NT,
    &matmul_tiling::ROWS_NT_PRE,
    &matmul_tiling::ROWS_VECTOR_NN,
    &matmul_tiling::ROWS_VECTOR_NN_PRE,
    &matmul_tiling::ROWS_VECTOR_NT,
    &matmul_tiling::ROWS_VECTOR_NT_PRE,
    &norm::NORM,
    &norm_gradient::NORM_GRADIENT,
    &norm_gradient::NORM_GRADIENT_PLAIN,
    &norm_weights::NORM_WEIGHTS,
    &pool::POOL,
    &pool::POOL_GRADIENT,
    &positions::POSITIONS_FILL,
    &relative_bias::RELATIVE_BIAS,
    &relative_bias::RELATIVE_BIAS_GRADIENT,
    &rope::ROPE,
    &sample::SAMPLE,
    &sample_count::SAMPLE_COUNT,
    &sample_record::SAMPLE_RECORD,
    &scale::SCALE,
    &sgd::SGD,
    &span_loss::SPAN_LOSS,
    &sum::SUM,
    &total::TOTAL,
    &unary::UNARY,
    &unary::UNARY_GRADIENT,
];

/// How a kernel uses one of its bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    Write,
}

/// One storage binding of a kernel, in the order of the WGSL's `@binding` numbers.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The variable's name in the WGSL.
    pub name: &'static str,
    /// Whether the kernel writes it.
    pub access: Access,
}

/// A binding that is read.
pub const fn read(name: &'static str) -> Binding {
    Binding { name, access: Access::Read }
}

/// A binding that is written (and may be read: accumulation).
pub const fn write(name: &'static str) -> Binding {
    Binding { name, access: Access::Write }
}

/// The same kernel for three players: WGSL text, a Rust twin on f32, and the reference on f64.
pub struct Kernel {
    /// The entry point in the WGSL and the pipeline's label.
    pub name: &'static str,
    /// The WGSL file's text.
    pub wgsl: &'static str,
    /// Its storage bindings, at most seven.
    pub bindings: &'static [Binding],
    /// The size of its `Params` in 32-bit words.
    pub params_words: usize,
    /// The twin that the CPU player calls: computes the given range of the launch's units, each independent of the others.
    pub cpu: fn(&Call<'_, f32>, Range<usize>),
    /// The truth: plain loops over any scalar, sums in f64.
    pub reference: fn(&Call<'_, f64>, Range<usize>),
    /// A small run that a device is checked with before the kernel is trusted.
    pub check: fn() -> Case,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// How much there is to do in a launch.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Workgroups on a GPU.
    pub grid: [u32; 3],
    /// Independent units, which the CPU player may compute in parts.
    pub units: usize,
    /// Floating-point operations, about.
    pub work: u64,
}

/// A kernel's parameters: plain words, laid out as the WGSL's `Params` (a test compares them by reflection).
pub trait Params: bytemuck::Pod {
    /// Grid, units and work that follow from the parameters and the variant's constants.
    fn extent(&self, constants: &[(&'static str, u32)]) -> Extent;
}

/// A number that memory is made of: f32 on devices, f64 for the reference. Integers share the memory, bit for bit.
pub trait Scalar: Copy + Default + Send + Sync + 'static {
    /// The unsigned integer of the same size.
    type Uint: Copy + Into<u64>;
    /// A whole number as it lies in this memory.
    fn uint(value: u32) -> Self::Uint;
    /// As f64, where sums are made.
    fn wide(self) -> f64;
    /// Back from f64, rounded once.
    fn narrow(value: f64) -> Self;
}

impl Scalar for f32 {
    type Uint = u32;
    fn uint(value: u32) -> u32 {
        value
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
    fn narrow(value: f64) -> f32 {
        value as f32
    }
}

impl Scalar for f64 {
    type Uint = u64;
    fn uint(value: u32) -> u64 {
        u64::from(value)
    }
    fn wide(self) -> f64 {
        self
    }
    fn narrow(value: f64) -> f64 {
        value
    }
}

/// A slice of device memory that one binding sees: `words` scalars from `start`.
#[derive(Clone, Copy, Debug)]
pub struct Span<S> {
    start: *mut S,
    words: usize,
}

impl<S> Span<S> {
    /// A span over `words` scalars.
    ///
    /// # Safety
    /// `start` must be valid for reads and writes of `words` scalars, aligned, for as long as a [`Call`] uses the span, and
    /// nothing else may touch them meanwhile. Spans of one call may overlap only if all of them are read.
    pub unsafe fn new(start: *mut S, words: usize) -> Self {
        Span { start, words }
    }
}

/// What a kernel's Rust twin is given: parameters, live words, constants and bindings.
#[derive(Debug)]
pub struct Call<'a, S: Scalar> {
    /// The launch's `Params`, as words.
    pub params: &'a [u32],
    /// The live words of this step.
    pub live: &'a Live,
    /// The textual constants of this variant (`const NAME: u32 = …;` in the WGSL).
    pub constants: &'a [(&'static str, u32)],
    /// The bindings, in the kernel's order.
    pub spans: &'a [Span<S>],
}

impl<'a, S: Scalar> Call<'a, S> {
    /// The launch's parameters.
    pub fn params<P: bytemuck::AnyBitPattern>(&self) -> &'a P {
        bytemuck::from_bytes(bytemuck::cast_slice(self.params))
    }

    /// The constant `name` of this variant, or `default` if the launch did not set it.
    pub fn constant(&self, name: &str, default: u32) -> u32 {
        self.constants.iter().find(|(n, _)| *n == name).map_or(default, |(_, value)| *value)
    }

    /// A binding's numbers, to read.
    pub fn input(&self, binding: usize) -> &'a [S] {
        let span = self.spans[binding];
        // SAFETY: `Span::new`'s contract; written spans of a call overlap no other.
        unsafe { std::slice::from_raw_parts(span.start, span.words) }
    }

    /// A binding's numbers, to write. A kernel asks for each binding once.
    pub fn output(&self, binding: usize) -> &'a mut [S] {
        let span = self.spans[binding];
        // SAFETY: `Span::new`'s contract; a kernel takes each written binding once.
        unsafe { std::slice::from_raw_parts_mut(span.start, span.words) }
    }

    /// A binding's words as unsigned integers, to read.
    pub fn ids(&self, binding: usize) -> &'a [S::Uint] {
        let span = self.spans[binding];
        // SAFETY: as `input`; `Uint` has the size and alignment of the scalar and every bit pattern is valid.
        unsafe { std::slice::from_raw_parts(span.start.cast(), span.words) }
    }

    /// A binding's words as unsigned integers, to write.
    pub fn ids_out(&self, binding: usize) -> &'a mut [S::Uint] {
        let span = self.spans[binding];
        // SAFETY: as `output` and `ids`.
        unsafe { std::slice::from_raw_parts_mut(span.start.cast(), span.words) }
    }

    /// Whether weights lie as f16 here, two to a word.
    pub fn format(&self) -> Format {
        Format::of(self.constants)
    }

    /// One number of a weight that lies in `format`.
    pub fn weight(&self, format: Format, binding: usize, index: usize) -> f64 {
        match format {
            Format::F32 => self.input(binding)[index].wide(),
            Format::F16 => {
                let word: u64 = self.ids(binding)[index / 2].into();
                f64::from(format::wide((word >> (16 * (index % 2))) as u16))
            }
        }
    }

    /// One unsigned integer of a binding.
    pub fn id(&self, binding: usize, index: usize) -> usize {
        let value: u64 = self.ids(binding)[index].into();
        value as usize
    }
}

/// WebGPU takes at most 65,535 workgroups in one dimension: `groups` of them as (x, y, 1) with x·y ≥ groups.
/// The shader linearises with `wg.y * nwg.x + wg.x` and leaves early past its extent.
pub fn fold(groups: usize) -> [u32; 3] {
    const LIMIT: usize = 65_535;
    if groups <= LIMIT {
        return [groups.max(1) as u32, 1, 1];
    }
    let y = groups.div_ceil(LIMIT);
    [groups.div_ceil(y) as u32, y as u32, 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_grids_cover_their_groups_within_the_limit() {
        for groups in [0, 1, 65_535, 65_536, 131_071, 10_000_000] {
            let [x, y, z] = fold(groups);
            assert!(x as usize * y as usize >= groups && x <= 65_535 && y <= 65_535 && z == 1);
            assert!((x as usize * y as usize) < groups + y as usize + 1);
        }
    }
}
