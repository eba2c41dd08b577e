//! The activation functions: exact values and derivatives in f64 for references, f32 loops for the CPU, and a code for WGSL.
//!
//! `shaders/activation.wgsl` holds the same functions as `activate(kind, x)` and `activate_gradient(kind, x)`; code 0 is the
//! identity, so that an epilogue without an activation needs no second path.
//! GELU: Hendrycks and Gimpel 2016, exact (erf) and by tanh with the constants of their paper. ReLU²: So et al. 2021.

use super::fast_math::{self, logistic, map};

/// A function applied to every number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// x Φ(x), Φ from the error function.
    GeluErf,
    /// x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2.
    GeluTanh,
    /// max(x, 0).
    Relu,
    /// max(x, 0)².
    ReluSquared,
    /// x / (1 + e^-x).
    Silu,
    /// The hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e^-x).
    Sigmoid,
}

const ROOT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
const CUBIC: f64 = 0.044_715;

impl Activation {
    /// All of them, in the order of their codes.
    pub const ALL: [Activation; 7] = [
        Activation::GeluErf,
        Activation::GeluTanh,
        Activation::Relu,
        Activation::ReluSquared,
        Activation::Silu,
        Activation::Tanh,
        Activation::Sigmoid,
    ];

    /// The number that `Params` carry; 0 is no activation.
    pub fn code(self) -> u32 {
        self as u32 + 1
    }

    /// The activation of a code, `None` for 0 and for codes that nobody has.
    pub fn of(code: u32) -> Option<Activation> {
        Activation::ALL.get((code as usize).checked_sub(1)?).copied()
    }

    /// The value at `x`.
    pub fn value(self, x: f64) -> f64 {
        match self {
            Activation::GeluErf => 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
            Activation::GeluTanh => x * sigmoid(2.0 * ROOT_2_OVER_PI * (x + CUBIC * x * x * x)),
            Activation::Relu => positive(x),
            Activation::ReluSquared => positive(x) * positive(x),
            Activation::Silu => x * sigmoid(x),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => sigmoid(x),
        }
    }

    /// The derivative at `x`.
    pub fn derivative(self, x: f64) -> f64 {
        match self {
            Activation::GeluErf => {
                let density =
                    (-0.5 * x * x).exp() * 0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
                0.5 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)) + x * density
            }
            Activation::GeluTanh => {
                let s = sigmoid(2.0 * ROOT_2_OVER_PI * (x + CUBIC * x * x * x));
                s + x * s * (1.0 - s) * 2.0 * ROOT_2_OVER_PI * (1.0 + 3.0 * CUBIC * x * x)
            }
            Activation::Relu => f64::from(u8::from(x > 0.0)),
            Activation::ReluSquared => 2.0 * positive(x),
            Activation::Silu => sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x))),
            Activation::Tanh => 1.0 - x.tanh() * x.tanh(),
            Activation::Sigmoid => sigmoid(x) * (1.0 - sigmoid(x)),
        }
    }

    /// `y[i] = f(x[i])` in f32.
    pub fn values(self, x: &[f32], y: &mut [f32]) {
        match self {
            Activation::GeluErf => map(x, y, gelu_erf),
            Activation::GeluTanh => map(x, y, |x| x * logistic(gelu_slope(x).0).0),
            Activation::Relu => map(x, y, relu),
            Activation::ReluSquared => map(x, y, |x| relu(x) * relu(x)),
            Activation::Silu => map(x, y, |x| x * logistic(x).0),
            Activation::Tanh => map(x, y, fast_math::tanh),
            Activation::Sigmoid => map(x, y, |x| logistic(x).0),
        }
    }

    /// `y[i] = f'(x[i])` in f32.
    pub fn derivatives(self, x: &[f32], y: &mut [f32]) {
        match self {
            Activation::GeluErf => map(x, y, gelu_erf_derivative),
            Activation::GeluTanh => map(x, y, |x| {
                let (inner, slope) = gelu_slope(x);
                let (s, rest) = logistic(inner);
                s + fast_math::within(x, -16.0, 16.0) * s * rest * slope
            }),
            Activation::Relu => map(x, y, |x| if x > 0.0 { 1.0 } else { 0.0 }),
            Activation::ReluSquared => map(x, y, |x| 2.0 * relu(x)),
            Activation::Silu => map(x, y, |x| {
                let (s, rest) = logistic(x);
                s + fast_math::within(x, -87.0, 87.0) * s * rest
            }),
            Activation::Tanh => map(x, y, |x| {
                let (s, rest) = logistic(2.0 * x);
                4.0 * s * rest
            }),
            Activation::Sigmoid => map(x, y, |x| {
                let (s, rest) = logistic(x);
                s * rest
            }),
        }
    }
}

