//! `[packed (B, T, (H + 2K) D), places (B)]` into a state `(blocks, capacity, 2 K D)`: keys and values of new positions.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::cache::{CACHE, Params};
use crate::{bail, ensure};

/// Writes keys and values into the cache after the live past; through `Graph::apply_into`.
#[derive(Clone, Copy, Debug)]
pub struct CacheAppend {
    /// H.
    pub heads: usize,
    /// K.
    pub kv_heads: usize,
    /// D.
    pub head: usize,
}

impl Op for CacheAppend {
    fn name(&self) -> &'static str {
        "cache"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "cache: writes into a given state, called with {inputs:?}")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (packed, places, cache) = (l.input_shape(0), l.input_shape(1), l.output_shape(0));
        let (stride, width) = ((self.heads + 2 * self.kv_heads) * self.head, 2 * self.kv_heads * self.head);
        ensure!(
            packed.len() == 3 && packed[2] == stride && places == [packed[0]] && cache.len() == 3 && cache[2] == width,
            Shape,
            "cache: packed {packed:?} at places {places:?} into {cache:?}; widths {stride} and {width} are wanted"
        );
        let params = Params {
            batch: packed[0] as u32,
            time: packed[1] as u32,
            stride: stride as u32,
            offset: (self.heads * self.head) as u32,
            width: width as u32,
            capacity: cache[1] as u32,
        };
        l.launch(&CACHE, &params, &[], &[l.input(0), l.input(1), l.output(0)]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only("cache")
    }
}
