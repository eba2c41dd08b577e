// The activation functions and their derivatives by code, as src/kernels/activation.rs has them. Code 0 is the identity.
// erf and tanh are quotients of polynomials in x²: a few units in the last place on every device.

fn activation_erf(wide: f32) -> f32 {
    let x = clamp(wide, -4.0, 4.0);
    let s = x * x;
    let above = ((((2.0169034e-6 * s + 2.7525665e-4) * s + 3.5461532e-3) * s + 5.201515e-2) * s + 0.18593271) * s + 1.1283792;
    let below = ((((3.7256135e-5 * s + 1.101422e-3) * s + 1.4518639e-2) * s + 0.11213463) * s + 0.4981119) * s + 1.0;
    return x * above / below;
}

fn activation_tanh(wide: f32) -> f32 {
    let x = clamp(wide, -9.0, 9.0);
    let s = x * x;
    let above = ((((-1.2553011e-11 * s + 3.112392e-8) * s + 2.8254575e-5) * s + 3.881239e-3) * s + 0.13690385) * s + 1.0;
    let below = (((1.3038974e-6 * s + 3.9609252e-4) * s + 2.7293636e-2) * s + 0.47023718) * s + 1.0;
    return x * above / below;
}

// s = 1 / (1 + e^-x) and 1 - s, both without cancellation.
fn activation_logistic(x: f32) -> vec2<f32> {
    let e = exp(-clamp(x, -87.0, 87.0));
    let s = 1.0 / (1.0 + e);
    return vec2<f32>(s, e * s);
}

// The argument of the logistic function in the tanh form of GELU, and its slope.
fn activation_gelu(wide: f32) -> vec2<f32> {
    let x = clamp(wide, -16.0, 16.0);
    let s = x * x;
    return 1.5957691 * vec2<f32>(x * (1.0 + 0.044715 * s), 1.0 + 0.134145 * s);
}

fn activate(kind: u32, x: f32) -> f32 {
    switch (kind) {
        case 1u: {
            return 0.5 * x * (1.0 + activation_erf(x * 0.70710678));
        }
        case 2u: {
            return x * activation_logistic(activation_gelu(x).x).x;
        }
        case 3u: {
            return max(x, 0.0);
        }
        case 4u: {
            return max(x, 0.0) * max(x, 0.0);
        }
        case 5u: {
            return x * activation_logistic(x).x;
        }
        case 6u: {
            return activation_tanh(x);
        }
        case 7u: {
            return activation_logistic(x).x;
        }
        default: {
            return x;
        }
    }
}

fn activate_gradient(kind: u32, x: f32) -> f32 {
    switch (kind) {
        case 1u: {
            let near = clamp(x, -16.0, 16.0);
            return 0.5 * (1.0 + activation_erf(x * 0.70710678)) + near * exp(-0.5 * near * near) * 0.3989423;
        }
        case 2u: {
            let inner = activation_gelu(x);
            let s = activation_logistic(inner.x);
            return s.x + clamp(x, -16.0, 16.0) * s.x * s.y * inner.y;
        }
        case 3u: {
            return select(0.0, 1.0, x > 0.0);
        }
        case 4u: {
            return 2.0 * max(x, 0.0);
        }
        case 5u: {
            let s = activation_logistic(x);
            return s.x + clamp(x, -87.0, 87.0) * s.x * s.y;
        }
        case 6u: {
            let s = activation_logistic(2.0 * x);
            return 4.0 * s.x * s.y;
        }
        case 7u: {
            let s = activation_logistic(x);
            return s.x * s.y;
        }
        default: {
            return 1.0;
        }
    }
}
