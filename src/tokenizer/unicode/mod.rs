//! The general category of every character, from a stored table of runs.
//!
//! In: a character. Out: its category, or whether it belongs to a class that splitters ask for. The tables beside this
//! file are runs of (class, length in LEB128); `tests/tokenizer_unicode.rs` made them and compares them with
//! fancy-regex. std's `is_alphabetic` and `is_numeric` are not `\p{L}` and `\p{N}`: the first has marks and letter
//! numbers in it.

use std::sync::OnceLock;

/// Unicode's general categories, in the order of the stored table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are Unicode's own")]
pub enum Category {
    Cn,
    Lu,
    Ll,
    Lt,
    Lm,
    Lo,
    Mn,
    Mc,
    Me,
    Nd,
    Nl,
    No,
    Pc,
    Pd,
    Ps,
    Pe,
    Pi,
    Pf,
    Po,
    Sm,
    Sc,
    Sk,
    So,
    Zs,
    Zl,
    Zp,
    Cc,
    Cf,
    Cs,
    Co,
}

const BLOCK: usize = 128;

/// One small number for every code point, in two stages.
#[derive(Debug)]
pub struct Classes {
    blocks: Vec<u16>,
    values: Vec<u8>,
}

impl Classes {
    /// The number of a character.
    #[inline]
    pub fn of(&self, c: char) -> u8 {
        let code = c as usize;
        let block = self.blocks.get(code / BLOCK).copied().unwrap_or(0) as usize;
        self.values.get(block * BLOCK + code % BLOCK).copied().unwrap_or(0)
    }

    /// Unfolds runs of (number, length in LEB128) that cover all code points.
    pub(super) fn unfold(runs: &[u8], renamed: impl Fn(u8) -> u8) -> Self {
        let mut flat = Vec::with_capacity(0x110000);
        let mut bytes = runs.iter().copied();
        while let Some(value) = bytes.next() {
            let (mut length, mut shift) = (0usize, 0);
            for byte in bytes.by_ref() {
                length |= ((byte & 0x7f) as usize) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            flat.resize(flat.len() + length, renamed(value));
        }
        Classes::of_all(&flat)
    }

    /// Takes a number for each code point.
    pub(super) fn of_all(flat: &[u8]) -> Self {
        let mut seen = std::collections::HashMap::new();
        let (mut blocks, mut values) = (Vec::with_capacity(flat.len() / BLOCK), Vec::new());
        for block in flat.chunks(BLOCK) {
            let next = seen.len() as u16;
            let number = *seen.entry(block).or_insert_with(|| {
                values.extend_from_slice(block);
                next
            });
            blocks.push(number);
        }
        Classes { blocks, values }
    }
}

/// The table of general categories, as the numbers of [`Category`].
pub fn categories() -> &'static Classes {
    static TABLE: OnceLock<Classes> = OnceLock::new();
    TABLE.get_or_init(|| Classes::unfold(include_bytes!("categories.bin"), |value| value))
}

/// `\p{L}`.
pub const LETTER: u8 = 1;
/// `\p{N}`.
pub const NUMBER: u8 = 2;
/// `\s`.
pub const SPACE: u8 = 4;
/// `\p{M}`.
pub const MARK: u8 = 8;
/// `\p{Lu}` and `\p{Lt}`.
pub const UPPER: u8 = 16;
/// `\p{Ll}`.
pub const LOWER: u8 = 32;
/// `\p{P}`.
pub const PUNCTUATION: u8 = 64;
/// `\p{S}`.
pub const SYMBOL: u8 = 128;

/// For every character the classes it belongs to, as a sum of the constants above; no letter is all of none.
pub fn kinds() -> &'static Classes {
    static TABLE: OnceLock<Classes> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Classes::unfold(include_bytes!("categories.bin"), |category| match category {
            1 | 3 => LETTER | UPPER,
            2 => LETTER | LOWER,
            4 | 5 => LETTER,
            6..=8 => MARK,
            9..=11 => NUMBER,
            12..=18 => PUNCTUATION,
            19..=22 => SYMBOL,
            23..=25 => SPACE,
            _ => 0,
        });
        // White space is the separators and six control characters, all of which stand in the first two blocks.
        for code in [9, 10, 11, 12, 13, 0x85usize] {
            let block = table.blocks.get(code / BLOCK).copied().unwrap_or(0) as usize;
            if let Some(value) = table.values.get_mut(block * BLOCK + code % BLOCK) {
                *value = SPACE;
            }
        }
        table
    })
}

/// The writing system of a character, as a number; 0 is none or any. Kana counts as Han, and so does the long-vowel mark.
pub fn script(c: char) -> u8 {
    const HAN: u8 = 42;
    const HIRAGANA: u8 = 47;
    const KATAKANA: u8 = 55;
    static TABLE: OnceLock<Classes> = OnceLock::new();
    match c {
        ' ' => 0,
        'ー' => HAN,
        _ => match TABLE.get_or_init(|| Classes::unfold(include_bytes!("scripts.bin"), |value| value)).of(c) {
            HIRAGANA | KATAKANA => HAN,
            script => script,
        },
    }
}

/// Which Unicode a character came with: 2 is version 8 or older, 1 version 9, 0 newer or never.
///
/// Hugging Face's library takes punctuation, controls and marks from tables of those versions, so newer ones are none.
fn age(c: char) -> u8 {
    static TABLE: OnceLock<Classes> = OnceLock::new();
    TABLE.get_or_init(|| Classes::unfold(include_bytes!("ages.bin"), |value| value)).of(c)
}

/// The general category of a character is among those from `first` to `last`.
fn between(c: char, first: Category, last: Category) -> bool {
    (first as u8..=last as u8).contains(&categories().of(c))
}

/// `\p{P}` of Unicode 8, or an ASCII symbol: what BERT calls punctuation.
#[inline(always)]
pub fn is_punctuation(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_punctuation() } else { is_foreign_punctuation(c) }
}

#[inline(never)]
fn is_foreign_punctuation(c: char) -> bool {
    match c {
        '\u{166d}' | '\u{111c9}' => true, // of another category since
        _ => between(c, Category::Pc, Category::Po) && age(c) == 2,
    }
}

/// `\p{Mn}` of Unicode 8.
pub fn is_nonspacing_mark(c: char) -> bool {
    match c {
        _ if c.is_ascii() => false,
        '\u{1734}' | '\u{1171e}' => true, // of another category since
        '\u{111c9}' => false,
        _ => categories().of(c) == Category::Mn as u8 && age(c) == 2,
    }
}

/// `\p{M}` of Unicode 9.
#[inline(always)]
pub fn is_mark(c: char) -> bool {
    !c.is_ascii() && between(c, Category::Mn, Category::Me) && age(c) >= 1
}

/// Controls, formats and private characters of Unicode 8: what BERT removes. Unassigned ones stay.
#[inline(always)]
pub fn is_other(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_control() } else { between(c, Category::Cc, Category::Co) && age(c) == 2 }
}

/// `\w`: alphabetic characters, marks, decimal digits, connectors and the two joiners.
pub fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let category = categories().of(c);
    c.is_alphabetic()
        || (Category::Mn as u8..=Category::Nd as u8).contains(&category)
        || category == Category::Pc as u8
        || matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_what_std_says_it_is() {
        for c in (0..0x110000).filter_map(char::from_u32) {
            assert_eq!(kinds().of(c) & SPACE != 0, c.is_whitespace(), "{c:?}");
        }
    }
}
