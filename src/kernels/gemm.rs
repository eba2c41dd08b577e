//! The product of two matrices on one CPU thread, by blocks: rows and columns of A·B in, finished rows of sums out.
//!
//! Sums run over K in ascending order within chunks of [`CHUNK`], and the chunks add up in order: a number's bits depend neither
//! on the block it is computed in nor on how many rows are asked for. Panels are packed so that all layouts run the same
//! inner loop (Goto and van de Geijn 2008); one or two rows run without packing, since they are bound by reading B once.
//! Refuses to know what becomes of the sums: the caller finishes each row.

use std::cell::RefCell;
use std::ops::Range;

use super::format;
use super::simd::F32x4;

/// How many steps of K add up before they join the sum.
const CHUNK: usize = 256;
/// Rows of a register tile: the sums of five, two factors of B, one of A and one product fill the fifteen registers that an engine
/// has to give. As many fours as make the rest divisible by five, so that no row is computed for nothing.
const FIVE: usize = 5;
const FOUR: usize = 4;
/// Columns of a register tile.
const WIDE: usize = 8;
/// Rows of A packed at a time.
const BLOCK: usize = 64;
/// Rows whose sums wait while B is packed once: with B's chunk they stay in the second cache.
const BAND: usize = 256;
/// Up to this many rows B is read once, as it lies, and not packed.
const FEW: usize = 2;
/// Steps of lines across K that are packed together.
const TOGETHER: usize = 8;
/// Numbers between two panels beyond their own: a cache line, since a power of two would put all panels on the same few lines.
const GAP: usize = 16;

/// What a matrix is made of: f32, or f16 by their bits. All sums are f32.
pub trait Element: Copy {
    /// The number.
    fn wide(self) -> f32;
    /// Four of them from memory.
    ///
    /// # Safety
    /// `from` points at four readable elements.
    unsafe fn load(from: *const Self) -> F32x4;
}

impl Element for f32 {
    fn wide(self) -> f32 {
        self
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> F32x4 {
        // SAFETY: the caller's promise.
        unsafe { F32x4::load(from) }
    }
}

impl Element for u16 {
    fn wide(self) -> f32 {
        format::wide(self)
    }
    #[inline(always)]
    unsafe fn load(from: *const u16) -> F32x4 {
        // SAFETY: the caller's promise.
        unsafe { F32x4::load_halves(from) }
    }
}

/// A matrix with one dimension along K and another across it (rows of A, columns of B).
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, E> {
    /// The numbers, from the matrix's first.
    pub data: &'a [E],
    /// Numbers between two lines.
    pub step: usize,
    /// The lines run along K.
    pub along: bool,
}

impl<E: Copy> Matrix<'_, E> {
    fn at(&self, across: usize, k: usize) -> E {
        self.data[if self.along { across * self.step + k } else { k * self.step + across }]
    }
}

