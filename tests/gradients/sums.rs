//! The reverse walk itself: shared tensors add up, seeds are not overwritten, weights without a gradient are refused.

use griot::graph::{Graph, Lowering, Op, Reverse};
use griot::kernels::sum::{Params, SUM};
use griot::{Result, ensure};

use crate::probe::Probe;

/// `y = a + b`, as two launches.
#[derive(Debug)]
struct Plus;

impl Op for Plus {
    fn name(&self) -> &'static str {
        "plus"
    }
    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        ensure!(inputs.len() == 2 && inputs[0] == inputs[1], Shape, "plus: {inputs:?}");
        Ok(vec![inputs[0].to_vec()])
    }
    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        for (input, accumulate) in [(0, 0), (1, 1)] {
            let params = Params { count: l.input(input).words as u32, accumulate };
            l.launch(&SUM, &params, &[], &[l.input(input), l.output(0)]);
        }
        Ok(())
    }
    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let Some(dout) = r.dout(0) else { return Ok(()) };
        r.pass(dout, 0)?;
        r.pass(dout, 1)
    }
}

#[test]
fn a_tensor_used_many_times_gets_the_sum_of_its_gradients() {
    Probe::new(&[&[3, 5]], |g, v, _| {
        let twice = g.one(Plus, &[v[0], v[0]])?;
        let thrice = g.one(Plus, &[twice, v[0]])?;
        let more = g.one(Plus, &[thrice, twice])?;
        Ok(vec![g.one(Plus, &[more, v[0]])?, twice])
    })
    .check();
}

#[test]
fn a_trainable_weight_that_nothing_reaches_is_refused() {
    let mut graph = Graph::new();
    let slice = |offset| griot::device::Slice { buffer: 0, offset, words: 4 };
    let used = graph.weight("used", &[4], slice(0), Some(slice(64)));
    graph.weight("forgotten", &[4], slice(128), Some(slice(192)));
    let y = graph.one(Plus, &[used, used]).unwrap();
    let seed = graph.input("seed", &[4]);
    let error = graph.backward(&[(y, Some(seed))]).unwrap_err();
    assert!(error.to_string().contains("forgotten"), "{error}");
}

#[test]
fn a_view_shares_its_numbers_and_its_gradient() {
    Probe::new(&[&[3, 4]], |g, v, _| {
        let twice = g.one(Plus, &[v[0], v[0]])?;
        let flat = g.view(twice, &[12])?;
        let other = g.view(v[0], &[12])?;
        let sum = g.one(Plus, &[flat, other])?;
        Ok(vec![g.view(sum, &[2, 6])?, twice])
    })
    .check();
}
