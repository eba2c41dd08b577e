//! Heads: from a stack's output to logits, or to the loss without the logits ever standing in memory.
//!
//! Takes (B, T, width), gives (B, T, outputs). The last map is a matrix of its own or the table of the tokens. Before it there
//! may be a transform (a linear map with an activation, and a norm), as BERT has one.
//! The loss is Σ coefficient · −log p(target), with inputs `targets` and `coefficients` (B·T): what is ignored has coefficient 0.

use super::{Embedding, Init, Inventory, Linear, Norm, Pass, Role, dropout, scale};
use crate::error::Result;
use crate::graph::Tensor;
use crate::kernels::activation::Activation;
use crate::ops::{self, Layout};

/// The last map.
#[derive(Clone, Debug)]
pub enum Map {
    /// The table of the tokens, and perhaps a bias (its length).
    Table(Embedding, Option<(usize, Role)>),
    /// Its own matrix.
    Own(Linear),
}

/// A head.
#[derive(Clone, Debug)]
pub struct Head {
    /// Before the last map.
    pub transform: Option<(Linear, Activation)>,
    /// After the transform.
    pub norm: Option<Norm>,
    /// Before the transform, or before the last map where there is none.
    pub dropout: f32,
    /// Between the transform and the last map.
    pub inner_dropout: f32,
    /// Logits z become c·tanh(z / c).
    pub cap: Option<f32>,
    /// Whether a checkpoint of the bare model lacks it.
    pub fresh: bool,
    /// The last map.
    pub map: Map,
}

impl Head {
    fn with(map: Map) -> Head {
        Head { transform: None, norm: None, dropout: 0.0, inner_dropout: 0.0, cap: None, fresh: false, map }
    }

    /// Logits over tokens, without a bias: by the table itself, or by a matrix of its own.
    pub fn tokens(table: &Embedding, tied: bool, init: Init) -> Head {
        let (rows, width) = table.size();
        Head::with(match tied {
            true => Map::Table(table.clone(), None),
            false => Map::Own(Linear::new("head", width, rows, init).bias(false)),
        })
    }

    /// Logits over tokens with a bias, trained or kept.
    pub fn biased(table: &Embedding, tied: bool, init: Init, role: Role) -> Head {
        let (rows, width) = table.size();
        Head::with(match tied {
            true => Map::Table(table.clone(), Some((rows, role))),
            false => Map::Own(Linear::new("head", width, rows, init)),
        })
    }

    /// Logits over labels.
    pub fn labels(width: usize, labels: usize, init: Init) -> Head {
        Head { fresh: true, ..Head::with(Map::Own(Linear::new("head", width, labels, init))) }
    }

    /// Lists its parameters.
    pub fn declare(&self, list: &mut Inventory) {
        if self.fresh {
            list.begin_head();
        }
        if let Some((linear, _)) = &self.transform {
            linear.declare(list);
        }
        if let Some(norm) = &self.norm {
            norm.declare(list);
        }
        match &self.map {
            Map::Table(_, None) => {}
            Map::Table(_, Some((rows, Role::Trained))) => list.add("head.bias", &[*rows], Init::Zeros),
            Map::Table(_, Some((rows, role))) => {
                list.begin_head();
                list.untrained("head.bias", &[*rows], Init::Zeros, *role);
            }
            Map::Own(linear) => linear.declare(list),
        }
    }

    fn before(&self, pass: &mut Pass<'_>, x: Tensor) -> Result<Tensor> {
        let mut x = dropout(pass, x, self.dropout)?;
        if let Some((linear, activation)) = &self.transform {
            x = linear.activated(pass, x, *activation)?;
        }
        if let Some(norm) = &self.norm {
            x = norm.apply(pass, x)?;
        }
        dropout(pass, x, self.inner_dropout)
    }

