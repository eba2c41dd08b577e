//! Four f32 lanes: wasm simd128, SSE on x86-64, plain arrays elsewhere; one name for all, so that kernels are written once.
//!
//! `plus_product` is one rounding with relaxed SIMD and two without: equal on one device, not across them.
//! Knows lanes and pointers. The callers know lengths, and promise that what they point at is there.

#[cfg(any(target_arch = "wasm32", target_arch = "x86_64"))]
use super::format::TO_WIDE;

/// What a half that was moved to where an f32 has its exponent keeps: its sign, its exponent and its fraction.
#[cfg(any(target_arch = "wasm32", target_arch = "x86_64"))]
const HALF_BITS: u32 = 0x8fff_e000;

/// Four numbers.
#[derive(Clone, Copy, Debug)]
pub struct F32x4(lanes::V);

impl F32x4 {
    /// All zero.
    #[inline(always)]
    pub fn zero() -> F32x4 {
        F32x4(lanes::splat(0.0))
    }

    /// The same number four times.
    #[inline(always)]
    pub fn splat(value: f32) -> F32x4 {
        F32x4(lanes::splat(value))
    }

    /// Four numbers from memory.
    ///
    /// # Safety
    /// `from` points at four readable numbers.
    #[inline(always)]
    pub unsafe fn load(from: *const f32) -> F32x4 {
        // SAFETY: the caller's promise.
        F32x4(unsafe { lanes::load(from) })
    }

    /// At most four numbers, zero after their end.
    #[inline(always)]
    pub fn of_part(from: impl Iterator<Item = f32>) -> F32x4 {
        let mut four = [0.0; 4];
        for (to, from) in four.iter_mut().zip(from) {
            *to = from;
        }
        // SAFETY: an array of four.
        unsafe { F32x4::load(four.as_ptr()) }
    }

    /// Four finite f16 from memory, by their bits.
    ///
    /// # Safety
    /// `from` points at four readable halves.
    #[inline(always)]
    pub unsafe fn load_halves(from: *const u16) -> F32x4 {
        // SAFETY: the caller's promise.
        F32x4(unsafe { lanes::load_halves(from) })
    }

    /// Writes the four numbers.
    ///
    /// # Safety
    /// `to` points at four writable numbers.
    #[inline(always)]
    pub unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { lanes::store(self.0, to) }
    }

    /// `self + other`.
    #[inline(always)]
    #[must_use]
    pub fn plus(self, other: F32x4) -> F32x4 {
        F32x4(lanes::add(self.0, other.0))
    }

    /// `self + a·b`.
    #[inline(always)]
    #[must_use]
    pub fn plus_product(self, a: F32x4, b: F32x4) -> F32x4 {
        F32x4(lanes::add_product(self.0, a.0, b.0))
    }

    /// Four rows as a matrix, transposed.
    #[inline(always)]
    pub fn transpose(rows: [F32x4; 4]) -> [F32x4; 4] {
        let [a, b, c, d] = rows;
        let (ab, ab2) = (lanes::low(a.0, b.0), lanes::high(a.0, b.0));
        let (cd, cd2) = (lanes::low(c.0, d.0), lanes::high(c.0, d.0));
        [
            F32x4(lanes::low_halves(ab, cd)),
            F32x4(lanes::high_halves(ab, cd)),
            F32x4(lanes::low_halves(ab2, cd2)),
            F32x4(lanes::high_halves(ab2, cd2)),
        ]
    }
}

#[cfg(target_arch = "wasm32")]
mod lanes {
    use core::arch::wasm32::{
        f32x4_add, f32x4_mul, f32x4_splat, i32x4_extend_low_i16x8, i32x4_shl, i32x4_shuffle, i64x2_shuffle,
        u32x4_splat, v128, v128_and, v128_load, v128_load64_zero, v128_store,
    };

    use super::{HALF_BITS, TO_WIDE};

