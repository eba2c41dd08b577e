//! Units are independent: any split of a launch gives the same bits, so that the CPU player may pause anywhere.

use griot::kernels::{ALL, Call, Case, Span};

fn outcome(case: &Case, cuts: &[usize]) -> Vec<Vec<u32>> {
    let mut memory: Vec<Vec<u32>> = case.data.iter().map(|data| data.words()).collect();
    let spans: Vec<Span<f32>> =
        // SAFETY: each span covers its own vector, which outlives the calls.
        memory.iter_mut().map(|words| unsafe { Span::new(words.as_mut_ptr().cast(), words.len()) }).collect();
    let call = Call { params: &case.params, live: &case.live, constants: &case.constants, spans: &spans };
    for pair in cuts.windows(2).filter(|pair| pair[0] < pair[1]) {
        (case.kernel.cpu)(&call, pair[0]..pair[1]);
    }
    memory
}

#[test]
fn every_split_of_a_launch_gives_the_same_bits() {
    for kernel in ALL {
        let case = (kernel.check)();
        let units = case.extent.units;
        let whole = outcome(&case, &[0, units]);
        let third = units / 3;
        assert!(outcome(&case, &[0, third, units]) == whole, "{} in two", kernel.name);
        let single: Vec<usize> = (0..=units).collect();
        assert!(outcome(&case, &single) == whole, "{} one by one", kernel.name);
    }
}
