//! Splitting: a text to the pieces that the model sees one by one.
//!
//! In: normalised text. Out: ranges of it, in order; some splitters also rewrite the text (a mark for spaces, bytes as
//! symbols). Named after Hugging Face's pre-tokenizers and exact with them. Knows no vocabulary.

pub mod engine;
mod folding;
pub mod known;
pub mod pattern;
mod properties;
pub mod translate;

use super::aligned::{Aligned, Change};
use super::{bytes, unicode};
use crate::Result;
use known::Known;
use pattern::Pattern;

/// What becomes of the matches of a pattern that a text is split at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    /// They go.
    Removed,
    /// They are pieces of their own.
    Isolated,
    /// They end the piece before them.
    MergedWithPrevious,
    /// They begin the piece after them.
    MergedWithNext,
    /// Neighbouring matches are one piece.
    Contiguous,
}

/// When a mark is put before a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepend {
    /// Before every part of the text.
    Always,
    /// Only where the text begins.
    First,
    /// Never.
    Never,
}

/// A splitter, by the names of Hugging Face's pre-tokenizers.
#[derive(Clone, Debug)]
pub enum Splitter {
    /// Bytes as symbols, after GPT-2's expression if `regex`.
    ByteLevel {
        /// Puts a space before a text that has none.
        prefix_space: bool,
        /// Of no effect here; kept for the file.
        trim_offsets: bool,
        /// Splits by GPT-2's expression.
        regex: bool,
    },
    /// White space goes, punctuation stands alone.
    Bert,
    /// `\w+|[^\w\s]+`.
    Whitespace,
    /// White space goes.
    WhitespaceSplit,
    /// Spaces become a mark; pieces begin with it.
    Metaspace {
        /// The mark, mostly `▁`.
        mark: char,
        /// When a mark is put before the text.
        prepend: Prepend,
        /// Whether to split at marks.
        split: bool,
    },
    /// Punctuation is split off.
    Punctuation(Behavior),
    /// Numbers are split off, digit by digit if set.
    Digits(bool),
    /// A pattern; matches and gaps change places if `invert`.
    Split {
        /// What is looked for.
        pattern: Pattern,
        /// What becomes of matches.
        behavior: Behavior,
        /// Takes gaps as matches.
        invert: bool,
    },
    /// One character that goes.
    Delimiter(char),
    /// Where the writing system changes.
    Scripts,
    /// Pieces of so many characters.
    FixedLength(usize),
    /// One after the other.
    Sequence(Vec<Splitter>),
}

/// Bytes in which a place to cut is looked for.
const NEAR: usize = 1 << 16;

/// A text on its way through the splitters.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    /// The text as it stands.
    pub text: Aligned<'a>,
    /// The pieces, as (start, end) bytes of it.
    pub cuts: Vec<(u32, u32)>,
    /// Whether pieces are raw UTF-8 whose bytes stand for byte symbols.
    pub raw: bool,
}

impl<'a> Pieces<'a> {
    /// A text in one piece.
    pub fn new(text: Aligned<'a>) -> Self {
        let cuts = if text.text().is_empty() { Vec::new() } else { vec![(0, text.text().len() as u32)] };
        Pieces { text, cuts, raw: false }
    }

    /// The text of a piece.
    pub fn slice(&self, cut: (u32, u32)) -> &str {
        self.text.slice(cut.0, cut.1)
    }

    /// Cuts every piece again: `cutter` calls back with ranges of the piece it is given.
    fn cut(&mut self, mut cutter: impl FnMut(&str, &mut dyn FnMut(usize, usize)) -> Result<()>) -> Result<()> {
        let mut cuts = Vec::with_capacity(self.cuts.len());
        for &(start, end) in &self.cuts {
            cutter(self.text.slice(start, end), &mut |from, to| {
                if from < to {
                    cuts.push((start + from as u32, start + to as u32));
                }
            })?;
        }
        self.cuts = cuts;
        Ok(())
    }

    /// Rewrites the text piece by piece; ranges of the new text take the place of the old pieces.
    fn rewrite(&mut self, mut change: impl FnMut(char, &mut dyn FnMut(char, Change))) {
        let mut edit = self.text.edit(self.text.text().len() * 2);
        let mut cuts = std::mem::take(&mut self.cuts);
        for cut in &mut cuts {
            edit.jump(cut.0 as usize);
            let start = edit.written() as u32;
            for c in self.text.slice(cut.0, cut.1).chars() {
                change(c, &mut |c, how| edit.push(c, how));
            }
            *cut = (start, edit.written() as u32);
        }
        let edited = edit.finish();
        self.text.accept(edited);
        self.cuts = cuts;
    }

    /// Writes raw bytes out as symbols.
    pub fn spell_bytes(&mut self) {
        self.raw = false;
        self.rewrite(|c, push| {
            for (index, byte) in c.encode_utf8(&mut [0; 4]).bytes().enumerate() {
                push(bytes::symbol(byte), if index == 0 { Change::Replace(0) } else { Change::Insert });
            }
        });
    }
}

