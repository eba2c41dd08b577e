//! Bricks: linear, norm, embedding, attention, feed-forward, block, heads: nodes put together, with their parameters.
//!
//! A brick lists its parameters ([`Inventory`]) and writes its nodes ([`Pass`]); both from one description, so that they
//! cannot drift apart. Bricks know no architecture, no foreign names and no device.

mod attention;
mod block;
mod embedding;
mod head;
mod linear;
mod mlp;
mod norm;
mod parameter;
mod pass;
mod side;

pub use attention::{Attended, Attention, Relative, Rotary};
pub use block::{Block, Layer, Order};
pub use embedding::Embedding;
pub use head::{Head, Map};
pub use linear::Linear;
pub use mlp::Mlp;
pub use norm::Norm;
pub use parameter::{Angles, Init, Inventory, Parameter, Part, Role};
pub use pass::{Cache, Mode, Pass, Shape, Weights};
pub use side::Side;

use crate::error::Result;
use crate::graph::Tensor;
use crate::ops;

/// Dropout at a rate that only training has.
pub fn dropout(pass: &mut Pass<'_>, x: Tensor, rate: f32) -> Result<Tensor> {
    let (rate, stream) = (pass.rate(rate), pass.stream());
    if rate == 0.0 {
        return Ok(x);
    }
    pass.graph.one(ops::Dropout { rate, stream, residual: false }, &[x])
}

/// `factor · x`.
pub fn scale(pass: &mut Pass<'_>, x: Tensor, factor: f32) -> Result<Tensor> {
    if factor == 1.0 { Ok(x) } else { pass.graph.one(ops::Scale { factor }, &[x]) }
}

/// `x` where its row has been given tokens, zero at padding.
pub fn mute(pass: &mut Pass<'_>, side: &Side, x: Tensor) -> Result<Tensor> {
    let kept = pass.feed(&format!("{}kept", side.prefix), &[side.batch, side.time, 2])?;
    pass.graph.one(ops::Mute, &[x, kept])
}
