//! A table of vectors, looked up by id: tokens, positions, types.
//!
//! Takes ids (B, T), gives (B, T, width), added to a residual where there is one. While its table learns it asks the host
//! for the ids sorted into buckets (input `<ids>.buckets`), so that its gradient needs no atomics.

use super::{Init, Inventory, Pass, Role, Side};
use crate::error::Result;
use crate::graph::Tensor;
use crate::ops;

/// A table (rows, width).
#[derive(Clone, Debug)]
pub struct Embedding {
    name: String,
    rows: usize,
    width: usize,
    scale: f32,
    init: Init,
    role: Role,
}

impl Embedding {
    /// A table.
    pub fn new(name: impl Into<String>, rows: usize, width: usize, init: Init) -> Embedding {
        Embedding { name: name.into(), rows, width, scale: 1.0, init, role: Role::Trained }
    }

    /// Multiplies what is looked up.
    #[must_use]
    pub fn scaled(mut self, scale: f32) -> Embedding {
        self.scale = scale;
        self
    }

    /// Makes the table one that is not trained.
    #[must_use]
    pub fn role(mut self, role: Role) -> Embedding {
        self.role = role;
        self
    }

    /// Lists its table.
    pub fn declare(&self, list: &mut Inventory) {
        let (name, shape) = (format!("{}.weight", self.name), [self.rows, self.width]);
        match self.role {
            Role::Trained => {
                list.add(&name, &shape, self.init.clone());
                list.halves();
            }
            role => list.untrained(&name, &shape, self.init.clone(), role),
        }
    }

    /// Rows and width.
    pub fn size(&self) -> (usize, usize) {
        (self.rows, self.width)
    }

    /// The table as it stands in the graph.
    pub fn table(&self, pass: &Pass<'_>) -> Result<Tensor> {
        pass.weights.of(&format!("{}.weight", self.name))
    }

    /// Looks up the input `input` of a stack and adds `residual`.
    pub fn apply(&self, pass: &mut Pass<'_>, side: &Side, input: &str, residual: Option<Tensor>) -> Result<Tensor> {
        let ids = side.positional(pass, input)?;
        let mut inputs = vec![ids, self.table(pass)?];
        inputs.extend(residual);
        let trained = pass.weights.trains(&format!("{}.weight", self.name));
        if trained {
            let count: usize = pass.graph.shape(ids).iter().product();
            inputs.push(pass.feed(&format!("{}{input}.buckets", side.prefix), &[3 * count + 2])?);
        }
        // As torch's padding index: its row begins at zero and stays.
        let blank = match self.init {
            Init::Normal { blank: Some(row), .. } => Some(row as u32),
            _ => None,
        };
        let op = ops::Embed { scale: self.scale, residual: residual.is_some(), trained, blank };
        let name = self.name.clone();
        pass.scope(&name, |pass| pass.graph.one(op, &inputs))
    }
}
