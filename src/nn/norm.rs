//! Normalisation of each position: LayerNorm (Ba et al. 2016) or RMSNorm (Zhang and Sennrich 2019).
//!
//! Takes (…, width), gives the same shape.

use super::{Init, Inventory, Pass};
use crate::error::Result;
use crate::graph::Tensor;
use crate::ops::{self, NormKind};

/// A norm with its scale and, for LayerNorm, its bias.
#[derive(Clone, Debug)]
pub struct Norm {
    name: String,
    width: usize,
    eps: f32,
    kind: NormKind,
    offset: bool,
}

impl Norm {
    /// LayerNorm with scale and bias.
    pub fn layer(name: impl Into<String>, width: usize, eps: f32) -> Norm {
        Norm { name: name.into(), width, eps, kind: NormKind::Layer, offset: false }
    }

    /// RMSNorm with a scale. With `offset` the scale is one more than the weight, as Gemma has it.
    pub fn rms(name: impl Into<String>, width: usize, eps: f32, offset: bool) -> Norm {
        Norm { name: name.into(), width, eps, kind: NormKind::Rms, offset }
    }

    /// Lists its parameters.
    pub fn declare(&self, list: &mut Inventory) {
        let scale = if self.offset { Init::Zeros } else { Init::Constant(1.0) };
        list.add(&format!("{}.weight", self.name), &[self.width], scale);
        if self.kind == NormKind::Layer {
            list.add(&format!("{}.bias", self.name), &[self.width], Init::Zeros);
        }
    }

    /// What keeps its root from zero.
    pub fn eps(&self) -> f32 {
        self.eps
    }

    /// Whether the scale is one more than the weight.
    pub fn offset(&self) -> bool {
        self.offset
    }

    /// Its scale as it stands in the graph.
    pub fn weight(&self, pass: &Pass<'_>) -> Result<Tensor> {
        pass.weights.of(&format!("{}.weight", self.name))
    }

    /// Normalises the last dimension.
    pub fn apply(&self, pass: &mut Pass<'_>, x: Tensor) -> Result<Tensor> {
        self.run(pass, x, None)
    }

    /// `residual + norm(x)`.
    pub fn onto(&self, pass: &mut Pass<'_>, x: Tensor, residual: Tensor) -> Result<Tensor> {
        self.run(pass, x, Some(residual))
    }

    fn run(&self, pass: &mut Pass<'_>, x: Tensor, residual: Option<Tensor>) -> Result<Tensor> {
        let mut inputs = vec![x, self.weight(pass)?];
        let bias = self.kind == NormKind::Layer;
        if bias {
            inputs.push(pass.weights.of(&format!("{}.bias", self.name))?);
        }
        inputs.extend(residual);
        let op = ops::Norm {
            kind: self.kind,
            eps: self.eps,
            scale: true,
            bias,
            unit_offset: self.offset,
            residual: residual.is_some(),
        };
        let name = self.name.rsplit('.').next().unwrap_or_default().to_owned();
        pass.scope(&name, |pass| match pass.graph.apply(op, &inputs)?.first() {
            Some(&y) => Ok(y),
            None => crate::bail!(Internal, "norm has no output"),
        })
    }
}
