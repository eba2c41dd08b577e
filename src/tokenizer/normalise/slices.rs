//! Normalising a long text in slices.
//!
//! In: a text. Out: the same as normalising it at once, when the last of as many slices as it takes is done. The text is cut between two
//! characters that stand each for themselves: no normal form joins them, no cluster of characters has both, and no
//! normaliser looks from one to the other. Where no such place comes, or the normaliser looks further (an expression, a text of
//! several characters that is replaced), there is one slice.

use super::Normaliser;
use crate::Result;
use crate::tokenizer::aligned::Aligned;
use crate::tokenizer::split::pattern::Written;

/// About how many bytes a slice has.
const SLICE: usize = 1 << 14;

/// Characters that stand for themselves beside others of these: letters and syllables of common scripts, ideographs.
const ALONE: [(u32, u32); 17] = [
    (0x30, 0x39),
    (0x41, 0x5A),
    (0x61, 0x7A),
    (0xC0, 0x24F),
    (0x391, 0x3A9),
    (0x3B1, 0x3C9),
    (0x400, 0x481),
    (0x5D0, 0x5EA),
    (0x621, 0x63A),
    (0x641, 0x64A),
    (0xE01, 0xE2E),
    (0x3041, 0x3096),
    (0x30A1, 0x30FA),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xFF10, 0xFF5A),
];

/// What a normaliser looks at beside single characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    /// Nothing.
    Characters,
    /// Runs of white space, or the ends of the text: a cut is between characters of which something stays.
    Spaces,
    Everything,
}

fn sight(normaliser: &Normaliser) -> Sight {
    match normaliser {
        Normaliser::Strip { .. } | Normaliser::Prepend(_) => Sight::Spaces,
        Normaliser::Replace { pattern, .. } => match pattern.written() {
            Written::Literal(literal) if literal.chars().nth(1).is_none() && !literal.is_empty() => Sight::Characters,
            Written::Literal(literal) if !literal.is_empty() && literal.chars().all(char::is_whitespace) => {
                Sight::Spaces
            }
            // SentencePiece's files have this one.
            Written::Regex(expression) if expression == " {2,}" => Sight::Spaces,
            _ => Sight::Everything,
        },
        Normaliser::Sequence(all) => all.iter().map(sight).max().unwrap_or(Sight::Characters),
        _ => Sight::Characters,
    }
}

/// Whether something stays of a character, and no white space comes of it.
fn stays(normaliser: &Normaliser, c: char) -> bool {
    let mut bytes = [0; 4];
    let mut text = Aligned::new(c.encode_utf8(&mut bytes), 0, false);
    normaliser.apply(&mut text).is_ok() && !text.text().is_empty() && !text.text().contains(char::is_whitespace)
}

fn is_alone(c: char) -> bool {
    ALONE.iter().any(|range| (range.0..=range.1).contains(&(c as u32)))
}

/// A text on its way.
#[derive(Debug, Default)]
pub struct Normalising {
    /// How much of the text is read.
    at: usize,
    /// What became of it, once a part of it was changed.
    changed: Option<Aligned<'static>>,
}

impl Normalising {
    /// Normalises on over about `budget` bytes; `true`: all is read. `text` begins at byte `start` of the original, `track` says whether
    /// ranges will be asked for; both are the same at every call.
    ///
    /// # Errors
    /// As [`Normaliser::apply`].
    pub fn advance(
        &mut self,
        normaliser: &Normaliser,
        text: &str,
        (start, track): (usize, bool),
        budget: &mut usize,
    ) -> Result<bool> {
        while self.at < text.len() && *budget > 0 {
            let end = cut(normaliser, text, self.at);
            *budget = budget.saturating_sub(end - self.at);
            let mut part = Aligned::new(text.get(self.at..end).unwrap_or_default(), start + self.at, track);
            normaliser.apply_between(&mut part, (self.at == 0, end == text.len()))?;
            match &mut self.changed {
                Some(changed) => changed.append(&part),
                None if part.is_original() => {}
                None if self.at == 0 => self.changed = Some(part.into_owned()),
                None => {
                    let before = Aligned::new(text.get(..self.at).unwrap_or_default(), start, track);
                    self.changed.insert(before.into_owned()).append(&part);
                }
            }
            self.at = end;
        }
        Ok(self.at >= text.len())
    }

