//! A launch: one kernel with its parameters and the slices of memory it works on. Plans are lists of these.
//!
//! Buffers are named by their place in a table that is given when a list of launches is prepared.

use crate::ensure;
use crate::error::Result;
use crate::kernels::{Access, Case, Kernel};

/// Slices start at multiples of this many words (256 bytes), which every WebGPU device accepts.
pub const ALIGNMENT: usize = 64;

/// A part of a buffer, in words of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The buffer's place in the table.
    pub buffer: usize,
    /// First word, a multiple of [`ALIGNMENT`].
    pub offset: usize,
    /// How many words.
    pub words: usize,
}

impl Slice {
    fn overlaps(&self, other: &Slice) -> bool {
        self.buffer == other.buffer
            && self.offset < other.offset + other.words
            && other.offset < self.offset + self.words
    }
}

/// One dispatch.
#[derive(Clone, Debug)]
pub struct Launch {
    /// What runs.
    pub kernel: &'static Kernel,
    /// Its `Params`, as words.
    pub params: Vec<u32>,
    /// Its textual constants.
    pub constants: Vec<(&'static str, u32)>,
    /// Its bindings, in the kernel's order.
    pub bindings: Vec<Slice>,
    /// Workgroups.
    pub grid: [u32; 3],
    /// Independent units of work, which the CPU player may split.
    pub units: usize,
    /// Floating-point operations, estimated, for chunking.
    pub work: u64,
    /// Where it comes from, for people: `blocks.0.attention`.
    pub label: String,
}

impl Launch {
    /// The launch of a case, over the given slices.
    pub(super) fn of_case(case: &Case, bindings: Vec<Slice>) -> Launch {
        Launch {
            kernel: case.kernel,
            params: case.params.clone(),
            constants: case.constants.clone(),
            bindings,
            grid: case.extent.grid,
            units: case.extent.units,
            work: case.extent.work,
            label: "check".to_owned(),
        }
    }

    /// Checks what WebGPU would refuse: counts, alignment, and a buffer both read and written.
    pub fn check(&self) -> Result<()> {
        let name = self.kernel.name;
        ensure!(
            self.bindings.len() == self.kernel.bindings.len(),
            Internal,
            "{name}: {} bindings given, {} wanted",
            self.bindings.len(),
            self.kernel.bindings.len()
        );
        ensure!(
            self.params.len() == self.kernel.params_words,
            Internal,
            "{name}: {} words of parameters given, {} wanted",
            self.params.len(),
            self.kernel.params_words
        );
        for (slice, binding) in self.bindings.iter().zip(self.kernel.bindings) {
            ensure!(
                slice.offset % ALIGNMENT == 0,
                Internal,
                "{name}: `{}` starts at word {}",
                binding.name,
                slice.offset
            );
            ensure!(slice.words > 0, Internal, "{name}: `{}` is empty", binding.name);
            if binding.access == Access::Read {
                continue;
            }
            for (other, of) in self.bindings.iter().zip(self.kernel.bindings) {
                if std::ptr::eq(other, slice) {
                    continue;
                }
                let clash =
                    if of.access == Access::Read { other.buffer == slice.buffer } else { other.overlaps(slice) };
                ensure!(
                    !clash,
                    Internal,
                    "{name}: `{}` is written and `{}` lies in the same buffer",
                    binding.name,
                    of.name
                );
            }
        }
        Ok(())
    }
}
