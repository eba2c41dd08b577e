//! Where a long document may be cut, so that it is read part by part.
//!
//! In: a document, and where the part begins. Out: where it ends. Refuses to know what reads the parts.

use super::unicode;

/// About how much of a document is taken at once, in bytes.
pub const PART: usize = 1 << 16;

/// Where the part of a document that begins at `from` ends: past 64 KiB, before a space between two ASCII letters or digits,
/// or, if `lines`, after the end of a line before a letter or digit.
/// No splitter looks back over such a space, and no normaliser joins anything to it; lines are for the splitters of which that is known.
pub fn part_end(document: &str, from: usize, lines: bool) -> usize {
    let bytes = document.as_bytes();
    let start = (from + PART).min(bytes.len());
    let Some(rest) = bytes.get(start..) else { return bytes.len() };
    let mut threes = rest.windows(3).enumerate();
    let found = threes.find_map(|(at, three)| {
        let &[before, here, after] = three else { return None };
        if here == b' ' && before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric() {
            return Some(start + at + 1);
        }
        let after = start + at + 2;
        (lines && here == b'\n' && ends_a_line(document, after - 1, after)).then_some(after)
    });
    found.unwrap_or(bytes.len())
}

/// Whether no white space is before a line end, and a letter or number after it.
fn ends_a_line(document: &str, end: usize, next: usize) -> bool {
    let before = document.get(..end).and_then(|text| text.chars().next_back());
    let after = document.get(next..).and_then(|text| text.chars().next());
    before.is_some_and(|c| !c.is_whitespace())
        && after.is_some_and(|c| unicode::kinds().of(c) & (unicode::LETTER | unicode::NUMBER) != 0)
}
