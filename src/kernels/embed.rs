//! `y = residual + scale table[id - first]`, a row of C numbers for each id. An id outside the table gives the residual alone, so that a
//! large table may be read in parts, each adding its rows.
//!
//! Units are rows. [`buckets`] sorts the ids for the gradient, on the host, which knows them.

use super::shader::shader;
use crate::order;
use std::ops::Range;

use super::{Call, Case, Constant, Extent, Format, Kernel, Scalar, fold, format, read, write};

/// Sizes and flags.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// R, the number of ids.
    pub rows: u32,
    /// C.
    pub width: u32,
    /// V, rows of the table or of this part of it.
    pub vocab: u32,
    /// The id of its first row.
    pub first: u32,
    /// 1: plus `residual`, 2: plus what `y` holds.
    pub residual: u32,
    /// Multiplies the table's row.
    pub scale: f32,
}

impl super::Params for Params {
    fn extent(&self, _: &[(&'static str, u32)]) -> Extent {
        let (rows, width) = (self.rows as usize, self.width as usize);
        Extent { grid: fold((rows * width).div_ceil(256)), units: rows, work: (rows * width * 2) as u64 }
    }
}

/// How many words [`buckets`] makes of `rows` ids.
pub fn bucket_words(rows: usize) -> usize {
    3 * rows + 2
}

/// The ids sorted: how many different ones, these (N slots), where each one's rows start (N + 1 slots), and the rows, in order.
pub fn buckets(ids: &[u32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..ids.len() as u32).collect();
    order::by_key(&mut order, |&row| ids[row as usize]);
    let (mut unique, mut starts) = (Vec::new(), Vec::new());
    for (at, &row) in order.iter().enumerate() {
        let id = ids[row as usize];
        if unique.last() != Some(&id) {
            unique.push(id);
            starts.push(at as u32);
        }
    }
    let mut words = vec![unique.len() as u32];
    unique.resize(ids.len(), 0);
    starts.resize(ids.len() + 1, ids.len() as u32);
    words.extend(unique);
    words.extend(starts);
    words.extend(order);
    words
}

fn reference<S: Scalar>(call: &Call<'_, S>, units: Range<usize>) {
    let p: &Params = call.params();
    let (residual, y, format) = (call.input(2), call.output(3), call.format());
    let width = p.width as usize;
    for row in units {
        let id = (call.id(0, row) as u32).wrapping_sub(p.first) as usize;
        let y = &mut y[row * width..(row + 1) * width];
        match p.residual {
            0 => y.fill(S::default()),
            1 => y.copy_from_slice(&residual[row * width..(row + 1) * width]),
            _ => {}
        }
        if id < p.vocab as usize {
            for (y, entry) in y.iter_mut().zip(id * width..) {
                *y = S::narrow(y.wide() + f64::from(p.scale) * call.weight(format, 1, entry));
            }
        }
    }
}

fn cpu(call: &Call<'_, f32>, units: Range<usize>) {
    let p: &Params = call.params();
    let (residual, y) = (call.input(2), call.output(3));
    let width = p.width as usize;
    for row in units {
        let id = (call.id(0, row) as u32).wrapping_sub(p.first) as usize;
        let y = &mut y[row * width..(row + 1) * width];
        match p.residual {
            0 => y.fill(0.0),
            1 => y.copy_from_slice(&residual[row * width..(row + 1) * width]),
            _ => {}
        }
        if id >= p.vocab as usize {
            continue;
        }
        let entries = id * width..(id + 1) * width;
        match call.format() {
            Format::F32 => {
                for (y, entry) in y.iter_mut().zip(&call.input(1)[entries]) {
                    *y += p.scale * entry;
                }
            }
            Format::F16 => {
                let halves: &[u16] = bytemuck::cast_slice(call.ids(1));
                for (y, &entry) in y.iter_mut().zip(&halves[entries]) {
                    *y += p.scale * format::wide(entry);
                }
            }
        }
    }
}

fn check_at(constants: &[Constant]) -> Case {
    let params = Params { rows: 5, width: 70, vocab: 3, first: 1, residual: 1, scale: 2.0 };
    let case = Case::new(&EMBED, &params, constants).u32(vec![3, 1, 7, 0, 2]);
    case.weight(210, 1.0).uniform(350, 1.0).output(350)
}

/// The kernel.
pub static EMBED: Kernel = Kernel {
    name: "embed",
    wgsl: shader!("embed"),
    bindings: &[read("ids"), read("table"), read("residual"), write("y")],
    params_words: 6,
    cpu,
    reference: reference::<f64>,
    check: || check_at(&[]).varied(check_at),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_every_row_once_sorted_by_id_and_then_by_place() {
        let ids = [5, 2, 5, 9, 2, 2];
        let words = buckets(&ids);
        assert_eq!(words.len(), bucket_words(ids.len()));
        assert_eq!(words[0], 3);
        assert_eq!(words[1..4], [2, 5, 9]);
        assert_eq!(words[7..11], [0, 3, 5, 6]);
        assert_eq!(words[14..], [1, 4, 5, 0, 2, 3]);
        assert_eq!(buckets(&[]), [0, 0]);
    }
}
