//! The output layer and the cross entropy of its logits as one operation, in chunks of rows, so that no R × V tensor is needed.
//!
//! Each row has a coefficient that multiplies its loss: 1/n for a mean, 0 for a row that does not count; causal, masked, span and
//! sequence losses differ only in these. In training, [`Reverse::supersede`] makes value and gradient in one go.

use super::linear::Layout;
use super::product::product;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::cross_entropy::{self, CROSS_ENTROPY};
use crate::kernels::matmul;
use crate::kernels::total::{self, TOTAL};
use crate::plan::Operand;
use crate::{bail, ensure};

/// What a chunk of logits may take where nobody says otherwise: 32 MiB.
const CHUNK_WORDS: usize = 8 << 20;

/// `[h (.., C), weight, bias (V)?, targets (R) u32, coefficients (R)] -> [loss (1), nll (R)]`.
///
/// `loss = Σ c ((1 - e) nll + e mean over V of -log p + ζ lse²)`; `nll` is `-log p[target]`, 0 where the coefficient is 0.
#[derive(Clone, Copy, Debug)]
pub struct LinearCrossEntropy {
    /// How the weight lies: (C, V) or (V, C).
    pub layout: Layout,
    /// There is a bias.
    pub bias: bool,
    /// Label smoothing e.
    pub smoothing: f32,
    /// ζ.
    pub z_loss: f32,
    /// `logit = cap tanh(logit / cap)`.
    pub softcap: Option<f32>,
    /// The most words of logits at a time; `None` fits the device.
    pub chunk_words: Option<usize>,
}

impl LinearCrossEntropy {
    /// Without bias, smoothing, z-loss and softcap.
    pub fn plain(layout: Layout) -> LinearCrossEntropy {
        LinearCrossEntropy { layout, bias: false, smoothing: 0.0, z_loss: 0.0, softcap: None, chunk_words: None }
    }

    fn inputs(&self) -> usize {
        4 + usize::from(self.bias)
    }

    /// R, C and V of a node of this operation.
    fn sizes(&self, h: &[usize], weight: &[usize]) -> (usize, usize, usize) {
        let width = h.last().copied().unwrap_or(1);
        let vocab = if self.layout == Layout::InOut { weight[1] } else { weight[0] };
        (h.iter().product::<usize>() / width, width, vocab)
    }

    fn lower(&self, l: &mut Lowering<'_>, gradients: Option<Gradients>) -> Result<()> {
        let (rows, width, vocab) = self.sizes(l.input_shape(0), l.input_shape(1));
        let most = self.chunk_words.unwrap_or(CHUNK_WORDS).min(l.limits().binding_words);
        let chunk = if rows * vocab <= most { rows } else { (most / vocab).max(1) };
        let logits = l.scratch(chunk * vocab);
        let terms = l.scratch(rows);
        let (h, weight) = (l.input(0), l.input(1));
        let bias = if self.bias { l.input(2) } else { h };
        let (targets, coefficients) = (l.input(self.inputs() - 2), l.input(self.inputs() - 1));
        for first in (0..rows).step_by(chunk) {
            let count = chunk.min(rows - first);
            let layout = match self.layout {
                Layout::InOut => matmul::Layout::NN,
                Layout::OutIn => matmul::Layout::NT,
            };
            let params = matmul::Params {
                a_start: (first * width) as u32,
                bias: self.bias.into(),
                ..matmul::Params::dense(layout, count, vocab, width)
            };
            product(l, layout, &params, [h, weight, bias, h, logits], None);
            let params = cross_entropy::Params {
                rows: count as u32,
                vocab: vocab as u32,
                first: first as u32,
                gradient: gradients.is_some().into(),
                smoothing: self.smoothing,
                z_loss: self.z_loss,
                softcap: self.softcap.unwrap_or(0.0),
            };
            l.launch(&CROSS_ENTROPY, &params, &[], &[targets, coefficients, logits, l.output(1), terms]);
            if let Some(gradients) = &gradients {
                gradients.lower(l, self.layout, logits, first, [count, width, vocab]);
            }
        }
        l.launch(&TOTAL, &total::Params { count: rows as u32, accumulate: 0 }, &[], &[terms, l.output(0)]);
        Ok(())
    }
}