    /// What the text became.
    pub fn finish(self, text: &str, (start, track): (usize, bool)) -> Aligned<'_> {
        self.changed.unwrap_or_else(|| Aligned::new(text, start, track))
    }
}

/// Where the slice that begins at `from` ends.
fn cut(normaliser: &Normaliser, text: &str, from: usize) -> usize {
    let sight = sight(normaliser);
    if text.len() - from <= 2 * SLICE || sight == Sight::Everything {
        return text.len();
    }
    let mut start = from + SLICE;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let mut before = None;
    for (at, c) in text.get(start..).unwrap_or_default().char_indices() {
        let here = match sight {
            Sight::Characters => (is_alone(c) || (' '..='~').contains(&c)).then_some(c),
            _ => Some(c).filter(|&c| is_alone(c)),
        };
        if let (Some(left), Some(right)) = (before, here)
            && (sight == Sight::Characters || (stays(normaliser, left) && stays(normaliser, right)))
        {
            return start + at;
        }
        before = here;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::*;
    use crate::tokenizer::Tokenizer;
    use crate::tokenizer::split::pattern::Pattern;
    use std::path::Path;

    #[test]
    fn slices_give_what_one_step_gives() {
        let literal = |text: &str| Pattern::new(Written::Literal(text.into())).unwrap();
        let stored = |name: &str| {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/tokenizers").join(name);
            let json = std::fs::read_to_string(file.join("tokenizer.json")).unwrap();
            Tokenizer::from_json(&json).unwrap().parts.normaliser.unwrap()
        };
        let all = [
            stored("unigram-t5-precompiled"),
            stored("unigram-nfkc"),
            stored("spm-bpe-llama2"),
            Normaliser::Form(Form::C),
            Normaliser::Form(Form::KD),
            Normaliser::Lowercase,
            Normaliser::Bert { clean: true, chinese: true, strip_accents: None, lowercase: true },
            Normaliser::ByteLevel,
            Normaliser::Sequence(vec![
                Normaliser::Prepend("▁".into()),
                Normaliser::Replace { pattern: literal(" "), content: "▁".into() },
            ]),
            Normaliser::Sequence(vec![
                Normaliser::Nmt,
                Normaliser::Form(Form::KC),
                Normaliser::Strip { left: true, right: true },
                Normaliser::Replace {
                    pattern: Pattern::new(Written::Regex(" {2,}".into())).unwrap(),
                    content: " ".into(),
                },
            ]),
            Normaliser::Replace { pattern: literal("ab"), content: "c".into() },
        ];
        let words =
            ["É", "e\u{301}", "中", "国", "ab", "aab", "  ", " ", "각", "ᄀ", "ᅡ", "ﬁ", "ก", "ำ", "\u{200d}", "ÅÅ", "ü"];
        let mut drawn = 7u32;
        let mixed: String = (0..60_000)
            .map(|_| {
                drawn = drawn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                words[(drawn >> 16) as usize % words.len()]
            })
            .collect();
        for text in [mixed, "x".repeat(100_000), " ".repeat(100_000), "中".repeat(40_000)] {
            for normaliser in &all {
                for track in [false, true] {
                    let mut whole = Aligned::new(&text, 5, track);
                    normaliser.apply(&mut whole).unwrap();
                    let (mut normalising, mut slices) = (Normalising::default(), 1);
                    while !normalising.advance(normaliser, &text, (5, track), &mut 1).unwrap() {
                        slices += 1;
                    }
                    let parts = normalising.finish(&text, (5, track));
                    assert!(parts.text() == whole.text(), "{normaliser:?}");
                    let places = |aligned: &Aligned<'_>| -> Vec<(u32, u32)> {
                        aligned.text().char_indices().map(|(at, c)| aligned.source(at, at + c.len_utf8())).collect()
                    };
                    assert!(places(&parts) == places(&whole), "{normaliser:?}");
                    let whole = matches!(sight(normaliser), Sight::Everything)
                        || (text.starts_with(' ') && sight(normaliser) == Sight::Spaces);
                    assert_eq!(slices > 1, !whole, "{normaliser:?}: {slices}");
                }
            }
        }
    }
}