/// The argument of the logistic function in the tanh form of GELU, and its slope; clamped where the cube would overflow.
#[inline(always)]
fn gelu_slope(x: f32) -> (f32, f32) {
    let x = fast_math::within(x, -16.0, 16.0);
    const TWICE: f32 = (2.0 * ROOT_2_OVER_PI) as f32;
    let square = x * x;
    (TWICE * x * (1.0 + CUBIC as f32 * square), TWICE * (1.0 + 3.0 * CUBIC as f32 * square))
}

#[inline(always)]
fn gelu_erf(x: f32) -> f32 {
    0.5 * x * (1.0 + fast_math::erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

#[inline(always)]
fn gelu_erf_derivative(x: f32) -> f32 {
    const DENSITY: f32 = 0.398_942_3;
    let clamped = fast_math::within(x, -16.0, 16.0);
    let density = fast_math::exp(-0.5 * clamped * clamped) * DENSITY;
    0.5 * (1.0 + fast_math::erf(x * std::f32::consts::FRAC_1_SQRT_2)) + clamped * density
}

/// Not `f32::max`, which would turn not-a-number into 0.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// Not `f64::max`, as above.
fn positive(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The error function in f64: `2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1))`, all terms of one sign.
pub fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_has_its_published_values() {
        for (x, value) in
            [(0.5, 0.520_499_877_813_046_5), (1.0, 0.842_700_792_949_714_9), (3.0, 0.999_977_909_503_001_4)]
        {
            assert!((erf(x) - value).abs() < 1e-15 && (erf(-x) + value).abs() < 1e-15);
        }
        assert_eq!((erf(0.0), erf(7.0)), (0.0, 1.0));
        assert!(erf(f64::NAN).is_nan());
    }

    #[test]
    fn derivatives_are_those_of_the_values() {
        for kind in Activation::ALL {
            for step in -40..40 {
                let x = f64::from(step) * 0.21 + 0.05;
                let numeric = (kind.value(x + 1e-5) - kind.value(x - 1e-5)) / 2e-5;
                assert!((kind.derivative(x) - numeric).abs() < 1e-8 * (1.0 + x * x), "{kind:?} at {x}");
            }
        }
    }

    #[test]
    fn f32_loops_agree_with_the_exact_functions_far_out_too() {
        let x: Vec<f32> = (-900..=900).map(|i| i as f32 * 0.1).chain([1e10, -1e10, 1e-10, 1e38, -1e38]).collect();
        let mut y = vec![0.0; x.len()];
        for kind in Activation::ALL {
            let skip = |x: f32| kind == Activation::ReluSquared && x > 1e18;
            kind.values(&x, &mut y);
            for (&x, &y) in x.iter().zip(&y).filter(|&(&x, _)| !skip(x)) {
                let exact = kind.value(f64::from(x));
                let exact = if exact.is_finite() { exact } else { f64::from(x).max(0.0) };
                assert!(
                    (f64::from(y) - exact).abs() < 4e-7 * exact.abs().max(x.abs().into()).max(1.0),
                    "{kind:?}({x}) = {y}"
                );
            }
            kind.derivatives(&x, &mut y);
            for (&x, &y) in x.iter().zip(&y).filter(|(x, _)| x.abs() <= 90.0) {
                let exact = kind.derivative(f64::from(x));
                assert!((f64::from(y) - exact).abs() < 2e-6 * exact.abs().max(1.0), "{kind:?}'({x}) = {y}, {exact}");
            }
            assert!(y.iter().all(|y| y.is_finite()), "{kind:?}'");
        }
    }

    #[test]
    fn codes_name_every_activation_and_zero_names_none() {
        for kind in Activation::ALL {
            assert_eq!(Activation::of(kind.code()), Some(kind));
        }
        assert_eq!((Activation::of(0), Activation::of(8)), (None, None));
    }
}