impl Op for LinearCrossEntropy {
    fn name(&self) -> &'static str {
        "linear_cross_entropy"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let wanted = self.inputs();
        ensure!(inputs.len() == wanted, Internal, "cross entropy: takes {wanted} tensors, got {}", inputs.len());
        let (h, weight) = (inputs[0], inputs[1]);
        let (Some(&width), &[first, second]) = (h.last(), weight) else {
            bail!(Shape, "cross entropy: h is {h:?} and the weight {weight:?}, wanted (.., C) and two sizes");
        };
        let (inner, vocab) = if self.layout == Layout::InOut { (first, second) } else { (second, first) };
        ensure!(inner == width, Shape, "cross entropy: h is {h:?}, the {:?} weight is {weight:?}", self.layout);
        let rows = h.iter().product::<usize>() / width.max(1);
        ensure!(rows > 0, Shape, "cross entropy: h is {h:?}, there are no rows");
        if self.bias {
            ensure!(inputs[2] == [vocab], Shape, "cross entropy: the bias is {:?}, wanted ({vocab})", inputs[2]);
        }
        for (name, given) in [("targets", inputs[wanted - 2]), ("coefficients", inputs[wanted - 1])] {
            ensure!(given == [rows], Shape, "cross entropy: {rows} rows with {name} of {given:?}");
        }
        ensure!((0.0..1.0).contains(&self.smoothing), BadOption, "label smoothing {} is not in 0..1", self.smoothing);
        Ok(vec![vec![1], vec![rows]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        self.lower(l, None)
    }

    fn reads_halves(&self, input: usize) -> bool {
        input == 1
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        if r.dout(0).is_some() || r.dout(1).is_some() {
            bail!(Unsupported, "cross entropy: is a root; weigh its rows with the coefficients");
        }
        let bias = self.bias && r.wants(2);
        let gradients = Gradients { h: r.wants(0), weight: r.wants(1), bias };
        let all = [(0, gradients.h), (1, gradients.weight), (2, bias)];
        let targets: Vec<usize> = all.into_iter().filter(|&(_, wanted)| wanted).map(|(target, _)| target).collect();
        let inputs: Vec<_> = (0..r.inputs()).map(|input| r.input(input)).collect();
        r.supersede(WithGradient { loss: *self, gradients }, &inputs, &targets)
    }
}

/// Which gradients follow the loss and nll among the outputs, in this order.
#[derive(Clone, Copy, Debug)]
struct Gradients {
    h: bool,
    weight: bool,
    bias: bool,
}

impl Gradients {
    /// From a chunk's dlogits: `dh = dlogits·W`, `dW += dlogitsᵀ·h`, `dbias += Σ dlogits`.
    fn lower(&self, l: &mut Lowering<'_>, layout: Layout, dlogits: Operand, first: usize, sizes: [usize; 3]) {
        let [count, width, vocab] = sizes;
        let (h, weight) = (l.input(0), l.input(1));
        let start = (first * width) as u32;
        if self.h {
            let back = match layout {
                Layout::InOut => matmul::Layout::NT,
                Layout::OutIn => matmul::Layout::NN,
            };
            let params = matmul::Params {
                c_start: start,
                accumulate: l.accumulates(2).into(),
                ..matmul::Params::dense(back, count, width, vocab)
            };
            let dh = l.output(2);
            product(l, back, &params, [dlogits, weight, dlogits, dlogits, dh], None);
        }
        if !self.weight && !self.bias {
            return;
        }
        let at_weight = 2 + usize::from(self.h);
        let at_bias = at_weight + usize::from(self.weight);
        // A trainable bias on a frozen weight is rare: its product goes to scratch and is forgotten.
        let dweight = if self.weight { l.output(at_weight) } else { l.scratch(width * vocab) };
        let mut params = matmul::Params {
            accumulate: (self.weight && (first > 0 || l.accumulates(at_weight))).into(),
            ..match layout {
                Layout::InOut => {
                    matmul::Params { a_start: start, ..matmul::Params::dense(matmul::Layout::TN, width, vocab, count) }
                }
                Layout::OutIn => matmul::Params {
                    b_start: start,
                    sums_of_a: 1,
                    ..matmul::Params::dense(matmul::Layout::TN, vocab, width, count)
                },
            }
        };
        let [a, b] = if layout == Layout::InOut { [h, dlogits] } else { [dlogits, h] };
        let dbias = self.bias.then(|| l.output(at_bias));
        params.sums_accumulate = (self.bias && (first > 0 || l.accumulates(at_bias))).into();
        product(l, matmul::Layout::TN, &params, [a, b, a, a, dweight], dbias);
    }
}

/// The loss with its gradients: `[.. as the loss] -> [loss, nll, dh?, dweight?, dbias?]`.
#[derive(Clone, Copy, Debug)]
struct WithGradient {
    loss: LinearCrossEntropy,
    gradients: Gradients,
}

impl Op for WithGradient {
    fn name(&self) -> &'static str {
        "linear_cross_entropy_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "linear_cross_entropy_gradient: its outputs are given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        self.loss.lower(l, Some(self.gradients))
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }

    fn accumulates(&self, output: usize) -> bool {
        output >= 2
    }
}
