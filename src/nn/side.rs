//! One stack's inputs by name: `ids`, `positions`, `spans`, `types`, `segments`, with a prefix for the second stack.
//!
//! Shapes: ids, positions, types, segments (B, T); spans (B, 2), the first seen position of each row and one past the last.
//! `kept` (B, T, 2) has a span of its own for each position, empty at padding.

use super::{Pass, Shape};
use crate::error::Result;
use crate::graph::Tensor;

/// Which stack, and its sizes.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Before the names of its inputs: nothing, or `encoder.`.
    pub prefix: &'static str,
    /// Rows.
    pub batch: usize,
    /// Positions of each row.
    pub time: usize,
}

impl Side {
    /// The only stack, or the decoder of two.
    pub fn main(shape: &Shape) -> Side {
        Side { prefix: "", batch: shape.batch, time: shape.time }
    }

    /// The encoder of two stacks.
    pub fn encoder(shape: &Shape) -> Side {
        Side { prefix: "encoder.", batch: shape.batch, time: shape.source }
    }

    /// The input `name` of this stack, (B, T).
    pub fn positional(&self, pass: &mut Pass<'_>, name: &str) -> Result<Tensor> {
        pass.feed(&format!("{}{name}", self.prefix), &[self.batch, self.time])
    }

    /// What each row may see, (B, 2).
    pub fn spans(&self, pass: &mut Pass<'_>) -> Result<Tensor> {
        pass.feed(&format!("{}spans", self.prefix), &[self.batch, 2])
    }
}
