//! `[spans (B, 2)] -> [positions (B, T)]`: places of new tokens in their sequences, after the live past.

use crate::bail;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::positions::{POSITIONS_FILL, Params};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Positions {
    /// T.
    pub time: usize,
}

impl Op for Positions {
    fn name(&self) -> &'static str {
        "positions"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        match inputs {
            [[rows, 2]] => Ok(vec![vec![*rows, self.time]]),
            _ => bail!(Shape, "positions: spans (B, 2) are wanted, got {inputs:?}"),
        }
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = Params { rows: l.input_shape(0)[0] as u32, time: self.time as u32 };
        l.launch(&POSITIONS_FILL, &params, &[], &[l.input(0), l.output(0)]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }
}
