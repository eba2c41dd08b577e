//! How the numbers of a weight lie in memory: f32, or f16 two to a word, the first in the lower half.
//!
//! Whatever the format, kernels compute in f32. A kernel that reads both has the constant `HALF` in its text: WGSL's core
//! `unpack2x16float` reads a word of two, so that no device feature is needed.
//! Rounding to f16 is to nearest, ties to even; what is over 65,504 becomes infinite ([`Format::holds`]).

use super::case::Constant;

/// How numbers lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// One to a word.
    #[default]
    F32,
    /// Two to a word.
    F16,
}

impl Format {
    /// How many numbers a word has.
    pub fn in_word(self) -> usize {
        match self {
            Format::F32 => 1,
            Format::F16 => 2,
        }
    }

    /// The words of so many numbers.
    pub fn words(self, numbers: usize) -> usize {
        numbers.div_ceil(self.in_word())
    }

    /// Whether it can hold `x`: a finite number, for f16 one that does not round to infinity.
    pub fn holds(self, x: f32) -> bool {
        match self {
            Format::F32 => x.is_finite(),
            Format::F16 => wide(narrow(x)).is_finite(),
        }
    }

    /// The constant of a launch whose weight lies so; none where the text says it by itself.
    pub fn constant(self) -> Option<Constant> {
        (self == Format::F16).then_some(("HALF", 1))
    }

    /// The format that a launch's constants say.
    pub fn of(constants: &[Constant]) -> Format {
        if constants.iter().any(|constant| Some(*constant) == Format::F16.constant()) {
            Format::F16
        } else {
            Format::F32
        }
    }
}

/// The bits of the nearest f16.
pub fn narrow(x: f32) -> u16 {
    let sign = (x.to_bits() >> 16 & 0x8000) as u16;
    let size = x.abs();
    sign | match size.to_bits() {
        _ if size.is_nan() => 0x7e00,
        // 65,520 and more: nearer to what would be the next power of two.
        0x477f_f000.. => 0x7c00,
        // From 2⁻¹⁴ on: other bias, ten bits of the fraction.
        bits @ 0x3880_0000.. => ((bits + 0xfff + (bits >> 13 & 1) - (112 << 23)) >> 13) as u16,
        // Below, whole multiples of 2⁻²⁴.
        _ => (size * 16_777_216.0).round_ties_even() as u16,
    }
}

/// The number that the bits of an f16 stand for.
pub fn wide(bits: u16) -> f32 {
    let (sign, rest) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff) << 13);
    if rest >= 0x7c00 << 13 {
        return f32::from_bits(sign | rest | 0x7f80_0000);
    }
    f32::from_bits(sign | rest) * TO_WIDE
}

/// 2¹¹²: between the two formats' biases.
pub const TO_WIDE: f32 = f32::from_bits((127 + 112) << 23);

/// Numbers as words of two.
pub fn pack(numbers: &[f32]) -> Vec<u32> {
    let word = |pair: &[f32]| pair.iter().rev().fold(0, |word, &x| word << 16 | u32::from(narrow(x)));
    numbers.chunks(2).map(word).collect()
}

/// The numbers of words of two.
pub fn unpack(words: &[u32]) -> impl Iterator<Item = f32> {
    words.iter().flat_map(|&word| [wide(word as u16), wide((word >> 16) as u16)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_f16_comes_back_from_the_number_it_stands_for() {
        for bits in 0..=u16::MAX {
            let x = wide(bits);
            if x.is_nan() {
                assert!(bits & 0x7c00 == 0x7c00 && bits & 0x3ff != 0 && narrow(x) & 0x7e00 == 0x7e00);
            } else {
                assert_eq!(narrow(x), bits, "{x}");
            }
        }
        assert_eq!([wide(0x3c00), wide(0xc000), wide(1), wide(0x7bff)], [1.0, -2.0, 2f32.powi(-24), 65_504.0]);
        assert_eq!((wide(0xfc00), wide(0x8000).to_bits()), (f32::NEG_INFINITY, 1 << 31));
    }

    #[test]
    fn what_lies_between_two_goes_to_the_nearer_and_from_the_middle_to_the_even() {
        for low in (0..0x7bff).chain(0x8000..0xfbff) {
            let (a, b) = (wide(low), wide(low + 1));
            let middle = a + (b - a) / 2.0;
            let even = low + (low & 1);
            assert_eq!(narrow(middle), even, "{middle}");
            let toward = |to: f32| {
                f32::from_bits(if to.abs() > middle.abs() { middle.to_bits() + 1 } else { middle.to_bits() - 1 })
            };
            assert_eq!((narrow(toward(a)), narrow(toward(b))), (low, low + 1), "{middle}");
        }
        assert!(Format::F16.holds(-65_519.9) && !Format::F16.holds(65_520.0) && Format::F32.holds(65_520.0));
        assert_eq!([narrow(65_519.9), narrow(65_520.0), narrow(f32::INFINITY)], [0x7bff, 0x7c00, 0x7c00]);
    }

    #[test]
    fn words_hold_two_the_first_in_the_lower_half() {
        assert_eq!(pack(&[1.0, -2.0, 0.5]), [0xc000_3c00, 0x3800]);
        assert_eq!(unpack(&[0xc000_3c00]).collect::<Vec<_>>(), [1.0, -2.0]);
        assert_eq!((Format::F16.words(3), Format::F32.words(3)), (2, 3));
    }
}
