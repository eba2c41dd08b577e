//! The feed-forward half of a block: plain, `down(act(up(x)))`, or gated, `down(act(gate(x)) ∘ up(x))` (Shazeer 2020).
//!
//! Takes (B, T, width) and what it is added to, gives (B, T, width).

use super::{Inventory, Linear, Pass};
use crate::error::Result;
use crate::graph::Tensor;
use crate::kernels::activation::Activation;
use crate::ops;

/// Two linear maps with an activation between them.
#[derive(Clone, Debug)]
pub struct Mlp {
    /// To the hidden width; gated: gate and up in one matrix.
    pub up: Linear,
    /// Back to the width.
    pub down: Linear,
    /// Between them.
    pub activation: Activation,
    /// Whether `up` holds a gate.
    pub gated: bool,
    /// Dropout between the two maps.
    pub dropout: f32,
}

impl Mlp {
    /// Lists its parameters.
    pub fn declare(&self, list: &mut Inventory) {
        self.up.declare(list);
        self.down.declare(list);
    }

    fn hidden(&self, pass: &mut Pass<'_>, x: Tensor) -> Result<Tensor> {
        let hidden = if self.gated {
            let both = self.up.apply(pass, x)?;
            pass.graph.one(ops::Gate { kind: self.activation }, &[both])?
        } else {
            self.up.activated(pass, x, self.activation)?
        };
        super::dropout(pass, hidden, self.dropout)
    }

    /// The map alone.
    pub fn apply(&self, pass: &mut Pass<'_>, x: Tensor) -> Result<Tensor> {
        pass.scope("mlp", |pass| {
            let hidden = self.hidden(pass, x)?;
            self.down.apply(pass, hidden)
        })
    }

    /// `residual + dropout(mlp(x))`.
    pub fn onto(&self, pass: &mut Pass<'_>, x: Tensor, residual: Tensor, dropout: f32) -> Result<Tensor> {
        pass.scope("mlp", |pass| {
            let hidden = self.hidden(pass, x)?;
            self.down.onto(pass, hidden, residual, dropout)
        })
    }
}
