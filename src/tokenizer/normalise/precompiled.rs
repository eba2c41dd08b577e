//! SentencePiece's compiled table of replacements.
//!
//! In: the table (base64 of: size of the trie in bytes, the trie as 32-bit units in Darts' layout, the replacements,
//! each ended by a zero byte) and a text. Out: the text with every grapheme of under six bytes, else every character,
//! replaced by what the shortest key that it begins with stands for. A table that points outside itself replaces nothing.

use crate::tokenizer::aligned::{Aligned, Change};
use crate::{Result, ensure};
use unicode_segmentation::UnicodeSegmentation;

/// A table of replacements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precompiled {
    written: String,
    units: Vec<u32>,
    texts: String,
}

impl Precompiled {
    /// Reads a table from the base64 text that a file holds.
    ///
    /// # Errors
    /// `bad-file` when it is not base64, cut short, or its texts are not UTF-8.
    pub fn new(written: &str) -> Result<Self> {
        let bytes = from_base64(written);
        let Some((size, rest)) = bytes.as_deref().and_then(|bytes| bytes.split_first_chunk::<4>()) else {
            crate::bail!(BadFile, "Precompiled: the table is not base64 of at least four bytes");
        };
        let size = u32::from_le_bytes(*size) as usize / 4 * 4;
        ensure!(
            size <= rest.len() && size >= 4,
            BadFile,
            "Precompiled: a trie of {size} bytes is promised, {} bytes are there",
            rest.len()
        );
        let (trie, texts) = rest.split_at(size);
        let (units, _) = trie.as_chunks::<4>();
        let Ok(texts) = std::str::from_utf8(texts) else {
            crate::bail!(BadFile, "Precompiled: the replacements are not UTF-8");
        };
        Ok(Precompiled {
            written: written.to_owned(),
            units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            texts: texts.to_owned(),
        })
    }

    /// The base64 text that the table was read from.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// What a text is replaced by.
    fn find(&self, key: &str) -> Option<&str> {
        let offset = |unit: u32| (unit >> 10) << ((unit & 1 << 9) >> 6);
        let mut at = offset(*self.units.first()?);
        for byte in key.bytes().take_while(|&byte| byte != 0) {
            at ^= byte as u32;
            let unit = *self.units.get(at as usize)?;
            if unit & (1 << 31 | 0xFF) != byte as u32 {
                return None;
            }
            at ^= offset(unit);
            if unit >> 8 & 1 == 1 {
                let start = (self.units.get(at as usize)? & 0x7FFF_FFFF) as usize;
                let rest = self.texts.get(start..)?;
                return rest.split('\0').next();
            }
        }
        None
    }

    /// Changes the text.
    pub fn apply(&self, text: &mut Aligned<'_>) {
        let mut changes: Vec<(char, Change)> = Vec::with_capacity(text.text().len());
        let mut changed = false;
        let mut replace = |key: &str, changes: &mut Vec<(char, Change)>| {
            let Some(new) = self.find(key) else { return false };
            let (old, count) = (key.chars().count(), new.chars().count());
            let first = changes.len();
            // New characters replace old ones one by one; the last takes what is left, those beyond are put in.
            changes.extend(new.chars().enumerate().map(|(index, c)| {
                let rest = if index + 1 == count { old.saturating_sub(count) } else { 0 };
                (c, if index < old { Change::Replace(rest) } else { Change::Insert })
            }));
            if count == 0 {
                swallow(changes, first, old);
            }
            changed = true;
            true
        };
        for grapheme in text.text().graphemes(true) {
            if grapheme.len() < 6 && replace(grapheme, &mut changes) {
                continue;
            }
            for (at, c) in grapheme.char_indices() {
                let part = grapheme.get(at..at + c.len_utf8()).unwrap_or_default();
                if !replace(part, &mut changes) {
                    changes.push((c, Change::Replace(0)));
                }
            }
        }
        if changed {
            text.transform(0, changes);
        }
    }
}

/// A replacement by nothing: the character before it takes the place of what goes.
fn swallow(changes: &mut [(char, Change)], end: usize, count: usize) {
    if let Some((_, change)) = end.checked_sub(1).and_then(|last| changes.get_mut(last)) {
        *change = match *change {
            Change::Replace(more) => Change::Replace(more + count),
            // The reference adds up: one put in and one taken away is one replaced.
            Change::Insert => Change::Replace(count - 1),
        };
    }
}

/// Decodes base64 with or without padding.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for &digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_and_rubbish_refused() {
        assert_eq!(from_base64("aGVsbG8=").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(from_base64("a b"), None);
        assert!(Precompiled::new("AAAA").is_err());
        assert!(Precompiled::new("//////8A").is_err());
    }
}