#[derive(Default)]
struct Scratch {
    a: Vec<f32>,
    b: Vec<f32>,
    sums: Vec<f32>,
    chunk: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// At least `words` numbers of a scratch vector; what they hold is left over.
fn room(vector: &mut Vec<f32>, words: usize) -> &mut [f32] {
    if vector.len() < words {
        vector.resize(words, 0.0);
    }
    &mut vector[..words]
}

/// Computes `rows` × `columns` of A·B over `k` steps and hands each row's sums to `finish(row, sums)`.
pub fn product<E: Element>(
    a: Matrix<'_, f32>,
    b: Matrix<'_, E>,
    (rows, columns): (Range<usize>, Range<usize>),
    k: usize,
    finish: &mut dyn FnMut(usize, &mut [f32]),
) {
    let width = columns.len().next_multiple_of(WIDE);
    SCRATCH.with_borrow_mut(|scratch| {
        let mut first = rows.start;
        while first < rows.end {
            let band = first..rows.end.min(first + BAND);
            let sums = room(&mut scratch.sums, (band.len() + FOUR) * width);
            sums.fill(0.0);
            for at in (0..k).step_by(CHUNK) {
                let steps = at..k.min(at + CHUNK);
                if band.len() <= FEW {
                    let chunk = room(&mut scratch.chunk, band.len() * width);
                    few(a, b, band.clone(), columns.clone(), steps, chunk);
                    for (sum, part) in sums.iter_mut().zip(&*chunk) {
                        *sum += part;
                    }
                    continue;
                }
                let panel_b = WIDE * steps.len() + GAP;
                let packed_b = room(&mut scratch.b, width / WIDE * panel_b);
                pack::<WIDE, E>(b, columns.clone(), steps.clone(), packed_b);
                for top in band.clone().step_by(BLOCK) {
                    let block = top..band.end.min(top + BLOCK);
                    let fives = fives(block.len());
                    let (tall, low) = (block.start..block.start + fives * FIVE, block.start + fives * FIVE..block.end);
                    let (panel_five, panel_four) = (FIVE * steps.len() + GAP, FOUR * steps.len() + GAP);
                    let words = fives * panel_five + low.len().div_ceil(FOUR) * panel_four;
                    let (packed_fives, packed_fours) = room(&mut scratch.a, words).split_at_mut(fives * panel_five);
                    let sums = &mut sums[(top - first) * width..];
                    pack::<FIVE, f32>(a, tall.clone(), steps.clone(), packed_fives);
                    pack::<FOUR, f32>(a, low, steps.clone(), packed_fours);
                    for (j, panel_b) in packed_b.chunks_exact(panel_b).enumerate() {
                        for (i, panel_a) in packed_fives.chunks_exact(panel_five).enumerate() {
                            tile::<FIVE>(
                                steps.len(),
                                panel_a,
                                panel_b,
                                &mut sums[i * FIVE * width + j * WIDE..],
                                width,
                            );
                        }
                        for (i, panel_a) in packed_fours.chunks_exact(panel_four).enumerate() {
                            let row = tall.len() + i * FOUR;
                            tile::<FOUR>(steps.len(), panel_a, panel_b, &mut sums[row * width + j * WIDE..], width);
                        }
                    }
                }
            }
            for (row, sums) in band.clone().zip(sums.chunks_exact_mut(width)) {
                finish(row, &mut sums[..columns.len()]);
            }
            first = band.end;
        }
    });
}

/// How many panels of five rows `rows` are cut into before panels of four take the rest.
fn fives(rows: usize) -> usize {
    let fours = (FIVE - rows % FIVE) % FIVE;
    rows.saturating_sub(fours * FOUR) / FIVE
}

/// Adds the product of a panel of A (K × TALL) and a panel of B (K × 8) to a tile of sums.
///
/// What an engine makes of this loop decides the speed of all else, and depends on how it is written (`benches/LOG.md`, 2026-12-01):
/// a function by itself, one step a turn, so that loads stand beside the products that need them instead of all in front; rows
/// in one order here and below; pointers that the compiler cannot see through, or it computes each address by itself.
#[inline(never)]
fn tile<const TALL: usize>(depth: usize, a: &[f32], b: &[f32], sums: &mut [f32], width: usize) {
    assert!(a.len() >= depth * TALL && b.len() >= depth * WIDE && sums.len() >= (TALL - 1) * width + WIDE);
    let mut acc = [[F32x4::zero(); 2]; TALL];
    let all = std::hint::black_box(usize::MAX);
    let (mut a, mut b) = (a.as_ptr().wrapping_sub(TALL), b.as_ptr().wrapping_sub(WIDE));
    let last = a.wrapping_add(depth * TALL);
    // SAFETY: both panels hold `depth` steps, the tile's rows end within `sums`: asserted above. `all` changes no address.
    unsafe {
        while a != last {
            a = a.wrapping_add(TALL).map_addr(|at| at & all);
            b = b.wrapping_add(WIDE).map_addr(|at| at & all);
            let (b0, b1) = (F32x4::load(b), F32x4::load(b.add(4)));
            for (r, acc) in acc.iter_mut().enumerate() {
                let x = F32x4::splat(*a.add(r));
                acc[0] = acc[0].plus_product(x, b0);
                acc[1] = acc[1].plus_product(x, b1);
            }
        }
        for (r, acc) in acc.iter().enumerate() {
            let to = sums.as_mut_ptr().add(r * width);
            F32x4::load(to).plus(acc[0]).store(to);
            F32x4::load(to.add(4)).plus(acc[1]).store(to.add(4));
        }
    }
}

/// Packs `across` × `steps` into panels of `W` lanes, step by step, [`GAP`] apart; lanes past the end are zero.
#[inline(never)]
fn pack<const W: usize, E: Element>(m: Matrix<'_, E>, across: Range<usize>, steps: Range<usize>, to: &mut [f32]) {
    let depth = steps.len();
    if m.along {
        for (p, panel) in to.chunks_exact_mut(W * depth + GAP).enumerate() {
            let start = across.start + p * W;
            for four in (0..W / 4 * 4).step_by(4) {
                pack_along(m, start + four..across.end, steps.clone(), &mut panel[four..], W);
            }
            for lane in W / 4 * 4..W {
                let from = (start + lane) * m.step;
                let line = if start + lane < across.end { &m.data[from + steps.start..from + steps.end] } else { &[] };
                for s in 0..depth {
                    panel[s * W + lane] = line.get(s).map_or(0.0, |x| x.wide());
                }
            }
        }
        return;
    }
    let whole = across.len() / W;
    let stride = W * depth + GAP;
    // Some steps together, so that a panel is met with more than one cache line to write.
    for first in (0..depth).step_by(TOGETHER) {
        let lines = first..depth.min(first + TOGETHER);
        for p in 0..whole {
            for s in lines.clone() {
                let at = (steps.start + s) * m.step + across.start + p * W;
                let (lanes, to) = (&m.data[at..at + W], &mut to[p * stride + s * W..][..W]);
                for four in (0..W / 4 * 4).step_by(4) {
                    // SAFETY: both have W numbers, four of them from here on.
                    unsafe { E::load(lanes.as_ptr().add(four)).store(to.as_mut_ptr().add(four)) };
                }
                for lane in W / 4 * 4..W {
                    to[lane] = lanes[lane].wide();
                }
            }
        }
    }
    let rest = across.start + whole * W..across.end;
    if !rest.is_empty() {
        for (s, to) in to[whole * stride..].chunks_exact_mut(W).take(depth).enumerate() {
            let at = (steps.start + s) * m.step;
            to.fill(0.0);
            to.iter_mut().zip(&m.data[at + rest.start..at + rest.end]).for_each(|(to, lane)| *to = lane.wide());
        }
    }
}

/// Up to four lines that run along K, side by side, into every `stride`-th place.
#[inline(never)]
fn pack_along<E: Element>(m: Matrix<'_, E>, across: Range<usize>, steps: Range<usize>, to: &mut [f32], stride: usize) {
    let line = |lane: usize| {
        let at = (across.start + lane) * m.step;
        if across.start + lane < across.end { &m.data[at + steps.start..at + steps.end] } else { &[] }
    };
    let lines = [line(0), line(1), line(2), line(3)];
    let mut s = 0;
    if !lines[3].is_empty() {
        while s + 4 <= steps.len() {
            // SAFETY: four numbers from s on are within each line; the last of the four is written at (s + 3)·stride + 3, and
            // `to` holds all steps.
            unsafe {
                let rows = lines.map(|line| E::load(line.as_ptr().add(s)));
                debug_assert!((s + 3) * stride + 4 <= to.len());
                for (i, column) in F32x4::transpose(rows).into_iter().enumerate() {
                    column.store(to.as_mut_ptr().add((s + i) * stride));
                }
            }
            s += 4;
        }
    }
    for s in s..steps.len() {
        for (lane, line) in lines.iter().enumerate() {
            to[s * stride + lane] = line.get(s).map_or(0.0, |x| x.wide());
        }
    }
}

/// One or two rows without packing: bound by reading B once.
fn few<E: Element>(
    a: Matrix<'_, f32>,
    b: Matrix<'_, E>,
    rows: Range<usize>,
    columns: Range<usize>,
    steps: Range<usize>,
    sums: &mut [f32],
) {
    let width = columns.len().next_multiple_of(WIDE);
    let mut x = [0.0; CHUNK];
    for (row, sums) in rows.zip(sums.chunks_exact_mut(width)) {
        let x = &mut x[..steps.len()];
        for (x, k) in x.iter_mut().zip(steps.clone()) {
            *x = a.at(row, k);
        }
        if b.along {
            dots(x, b, columns.clone(), steps.clone(), sums);
        } else {
            axpys(x, b, columns.clone(), steps.clone(), sums);
        }
    }
}

/// B's lines run across K: four steps of K are added to all columns at once, so that B is read in its own order.
fn axpys<E: Element>(x: &[f32], b: Matrix<'_, E>, columns: Range<usize>, steps: Range<usize>, sums: &mut [f32]) {
    sums.fill(0.0);
    let line = |s: usize| {
        let at = (steps.start + s) * b.step;
        &b.data[at + columns.start..at + columns.end]
    };
    let mut fours = x.chunks_exact(4);
    let mut s = 0;
    for x in &mut fours {
        add_lines([line(s), line(s + 1), line(s + 2), line(s + 3)], [x[0], x[1], x[2], x[3]], sums);
        s += 4;
    }
    for &x in fours.remainder() {
        add_lines([line(s)], [x], sums);
        s += 1;
    }
}

/// Adds some lines, each times its number, one after the other; `sums` is padded to whole fours.
#[inline(always)]
pub(super) fn add_lines<const S: usize, E: Element>(lines: [&[E]; S], x: [f32; S], sums: &mut [f32]) {
    let x = x.map(F32x4::splat);
    let count = lines[0].len();
    assert!(lines.iter().all(|line| line.len() == count) && sums.len() >= count.next_multiple_of(4));
    for j in (0..count).step_by(4) {
        // SAFETY: `sums` is padded to whole fours, the lines are read whole only where four numbers are left: asserted above.
        unsafe {
            let to = sums.as_mut_ptr().add(j);
            let mut sum = F32x4::load(to);
            for (line, x) in lines.iter().zip(x) {
                let four = if j + 4 <= count {
                    E::load(line.as_ptr().add(j))
                } else {
                    F32x4::of_part(line[j..].iter().map(|x| x.wide()))
                };
                sum = sum.plus_product(x, four);
            }
            sum.store(to);
        }
    }
}

/// B's lines run along K: blocks of four columns by four steps are turned in registers, so that the order of the sums stays that
/// of the other paths.
fn dots<E: Element>(x: &[f32], b: Matrix<'_, E>, columns: Range<usize>, steps: Range<usize>, sums: &mut [f32]) {
    let fours = steps.len() / 4;
    for (group, sums) in sums.chunks_exact_mut(WIDE).enumerate() {
        // Lines past the end repeat the last one; their sums fall into the padding.
        let lines: [&[E]; WIDE] = std::array::from_fn(|lane| {
            let at = (columns.start + group * WIDE + lane).min(columns.end - 1) * b.step;
            &b.data[at + steps.start..at + steps.end]
        });
        let mut acc = [F32x4::zero(); 2];
        // SAFETY: x and each line hold `steps.len()` numbers, of which whole fours are read; `sums` is a chunk of eight.
        unsafe {
            for s in (0..fours * 4).step_by(4) {
                let load = |lane: usize| E::load(lines[lane].as_ptr().add(s));
                let first = F32x4::transpose([load(0), load(1), load(2), load(3)]);
                let second = F32x4::transpose([load(4), load(5), load(6), load(7)]);
                for i in 0..4 {
                    let x = F32x4::splat(*x.as_ptr().add(s + i));
                    acc[0] = acc[0].plus_product(x, first[i]);
                    acc[1] = acc[1].plus_product(x, second[i]);
                }
            }
            for s in fours * 4..steps.len() {
                for (acc, lines) in acc.iter_mut().zip(lines.chunks_exact(4)) {
                    let column = [0, 1, 2, 3].map(|lane: usize| lines[lane][s].wide());
                    *acc = acc.plus_product(F32x4::splat(x[s]), F32x4::load(column.as_ptr()));
                }
            }
            acc[0].store(sums.as_mut_ptr());
            acc[1].store(sums.as_mut_ptr().add(4));
        }
    }
}

/// Adds up `columns` of a matrix whose lines run across K over `k` steps, in the order of the products, for `finish`.
pub fn line_sums(b: Matrix<'_, f32>, columns: Range<usize>, k: usize, finish: impl FnOnce(&mut [f32])) {
    SCRATCH.with_borrow_mut(|scratch| {
        let sums = room(&mut scratch.sums, columns.len());
        let chunk = room(&mut scratch.chunk, columns.len());
        sums.fill(0.0);
        for at in (0..k).step_by(CHUNK) {
            chunk.fill(0.0);
            for step in at..k.min(at + CHUNK) {
                let line = &b.data[step * b.step + columns.start..step * b.step + columns.end];
                for (sum, x) in chunk.iter_mut().zip(line) {
                    *sum += x;
                }
            }
            for (sum, part) in sums.iter_mut().zip(&*chunk) {
                *sum += part;
            }
        }
        finish(sums);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_twelve_rows_on_no_row_is_computed_for_nothing() {
        let computed = |rows: usize| fives(rows) * FIVE + (rows - fives(rows) * FIVE).next_multiple_of(FOUR);
        assert!((12..=BLOCK).all(|rows| computed(rows) == rows));
        assert_eq!([1, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(computed), [4, 4, 4, 5, 8, 8, 8, 9, 10, 12]);
    }
}
