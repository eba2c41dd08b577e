//! Normalising: text to the form that the vocabulary was made from.
//!
//! In: text with its ranges. Out: changed text with ranges of the original. Named after Hugging Face's normalisers and
//! exact with them, offsets included: which original character a new one belongs to follows their rules. Knows no
//! vocabulary.

mod bert;
mod composition;
mod forms;
pub mod precompiled;
mod slices;

use super::aligned::{Aligned, Change};
use super::split::pattern::Pattern;
use super::{bytes, unicode};
use crate::Result;
pub use forms::Form;
use precompiled::Precompiled;
pub use slices::Normalising;

/// A normaliser, by the names of Hugging Face's.
#[derive(Clone, Debug)]
pub enum Normaliser {
    /// One of Unicode's four normal forms.
    Form(Form),
    /// Lower case.
    Lowercase,
    /// Drops marks (of text that is decomposed already).
    StripAccents,
    /// Drops white space at the ends.
    Strip {
        /// At the front.
        left: bool,
        /// At the back.
        right: bool,
    },
    /// Writes one thing for another.
    Replace {
        /// What is looked for.
        pattern: Pattern,
        /// What is written for it.
        content: String,
    },
    /// Puts a text before a text that is not empty.
    Prepend(String),
    /// SentencePiece's cleaning of controls and spaces.
    Nmt,
    /// BERT's.
    Bert {
        /// Drops controls, makes all white space spaces.
        clean: bool,
        /// Sets Chinese characters between spaces.
        chinese: bool,
        /// Drops accents; unset, if `lowercase`.
        strip_accents: Option<bool>,
        /// Lower case.
        lowercase: bool,
    },
    /// A table that SentencePiece compiled.
    Precompiled(Precompiled),
    /// Bytes as symbols.
    ByteLevel,
    /// One after the other.
    Sequence(Vec<Normaliser>),
}

impl Normaliser {
    /// Changes the text.
    ///
    /// # Errors
    /// `bad-input` when a regular expression takes more steps than allowed.
    pub fn apply(&self, text: &mut Aligned<'_>) -> Result<()> {
        self.apply_between(text, (true, true))
    }

    /// Changes a part of a text; `ends`: whether it is the first, and whether it is the last.
    fn apply_between(&self, text: &mut Aligned<'_>, ends: (bool, bool)) -> Result<()> {
        match self {
            Normaliser::Form(form) => form.apply(text),
            Normaliser::Lowercase => lowercase(text),
            Normaliser::StripAccents => text.filter_map(|c| !unicode::is_mark(c), |c| c),
            Normaliser::Strip { left, right } => strip(text, *left && ends.0, *right && ends.1),
            Normaliser::Replace { pattern, content } => replace(text, pattern, content)?,
            Normaliser::Prepend(prefix) if ends.0 => {
                let mut whole = [(0, text.text().len() as u32)];
                text.with_prefix(prefix, &mut whole, |_, text| !text.is_empty() && !prefix.is_empty());
            }
            Normaliser::Prepend(_) => {}
            Normaliser::Nmt => text.filter_map(
                |c| !matches!(c as u32, 1..=8 | 0xB | 0xE..=0x1F | 0x7F | 0x8F | 0x9F),
                |c| match c as u32 {
                    0x9 | 0xA | 0xC | 0xD | 0x1680 | 0x200B..=0x200F | 0x2028 | 0x2029 | 0x2581 | 0xFEFF | 0xFFFD => {
                        ' '
                    }
                    _ => c,
                },
            ),
            Normaliser::Bert { clean, chinese, strip_accents, lowercase: lower } => {
                let (strip_accents, lower) = (strip_accents.unwrap_or(*lower), *lower);
                bert::Bert { clean: *clean, chinese: *chinese, strip_accents, lower }.apply(text);
            }
            Normaliser::Precompiled(table) => table.apply(text),
            Normaliser::ByteLevel => {
                let mut edit = text.edit(text.text().len() * 2);
                for c in text.text().chars() {
                    for (index, byte) in c.encode_utf8(&mut [0; 4]).bytes().enumerate() {
                        edit.push(bytes::symbol(byte), if index == 0 { Change::Replace(0) } else { Change::Insert });
                    }
                }
                let edited = edit.finish();
                text.accept(edited);
            }
            Normaliser::Sequence(normalisers) => {
                for normaliser in normalisers {
                    normaliser.apply_between(text, ends)?;
                }
            }
        }
        Ok(())
    }
}

