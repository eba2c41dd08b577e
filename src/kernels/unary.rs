//! `y = f(x)` and `dx = dy f'(x)` for an [`Activation`], over N numbers of any shape.
//!
//! On the way back dy can become y again, bit for bit as on the way there.

use super::shader::shader;
use std::ops::Range;

use super::activation::Activation;
use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Forward.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// N.
    pub count: u32,
    /// The activation's code.
    pub kind: u32,
}

/// Backward.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct GradientParams {
    /// N.
    pub count: u32,
    /// The activation's code.
    pub kind: u32,
    /// 1: add to what is there.
    pub accumulate: u32,
    /// 1: dy becomes y.
    pub restore: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        elements(self.count, 16)
    }
}

impl super::Params for GradientParams {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        elements(self.count, 24)
    }
}

/// One thread an element, `each` operations an element.
pub(super) fn elements(count: u32, each: u64) -> Extent {
    let count = count as usize;
    Extent { grid: fold(count.div_ceil(256)), units: count, work: count as u64 * each }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, y) = (&call.input(0)[units.clone()], &mut call.output(1)[units]);
    for (y, x) in y.iter_mut().zip(x) {
        *y = S::narrow(Activation::of(p.kind).map_or(x.wide(), |f| f.value(x.wide())));
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, y) = (&call.input(0)[units.clone()], &mut call.output(1)[units]);
    match Activation::of(p.kind) {
        Some(f) => f.values(x, y),
        None => y.copy_from_slice(x),
    }
}

fn gradient_reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &GradientParams = call.params();
    let (x, dy) = (&call.input(0)[units.clone()], &mut call.output(1)[units.clone()]);
    for ((dx, x), dy) in call.output(2)[units].iter_mut().zip(x).zip(dy) {
        let held = if p.accumulate == 1 { dx.wide() } else { 0.0 };
        *dx = S::narrow(held + dy.wide() * Activation::of(p.kind).map_or(1.0, |f| f.derivative(x.wide())));
        if p.restore == 1 {
            *dy = S::narrow(Activation::of(p.kind).map_or(x.wide(), |f| f.value(x.wide())));
        }
    }
}

fn gradient_cpu(call: &Call<'_, f32>, units: Range<usize>) {
    const PART: usize = 256;
    let p: &GradientParams = call.params();
    let (x, dy) = (&call.input(0)[units.clone()], &mut call.output(1)[units.clone()]);
    let mut slope = [1.0; PART];
    let parts = call.output(2)[units].chunks_mut(PART).zip(x.chunks(PART)).zip(dy.chunks_mut(PART));
    for ((dx, x), dy) in parts {
        if let Some(f) = Activation::of(p.kind) {
            f.derivatives(x, &mut slope);
        }
        for ((dx, dy), slope) in dx.iter_mut().zip(dy.iter()).zip(&slope) {
            *dx = if p.accumulate == 1 { *dx + dy * slope } else { dy * slope };
        }
        match Activation::of(p.kind) {
            Some(f) if p.restore == 1 => f.values(x, dy),
            None if p.restore == 1 => dy.copy_from_slice(x),
            _ => {}
        }
    }
}

fn check() -> Case {
    Case::new(&UNARY, &Params { count: 1000, kind: Activation::GeluErf.code() }, &[]).uniform(1000, 6.0).output(1000)
}

fn gradient_check() -> Case {
    let params = GradientParams { count: 1000, kind: Activation::GeluTanh.code(), accumulate: 1, restore: 1 };
    Case::new(&UNARY_GRADIENT, &params, &[]).uniform(1000, 6.0).accumulate(1000, 1.0).accumulate(1000, 1.0)
}

/// Forward.
pub static UNARY: Kernel = Kernel {
    name: "unary",
    wgsl: shader!("unary"),
    bindings: &[read("x"), write("y")],
    params_words: 2,
    cpu,
    reference: reference::<f64>,
    check,
};

/// Backward.
pub static UNARY_GRADIENT: Kernel = Kernel {
    name: "unary_gradient",
    wgsl: shader!("unary_gradient"),
    bindings: &[read("x"), write("dy"), write("dx")],
    params_words: 4,
    cpu: gradient_cpu,
    reference: gradient_reference::<f64>,
    check: gradient_check,
};