impl Splitter {
    /// Where a text that is split from `from` on may be cut, at `least` or soon after it: its parts have the pieces of the whole. Its
    /// end where no such place is known: a foreign expression may look at all of it, and so may what goes by the text's beginning.
    pub fn end_after(&self, text: &str, from: usize, least: usize) -> usize {
        let after = |is: &dyn Fn(char) -> bool| {
            let mut near = (least..text.len()).find_map(|at| text.get(at..)).unwrap_or_default().char_indices();
            let found = near.by_ref().take_while(|(at, _)| *at < NEAR).find(|&(_, c)| is(c));
            if found.is_some() { text.len() - near.as_str().len() } else { text.len() }
        };
        match self {
            Splitter::ByteLevel { regex: true, prefix_space: false, .. } => Known::Gpt2.end_after(text, from, least),
            Splitter::Bert => after(&|c| c.is_whitespace() || unicode::is_punctuation(c)),
            Splitter::Whitespace | Splitter::WhitespaceSplit => after(&char::is_whitespace),
            Splitter::Split { pattern, behavior: Behavior::Isolated, .. } => match pattern.known() {
                Some(known) => known.end_after(text, from, least),
                None => text.len(),
            },
            Splitter::Sequence(all) => match all.split_first() {
                Some((first, rest)) if !rest.iter().any(Splitter::asks_for_start) => first.end_after(text, from, least),
                _ => text.len(),
            },
            _ => text.len(),
        }
    }

    /// Whether it treats the piece with which the text begins otherwise.
    fn asks_for_start(&self) -> bool {
        match self {
            Splitter::Metaspace { prepend: Prepend::First, .. } => true,
            Splitter::Sequence(all) => all.iter().any(Splitter::asks_for_start),
            _ => false,
        }
    }

    /// Splits the pieces further. If `raw`, byte symbols at the end of the way are left as raw UTF-8.
    ///
    /// # Errors
    /// `bad-input` when a regular expression takes more steps than allowed.
    pub fn split(&self, pieces: &mut Pieces<'_>, raw: bool) -> Result<()> {
        match self {
            Splitter::ByteLevel { prefix_space, regex, .. } => {
                if *prefix_space {
                    let mut cuts = std::mem::take(&mut pieces.cuts);
                    pieces.text.with_prefix(" ", &mut cuts, |_, piece| !piece.starts_with(' '));
                    pieces.cuts = cuts;
                }
                if *regex {
                    pieces.cut(|text, piece| {
                        Known::Gpt2.split(text, piece);
                        Ok(())
                    })?;
                }
                pieces.raw = raw;
                if !raw {
                    pieces.spell_bytes();
                }
                Ok(())
            }
            Splitter::Bert => pieces.cut(|text, piece| {
                bert(text, piece);
                Ok(())
            }),
            Splitter::Whitespace => pieces.cut(|text, piece| {
                words_and_others(text, piece);
                Ok(())
            }),
            Splitter::WhitespaceSplit => pieces.cut(|text, piece| {
                chars(text, char::is_whitespace, Behavior::Removed, piece);
                Ok(())
            }),
            Splitter::Metaspace { mark, prepend, split } => metaspace(pieces, *mark, *prepend, *split),
            Splitter::Punctuation(behavior) => pieces.cut(|text, piece| {
                chars(text, unicode::is_punctuation, *behavior, piece);
                Ok(())
            }),
            Splitter::Digits(single) => pieces.cut(|text, piece| {
                let behavior = if *single { Behavior::Isolated } else { Behavior::Contiguous };
                chars(text, char::is_numeric, behavior, piece);
                Ok(())
            }),
            Splitter::Split { pattern, behavior, invert } => {
                if let (Some(known), Behavior::Isolated) = (pattern.known(), behavior) {
                    return pieces.cut(|text, piece| {
                        known.split(text, piece);
                        Ok(())
                    });
                }
                let mut cover = Vec::new();
                pieces.cut(|text, piece| {
                    cover.clear();
                    pattern.cover(text, &mut cover)?;
                    behave(cover.iter().map(|&(start, end, is)| (start, end, is != *invert)), *behavior, piece);
                    Ok(())
                })
            }
            Splitter::Delimiter(delimiter) => pieces.cut(|text, piece| {
                chars(text, |c| c == *delimiter, Behavior::Removed, piece);
                Ok(())
            }),
            Splitter::Scripts => pieces.cut(|text, piece| {
                scripts(text, piece);
                Ok(())
            }),
            Splitter::FixedLength(length) => pieces.cut(|text, piece| {
                let mut start = 0;
                for (count, (at, _)) in text.char_indices().enumerate() {
                    if count > 0 && count % (*length).max(1) == 0 {
                        piece(start, at);
                        start = at;
                    }
                }
                piece(start, text.len());
                Ok(())
            }),
            Splitter::Sequence(splitters) => {
                for (index, splitter) in splitters.iter().enumerate() {
                    splitter.split(pieces, raw && index + 1 == splitters.len())?;
                }
                Ok(())
            }
        }
    }
}

