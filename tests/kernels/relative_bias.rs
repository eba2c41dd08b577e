//! Distances into buckets and back, both ways and causal.

use griot::kernels::Case;
use griot::kernels::relative_bias::{GradientParams, Params, RELATIVE_BIAS, RELATIVE_BIAS_GRADIENT};

use crate::devices::agree;

#[test]
fn every_distance_takes_its_bucket_and_gives_its_gradient_back() {
    let mut cases = Vec::new();
    for (heads, reach, buckets, both, far) in [
        (1, 1, 4, true, 3),
        (3, 200, 32, true, 128),
        (2, 131, 32, false, 128),
        (1, 90, 64, false, 80),
        (5, 7, 8, true, 20),
    ] {
        let p = Params::new(heads, reach, buckets, both, far).unwrap();
        let (table, bias) = (heads * buckets, heads * (2 * reach - 1));
        let name = format!("{heads} heads, reach {reach}, {buckets} buckets");
        cases.push((name.clone(), Case::new(&RELATIVE_BIAS, &p, &[]).uniform(table, 1.0).output(bias)));
        for accumulate in [0, 1] {
            let case = Case::new(&RELATIVE_BIAS_GRADIENT, &GradientParams(Params { accumulate, ..p }), &[]);
            let case = case.uniform(bias, 1.0);
            cases.push((name.clone(), if accumulate == 1 { case.accumulate(table, 1.0) } else { case.output(table) }));
        }
    }
    agree(cases);
}
