//! The words of a finished count in the order of their text: what Unigram goes through again and again.
//!
//! In: word counts. Out: words with their counts, one after the other, equal for equal corpora whatever their order was. The words lie end to
//! end, each before a byte that no text holds. Sorting goes in slices.
//! Refuses to know what a word is.

use super::sorting::Sorting;
use crate::tokenizer::count::{Listed, WordCounts};

/// Stands after each word; no byte of UTF-8.
pub(super) const END: u8 = 0xFF;

/// Words with counts, in the order of their text.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    text: Vec<u8>,
    /// 0: the count is among the great ones.
    counts: Vec<u32>,
    /// Counts beyond 32 bits, by word.
    great: Vec<(u32, u64)>,
}

/// A place between two words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    at: u32,
    word: u32,
}

impl Lexicon {
    /// The words' bytes, each word before [`END`].
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The word at a mark with its count; the mark goes on to the next one.
    pub(super) fn next(&self, mark: &mut Mark) -> Option<(&str, u64)> {
        let &count = self.counts.get(mark.word as usize)?;
        let rest = self.text.get(mark.at as usize..)?;
        let length = rest.iter().position(|&byte| byte == END)?;
        let great = || self.great.binary_search_by_key(&mark.word, |entry| entry.0).ok();
        let count = if count > 0 { u64::from(count) } else { great().map_or(0, |at| self.great[at].1) };
        mark.at += length as u32 + 1;
        mark.word += 1;
        // The bytes came from a &str and are never changed.
        Some((std::str::from_utf8(&rest[..length]).unwrap_or(""), count))
    }

    /// Whether a mark stands after the last word.
    pub(super) fn is_end(&self, mark: Mark) -> bool {
        mark.word as usize >= self.counts.len()
    }

    /// All words.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let mut mark = Mark::default();
        std::iter::from_fn(move || self.next(&mut mark))
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + self.counts.capacity() * 4 + self.great.capacity() * 16
    }
}

/// Words on their way into a lexicon.
pub(super) struct Ordering {
    words: WordCounts,
    great: Vec<(u32, u64)>,
    sorting: Sorting<Listed>,
}

impl Ordering {
    /// Of the words that were seen at least so often.
    pub(super) fn new(words: WordCounts, least: u64) -> Self {
        let (words, listed, great) = words.into_listed(least);
        Ordering { words, great, sorting: Sorting::new(listed) }
    }

    /// Sorts until the budget is used up; `true`: all words are in order.
    pub(super) fn advance(&mut self, budget: &mut usize) -> bool {
        let words = &self.words;
        self.sorting.advance(budget, |a, b| words.word(a.offset).cmp(words.word(b.offset)))
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.words.held() + self.sorting.bytes() + self.great.capacity() * 16
    }

    /// The lexicon of what was sorted.
    pub(super) fn finish(self) -> Lexicon {
        let Ordering { words, great, sorting } = self;
        let listed = sorting.finish();
        let bytes: usize = listed.iter().map(|entry| words.word(entry.offset).len() + 1).sum();
        let mut lexicon = Lexicon {
            text: Vec::with_capacity(bytes),
            counts: Vec::with_capacity(listed.len()),
            great: Vec::with_capacity(great.len()),
        };
        for (index, entry) in (0..).zip(&listed) {
            lexicon.text.extend_from_slice(words.word(entry.offset).as_bytes());
            lexicon.text.push(END);
            lexicon.counts.push(entry.count);
            if entry.count == 0 {
                lexicon
                    .great
                    .extend(great.iter().find(|(offset, _)| *offset == entry.offset).map(|&(_, count)| (index, count)));
            }
        }
        lexicon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_in_the_order_of_their_text_with_their_counts() {
        let mut counts = WordCounts::new();
        for (word, count) in [("zèbre", 3), ("a", u64::from(u32::MAX) + 2), ("rare", 1), ("ab", 9)] {
            counts.add(word, count).unwrap();
        }
        let mut ordering = Ordering::new(counts, 2);
        while !ordering.advance(&mut 1) {}
        let lexicon = ordering.finish();
        let all: Vec<_> = lexicon.iter().collect();
        assert_eq!(all, [("a", (1 << 32) + 1), ("ab", 9), ("zèbre", 3)]);
        assert_eq!((all.len(), lexicon.text().iter().filter(|&&byte| byte == END).count()), (3, 3));
    }
}