    fn map(&self, pass: &Pass<'_>) -> Result<(Tensor, Option<Tensor>)> {
        match &self.map {
            Map::Table(table, None) => Ok((table.table(pass)?, None)),
            Map::Table(table, Some(_)) => Ok((table.table(pass)?, Some(pass.weights.of("head.bias")?))),
            Map::Own(linear) => linear.weights(pass),
        }
    }

    /// Logits (…, outputs).
    pub fn logits(&self, pass: &mut Pass<'_>, x: Tensor) -> Result<Tensor> {
        pass.scope("head", |pass| {
            let x = self.before(pass, x)?;
            let (weight, bias) = self.map(pass)?;
            let mut inputs = vec![x, weight];
            inputs.extend(bias);
            let op = ops::Linear { layout: Layout::OutIn, bias: bias.is_some(), residual: false, activation: None };
            let logits = pass.graph.one(op, &inputs)?;
            match self.cap {
                None => Ok(logits),
                Some(cap) => {
                    let small = scale(pass, logits, 1.0 / cap)?;
                    let bent = pass.graph.one(ops::Activate { kind: Activation::Tanh }, &[small])?;
                    scale(pass, bent, cap)
                }
            }
        })
    }

    /// The loss (1) over the positions of a row, one softmax for each output, and its terms (B, outputs). Inputs: `targets` and
    /// `coefficients` (B, outputs), `counted` (B, 2), the positions that count.
    pub fn span_loss(&self, pass: &mut Pass<'_>, x: Tensor) -> Result<(Tensor, Tensor)> {
        let logits = self.logits(pass, x)?;
        let (batch, sides) = (pass.shape.batch, pass.graph.shape(logits).last().copied().unwrap_or(0));
        let targets = pass.feed("targets", &[batch, sides])?;
        let counted = pass.feed("counted", &[batch, 2])?;
        let coefficients = pass.feed("coefficients", &[batch, sides])?;
        match pass.graph.apply(ops::LogitLoss::Span, &[logits, counted, targets, coefficients])?[..] {
            [loss, each] => Ok((loss, each)),
            _ => crate::bail!(Internal, "the loss gives two tensors"),
        }
    }

    /// The loss (1) of labels that are each there or not, or of numbers to come near, and its terms (B·T). Inputs: `labels`
    /// (B, T, outputs), `coefficients` (B·T).
    pub fn label_loss(&self, pass: &mut Pass<'_>, x: Tensor, squared: bool) -> Result<(Tensor, Tensor)> {
        let logits = self.logits(pass, x)?;
        let rows = pass.shape.batch * pass.shape.time;
        let like = pass.graph.shape(logits).to_vec();
        let labels = pass.feed("labels", &like)?;
        let coefficients = pass.feed("coefficients", &[rows])?;
        let loss = if squared { ops::LogitLoss::Squares } else { ops::LogitLoss::Binary };
        match pass.graph.apply(loss, &[logits, labels, coefficients])?[..] {
            [loss, each] => Ok((loss, each)),
            _ => crate::bail!(Internal, "the loss gives two tensors"),
        }
    }

    /// The loss (1), and −log p of each target (B·T).
    pub fn loss(&self, pass: &mut Pass<'_>, x: Tensor, smoothing: f32) -> Result<(Tensor, Tensor)> {
        pass.scope("head", |pass| {
            let x = self.before(pass, x)?;
            let (weight, bias) = self.map(pass)?;
            let rows = pass.shape.batch * pass.shape.time;
            let targets = pass.feed("targets", &[rows])?;
            let coefficients = pass.feed("coefficients", &[rows])?;
            let mut inputs = vec![x, weight];
            inputs.extend(bias);
            inputs.extend([targets, coefficients]);
            let plain = ops::LinearCrossEntropy::plain(Layout::OutIn);
            let op = ops::LinearCrossEntropy { bias: bias.is_some(), smoothing, softcap: self.cap, ..plain };
            match pass.graph.apply(op, &inputs)?[..] {
                [loss, each] => Ok((loss, each)),
                _ => crate::bail!(Internal, "the loss gives two tensors"),
            }
        })
    }
}
