//! `y = x·W + b`, with what is fused to it: an activation, or the residual stream.
//!
//! Takes (…, inputs), gives (…, outputs). The matrix is laid out as its checkpoint has it; several tensors of a checkpoint
//! may stand in one matrix, one under the other.

use super::{Init, Inventory, Pass};
use crate::error::Result;
use crate::graph::Tensor;
use crate::kernels::activation::Activation;
use crate::ops::{self, Layout};

/// A matrix and its bias.
#[derive(Clone, Debug)]
pub struct Linear {
    name: String,
    inputs: usize,
    outputs: usize,
    bias: bool,
    layout: Layout,
    parts: Vec<(String, usize, Init)>,
}

impl Linear {
    /// A matrix (outputs, inputs) with a bias, as torch's `nn.Linear`.
    pub fn new(name: impl Into<String>, inputs: usize, outputs: usize, init: Init) -> Linear {
        let name = name.into();
        let parts = vec![(name.clone(), outputs, init)];
        Linear { name, inputs, outputs, bias: true, layout: Layout::OutIn, parts }
    }

    /// One matrix (outputs, inputs) made of several: name, outputs and beginning of each.
    pub fn fused(name: impl Into<String>, inputs: usize, parts: Vec<(String, usize, Init)>) -> Linear {
        let outputs = parts.iter().map(|(_, outputs, _)| outputs).sum();
        Linear { name: name.into(), inputs, outputs, bias: true, layout: Layout::OutIn, parts }
    }

    /// The matrix lies (inputs, outputs), as in GPT-2's files.
    #[must_use]
    pub fn transposed(mut self) -> Linear {
        self.layout = Layout::InOut;
        for (_, rows, _) in &mut self.parts {
            *rows = self.inputs;
        }
        self
    }

    /// With a bias or without.
    #[must_use]
    pub fn bias(mut self, bias: bool) -> Linear {
        self.bias = bias;
        self
    }

    /// Lists its parameters.
    pub fn declare(&self, list: &mut Inventory) {
        let parts = self.parts.iter().map(|(name, rows, init)| (format!("{name}.weight"), *rows, init.clone()));
        let shape = match self.layout {
            Layout::OutIn => [self.outputs, self.inputs],
            Layout::InOut => [self.inputs, self.outputs],
        };
        list.fused(&format!("{}.weight", self.name), &shape, parts.collect());
        list.halves();
        if self.bias {
            let parts = self.parts.iter().map(|(name, rows, _)| {
                let rows = if self.layout == Layout::OutIn { *rows } else { self.outputs };
                (format!("{name}.bias"), rows, Init::Zeros)
            });
            list.fused(&format!("{}.bias", self.name), &[self.outputs], parts.collect());
        }
    }

    /// Its matrix and its bias, where it has one, as they stand in the graph.
    pub fn weights(&self, pass: &Pass<'_>) -> Result<(Tensor, Option<Tensor>)> {
        let weight = pass.weights.of(&format!("{}.weight", self.name))?;
        let bias = if self.bias { Some(pass.weights.of(&format!("{}.bias", self.name))?) } else { None };
        Ok((weight, bias))
    }

    /// How its matrix lies.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// `x·W + b`.
    pub fn apply(&self, pass: &mut Pass<'_>, x: Tensor) -> Result<Tensor> {
        self.run(pass, x, None, None)
    }

    /// `activation(x·W + b)`.
    pub fn activated(&self, pass: &mut Pass<'_>, x: Tensor, activation: Activation) -> Result<Tensor> {
        self.run(pass, x, None, Some(activation))
    }

    /// `residual + dropout(x·W + b)`.
    pub fn onto(&self, pass: &mut Pass<'_>, x: Tensor, residual: Tensor, dropout: f32) -> Result<Tensor> {
        let (rate, stream) = (pass.rate(dropout), pass.stream());
        if rate == 0.0 {
            return self.run(pass, x, Some(residual), None);
        }
        let y = self.run(pass, x, None, None)?;
        pass.graph.one(ops::Dropout { rate, stream, residual: true }, &[y, residual])
    }

    /// `x·W + b`, written into a state.
    pub fn apply_into(&self, pass: &mut Pass<'_>, x: Tensor, state: Tensor) -> Result<()> {
        let (weight, bias) = self.weights(pass)?;
        let mut inputs = vec![x, weight];
        inputs.extend(bias);
        let op = ops::Linear { bias: bias.is_some(), ..ops::Linear::plain(self.layout) };
        pass.graph.apply_into(op, &inputs, &[state], &[false]);
        Ok(())
    }

    fn run(
        &self,
        pass: &mut Pass<'_>,
        x: Tensor,
        residual: Option<Tensor>,
        activation: Option<Activation>,
    ) -> Result<Tensor> {
        let (weight, bias) = self.weights(pass)?;
        let mut inputs = vec![x, weight];
        inputs.extend(bias);
        inputs.extend(residual);
        let op = ops::Linear { layout: self.layout, bias: bias.is_some(), residual: residual.is_some(), activation };
        let name = self.name.rsplit('.').next().unwrap_or_default().to_owned();
        pass.scope(&name, |pass| match pass.graph.apply(op, &inputs)?.first() {
            Some(&y) => Ok(y),
            None => crate::bail!(Internal, "linear has no output"),
        })
    }
}
