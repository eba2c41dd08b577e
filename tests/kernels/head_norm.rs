//! Cases of the kernels `head_norm`: awkward sizes, with and without accumulation and offset.

use griot::kernels::Case;
use griot::kernels::head_norm::{HEAD_NORM, HEAD_NORM_GRADIENT, HEAD_NORM_WEIGHTS, Params, WeightParams};

use crate::devices::agree;

#[test]
fn head_norm_agrees_at_awkward_sizes() {
    let mut cases = Vec::new();
    for (rows, heads, kv_heads, head) in [(1, 1, 1, 1), (7, 3, 1, 5), (3, 4, 2, 48), (130, 9, 3, 128)] {
        for add in [0, 1] {
            let p = Params {
                rows,
                heads,
                kv_heads,
                head,
                eps: 1e-6,
                offset: add as f32,
                accumulate: add,
                accumulate_queries: add,
                accumulate_keys: 1 - add,
            };
            let (d, units) = (head as usize, rows as usize * p.across());
            let name = format!("{rows} rows of {heads}+{kv_heads} heads of {head}, add {add}");
            let onto = |case: Case, count: usize, add: u32| match add {
                1 => case.accumulate(count, 1.0),
                _ => case.output(count),
            };
            let packed = |kernel, count: usize| Case::new(kernel, &p, &[]).uniform(count, 2.0);
            let forward = packed(&HEAD_NORM, units * d).uniform(d, 1.0).uniform(d, 1.0).output(units * d);
            cases.push((name.clone(), forward));
            let backward =
                packed(&HEAD_NORM_GRADIENT, units * d).uniform(d, 1.0).uniform(d, 1.0).uniform(units * d, 1.0);
            cases.push((name.clone(), onto(backward, units * d, add).output(units)));
            let weights = Case::new(&HEAD_NORM_WEIGHTS, &WeightParams(p), &[])
                .uniform(units * d, 2.0)
                .uniform(units * d, 1.0)
                .uniform(units, 1.0);
            cases.push((name, onto(onto(weights, d, add), d, 1 - add)));
        }
    }
    agree(cases);
}
