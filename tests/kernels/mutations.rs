//! The comparison of devices with the reference can fail: with any output of any kernel turned in its sign, it does.

use griot::kernels::{ALL, Access};

#[test]
fn a_broken_sign_in_any_output_of_any_kernel_is_seen() {
    let mut broken = 0;
    for kernel in ALL {
        let case = (kernel.check)();
        let expected = case.expected();
        let words: Vec<Vec<u32>> = expected
            .iter()
            .zip(&case.data)
            .map(|(numbers, data)| match data {
                griot::kernels::case::Data::F32(_) => numbers.iter().map(|&n| (n as f32).to_bits()).collect(),
                griot::kernels::case::Data::U32(_) => numbers.iter().map(|&n| n as u32).collect(),
            })
            .collect();
        assert!(case.error(&words) <= case.tolerance, "{kernel:?} does not agree with itself");
        for (at, binding) in kernel.bindings.iter().enumerate().filter(|(_, binding)| binding.access == Access::Write) {
            let griot::kernels::case::Data::F32(before) = &case.data[at] else { continue };
            let mut words = words.clone();
            // What was added is taken away instead; what was written is turned.
            for (word, before) in words[at].iter_mut().zip(before) {
                let before = if before.is_finite() { *before } else { 0.0 };
                *word = (2.0 * before - f32::from_bits(*word)).to_bits();
            }
            if words[at].iter().all(|&word| f32::from_bits(word) == 0.0 || f32::from_bits(word).is_nan()) {
                continue; // zeros have no sign
            }
            assert!(case.error(&words) > case.tolerance, "{kernel:?}: a broken sign of `{}` is not seen", binding.name);
            broken += 1;
        }
    }
    assert!(broken > 60, "only {broken} outputs were turned");
}
