//! A block: attention, across to an encoder where there is one, then feed-forward, each added to the residual stream.
//!
//! Takes (B, T, width), gives the same. Norms stand in one of three orders. Before: `x + f(norm(x))` (GPT-2, LLaMA, T5).
//! After: `norm(x + f(x))` (BERT, Marian). Around: `x + norm(f(norm(x)))` (Gemma 2 and 3).

use super::{Attention, Inventory, Mlp, Norm, Pass, Side};
use crate::error::Result;
use crate::graph::Tensor;

/// Where the norms of a block stand.
#[derive(Clone, Debug)]
pub enum Order {
    /// Before each half.
    Before,
    /// After each half has been added.
    After,
    /// Before each half, and these after it: of attention, of feed-forward.
    Around(Norm, Norm),
}

/// One layer of a stack.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its number, from 0.
    pub layer: usize,
    /// Where its norms stand.
    pub order: Order,
    /// To itself.
    pub attention: Attention,
    /// Of the first half.
    pub attention_norm: Norm,
    /// To an encoder's output, with its norm.
    pub cross: Option<(Attention, Norm)>,
    /// The second half.
    pub mlp: Mlp,
    /// Of the second half.
    pub mlp_norm: Norm,
    /// Dropout of what attention adds.
    pub attention_dropout: f32,
    /// Dropout of what the feed-forward half adds.
    pub dropout: f32,
}

/// What a block gives.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// (B, T, width).
    pub output: Tensor,
    /// Attention probabilities (B, H, T, T), where they were wanted.
    pub map: Option<Tensor>,
    /// The same across (B, H, T, source).
    pub cross_map: Option<Tensor>,
}

impl Block {
    /// Lists its parameters.
    pub fn declare(&self, list: &mut Inventory) {
        self.attention_norm.declare(list);
        self.attention.declare(list);
        if let Some((cross, norm)) = &self.cross {
            norm.declare(list);
            cross.declare(list);
        }
        self.mlp_norm.declare(list);
        self.mlp.declare(list);
        if let Order::Around(first, second) = &self.order {
            first.declare(list);
            second.declare(list);
        }
    }

    /// Runs the block. `memory` is an encoder's output, where there is one.
    pub fn apply(&self, pass: &mut Pass<'_>, x: Tensor, side: &Side, memory: Option<Tensor>) -> Result<Layer> {
        let name = format!("{}block{}", side.prefix, self.layer);
        pass.scope(&name, |pass| pass.block(|pass| self.run(pass, x, side, memory)))
    }

    fn run(&self, pass: &mut Pass<'_>, x: Tensor, side: &Side, memory: Option<Tensor>) -> Result<Layer> {
        let (after, around) = match &self.order {
            Order::Before => (false, None),
            Order::After => (true, None),
            Order::Around(first, second) => (false, Some((first, second))),
        };
        // What a half reads, and what becomes of its sum with the residual stream.
        let before = |pass: &mut Pass<'_>, norm: &Norm, x| if after { Ok(x) } else { norm.apply(pass, x) };
        let behind = |pass: &mut Pass<'_>, norm: &Norm, x| if after { norm.apply(pass, x) } else { Ok(x) };

        let y = before(pass, &self.attention_norm, x)?;
        let attended = self.attention.mix(pass, y, side, self.layer)?;
        let sum = match around {
            Some((norm, _)) => {
                let z = self.attention.output.apply(pass, attended.mixed)?;
                norm.onto(pass, z, x)?
            }
            None => self.attention.output.onto(pass, attended.mixed, x, self.attention_dropout)?,
        };
        let mut x = behind(pass, &self.attention_norm, sum)?;
        let mut cross_map = None;
        if let Some((cross, norm)) = &self.cross {
            let y = before(pass, norm, x)?;
            let attended = cross.across(pass, y, side, self.layer, memory)?;
            let sum = cross.output.onto(pass, attended.mixed, x, self.dropout)?;
            x = behind(pass, norm, sum)?;
            cross_map = attended.map;
        }
        let y = before(pass, &self.mlp_norm, x)?;
        let sum = match around {
            Some((_, norm)) => {
                let z = self.mlp.apply(pass, y)?;
                norm.onto(pass, z, x)?
            }
            None => self.mlp.onto(pass, y, x, self.dropout)?,
        };
        let output = behind(pass, &self.mlp_norm, sum)?;
        Ok(Layer { output, map: attended.map, cross_map })
    }
}
