//! Attention of few queries over a cache, for decoding; what it computes is said in `attention`, whose Rust twin it shares.
//! On a GPU one workgroup takes all queries that share a head of keys, so that each key is read once.

use super::attention::{self, reference};
use super::live::{Live, place};
use super::shader::shader;
use super::{Case, Constant, Extent, Kernel, attention_cpu, fold, read, write};

/// Rows and numbers of queries that a workgroup can hold.
const ROWS: usize = 8;
const HELD: usize = 1024;

/// The parameters of `attention`.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params(pub attention::Params);

impl super::Params for Params {
    fn extent(&self, constants: &[(&'static str, u32)]) -> Extent {
        let groups = (self.0.batch * self.0.kv_heads) as usize;
        Extent { grid: fold(groups), ..super::Params::extent(&self.0, constants) }
    }
}

/// The constants for these parameters, or `None` where the queries are too many.
pub fn constants(p: &attention::Params) -> Option<[(&'static str, u32); 3]> {
    let rows = (p.heads / p.kv_heads * p.queries).next_power_of_two();
    let held = (rows * p.head) as usize;
    let fits = p.cached == 1 && rows as usize <= ROWS && held <= HELD && p.head <= 256;
    fits.then(|| [("HEAD", p.head), ("ROWS", rows), ("LANES", p.head.next_power_of_two())])
}

fn check() -> Case {
    case(12, 6, 2, &[("HEAD", 12), ("ROWS", 8), ("LANES", 16)]).varied(|constants| {
        let value = |wanted: &str| constants.iter().find(|(name, _)| *name == wanted).map_or(1, |(_, value)| *value);
        case(value("HEAD"), 2 * value("ROWS"), 1, constants)
    })
}

fn case(head: u32, heads: u32, queries: u32, constants: &[Constant]) -> Case {
    let p = attention::Params {
        batch: 2,
        heads,
        kv_heads: 2,
        head,
        queries,
        keys: 300,
        query_stride: (heads + 4) * head,
        key_stride: 4 * head,
        value_offset: 2 * head,
        own: 1,
        cached: 1,
        causal: 1,
        scale: 0.3,
        ..attention::Params::default()
    };
    let (head, heads, queries) = (head as usize, heads as usize, queries as usize);
    let case = Case::new(&ATTENTION_DECODE, &Params(p), constants).live(Live::default().with(place::PAST, 290));
    let case = case.uniform(2 * queries * (heads + 4) * head, 1.0).uniform(2 * 300 * 4 * head, 1.0);
    let case = case.u32(vec![0, 300, 5, 300]).f32(vec![0.0]).u32(vec![1, 0]);
    case.output(2 * queries * heads * head).output(2 * heads * queries)
}

/// The kernel.
pub static ATTENTION_DECODE: Kernel = Kernel {
    name: "attention_decode",
    wgsl: shader!("attention_decode"),
    bindings: &[read("query"), read("keys"), read("spans"), read("bias"), read("places"), write("out"), write("lse")],
    params_words: attention::WORDS,
    cpu: attention_cpu::forward,
    reference: reference::<f64>,
    check,
};
