//! Third step of the backward: the gradient of queries, `dQ = scale · Σ_k ds · k` with `ds` as in `attention_keys`.
//! Writes (or adds to) the query part of its output and nothing else.

use super::shader::shader;
use std::ops::Range;

use super::attention::{self, BLOCK, Mask, Rows, dot, reach};
use super::attention_keys::store;
use super::{Call, Case, Constant, Extent, Kernel, Scalar, attention_cpu, read, write};

/// The parameters of the forward launch, and whether to add.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params(pub attention::Params);

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        self.0.over(self.0.heads, self.0.queries, BLOCK, 3)
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p = &call.params::<Params>().0;
    let (rows, dout, stats, dquery) = (Rows::of(call, p), call.input(4), call.input(5), call.output(6));
    let head = p.head as usize;
    for unit in units {
        let (b, h, queries) = p.unit(unit, p.heads, p.queries, BLOCK);
        let mask = Mask::new(p, call.live, b, h);
        for q in queries {
            let (row, out_at, query_at) = (p.row(b, h, q), p.out_at(b, h, q), p.query_at(b, h, q));
            let mut dq = vec![0.0; head];
            for k in reach(call, p, 2, b, q) {
                let (key_at, value_at) = p.key_at(b, p.group(h), k);
                let (logit, slope) = rows.logit(p, (b, b, h), q, k);
                let weight = (logit - stats[2 * row].wide()).exp();
                let dp = f64::from(mask.factor(q, k)) * dot(&dout[out_at..], &rows.keys[value_at..], p.head);
                let ds = weight * (dp - stats[2 * row + 1].wide()) * slope * f64::from(p.scale);
                dq.iter_mut().zip(&rows.keys[key_at..]).for_each(|(dq, k)| *dq += ds * k.wide());
            }
            store(&mut dquery[query_at..query_at + head], &dq, p.accumulate == 1);
        }
    }
}

fn check() -> Case {
    check_at(&[("HEAD", 16)]).varied(check_at)
}

fn check_at(constants: &[Constant]) -> Case {
    let words = |head| 2 * 37 * 4 * head;
    attention::check_backward(0, constants, words, |p| Case::new(&ATTENTION_QUERIES, &Params(p), constants))
}

/// The kernel.
pub static ATTENTION_QUERIES: Kernel = Kernel {
    name: "attention_queries",
    wgsl: shader!("attention_queries"),
    bindings: &[read("query"), read("keys"), read("spans"), read("bias"), read("dout"), read("stats"), write("dquery")],
    params_words: attention::WORDS,
    cpu: attention_cpu::queries,
    reference: reference::<f64>,
    check,
};
