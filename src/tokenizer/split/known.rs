//! Splitters of well-known tokenizers, written out by hand.
//!
//! In: a text. Out: where its pieces end, one after the other, without a gap: the matches of a known regular
//! expression, whose alternatives are tried here in its order at each place. Any other expression goes to `pattern.rs`;
//! the two are compared on every kind of text in `tests/tokenizer_split.rs`.

use crate::tokenizer::unicode::{Classes, LETTER, LOWER, MARK, NUMBER, SPACE, UPPER, kinds};

/// GPT-2's expression.
pub const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// The expression of GPT-4 and LLaMA 3.
pub const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// GPT-4's expression as tiktoken writes it; it means the same.
const CL100K: &str =
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+";
/// Qwen 2's expression: digits stand alone.
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// The expression of GPT-4o and LLaMA 4.
const O200K: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Mistral's expression since Nemo: GPT-4o's without contractions, digits alone.
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A splitter written by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// GPT-2 and those after it.
    Gpt2,
    /// GPT-4, LLaMA 3, Qwen 2: so many digits together.
    Llama3 {
        /// The longest run of digits.
        digits: usize,
    },
    /// GPT-4o, LLaMA 4, Mistral: case counts.
    Cased {
        /// The longest run of digits.
        digits: usize,
        /// Whether `'s` and the like stay with their word.
        contractions: bool,
    },
    /// Every character for itself.
    Characters,
}

impl Known {
    /// The splitter that does what an expression says, if it is one of those known here.
    pub fn of(expression: &str) -> Option<Self> {
        Some(match expression {
            GPT2 => Known::Gpt2,
            LLAMA3 | CL100K => Known::Llama3 { digits: 3 },
            QWEN2 => Known::Llama3 { digits: 1 },
            O200K => Known::Cased { digits: 3, contractions: true },
            TEKKEN => Known::Cased { digits: 1, contractions: false },
            r"[\s\S]" => Known::Characters,
            _ => return None,
        })
    }

    /// All expressions that are written out here.
    pub fn expressions() -> [&'static str; 7] {
        [GPT2, LLAMA3, CL100K, QWEN2, O200K, TEKKEN, r"[\s\S]"]
    }

    /// Calls back with the (start, end) of each piece.
    #[inline]
    pub fn split(self, text: &str, mut piece: impl FnMut(usize, usize)) {
        self.until(text, 0, text.len(), &mut piece);
    }

    /// The end of the first piece that ends at `least` or after it and not in white space, where one begins at `from`. What is before it
    /// and what is after it have the pieces that they have in the whole: no piece looks behind its start, and white space alone looks at
    /// what comes after it.
    pub fn end_after(self, text: &str, from: usize, least: usize) -> usize {
        let mut end = self.until(text, from, least, &mut |_, _| {});
        let is_white =
            |end: usize| text.get(..end).and_then(|text| text.chars().next_back()).is_some_and(char::is_whitespace);
        while end < text.len() && is_white(end) {
            end = self.until(text, end, end + 1, &mut |_, _| {});
        }
        end
    }

    #[inline]
    fn until(self, text: &str, mut start: usize, least: usize, piece: &mut impl FnMut(usize, usize)) -> usize {
        let reader = Reader { bytes: text.as_bytes(), classes: kinds() };
        while start < least.min(text.len()) {
            let end = match self {
                Known::Gpt2 => reader.gpt2(start),
                Known::Llama3 { digits } => reader.llama3(start, digits),
                Known::Cased { digits, contractions } => reader.cased(start, digits, contractions),
                Known::Characters => start + reader.kind(start).1,
            };
            let end = end.max(start + 1);
            piece(start, end);
            start = end;
        }
        start
    }
}

/// The classes of ASCII.
const ASCII: [u8; 128] = {
    let mut classes = [0u8; 128];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        classes[byte] = if b.is_ascii_uppercase() {
            LETTER | UPPER
        } else if b.is_ascii_lowercase() {
            LETTER | LOWER
        } else if b.is_ascii_digit() {
            NUMBER
        } else if matches!(b, b' ' | 9..=13) {
            SPACE
        } else {
            0
        };
        byte += 1;
    }
    classes
};

struct Reader<'t> {
    bytes: &'t [u8],
    classes: &'static Classes,
}