    pub(super) type V = v128;

    #[inline(always)]
    pub(super) fn splat(value: f32) -> V {
        f32x4_splat(value)
    }
    #[inline(always)]
    pub(super) unsafe fn load(from: *const f32) -> V {
        // SAFETY: the caller's promise; wasm loads need no alignment.
        unsafe { v128_load(from.cast()) }
    }
    #[inline(always)]
    pub(super) unsafe fn load_halves(from: *const u16) -> V {
        // SAFETY: as `load`.
        let halves = i32x4_extend_low_i16x8(unsafe { v128_load64_zero(from.cast()) });
        f32x4_mul(v128_and(i32x4_shl(halves, 13), u32x4_splat(HALF_BITS)), f32x4_splat(TO_WIDE))
    }
    #[inline(always)]
    pub(super) unsafe fn store(v: V, to: *mut f32) {
        // SAFETY: as `load`.
        unsafe { v128_store(to.cast(), v) }
    }
    #[inline(always)]
    pub(super) fn add(a: V, b: V) -> V {
        f32x4_add(a, b)
    }
    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    pub(super) fn add_product(sum: V, a: V, b: V) -> V {
        core::arch::wasm32::f32x4_relaxed_madd(a, b, sum)
    }
    #[cfg(not(target_feature = "relaxed-simd"))]
    #[inline(always)]
    pub(super) fn add_product(sum: V, a: V, b: V) -> V {
        f32x4_add(sum, f32x4_mul(a, b))
    }
    #[inline(always)]
    pub(super) fn low(a: V, b: V) -> V {
        i32x4_shuffle::<0, 4, 1, 5>(a, b)
    }
    #[inline(always)]
    pub(super) fn high(a: V, b: V) -> V {
        i32x4_shuffle::<2, 6, 3, 7>(a, b)
    }
    #[inline(always)]
    pub(super) fn low_halves(a: V, b: V) -> V {
        i64x2_shuffle::<0, 2>(a, b)
    }
    #[inline(always)]
    pub(super) fn high_halves(a: V, b: V) -> V {
        i64x2_shuffle::<1, 3>(a, b)
    }
}

#[cfg(target_arch = "x86_64")]
mod lanes {
    use core::arch::x86_64::{
        __m128, _mm_add_ps, _mm_and_si128, _mm_castsi128_ps, _mm_loadl_epi64, _mm_loadu_ps, _mm_movehl_ps,
        _mm_movelh_ps, _mm_mul_ps, _mm_set1_epi32, _mm_set1_ps, _mm_srai_epi32, _mm_storeu_ps, _mm_unpackhi_ps,
        _mm_unpacklo_epi16, _mm_unpacklo_ps,
    };

    use super::{HALF_BITS, TO_WIDE};

    pub(super) type V = __m128;

    // SAFETY of this module: SSE is part of x86-64; pointers are the callers' promise.
    #[inline(always)]
    pub(super) fn splat(value: f32) -> V {
        unsafe { _mm_set1_ps(value) }
    }
    #[inline(always)]
    pub(super) unsafe fn load(from: *const f32) -> V {
        unsafe { _mm_loadu_ps(from) }
    }
    #[inline(always)]
    pub(super) unsafe fn load_halves(from: *const u16) -> V {
        unsafe {
            let halves = _mm_loadl_epi64(from.cast());
            // Each half in the upper half of its word, then down with its sign.
            let shifted = _mm_srai_epi32::<3>(_mm_unpacklo_epi16(_mm_set1_epi32(0), halves));
            let bits = _mm_castsi128_ps(_mm_and_si128(shifted, _mm_set1_epi32(HALF_BITS as i32)));
            _mm_mul_ps(bits, _mm_set1_ps(TO_WIDE))
        }
    }
    #[inline(always)]
    pub(super) unsafe fn store(v: V, to: *mut f32) {
        unsafe { _mm_storeu_ps(to, v) }
    }
    #[inline(always)]
    pub(super) fn add(a: V, b: V) -> V {
        unsafe { _mm_add_ps(a, b) }
    }
    #[inline(always)]
    pub(super) fn add_product(sum: V, a: V, b: V) -> V {
        unsafe { _mm_add_ps(sum, _mm_mul_ps(a, b)) }
    }
    #[inline(always)]
    pub(super) fn low(a: V, b: V) -> V {
        unsafe { _mm_unpacklo_ps(a, b) }
    }
    #[inline(always)]
    pub(super) fn high(a: V, b: V) -> V {
        unsafe { _mm_unpackhi_ps(a, b) }
    }
    #[inline(always)]
    pub(super) fn low_halves(a: V, b: V) -> V {
        unsafe { _mm_movelh_ps(a, b) }
    }
    #[inline(always)]
    pub(super) fn high_halves(a: V, b: V) -> V {
        unsafe { _mm_movehl_ps(b, a) }
    }
}

