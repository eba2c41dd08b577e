//! Distillation: `c t² KL(p || q)` for rows of a teacher's and a student's logits, p and q their softmax at temperature t.
//!
//! The gradient with respect to the student's logits is `c t (q - p)` (Hinton et al. 2015). Rows with coefficient 0 give exact
//! zeros. Units are rows.

use super::shader::shader;
use std::ops::Range;

use super::fast_math::{exp, max, sum};
use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// R.
    pub rows: u32,
    /// V.
    pub vocab: u32,
    /// t.
    pub temperature: f32,
    /// 1: write the gradient.
    pub gradient: u32,
    /// 1: add to what it holds.
    pub accumulate: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let rows = self.rows as usize;
        Extent { grid: fold(rows), units: rows, work: rows as u64 * u64::from(self.vocab) * 80 }
    }
}

fn log_sum(logits: &[f64]) -> f64 {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + logits.iter().map(|logit| (logit - most).exp()).sum::<f64>().ln()
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (vocab, t) = (p.vocab as usize, f64::from(p.temperature));
    let (each, terms, dlogits) = (call.output(3), call.output(4), call.output(5));
    for row in units {
        let c = call.input(2)[row].wide();
        let logits =
            |binding| call.input(binding)[row * vocab..(row + 1) * vocab].iter().map(|l| l.wide() / t).collect();
        let [student, teacher]: [Vec<f64>; 2] = [logits(0), logits(1)];
        let (log_student, log_teacher) = (log_sum(&student), log_sum(&teacher));
        let mut loss = 0.0;
        for v in 0..vocab {
            let (q, p_log) = ((student[v] - log_student).exp(), teacher[v] - log_teacher);
            if p_log > f64::NEG_INFINITY {
                loss += p_log.exp() * (p_log - (student[v] - log_student));
            }
            if p.gradient == 1 {
                let out = &mut dlogits[row * vocab + v];
                let held = if p.accumulate == 1 { out.wide() } else { 0.0 };
                *out = S::narrow(held + if c == 0.0 { 0.0 } else { c * t * (q - p_log.exp()) });
            }
        }
        each[row] = S::narrow(if c == 0.0 { 0.0 } else { t * t * loss });
        terms[row] = S::narrow(if c == 0.0 { 0.0 } else { c * t * t * loss });
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let (vocab, t) = (p.vocab as usize, p.temperature);
    let (each, terms, dlogits) = (call.output(3), call.output(4), call.output(5));
    for row in units {
        let c = call.input(2)[row];
        let words = row * vocab..(row + 1) * vocab;
        let (student, teacher) = (&call.input(0)[words.clone()], &call.input(1)[words.clone()]);
        if c == 0.0 {
            (each[row], terms[row]) = (0.0, 0.0);
            if p.gradient == 1 && p.accumulate == 0 {
                dlogits[words].fill(0.0);
            }
            continue;
        }
        let log_sum = |logits: &[f32]| {
            let most = max(logits) / t;
            most + sum(vocab, |v| exp(logits[v] / t - most)).ln()
        };
        let (log_student, log_teacher) = (log_sum(student), log_sum(teacher));
        let loss = sum(vocab, |v| {
            let p_log = teacher[v] / t - log_teacher;
            let share = exp(p_log);
            if share > 0.0 { share * (p_log - (student[v] / t - log_student)) } else { 0.0 }
        });
        (each[row], terms[row]) = (t * t * loss, c * t * t * loss);
        if p.gradient == 1 {
            let dlogits = &mut dlogits[words];
            if p.accumulate == 0 {
                dlogits.fill(0.0);
            }
            for ((out, student), teacher) in dlogits.iter_mut().zip(student).zip(teacher) {
                *out += c * t * (exp(student / t - log_student) - exp(teacher / t - log_teacher));
            }
        }
    }
}

fn check() -> Case {
    let params = Params { rows: 3, vocab: 300, temperature: 2.0, gradient: 1, accumulate: 0 };
    Case::new(&DISTILL, &params, &[])
        .uniform(900, 5.0)
        .uniform(900, 5.0)
        .f32(vec![1.0, 0.0, 0.5])
        .output(3)
        .output(3)
        .output(900)
}

/// The kernel.
pub static DISTILL: Kernel = Kernel {
    name: "distill",
    wgsl: shader!("distill"),
    bindings: &[
        read("student"),
        read("teacher"),
        read("coefficients"),
        write("each"),
        write("terms"),
        write("dlogits"),
    ],
    params_words: 5,
    cpu,
    reference: reference::<f64>,
    check,
};
