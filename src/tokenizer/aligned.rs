//! Text with the way back to where it came from.
//!
//! In: a text, then changes to it, told character by character. Out: the changed text, and for each of its bytes the
//! range of bytes of the original that it stands for. A character that replaces another takes over its range; a
//! character that is put in shares the range of the one before it (the convention of Hugging Face's tokenizers, which
//! offsets must meet exactly). Text that nothing has touched carries no table. Knows nothing of tokens.

use std::borrow::Cow;

/// A range of bytes of the original text.
pub type Span = (u32, u32);

/// Text and, unless it is not asked for, the original range of each byte.
#[derive(Clone, Debug)]
pub struct Aligned<'a> {
    text: Cow<'a, str>,
    map: Map,
    /// The byte of the original that it begins at: where a character belongs that is put before all others.
    origin: u32,
}

#[derive(Clone, Debug)]
enum Map {
    /// The text is the original from this byte on.
    Shift(u32),
    /// One range per byte.
    Table(Vec<Span>),
    /// Nobody asks where the text came from.
    Untracked,
}

/// How a new character stands to the old text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Takes the place of the next old character, and of so many more after it.
    Replace(usize),
    /// Comes in addition to what stands before it.
    Insert,
}

impl<'a> Aligned<'a> {
    /// The slice of an original text that begins at byte `start` of it; `track` says whether ranges will be asked for.
    pub fn new(text: &'a str, start: usize, track: bool) -> Self {
        let map = if track { Map::Shift(start as u32) } else { Map::Untracked };
        Aligned { text: Cow::Borrowed(text), map, origin: start as u32 }
    }

    /// The text as it stands now.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text is the original still.
    pub fn is_original(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }

