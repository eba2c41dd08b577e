//! Small dense products and packing for the CPU side of attention: contiguous f32 tiles that stay in the first cache.
//!
//! Rows come in fours and columns in eights, so that sixteen vector registers hold a block of sums; what is packed is
//! padded with zeros. Memory for tiles is kept by the thread and grows once. Knows nothing of attention.

use std::cell::RefCell;

use super::simd::F32x4;

/// Keys in a tile.
pub(super) const KEYS: usize = 32;

thread_local! {
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Calls `f` with slices of these sizes; their contents are whatever they were.
pub(super) fn with_scratch<const N: usize>(sizes: [usize; N], f: impl FnOnce([&mut [f32]; N])) {
    SCRATCH.with_borrow_mut(|memory| {
        let total = sizes.iter().sum();
        if memory.len() < total {
            memory.resize(total, 0.0);
        }
        let mut rest = memory.as_mut_slice();
        f(sizes.map(|size| {
            let (slice, after) = std::mem::take(&mut rest).split_at_mut(size);
            rest = after;
            slice
        }));
    });
}

/// `c (m, n) += a (m, k) · b (k, n)`, all contiguous; m in fours, n in eights.
pub(super) fn product(a: &[f32], b: &[f32], c: &mut [f32], n: usize, k: usize) {
    assert!(n.is_multiple_of(8) && b.len() >= k * n);
    for (a, c) in a.chunks_exact(4 * k).zip(c.chunks_exact_mut(4 * n)) {
        // SAFETY: a holds four lines of k numbers, b k lines of n, c four of n.
        unsafe { four_rows((a.as_ptr(), k, 1), b.as_ptr(), c.as_mut_ptr(), n, k) }
    }
}

/// `c (m, n) += aᵀ · b (k, n)` with a (k, m), all contiguous; m in fours, n in eights. Only the first `k` rows count.
pub(super) fn product_across(a: &[f32], b: &[f32], c: &mut [f32], m: usize, n: usize, k: usize) {
    let k = k.min(a.len() / m).min(b.len() / n);
    assert!(n.is_multiple_of(8) && m.is_multiple_of(4));
    for (i, c) in c.chunks_exact_mut(4 * n).take(m / 4).enumerate() {
        // SAFETY: a holds k lines of m numbers, of which four begin at 4·i < m, b k lines of n, c four of n.
        unsafe { four_rows((a.as_ptr().add(4 * i), 1, m), b.as_ptr(), c.as_mut_ptr(), n, k) }
    }
}

/// Adds four rows of a product over k steps. Of a: the first number, and how far apart rows and steps are.
///
/// # Safety
/// a has 4 × k numbers so far apart, b k lines of n, c four lines of n; n is a multiple of eight.
#[inline(always)]
unsafe fn four_rows((a, row, step): (*const f32, usize, usize), b: *const f32, c: *mut f32, n: usize, k: usize) {
    for j in (0..n).step_by(8) {
        let mut sums = [[F32x4::zero(); 2]; 4];
        // SAFETY: the caller's promise: s < k, j + 8 ≤ n, r < 4.
        unsafe {
            let (mut a, mut b) = (a, b.add(j));
            for _ in 0..k {
                let (b0, b1) = (F32x4::load(b), F32x4::load(b.add(4)));
                for (r, sums) in sums.iter_mut().enumerate() {
                    let x = F32x4::splat(*a.add(r * row));
                    sums[0] = sums[0].plus_product(x, b0);
                    sums[1] = sums[1].plus_product(x, b1);
                }
                // One past the end after the last step, and never read there.
                (a, b) = (a.wrapping_add(step), b.wrapping_add(n));
            }
            for (r, sums) in sums.iter().enumerate() {
                let to = c.add(r * n + j);
                F32x4::load(to).plus(sums[0]).store(to);
                F32x4::load(to.add(4)).plus(sums[1]).store(to.add(4));
            }
        }
    }
}

/// Rows of `head` numbers, each from its place in `from` (none: zeros), into rows of `width`, padded with zeros.
pub(super) fn pack(
    from: &[f32],
    places: impl Iterator<Item = Option<usize>>,
    into: &mut [f32],
    head: usize,
    width: usize,
) {
    for (place, row) in places.zip(into.chunks_exact_mut(width)) {
        match place {
            Some(at) => {
                row[..head].copy_from_slice(&from[at..at + head]);
                row[head..].fill(0.0);
            }
            None => row.fill(0.0),
        }
    }
}

/// `into (width, KEYS)` becomes the transpose of `rows (KEYS, width)`.
pub(super) fn transpose(rows: &[f32], into: &mut [f32], width: usize) {
    for (four, rows) in rows.chunks_exact(4 * width).take(KEYS / 4).enumerate() {
        let (r01, r23) = rows.split_at(2 * width);
        let ((r0, r1), (r2, r3)) = (r01.split_at(width), r23.split_at(width));
        for ((((line, &a), &b), &c), &d) in into.chunks_exact_mut(KEYS).zip(r0).zip(r1).zip(r2).zip(r3) {
            line[4 * four..4 * four + 4].copy_from_slice(&[a, b, c, d]);
        }
    }
}

/// The product of two slices of one length, eight sums side by side.
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    assert!(a.len() == b.len());
    let mut sums = [F32x4::zero(); 2];
    let whole = a.len() / 8 * 8;
    for at in (0..whole).step_by(8) {
        // SAFETY: eight numbers from `at` on are within both.
        unsafe {
            let (a, b) = (a.as_ptr().add(at), b.as_ptr().add(at));
            sums[0] = sums[0].plus_product(F32x4::load(a), F32x4::load(b));
            sums[1] = sums[1].plus_product(F32x4::load(a.add(4)), F32x4::load(b.add(4)));
        }
    }
    let mut four = [0.0; 4];
    // SAFETY: an array of four.
    unsafe { sums[0].plus(sums[1]).store(four.as_mut_ptr()) }
    let rest: f32 = a[whole..].iter().zip(&b[whole..]).map(|(a, b)| a * b).sum();
    (four[0] + four[1]) + (four[2] + four[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_what_loops_give() {
        let (m, n, k) = (8, 16, 5);
        let a: Vec<f32> = (0..m * k).map(|i| (i * 7 % 11) as f32 - 5.0).collect();
        let b: Vec<f32> = (0..k * n).map(|i| (i * 5 % 13) as f32 - 6.0).collect();
        let mut across = vec![0.0; k * m];
        for i in 0..m {
            for l in 0..k {
                across[l * m + i] = a[i * k + l];
            }
        }
        let (mut c, mut d) = (vec![1.0; m * n], vec![1.0; m * n]);
        product(&a, &b, &mut c, n, k);
        product_across(&across, &b, &mut d, m, n, k);
        for i in 0..m {
            for j in 0..n {
                let sum: f32 = 1.0 + (0..k).map(|l| a[i * k + l] * b[l * n + j]).sum::<f32>();
                assert_eq!((c[i * n + j], d[i * n + j]), (sum, sum));
            }
        }
        assert_eq!(dot(&a[..19], &b[..19]), a[..19].iter().zip(&b[..19]).map(|(a, b)| a * b).sum::<f32>());
    }

    #[test]
    fn a_tile_transposed_twice_is_itself() {
        let rows: Vec<f32> = (0..KEYS * KEYS).map(|i| i as f32).collect();
        let (mut once, mut twice) = (vec![0.0; KEYS * KEYS], vec![0.0; KEYS * KEYS]);
        transpose(&rows, &mut once, KEYS);
        transpose(&once, &mut twice, KEYS);
        assert_eq!((once[1], twice), (KEYS as f32, rows));
    }
}
