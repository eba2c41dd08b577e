//! Rotary positions (Su et al., "RoFormer", 2021): pairs of numbers of each head of queries and keys turn by
//! `position · frequency`. `y₁ = x₁ cos - x₂ sin`, `y₂ = x₂ cos + x₁ sin`; pairs are (i, i + rotary/2) or neighbours.
//! The gradient turns back. What is not turned (values, the rest of a head) is copied.
//! Cosines and sines come in a table that the host made; the kernel knows no frequency.

use super::shader::shader;
use std::ops::Range;

use super::{Call, Case, Extent, Kernel, Scalar, fold, read, write};

/// Sizes and the kind of pairs.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// R, positions in all rows.
    pub rows: u32,
    /// W, numbers of one position.
    pub width: u32,
    /// The first this many numbers of a position are heads that turn.
    pub turned: u32,
    /// D.
    pub head: u32,
    /// The first this many numbers of a head turn.
    pub rotary: u32,
    /// P, positions in the table.
    pub positions: u32,
    /// 1: pairs are neighbours.
    pub interleaved: u32,
    /// 1: turn back.
    pub inverse: u32,
    /// 1: add to what is there.
    pub accumulate: u32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let words = self.rows as usize * self.width as usize;
        Extent { grid: fold(words.div_ceil(256)), units: self.rows as usize, work: words as u64 * 3 }
    }
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, table, y) = (call.input(0), call.input(2), call.output(3));
    let (width, head, rotary) = (p.width as usize, p.head as usize, p.rotary as usize);
    let half = rotary / 2;
    for row in units {
        let position = call.id(1, row).min(p.positions as usize - 1);
        let (cosines, sines) = table[position * rotary..(position + 1) * rotary].split_at(half);
        let (x, y) = (&x[row * width..(row + 1) * width], &mut y[row * width..(row + 1) * width]);
        let mut put = |at: usize, value: f64| {
            y[at] = S::narrow(if p.accumulate == 1 { y[at].wide() + value } else { value });
        };
        for (c, x) in x.iter().enumerate() {
            if c >= p.turned as usize || c % head >= rotary {
                put(c, x.wide());
            }
        }
        for start in (0..p.turned as usize).step_by(head) {
            for (i, (cosine, sine)) in cosines.iter().zip(sines).enumerate() {
                let (a, b) = if p.interleaved == 1 { (2 * i, 2 * i + 1) } else { (i, i + half) };
                let (c, s) = (cosine.wide(), if p.inverse == 1 { -sine.wide() } else { sine.wide() });
                let (x1, x2) = (x[start + a].wide(), x[start + b].wide());
                put(start + a, x1 * c - x2 * s);
                put(start + b, x2 * c + x1 * s);
            }
        }
    }
}

/// The same in f32, along contiguous numbers; every number is added to, after zeros where nothing was.
fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let (x, table, y) = (call.input(0), call.input(2), call.output(3));
    let (width, head, rotary) = (p.width as usize, p.head as usize, p.rotary as usize);
    let (half, turned, sign) = (rotary / 2, p.turned as usize, if p.inverse == 1 { -1.0 } else { 1.0 });
    for row in units {
        let position = call.id(1, row).min(p.positions as usize - 1);
        let (cosines, sines) = table[position * rotary..(position + 1) * rotary].split_at(half);
        let angles = cosines.iter().zip(sines);
        let (x, y) = (&x[row * width..(row + 1) * width], &mut y[row * width..(row + 1) * width]);
        if p.accumulate == 0 {
            y.fill(0.0);
        }
        let copy = |from: &[f32], to: &mut [f32]| to.iter_mut().zip(from).for_each(|(y, x)| *y += x);
        copy(&x[turned..], &mut y[turned..]);
        for (x, y) in x[..turned].chunks_exact(head).zip(y.chunks_exact_mut(head)) {
            copy(&x[rotary..], &mut y[rotary..]);
            if p.interleaved == 1 {
                for (((x, y), c), s) in x.chunks_exact(2).zip(y.chunks_exact_mut(2)).zip(cosines).zip(sines) {
                    y[0] += x[0] * c - x[1] * s * sign;
                    y[1] += x[1] * c + x[0] * s * sign;
                }
                continue;
            }
            let (x1, x2) = (&x[..half], &x[half..rotary]);
            let (y1, y2) = y[..rotary].split_at_mut(half);
            for (((y, x1), x2), (c, s)) in y1.iter_mut().zip(x1).zip(x2).zip(angles.clone()) {
                *y += x1 * c - x2 * s * sign;
            }
            for (((y, x1), x2), (c, s)) in y2.iter_mut().zip(x1).zip(x2).zip(angles.clone()) {
                *y += x2 * c + x1 * s * sign;
            }
        }
    }
}

fn check() -> Case {
    let p = Params {
        rows: 6,
        width: 40,
        turned: 30,
        head: 10,
        rotary: 8,
        positions: 5,
        interleaved: 0,
        inverse: 0,
        accumulate: 0,
    };
    let case = Case::new(&ROPE, &p, &[]).uniform(240, 1.0).u32(vec![0, 1, 2, 3, 4, 7]);
    case.uniform(40, 1.0).output(240)
}

/// The kernel.
pub static ROPE: Kernel = Kernel {
    name: "rope",
    wgsl: shader!("rope"),
    bindings: &[read("x"), read("positions"), read("table"), write("y")],
    params_words: 9,
    cpu,
    reference: reference::<f64>,
    check,
};
