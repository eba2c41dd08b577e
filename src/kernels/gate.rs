//! Gated units: `y = f(gate) up` for rows that hold F gates and then F ups (SwiGLU, GeGLU, ReGLU; Shazeer 2020).
//!
//! Backward: `dgate = dy up f'(gate)`, `dup = dy f(gate)`; dy can become y again, bit for bit as on the way there. Units are rows.

use super::shader::shader;
use std::ops::Range;

use super::activation::Activation;
use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Forward.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// R.
    pub rows: u32,
    /// F, half of what a row of `x` holds.
    pub width: u32,
    /// The activation's code.
    pub kind: u32,
}

/// Backward.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct GradientParams {
    /// R.
    pub rows: u32,
    /// F.
    pub width: u32,
    /// The activation's code.
    pub kind: u32,
    /// 1: add to what is there.
    pub accumulate: u32,
    /// 1: dy becomes y.
    pub restore: u32,
}

fn extent(rows: u32, width: u32, each: u64) -> Extent {
    let count = rows as usize * width as usize;
    Extent { grid: fold(count.div_ceil(256)), units: rows as usize, work: count as u64 * each }
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        extent(self.rows, self.width, 20)
    }
}

impl super::Params for GradientParams {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        extent(self.rows, self.width, 40)
    }
}

fn value(kind: u32, x: f64) -> f64 {
    Activation::of(kind).map_or(x, |f| f.value(x))
}

fn derivative(kind: u32, x: f64) -> f64 {
    Activation::of(kind).map_or(1.0, |f| f.derivative(x))
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let width = p.width as usize;
    let (x, y) = (call.input(0), call.output(1));
    for row in units {
        for i in 0..width {
            let (gate, up) = (x[row * 2 * width + i].wide(), x[row * 2 * width + width + i].wide());
            y[row * width + i] = S::narrow(value(p.kind, gate) * up);
        }
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let width = p.width as usize;
    let x = &call.input(0)[units.start * 2 * width..units.end * 2 * width];
    let y = &mut call.output(1)[units.start * width..units.end * width];
    for (x, y) in x.chunks_exact(2 * width).zip(y.chunks_exact_mut(width)) {
        let (gate, up) = x.split_at(width);
        match Activation::of(p.kind) {
            Some(f) => f.values(gate, y),
            None => y.copy_from_slice(gate),
        }
        for (y, up) in y.iter_mut().zip(up) {
            *y *= up;
        }
    }
}

fn gradient_reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &GradientParams = call.params();
    let width = p.width as usize;
    let (x, dys, dx) = (call.input(0), call.output(1), call.output(2));
    for row in units {
        for i in 0..width {
            let at = row * 2 * width + i;
            let (gate, up, dy) = (x[at].wide(), x[at + width].wide(), dys[row * width + i].wide());
            let held = |x: S| if p.accumulate == 1 { x.wide() } else { 0.0 };
            dx[at] = S::narrow(held(dx[at]) + dy * up * derivative(p.kind, gate));
            dx[at + width] = S::narrow(held(dx[at + width]) + dy * value(p.kind, gate));
            if p.restore == 1 {
                dys[row * width + i] = S::narrow(value(p.kind, gate) * up);
            }
        }
    }
}

fn gradient_cpu(call: &Call<'_, f32>, units: Range<usize>) {
    const PART: usize = 256;
    let p: &GradientParams = call.params();
    let width = p.width as usize;
    let x = &call.input(0)[units.start * 2 * width..units.end * 2 * width];
    let dy = &mut call.output(1)[units.start * width..units.end * width];
    let dx = &mut call.output(2)[units.start * 2 * width..units.end * 2 * width];
    let (mut values, mut slopes) = ([0.0; PART], [1.0; PART]);
    for ((x, dy), dx) in x.chunks_exact(2 * width).zip(dy.chunks_exact_mut(width)).zip(dx.chunks_exact_mut(2 * width)) {
        let (gate, up) = x.split_at(width);
        let (dgate, dup) = dx.split_at_mut(width);
        let given = gate.chunks(PART).zip(up.chunks(PART)).zip(dy.chunks_mut(PART));
        for (((gate, up), dy), (dgate, dup)) in given.zip(dgate.chunks_mut(PART).zip(dup.chunks_mut(PART))) {
            match Activation::of(p.kind) {
                Some(f) => {
                    f.values(gate, &mut values);
                    f.derivatives(gate, &mut slopes);
                }
                None => values[..gate.len()].copy_from_slice(gate),
            }
            if p.accumulate == 0 {
                dgate.fill(0.0);
                dup.fill(0.0);
            }
            for (i, dy) in dy.iter_mut().enumerate() {
                dgate[i] += *dy * up[i] * slopes[i];
                dup[i] += *dy * values[i];
                if p.restore == 1 {
                    *dy = values[i] * up[i];
                }
            }
        }
    }
}

fn check() -> Case {
    case(7, 33).sized(&[("rows", 7), ("width", 33)], |sizes| Ok(case(sizes[0], sizes[1])))
}

fn case(rows: u32, width: u32) -> Case {
    let numbers = (rows * width) as usize;
    Case::new(&GATE, &Params { rows, width, kind: Activation::Silu.code() }, &[])
        .uniform(2 * numbers, 6.0)
        .output(numbers)
}

fn gradient_check() -> Case {
    let params = GradientParams { rows: 7, width: 33, kind: Activation::Silu.code(), accumulate: 1, restore: 1 };
    Case::new(&GATE_GRADIENT, &params, &[]).uniform(7 * 66, 6.0).accumulate(7 * 33, 1.0).accumulate(7 * 66, 1.0)
}

/// Forward.
pub static GATE: Kernel = Kernel {
    name: "gate",
    wgsl: shader!("gate"),
    bindings: &[read("x"), write("y")],
    params_words: 3,
    cpu,
    reference: reference::<f64>,
    check,
};

/// Backward.
pub static GATE_GRADIENT: Kernel = Kernel {
    name: "gate_gradient",
    wgsl: shader!("gate_gradient"),
    bindings: &[read("x"), write("dy"), write("dx")],
    params_words: 5,
    cpu: gradient_cpu,
    reference: gradient_reference::<f64>,
    check: gradient_check,
};