    /// The same, with a text of its own.
    pub fn into_owned(self) -> Aligned<'static> {
        Aligned { text: Cow::Owned(self.text.into_owned()), map: self.map, origin: self.origin }
    }

    /// Adds the text that comes after this one in the original.
    pub fn append(&mut self, next: &Aligned<'_>) {
        let goes_on = match (&self.map, &next.map) {
            (Map::Shift(shift), Map::Shift(next)) => shift + self.text.len() as u32 == *next,
            (map, _) => matches!(map, Map::Untracked),
        };
        if goes_on {
            return self.text.to_mut().push_str(&next.text);
        }
        let mut edit = self.edit(0);
        if !matches!(self.map, Map::Table(_)) {
            edit.keep_spans(self.text.len());
        }
        let whole = (edit.spans.take(), std::mem::replace(&mut self.map, Map::Untracked));
        let spans = match whole {
            (_, Map::Table(table)) => Some(table),
            (spans, _) => spans,
        };
        let text = std::mem::take(self.text.to_mut());
        let mut edit = Edit { old: next, at: 0, last: None, text, spans };
        edit.keep(next.text.len());
        let edited = edit.finish();
        self.accept(edited);
    }

    /// A range of the text on its own.
    pub fn part(&self, start: usize, end: usize) -> Aligned<'a> {
        let text = match &self.text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(start..end).unwrap_or_default()),
            Cow::Owned(text) => Cow::Owned(text.get(start..end).unwrap_or_default().to_owned()),
        };
        let map = match &self.map {
            Map::Shift(shift) => Map::Shift(shift + start as u32),
            Map::Table(table) => Map::Table(table.get(start..end).unwrap_or_default().to_vec()),
            Map::Untracked => Map::Untracked,
        };
        Aligned { text, map, origin: self.source(start, end).0 }
    }

    /// The range of the original that a range of this text stands for; (0, 0) when that is not kept.
    pub fn source(&self, start: usize, end: usize) -> Span {
        if start >= end {
            return self.span(start).map_or((0, 0), |span| (span.0, span.0));
        }
        match &self.map {
            Map::Shift(shift) => {
                let (mut start, mut end) = (start, end);
                while !self.text.is_char_boundary(start) {
                    start -= 1;
                }
                while end < self.text.len() && !self.text.is_char_boundary(end) {
                    end += 1;
                }
                (start as u32 + shift, end as u32 + shift)
            }
            Map::Table(table) => {
                let first = table.get(start).map_or(0, |span| span.0);
                let last = table.get(end - 1).map_or(first, |span| span.1);
                (first, last)
            }
            Map::Untracked => (0, 0),
        }
    }

    /// The byte of the original at which the range begins that a byte of this text stands for; where that is not kept, the text's first.
    pub fn begins_at(&self, at: usize) -> u32 {
        self.span(at).map_or(self.origin, |span| span.0)
    }

    fn span(&self, at: usize) -> Option<Span> {
        match &self.map {
            Map::Shift(_) if at < self.text.len() => Some(self.source(at, at + 1)),
            Map::Table(table) => table.get(at).copied(),
            _ => None,
        }
    }

    /// Begins a rewriting of the whole text; `size` is a guess at the new length.
    pub fn edit(&self, size: usize) -> Edit<'_, 'a> {
        let spans = match self.map {
            Map::Untracked => None,
            _ => Some(Vec::with_capacity(size)),
        };
        Edit { old: self, at: 0, last: None, text: String::with_capacity(size), spans }
    }

    /// Takes a finished rewriting as the new text.
    pub fn accept(&mut self, edited: Edited) {
        self.text = Cow::Owned(edited.text);
        if let Some(spans) = edited.spans {
            self.map = Map::Table(spans);
        }
    }

    /// Puts a same-length text in place of this one: every byte keeps its range.
    pub fn overwrite(&mut self, text: String) {
        debug_assert_eq!(text.len(), self.text.len());
        self.text = Cow::Owned(text);
    }

    /// Rewrites by (character, change) pairs, after `removed` old characters were dropped at the front.
    pub fn transform(&mut self, removed: usize, changes: impl IntoIterator<Item = (char, Change)>) {
        let mut edit = self.edit(self.text.len());
        edit.skip(removed);
        for (c, change) in changes {
            edit.push(c, change);
        }
        let edited = edit.finish();
        self.accept(edited);
    }

    /// Keeps the characters for which `keep` says so and maps them by `map`.
    pub fn filter_map(&mut self, keep: impl Fn(char) -> bool, map: impl Fn(char) -> char) {
        if self.text.chars().all(|c| keep(c) && map(c) == c) {
            return;
        }
        let mut edit = self.edit(self.text.len());
        for c in self.text.chars() {
            if keep(c) {
                edit.push(map(c), Change::Replace(0));
            } else {
                edit.skip(1);
            }
        }
        let edited = edit.finish();
        self.accept(edited);
    }

    /// A new text made of ranges of this one, each after a prefix that shares the range of the first character.
    pub fn with_prefix(&mut self, prefix: &str, pieces: &mut [(u32, u32)], wants: impl Fn(usize, &str) -> bool) {
        if !pieces.iter().enumerate().any(|(index, &(start, end))| wants(index, self.slice(start, end))) {
            return;
        }
        let mut edit = self.edit(self.text.len() + prefix.len() * pieces.len());
        for (index, piece) in pieces.iter_mut().enumerate() {
            let text = self.slice(piece.0, piece.1);
            edit.jump(piece.0 as usize);
            let start = edit.text.len();
            if wants(index, text) {
                edit.prefix(prefix);
            }
            edit.keep(piece.1 as usize);
            *piece = (start as u32, edit.text.len() as u32);
        }
        let edited = edit.finish();
        self.accept(edited);
    }

    /// The text of a piece.
    pub fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// A rewriting under way: reads the old text from front to back while the new one grows.
#[derive(Debug)]
pub struct Edit<'o, 'a> {
    old: &'o Aligned<'a>,
    at: usize,
    last: Option<Span>,
    text: String,
    spans: Option<Vec<Span>>,
}

/// A finished rewriting.
#[derive(Debug)]
pub struct Edited {
    text: String,
    spans: Option<Vec<Span>>,
}

impl Edit<'_, '_> {
    /// The length of the new text so far.
    pub fn written(&self) -> usize {
        self.text.len()
    }

    /// Adds a character that replaces the next old one or is put in after it.
    pub fn push(&mut self, c: char, change: Change) {
        match change {
            Change::Replace(more) => {
                let span = self.old.span(self.at);
                self.emit(c, span.or(self.last).unwrap_or_default());
                self.step();
                self.skip(more);
            }
            Change::Insert => self.emit(c, self.before()),
        }
    }

    /// Drops so many old characters.
    pub fn skip(&mut self, characters: usize) {
        for _ in 0..characters {
            self.step();
        }
    }

    /// Copies the old text up to byte `end`.
    pub fn keep(&mut self, end: usize) {
        let start = self.at;
        if start >= end {
            return;
        }
        self.text.push_str(self.old.text.get(start..end).unwrap_or_default());
        self.keep_spans(end);
        self.jump(end);
    }