/// Puts matches and gaps together as a behaviour says.
fn behave(
    cover: impl DoubleEndedIterator<Item = (usize, usize, bool)>,
    behavior: Behavior,
    piece: &mut dyn FnMut(usize, usize),
) {
    let mut last: Option<(usize, usize)> = None;
    let mut before = false;
    let mut emit = |range: Option<(usize, usize)>| {
        if let Some((start, end)) = range {
            piece(start, end);
        }
    };
    match behavior {
        Behavior::Isolated => cover.for_each(|(start, end, _)| emit(Some((start, end)))),
        Behavior::Removed => cover.filter(|part| !part.2).for_each(|(start, end, _)| emit(Some((start, end)))),
        Behavior::Contiguous | Behavior::MergedWithPrevious => {
            for (start, end, is) in cover {
                let joins = if behavior == Behavior::Contiguous { is == before } else { is && !before };
                match &mut last {
                    Some(last) if joins => last.1 = end,
                    _ => emit(last.replace((start, end))),
                }
                before = is;
            }
            emit(last);
        }
        Behavior::MergedWithNext => {
            let mut merged = Vec::new();
            for (start, end, is) in cover.rev() {
                match merged.last_mut() {
                    Some((first, _)) if is && !before => *first = start,
                    _ => merged.push((start, end)),
                }
                before = is;
            }
            merged.into_iter().rev().for_each(|range| emit(Some(range)));
        }
    }
}

/// Splits at characters.
fn chars(text: &str, is: impl Fn(char) -> bool, behavior: Behavior, piece: &mut dyn FnMut(usize, usize)) {
    if behavior == Behavior::Removed {
        let mut start = 0;
        for (at, c) in text.char_indices().filter(|&(_, c)| is(c)) {
            piece(start, at);
            start = at + c.len_utf8();
        }
        return piece(start, text.len());
    }
    let mut cover = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().filter(|&(_, c)| is(c)) {
        if start < at {
            cover.push((start, at, false));
        }
        start = at + c.len_utf8();
        cover.push((at, start, true));
    }
    if start < text.len() {
        cover.push((start, text.len(), false));
    }
    behave(cover.into_iter(), behavior, piece);
}

/// Words between white space, with punctuation on its own.
fn bert(text: &str, piece: &mut dyn FnMut(usize, usize)) {
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let space = c.is_whitespace();
        if space || unicode::is_punctuation(c) {
            let next = at + c.len_utf8();
            piece(start, at);
            if !space {
                piece(at, next);
            }
            start = next;
        }
    }
    piece(start, text.len());
}

/// `\w+|[^\w\s]+`.
fn words_and_others(text: &str, piece: &mut dyn FnMut(usize, usize)) {
    let (mut start, mut before) = (0, 0u8);
    for (at, c) in text.char_indices() {
        let class = if unicode::is_word(c) { 1 } else { 2 * !c.is_whitespace() as u8 };
        if class != before {
            if before != 0 {
                piece(start, at);
            }
            (start, before) = (at, class);
        }
    }
    if before != 0 {
        piece(start, text.len());
    }
}

/// Where the writing system changes; characters of any system go along, but not at the front.
fn scripts(text: &str, piece: &mut dyn FnMut(usize, usize)) {
    let mut start = None;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let script = unicode::script(c);
        if script == 0 {
            continue;
        }
        if last != Some(script) {
            if let Some(start) = start.replace(at) {
                piece(start, at);
            }
            last = Some(script);
        }
    }
    if let Some(start) = start {
        piece(start, text.len());
    }
}

fn metaspace(pieces: &mut Pieces<'_>, mark: char, prepend: Prepend, split: bool) -> Result<()> {
    if pieces.cuts.iter().any(|&cut| pieces.slice(cut).contains(' ')) {
        pieces.rewrite(|c, push| push(if c == ' ' { mark } else { c }, Change::Replace(0)));
    }
    let mut cuts = std::mem::take(&mut pieces.cuts);
    if prepend != Prepend::Never {
        // Several pieces begin where the text does if something was put before it.
        let begins =
            |&(start, _): &(u32, u32)| prepend == Prepend::Always || pieces.text.begins_at(start as usize) == 0;
        let wanted: Vec<bool> = cuts.iter().map(begins).collect();
        let wants = |index: usize, piece: &str| wanted.get(index) == Some(&true) && !piece.starts_with(mark);
        pieces.text.with_prefix(&mark.to_string(), &mut cuts, wants);
    }
    pieces.cuts = cuts;
    if split {
        pieces.cut(|text, piece| {
            chars(text, |c| c == mark, Behavior::MergedWithNext, piece);
            Ok(())
        })?;
    }
    Ok(())
}