impl Reader<'_> {
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The class of the character at a place and its width; width 0 at the end of the text.
    #[inline]
    fn kind(&self, at: usize) -> (u8, usize) {
        let Some(&byte) = self.bytes.get(at) else { return (0, 0) };
        match ASCII.get(byte as usize) {
            Some(&class) => (class, 1),
            None => self.wide(at, byte),
        }
    }

    fn wide(&self, at: usize, first: u8) -> (u8, usize) {
        let tail = |n: usize| (self.byte(at + n) & 0x3f) as u32;
        let (code, width) = match first {
            0..=0xDF => ((first as u32 & 0x1f) << 6 | tail(1), 2),
            0xE0..=0xEF => ((first as u32 & 0xf) << 12 | tail(1) << 6 | tail(2), 3),
            _ => ((first as u32 & 7) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4),
        };
        (self.classes.of(char::from_u32(code).unwrap_or_default()), width)
    }

    /// The end of the run of characters of these classes, of at most so many.
    #[inline]
    fn run(&self, mut at: usize, classes: u8) -> usize {
        loop {
            let (kind, width) = self.kind(at);
            if kind & classes == 0 {
                return at;
            }
            at += width;
        }
    }

    /// The end of the run of characters that are neither letters, numbers nor white space.
    #[inline]
    fn others(&self, mut at: usize) -> usize {
        loop {
            let (kind, width) = self.kind(at);
            if kind & (LETTER | NUMBER | SPACE) != 0 || width == 0 {
                return at;
            }
            at += width;
        }
    }

    fn few_numbers(&self, mut at: usize, most: usize) -> usize {
        for _ in 0..most {
            let (kind, width) = self.kind(at);
            if kind & NUMBER == 0 {
                break;
            }
            at += width;
        }
        at
    }

    fn while_in(&self, mut at: usize, bytes: &[u8]) -> usize {
        while self.bytes.get(at).is_some_and(|byte| bytes.contains(byte)) {
            at += 1;
        }
        at
    }

    /// The length of `'s`, `'re` and the like at an apostrophe, 0 if there is none.
    fn contraction(&self, at: usize, any_case: bool) -> usize {
        if self.byte(at) != b'\'' {
            return 0;
        }
        let lower = |b: u8| if any_case { b.to_ascii_lowercase() } else { b };
        match (lower(self.byte(at + 1)), lower(self.byte(at + 2))) {
            (b's' | b't' | b'm' | b'd', _) => 2,
            (b'r' | b'v', b'e') | (b'l', b'l') => 3,
            // The long s is an s when case does not count.
            (0xC5, 0xBF) if any_case => 3,
            _ => 0,
        }
    }

    /// `\s+(?!\S)|\s+` at white space.
    fn spaces(&self, start: usize) -> usize {
        let (mut at, mut last) = (start, start);
        loop {
            let (kind, width) = self.kind(at);
            if kind & SPACE == 0 {
                break;
            }
            last = at;
            at += width;
        }
        if at < self.bytes.len() && last > start { last } else { at }
    }

    /// `\s*[\r\n]+`, if there is a line end in the run of white space.
    fn line_ends(&self, start: usize) -> Option<usize> {
        let (mut at, mut end) = (start, None);
        loop {
            let (kind, width) = self.kind(at);
            if kind & SPACE == 0 {
                return end;
            }
            if matches!(self.byte(at), b'\r' | b'\n') {
                end = Some(at + 1);
            }
            at += width;
        }
    }

    #[inline]
    fn gpt2(&self, start: usize) -> usize {
        let first = self.byte(start);
        if first == b'\'' {
            let length = self.contraction(start, false);
            if length > 0 {
                return start + length;
            }
        }
        let at = start + (first == b' ') as usize;
        let (kind, width) = self.kind(at);
        if kind & LETTER != 0 {
            self.run(at + width, LETTER)
        } else if kind & NUMBER != 0 {
            self.run(at + width, NUMBER)
        } else if kind & SPACE == 0 && width > 0 {
            self.others(at + width)
        } else {
            self.spaces(start)
        }
    }

    #[inline]
    fn llama3(&self, start: usize, digits: usize) -> usize {
        let (kind, width) = self.kind(start);
        if kind & LETTER != 0 {
            return self.run(start + width, LETTER);
        }
        if kind & NUMBER != 0 {
            return self.few_numbers(start, digits);
        }
        let first = self.byte(start);
        let length = self.contraction(start, true);
        if length > 0 {
            return start + length;
        }
        let (next, next_width) = self.kind(start + width);
        if next & LETTER != 0 && first != b'\r' && first != b'\n' {
            return self.run(start + width + next_width, LETTER);
        }
        self.rest(start, kind, b"\r\n")
    }

    /// The alternatives after letters and numbers: punctuation with the line ends after it, white space.
    #[inline]
    fn rest(&self, start: usize, kind: u8, tail: &[u8]) -> usize {
        if kind & SPACE == 0 {
            return self.while_in(self.others(start), tail);
        }
        if self.byte(start) == b' ' {
            let (next, width) = self.kind(start + 1);
            if next & (SPACE | LETTER | NUMBER) == 0 && width > 0 {
                return self.while_in(self.others(start + 1), tail);
            }
        }
        self.line_ends(start).unwrap_or_else(|| self.spaces(start))
    }

    fn cased(&self, start: usize, digits: usize, contractions: bool) -> usize {
        let (kind, width) = self.kind(start);
        let first = self.byte(start);
        let begins = kind & (LETTER | NUMBER) == 0 && first != b'\r' && first != b'\n';
        // The optional first character is tried taken, then left: only a mark makes a difference.
        let word = begins
            .then(|| self.cased_word(start + width, true))
            .flatten()
            .or_else(|| self.cased_word(start, true))
            .or_else(|| begins.then(|| self.cased_word(start + width, false)).flatten())
            .or_else(|| self.cased_word(start, false));
        if let Some(end) = word {
            let more = if contractions { self.contraction(end, true) } else { 0 };
            return end + more;
        }
        if kind & NUMBER != 0 {
            return self.few_numbers(start, digits);
        }
        self.rest(start, kind, b"\r\n/")
    }

    /// `[upper or neither]*[lower or neither]+`, or `[upper or neither]+[lower or neither]*`; marks are neither.
    fn cased_word(&self, start: usize, ends_lower: bool) -> Option<usize> {
        let (mut at, mut neither) = (start, None);
        loop {
            let (kind, width) = self.kind(at);
            if kind & (LETTER | MARK) == 0 || kind & LOWER != 0 {
                break;
            }
            at += width;
            if kind & UPPER == 0 {
                neither = Some(at); // a caseless letter can also be the lower part
            }
        }
        let mut end = at;
        loop {
            let (kind, width) = self.kind(end);
            if kind & (LETTER | MARK) == 0 || kind & UPPER != 0 {
                break;
            }
            end += width;
        }
        if !ends_lower {
            return (at > start).then_some(end);
        }
        if end > at { Some(end) } else { neither }
    }
}
