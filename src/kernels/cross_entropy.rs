//! The loss of rows of logits and, in place, its gradient. `z = cap tanh(logit / cap)` or the logit, `p = softmax z`.
//!
//! `nll = lse - z[target]`, `term = c ((1 - e) nll + e (lse - mean z) + ζ lse²)`,
//! `dz = c (p (1 + 2 ζ lse) - (1 - e) [target] - e / V)`: label smoothing e as in PyTorch, ζ the z-loss of PaLM.
//! A row whose coefficient c is 0, or whose target is no token, gives exact zeros, whatever its logits are. Units are rows.

use super::shader::shader;
use std::ops::Range;

use super::fast_math::{exp, max, sum, tanh};
use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes of a chunk of rows, and what belongs to the loss.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// Rows of the chunk.
    pub rows: u32,
    /// V.
    pub vocab: u32,
    /// The chunk's first row among all R.
    pub first: u32,
    /// 1: replace the logits by their gradient.
    pub gradient: u32,
    /// e.
    pub smoothing: f32,
    /// ζ.
    pub z_loss: f32,
    /// The softcap, 0 for none.
    pub softcap: f32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = self.rows as usize;
        Extent { grid: fold(rows), units: rows, work: rows as u64 * u64::from(self.vocab) * 40 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let vocab = p.vocab as usize;
    let (logits, nll, terms) = (call.output(2), call.output(3), call.output(4));
    let (smoothing, z_loss, cap) = (f64::from(p.smoothing), f64::from(p.z_loss), f64::from(p.softcap));
    for line in units {
        let row = p.first as usize + line;
        let (c, target) = (call.input(1)[row].wide(), call.id(0, row));
        let logits = &mut logits[line * vocab..(line + 1) * vocab];
        if c == 0.0 || target >= vocab {
            (nll[row], terms[row]) = (S::default(), S::default());
            if p.gradient == 1 {
                logits.fill(S::default());
            }
            continue;
        }
        let z = |logit: S| if cap > 0.0 { cap * (logit.wide() / cap).tanh() } else { logit.wide() };
        let most = logits.iter().map(|&l| z(l)).fold(f64::NEG_INFINITY, f64::max);
        let lse = most + logits.iter().map(|&l| (z(l) - most).exp()).sum::<f64>().ln();
        let mean = logits.iter().map(|&l| z(l)).sum::<f64>() / vocab as f64;
        let loss = lse - z(logits[target]);
        nll[row] = S::narrow(loss);
        terms[row] = S::narrow(c * ((1.0 - smoothing) * loss + smoothing * (lse - mean) + z_loss * lse * lse));
        if p.gradient == 0 {
            continue;
        }
        for (v, logit) in logits.iter_mut().enumerate() {
            let z = z(*logit);
            let label = if v == target { 1.0 - smoothing } else { 0.0 };
            let dz = (z - lse).exp() * (1.0 + 2.0 * z_loss * lse) - label - smoothing / vocab as f64;
            let slope = if cap > 0.0 { 1.0 - (z / cap).powi(2) } else { 1.0 };
            *logit = S::narrow(c * dz * slope);
        }
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let vocab = p.vocab as usize;
    let (coefficients, logits, nll, terms) = (call.input(1), call.output(2), call.output(3), call.output(4));
    let mut capped = if p.softcap > 0.0 { vec![0.0; vocab] } else { Vec::new() };
    for line in units {
        let row = p.first as usize + line;
        let (c, target) = (coefficients[row], call.id(0, row));
        let logits = &mut logits[line * vocab..(line + 1) * vocab];
        if c == 0.0 || target >= vocab {
            (nll[row], terms[row]) = (0.0, 0.0);
            if p.gradient == 1 {
                logits.fill(0.0);
            }
            continue;
        }
        for (z, logit) in capped.iter_mut().zip(&*logits) {
            *z = p.softcap * tanh(logit / p.softcap);
        }
        let z: &[f32] = if p.softcap > 0.0 { &capped } else { logits };
        let most = max(z);
        let lse = most + sum(vocab, |v| exp(z[v] - most)).ln();
        let loss = lse - z[target];
        let spread = if p.smoothing > 0.0 { p.smoothing * (lse - sum(vocab, |v| z[v]) / vocab as f32) } else { 0.0 };
        nll[row] = loss;
        terms[row] = c * ((1.0 - p.smoothing) * loss + spread + p.z_loss * lse * lse);
        if p.gradient == 0 {
            continue;
        }
        let (factor, each) = (c * (1.0 + 2.0 * p.z_loss * lse), c * p.smoothing / vocab as f32);
        if p.softcap > 0.0 {
            let label = capped[target] / p.softcap;
            for (logit, z) in logits.iter_mut().zip(&capped) {
                let share = z / p.softcap;
                *logit = (exp(z - lse) * factor - each) * (1.0 - share * share);
            }
            logits[target] -= c * (1.0 - p.smoothing) * (1.0 - label * label);
        } else {
            for logit in logits.iter_mut() {
                *logit = exp(*logit - lse) * factor - each;
            }
            logits[target] -= c * (1.0 - p.smoothing);
        }
    }
}

fn check() -> Case {
    let params = Params { rows: 3, vocab: 300, first: 1, gradient: 1, smoothing: 0.1, z_loss: 1e-3, softcap: 30.0 };
    Case::new(&CROSS_ENTROPY, &params, &[])
        .u32(vec![9, 0, 299, 7])
        .f32(vec![1.0, 0.5, 0.25, 0.0])
        .accumulate(900, 20.0)
        .accumulate(4, 1.0)
        .accumulate(4, 1.0)
}

/// The kernel.
pub static CROSS_ENTROPY: Kernel = Kernel {
    name: "cross_entropy",
    wgsl: shader!("cross_entropy"),
    bindings: &[read("targets"), read("coefficients"), write("logits"), write("nll"), write("terms")],
    params_words: 7,
    cpu,
    reference: reference::<f64>,
    check,
};
