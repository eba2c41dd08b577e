//! The third player, for tests: the kernels' references on f64 memory. The truth that plans are measured against.

use super::{Launch, Slice};
use crate::kernels::{Call, Live, Span};

/// Buffers of f64; whole numbers lie in them bit for bit.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    buffers: Vec<Vec<f64>>,
}

impl Reference {
    /// Zeroed buffers of these sizes, in words.
    pub fn new(sizes: &[usize]) -> Reference {
        Reference { buffers: sizes.iter().map(|&words| vec![0.0; words]).collect() }
    }

    /// The numbers of a slice.
    pub fn read(&self, slice: Slice) -> &[f64] {
        &self.buffers[slice.buffer][slice.offset..slice.offset + slice.words]
    }

    /// Writes real numbers into a slice.
    pub fn write(&mut self, slice: Slice, numbers: &[f64]) {
        self.buffers[slice.buffer][slice.offset..slice.offset + slice.words].copy_from_slice(numbers);
    }

    /// Writes whole numbers into a slice.
    pub fn write_ids(&mut self, slice: Slice, ids: &[u32]) {
        let words: Vec<f64> = ids.iter().map(|&id| f64::from_bits(u64::from(id))).collect();
        self.write(slice, &words);
    }

    /// Sets a buffer to zero.
    pub fn clear(&mut self, buffer: usize) {
        self.buffers[buffer].fill(0.0);
    }

    /// Plays the launches once.
    pub fn play(&mut self, launches: &[Launch], live: &Live) {
        for launch in launches {
            let spans: Vec<Span<f64>> = launch
                .bindings
                .iter()
                .map(|slice| {
                    let memory = &mut self.buffers[slice.buffer][slice.offset..slice.offset + slice.words];
                    // SAFETY: within the buffer by the slice above, disjoint where written by `Launch::check`; the call ends
                    // before anything else touches the buffers.
                    unsafe { Span::new(memory.as_mut_ptr(), memory.len()) }
                })
                .collect();
            let call = Call { params: &launch.params, live, constants: &launch.constants, spans: &spans };
            (launch.kernel.reference)(&call, 0..launch.units);
        }
    }
}
