//! The graphs of decoding: new positions after those that stand in a cache, and an encoder read once.
//!
//! Comes in: a model, sizes, where the cache lies. Goes out: nodes, and the logits after the last position where they are wanted. What
//! becomes of them, and where the buffers are, is the caller's; what they take can be planned before there are any.

use super::Model;
use crate::error::Result;
use crate::graph::{Graph, Tensor};
use crate::nn::{Cache, Mode, Shape, Weights};
use crate::ops::{Embed, Positions};

/// The most positions that are fed at once; what is left over is fed in pieces whose lengths are powers of two.
pub const PIECE: usize = 256;

/// `time` new positions of each of `rows`; `ids` stands for the host's. With `ends` the logits after the last of them, (rows, 1, V).
pub fn step(
    graph: &mut Graph,
    model: &dyn Model,
    weights: &Weights,
    (rows, time, source): (usize, usize, usize),
    ids: Option<Tensor>,
    cache: Cache,
    ends: bool,
) -> Result<Option<Tensor>> {
    let spans = graph.input("spans", &[rows, 2]);
    let positions = graph.one(Positions { time }, &[spans])?;
    let mut shape = Shape { batch: rows, time, source, ..Shape::default() };
    shape.given.insert("spans".to_owned(), spans);
    shape.given.insert("positions".to_owned(), positions);
    if let Some(ids) = ids {
        shape.given.insert("ids".to_owned(), ids);
    }
    let mode = Mode::Decode(cache);
    let mut outputs = model.forward(graph, weights, &shape, &mode)?;
    if !ends {
        return Ok(None);
    }
    let width = graph.shape(outputs.last).last().copied().unwrap_or(1);
    if time > 1 {
        let table = graph.view(outputs.last, &[rows * time, width])?;
        let at = graph.input("last", &[rows]);
        outputs.last = graph.one(Embed { scale: 1.0, residual: false, trained: false, blank: None }, &[at, table])?;
    }
    outputs.last = graph.view(outputs.last, &[rows, 1, width])?;
    model.logits(graph, weights, &shape, &mode, &outputs).map(Some)
}
