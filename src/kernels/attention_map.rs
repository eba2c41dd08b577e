//! Attention's probabilities, materialised as (B, H, Tq, Tk): what a person looks at, and the oracle of the online softmax.
//! They are those before dropout; keys that a query does not see have 0.

use super::shader::shader;
use std::ops::Range;

use super::attention::{self, Rows, probabilities, reach};
use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// The parameters of the forward launch.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params(pub attention::Params);

impl super::Params for Params {
    fn extent(&self, constants: &[(&'static str, u32)]) -> Extent {
        let units = (self.0.batch * self.0.heads * self.0.queries) as usize;
        Extent { grid: fold(units), units, ..super::Params::extent(&self.0, constants) }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p = &call.params::<Params>().0;
    let (rows, map, keys) = (Rows::of(call, p), call.output(4), p.keys as usize);
    for unit in units {
        let (q, rest) = (unit % p.queries as usize, unit / p.queries as usize);
        let (h, b) = (rest % p.heads as usize, rest / p.heads as usize);
        let line = &mut map[unit * keys..(unit + 1) * keys];
        line.fill(S::default());
        let reach = reach(call, p, 2, b, q);
        let (weights, _) = probabilities(p, &rows, (b, &|_| b, h), q, reach.clone());
        line[reach].iter_mut().zip(weights).for_each(|(to, weight)| *to = S::narrow(weight));
    }
}

fn check() -> Case {
    let (p, packed) = (attention::CHECK, attention::packed(16));
    let case = Case::new(&ATTENTION_MAP, &Params(p), &[]).f32(packed.clone()).f32(packed).u32(vec![0, 37, 5, 30]);
    case.f32(vec![0.0]).output(2 * 2 * 37 * 37)
}

/// The kernel.
pub static ATTENTION_MAP: Kernel = Kernel {
    name: "attention_map",
    wgsl: shader!("attention_map"),
    bindings: &[read("query"), read("keys"), read("spans"), read("bias"), write("map")],
    params_words: attention::WORDS,
    cpu: reference::<f32>,
    reference: reference::<f64>,
    check,
};