    /// The ranges of the old text up to byte `end` are those of as many new bytes.
    fn keep_spans(&mut self, end: usize) {
        let Some(spans) = &mut self.spans else { return };
        match &self.old.map {
            Map::Table(table) => spans.extend_from_slice(table.get(self.at..end).unwrap_or_default()),
            _ => {
                let text = self.old.text.get(self.at..end).unwrap_or_default();
                let shift = if let Map::Shift(shift) = self.old.map { shift } else { 0 };
                let mut at = shift + self.at as u32;
                if text.is_ascii() {
                    spans.extend((at..at + text.len() as u32).map(|at| (at, at + 1)));
                    return;
                }
                for c in text.chars() {
                    let next = at + c.len_utf8() as u32;
                    spans.extend((at..next).map(|_| (at, next)));
                    at = next;
                }
            }
        }
    }

    /// Copies the old text up to byte `end`, which is ASCII and stays so under `map`.
    pub fn map_ascii(&mut self, end: usize, map: impl Fn(u8) -> u8) {
        let start = self.text.len();
        let run = self.old.text.get(self.at..end).unwrap_or_default();
        self.text.extend(run.bytes().map(|byte| char::from(map(byte))));
        debug_assert_eq!(self.text.len() - start, run.len());
        self.keep_spans(end);
        self.jump(end);
    }

    /// Goes on reading at byte `to` of the old text.
    pub fn jump(&mut self, to: usize) {
        self.at = to;
        self.last = if to > 0 && self.spans.is_some() { self.old.span(to - 1) } else { None };
    }

    /// Adds a text that shares the range of the next old character.
    pub fn prefix(&mut self, text: &str) {
        let span = self.old.span(self.at).unwrap_or_default();
        text.chars().for_each(|c| self.emit(c, span));
    }

    /// The range of the last old character read, or the place where the text begins.
    fn before(&self) -> Span {
        self.last.unwrap_or((self.old.origin, self.old.origin))
    }

    /// Adds a text that shares the range of the last old character read.
    pub fn insert(&mut self, text: &str) {
        let span = self.before();
        text.chars().for_each(|c| self.emit(c, span));
    }

    /// Ends the rewriting.
    pub fn finish(self) -> Edited {
        Edited { text: self.text, spans: self.spans }
    }

    fn step(&mut self) {
        if let Some(c) = self.old.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            if self.spans.is_some() {
                self.last = self.old.span(self.at);
            }
            self.at += c.len_utf8();
        }
    }

    fn emit(&mut self, c: char, span: Span) {
        self.text.push(c);
        if let Some(spans) = &mut self.spans {
            for _ in 0..c.len_utf8() {
                spans.push(span);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_text_answers_with_whole_characters() {
        let text = Aligned::new("aé", 10, true);
        assert_eq!(text.source(0, 1), (10, 11));
        assert_eq!(text.source(2, 3), (11, 13));
    }

    #[test]
    fn a_removed_character_belongs_to_nobody_and_a_new_one_to_its_neighbour() {
        let mut text = Aligned::new("abc", 0, true);
        text.transform(1, [('x', Change::Replace(0)), ('y', Change::Insert), ('z', Change::Replace(0))]);
        assert_eq!(text.text(), "xyz");
        assert_eq!([text.source(0, 1), text.source(1, 2), text.source(2, 3)], [(1, 2), (1, 2), (2, 3)]);
    }

    #[test]
    fn what_is_put_before_all_else_stands_where_the_part_begins() {
        let mut text = Aligned::new("b", 5, true);
        text.transform(0, [('a', Change::Insert), ('b', Change::Replace(0))]);
        assert_eq!([text.source(0, 1), text.source(1, 2)], [(5, 5), (5, 6)]);
    }

    #[test]
    fn a_prefix_shares_the_range_of_the_first_character() {
        let mut text = Aligned::new("éa b", 0, true);
        let mut pieces = [(0, 3), (4, 5)];
        text.with_prefix("__", &mut pieces, |_, _| true);
        assert_eq!(text.text(), "__éa__b");
        assert_eq!(pieces, [(0, 5), (5, 8)]);
        assert_eq!([text.source(0, 1), text.source(2, 4), text.source(4, 5)], [(0, 2), (0, 2), (2, 3)]);
        assert_eq!(text.source(5, 8), (4, 5));
    }
}
