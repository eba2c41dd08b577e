//! From bytes to the unit that offsets are counted in.
//!
//! In: a text, and places in it as bytes. Out: the same places in code points or in units of UTF-16, counted on from the last one asked for.
//! Refuses to know what stands there.

use super::encode::Unit;

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
        let wide = if self.unit == Unit::Utf16 { 0xF0 } else { 0xFF };
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
