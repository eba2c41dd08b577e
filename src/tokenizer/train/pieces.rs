//! What sentencepiece accepts as a piece.
//!
//! In: the characters of a would-be piece. Out: whether it may enter a vocabulary: at most 16 characters, the space
//! symbol only in front (or a run of nothing else), letters of one script, and, for LLaMA-2, digits one by one.
//! Refuses to know how often a piece was seen.

use crate::tokenizer::unicode::script;

/// The symbol that stands for a space.
pub(super) const SPACE: char = '▁';

/// The rules that a piece must keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct PieceRules {
    /// The most characters in a piece.
    pub(super) longest: usize,
    /// A digit is always a piece of its own.
    pub(super) digits_apart: bool,
    /// Letters of two scripts never share a piece.
    pub(super) scripts_apart: bool,
}

impl Default for PieceRules {
    fn default() -> Self {
        PieceRules { longest: 16, digits_apart: false, scripts_apart: true }
    }
}

impl PieceRules {
    /// Whether these characters may be a piece.
    pub(super) fn accept(&self, chars: impl Iterator<Item = char>) -> bool {
        let mut length = 0;
        let mut digits = 0;
        let mut spaces = 0;
        let mut last = None;
        for c in chars {
            length += 1;
            if length > self.longest || c == '\0' {
                return false;
            }
            if c == SPACE {
                spaces += 1;
                if length > 1 && spaces < length {
                    return false;
                }
                continue;
            }
            // Words that are not all spaces begin with at most one.
            if spaces > 1 {
                return false;
            }
            digits += usize::from(c.is_ascii_digit());
            if self.scripts_apart {
                // A mark that inherits its script goes with any letter.
                let own = match script(c) {
                    own if own == script('\u{301}') => last,
                    own => Some(own),
                };
                if last.is_some() && own != last {
                    return false;
                }
                last = own;
            }
        }
        length > 0 && !(self.digits_apart && digits > 0 && length > 1)
    }
}

/// Cuts text at space symbols: each piece begins with its run of them.
pub fn split_at_spaces(text: &str, mut word: impl FnMut(&str)) {
    let mut start = 0;
    let mut in_spaces = true;
    for (at, c) in text.char_indices() {
        let space = c == SPACE;
        if space && !in_spaces {
            word(&text[start..at]);
            start = at;
        }
        in_spaces = space;
    }
    if start < text.len() {
        word(&text[start..]);
    }
}