#[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
mod lanes {
    pub(super) type V = [f32; 4];

    #[inline(always)]
    pub(super) fn splat(value: f32) -> V {
        [value; 4]
    }
    #[inline(always)]
    pub(super) unsafe fn load(from: *const f32) -> V {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<V>().read_unaligned() }
    }
    #[inline(always)]
    pub(super) unsafe fn load_halves(from: *const u16) -> V {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[u16; 4]>().read_unaligned() }.map(crate::kernels::format::wide)
    }
    #[inline(always)]
    pub(super) unsafe fn store(v: V, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<V>().write_unaligned(v) }
    }
    #[inline(always)]
    pub(super) fn add(a: V, b: V) -> V {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    pub(super) fn add_product(sum: V, a: V, b: V) -> V {
        std::array::from_fn(|i| sum[i] + a[i] * b[i])
    }
    #[inline(always)]
    pub(super) fn low(a: V, b: V) -> V {
        [a[0], b[0], a[1], b[1]]
    }
    #[inline(always)]
    pub(super) fn high(a: V, b: V) -> V {
        [a[2], b[2], a[3], b[3]]
    }
    #[inline(always)]
    pub(super) fn low_halves(a: V, b: V) -> V {
        [a[0], a[1], b[0], b[1]]
    }
    #[inline(always)]
    pub(super) fn high_halves(a: V, b: V) -> V {
        [a[2], a[3], b[2], b[3]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(v: F32x4) -> [f32; 4] {
        let mut out = [0.0; 4];
        // SAFETY: an array of four.
        unsafe { v.store(out.as_mut_ptr()) };
        out
    }

    #[test]
    fn transposing_swaps_rows_and_columns() {
        let rows = std::array::from_fn(|r| F32x4::of_part((0..4).map(|c| (r * 4 + c) as f32)));
        for (c, column) in F32x4::transpose(rows).into_iter().enumerate() {
            assert_eq!(numbers(column), std::array::from_fn(|r| (r * 4 + c) as f32));
        }
    }

    #[test]
    fn halves_are_the_numbers_they_stand_for() {
        for bits in (0..0x7c00u16).chain(0x8000..0xfc00) {
            let four = [bits, 0x3c00, bits ^ 0x8000, 0];
            // SAFETY: an array of four.
            let got = numbers(unsafe { F32x4::load_halves(four.as_ptr()) });
            assert_eq!(got.map(f32::to_bits), four.map(|half| super::super::format::wide(half).to_bits()));
        }
    }

    #[test]
    fn a_part_is_filled_with_zeros() {
        assert_eq!(numbers(F32x4::of_part([1.0, 2.0].into_iter())), [1.0, 2.0, 0.0, 0.0]);
        assert_eq!(
            numbers(F32x4::splat(1.5).plus(F32x4::zero()).plus_product(F32x4::splat(2.0), F32x4::splat(3.0))),
            [7.5; 4]
        );
    }
}