fn lowercase(text: &mut Aligned<'_>) {
    if text.text().is_ascii() {
        if text.text().bytes().any(|byte| byte.is_ascii_uppercase()) {
            let lower = text.text().to_ascii_lowercase();
            text.overwrite(lower);
        }
        return;
    }
    if text.text().chars().all(|c| !c.is_uppercase() && c.to_lowercase().eq([c])) {
        return;
    }
    let mut edit = text.edit(text.text().len());
    for c in text.text().chars() {
        if c.is_ascii() {
            edit.push(c.to_ascii_lowercase(), Change::Replace(0));
            continue;
        }
        for (index, lower) in c.to_lowercase().enumerate() {
            edit.push(lower, if index == 0 { Change::Replace(0) } else { Change::Insert });
        }
    }
    let edited = edit.finish();
    text.accept(edited);
}

fn strip(text: &mut Aligned<'_>, left: bool, right: bool) {
    let old = text.text();
    let end = if right { old.trim_end().len() } else { old.len() };
    let start = if left { old.len() - old.trim_start().len() } else { 0 };
    if start == 0 && end == old.len() {
        return;
    }
    let mut edit = text.edit(old.len());
    edit.jump(start.min(end));
    edit.keep(end);
    let edited = edit.finish();
    text.accept(edited);
}

fn replace(text: &mut Aligned<'_>, pattern: &Pattern, content: &str) -> Result<()> {
    let mut matches = Vec::new();
    pattern.find(text.text(), &mut |start, end| matches.push((start, end)))?;
    if matches.is_empty() {
        return Ok(());
    }
    let mut edit = text.edit(text.text().len() + matches.len() * content.len());
    for (start, end) in matches {
        edit.keep(start);
        edit.jump(end);
        edit.insert(content);
    }
    edit.keep(text.text().len());
    let edited = edit.finish();
    text.accept(edited);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::split::pattern::Written;

    fn applied(normaliser: &Normaliser, text: &str) -> (String, Vec<(u32, u32)>) {
        let mut aligned = Aligned::new(text, 0, true);
        normaliser.apply(&mut aligned).unwrap();
        let spans = aligned.text().char_indices().map(|(at, c)| aligned.source(at, at + c.len_utf8())).collect();
        (aligned.text().to_owned(), spans)
    }

    #[test]
    fn what_is_written_for_a_match_belongs_to_the_match() {
        let pattern = Pattern::new(Written::Literal("bc".into())).unwrap();
        let replaced = applied(&Normaliser::Replace { pattern, content: "xyz".into() }, "abcd");
        assert_eq!(replaced, ("axyzd".into(), vec![(0, 1), (2, 3), (2, 3), (2, 3), (3, 4)]));
    }

    #[test]
    fn stripped_text_keeps_its_places() {
        let stripped = applied(&Normaliser::Strip { left: true, right: true }, " \u{3000}é\n");
        assert_eq!(stripped, ("é".into(), vec![(4, 6)]));
    }

    #[test]
    fn bert_lowers_and_drops_accents_and_controls() {
        let bert = Normaliser::Bert { clean: true, chinese: true, strip_accents: None, lowercase: true };
        assert_eq!(applied(&bert, "É\u{7}\t各"), ("e  各 ".into(), vec![(0, 2), (3, 4), (4, 7), (4, 7), (4, 7)]));
    }
}
