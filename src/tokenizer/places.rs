//! From bytes to the unit that offsets are counted in.
//!
//! In: a text, and places in it as bytes, mostly one near the other, or as characters. Out: the same places in what the caller counts in.
//! Refuses to know what stands there.

use super::encode::Unit;

/// The least first byte of characters that are two units of UTF-16.
const WIDE: u8 = 0xF0;

/// The characters of a text that are two units of UTF-16 each.
pub(super) fn wide_characters(text: &str) -> Vec<u32> {
    if text.bytes().all(|byte| byte < WIDE) {
        return Vec::new();
    }
    (0..).zip(text.chars()).filter(|(_, c)| c.len_utf16() > 1).map(|(at, _)| at).collect()
}

/// A place that counts characters in units of UTF-16.
pub(super) fn units(at: u32, wide: &[u32]) -> u32 {
    at + wide.partition_point(|&wide| wide < at) as u32
}

/// Places of a text in another unit than bytes.
pub(super) struct Places<'t> {
    text: &'t str,
    unit: Unit,
    at: usize,
    count: u32,
}

impl<'t> Places<'t> {
    /// Begins at the text's start.
    pub(super) fn new(text: &'t str, unit: Unit) -> Self {
        let unit = if text.is_ascii() { Unit::Bytes } else { unit };
        Places { text, unit, at: 0, count: 0 }
    }

    /// The place of a byte; quick where the last one asked for was near.
    pub(super) fn of(&mut self, byte: usize) -> u32 {
        if self.unit == Unit::Bytes {
            return byte as u32;
        }
        // Characters are counted by their first bytes; those of four bytes are two units of UTF-16.
        let wide = if self.unit == Unit::Utf16 { WIDE } else { 0xFF };
        let bytes = self.text.as_bytes();
        let size = |bytes: &[u8]| -> u32 {
            bytes.iter().map(|&byte| u32::from(byte & 0xC0 != 0x80) + u32::from(byte >= wide)).sum()
        };
        if byte >= self.at {
            self.count += size(bytes.get(self.at..byte).unwrap_or_default());
        } else {
            self.count -= size(bytes.get(byte..self.at).unwrap_or_default());
        }
        self.at = byte;
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_bytes_come_to_the_same_units() {
        let text = "a🙂é𝒜b";
        let wide = wide_characters(text);
        for (index, (at, _)) in text.char_indices().enumerate() {
            let expected = text[..at].encode_utf16().count() as u32;
            assert_eq!(units(index as u32, &wide), expected);
            assert_eq!(Places::new(text, Unit::Utf16).of(at), expected);
        }
    }
}
