//! exp, erf, tanh and the logistic function in f32 for the CPU kernels: a few units in the last place, no branches, so that a
//! loop over them becomes SIMD on every target. `shaders/activation.wgsl` evaluates erf and tanh by the same quotients.
//!
//! Not-a-number passes through, so that a broken weight is seen and not clamped away: `f32::max` would swallow it.

/// Numerator and denominator of `erf(x) / x` in x², interpolated at Chebyshev nodes of [0, 4]: off by at most 9.5e-8 before rounding.
const ERF: ([f32; 6], [f32; 6]) = (
    [std::f32::consts::FRAC_2_SQRT_PI, 0.185_932_71, 0.052_015_15, 0.003_546_153_2, 0.000_275_256_65, 2.016_903_4e-6],
    [1.0, 0.498_111_9, 0.112_134_63, 0.014_518_639, 0.001_101_422, 3.725_613_5e-5],
);

/// The same for `tanh(x) / x` on [0, 9]: off by at most 2.9e-9 before rounding.
const TANH: ([f32; 6], [f32; 5]) = (
    [1.0, 0.136_903_85, 0.003_881_239, 2.825_457_5e-5, 3.112_392e-8, -1.255_301_1e-11],
    [1.0, 0.470_237_18, 0.027_293_636, 0.000_396_092_5, 1.303_897_4e-6],
);

/// `x` within `low..=high`; not-a-number stays.
#[inline(always)]
pub fn within(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

#[inline(always)]
fn polynomial<const N: usize>(coefficients: &[f32; N], x: f32) -> f32 {
    let mut sum = coefficients[N - 1];
    for &c in coefficients[..N - 1].iter().rev() {
        sum = sum * x + c;
    }
    sum
}

/// e to the power x; 0 below -86.6, infinity above 88.7.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let clamped = within(x, -86.6, 88.722_83);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    // ln 2 in two parts, so that x - k ln 2 keeps its bits.
    let r = (clamped - k * 0.693_359_4) + k * 2.121_944_4e-4;
    let series = [1.0, 1.0, 0.5, 0.166_666_67, 0.041_666_67, 0.008_333_334, 0.001_388_889];
    // The power of two in two factors: 2^128 has no f32.
    let half = (shifted.to_bits() << 23).wrapping_add(0x3f80_0000 - (1 << 23));
    let value = polynomial(&series, r) * f32::from_bits(half) * 2.0;
    let value = if x < -86.6 { 0.0 } else { value };
    if x > 88.722_83 { f32::INFINITY } else { value }
}

/// The error function, off by at most 4e-7.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let x = within(x, -4.0, 4.0);
    let square = x * x;
    x * polynomial(&ERF.0, square) / polynomial(&ERF.1, square)
}

/// The hyperbolic tangent, off by at most 4e-7.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let x = within(x, -9.0, 9.0);
    let square = x * x;
    x * polynomial(&TANH.0, square) / polynomial(&TANH.1, square)
}

/// `s = 1 / (1 + e^-x)` and `1 - s`, both without cancellation.
#[inline(always)]
pub fn logistic(x: f32) -> (f32, f32) {
    let e = exp(-within(x, -87.0, 87.0));
    let s = 1.0 / (1.0 + e);
    (s, e * s)
}

/// `y[i] = f(x[i])`, in a loop that becomes SIMD.
#[inline(always)]
pub fn map(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = f(x);
    }
}

/// How many sums are kept side by side: four SIMD registers, which hides the latency of an addition.
const LANES: usize = 16;

/// The sum of `f(i)` over `0..count`, in [`LANES`] interleaved sums that are added up pairwise at the end.
#[inline(always)]
pub fn sum(count: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let whole = count / LANES * LANES;
    let mut start = 0;
    while start < whole {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += f(start + lane);
        }
        start += LANES;
    }
    for (i, sum) in (whole..count).zip(&mut lanes) {
        *sum += f(i);
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The largest of some numbers; negative infinity if there are none. Not-a-number is passed over.
#[inline(always)]
pub fn max(x: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let parts = x.chunks_exact(LANES);
    let rest = parts.remainder();
    for part in parts {
        for (most, &x) in lanes.iter_mut().zip(part) {
            *most = if x > *most { x } else { *most };
        }
    }
    rest.iter().chain(&lanes).fold(f32::NEG_INFINITY, |most, &x| if x > most { x } else { most })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(from: f64, to: f64, ours: fn(f32) -> f32, theirs: fn(f64) -> f64, relative: bool) -> f64 {
        let mut worst = 0.0f64;
        for step in 0..=200_000 {
            let x = (from + (to - from) * f64::from(step) / 2e5) as f32;
            let expected = theirs(f64::from(x));
            let error = (f64::from(ours(x)) - expected).abs();
            worst = worst.max(if relative { error / expected.abs().max(1e-300) } else { error });
        }
        worst
    }

    #[test]
    fn fast_functions_are_within_a_few_units_of_the_last_place() {
        let errors = [
            worst(-86.5, 88.7, exp, f64::exp, true),
            worst(-6.0, 6.0, erf, crate::kernels::activation::erf, false),
            worst(-12.0, 12.0, tanh, f64::tanh, false),
            worst(-80.0, 80.0, |x| logistic(x).0, |x| 1.0 / (1.0 + (-x).exp()), true),
            worst(-80.0, 80.0, |x| logistic(x).1, |x| 1.0 / (1.0 + x.exp()), true),
        ];
        assert!(errors.iter().all(|&error| error < 5e-7), "{errors:?}");
    }

    #[test]
    fn sums_and_maxima_take_every_number_once() {
        for count in [0usize, 1, 15, 16, 17, 100] {
            let x: Vec<f32> = (0..count).map(|i| ((i * 37) % 101) as f32).collect();
            assert_eq!(sum(count, |i| x[i]), x.iter().sum::<f32>());
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }

    #[test]
    fn ends_are_zero_and_infinity_and_nan_stays() {
        assert_eq!((exp(-88.0), exp(f32::NEG_INFINITY), exp(0.0)), (0.0, 0.0, 1.0));
        assert_eq!((exp(89.0), exp(f32::INFINITY)), (f32::INFINITY, f32::INFINITY));
        for f in [exp, erf, tanh, |x| logistic(x).0] {
            assert!(f(f32::NAN).is_nan());
        }
        assert!((tanh(f32::INFINITY) - 1.0).abs() < 4e-7 && (erf(f32::NEG_INFINITY) + 1.0).abs() < 4e-7);
    }
}
