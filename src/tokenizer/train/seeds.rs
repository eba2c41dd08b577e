//! The substrings that a Unigram vocabulary is chosen from.
//!
//! In: distinct words as symbols. Out: every substring of 2 to 16 characters that occurs twice and is followed by two
//! different symbols (the end of a word being one): the inner nodes of the words' suffix tree, ranked by
//! occurrences · length, as Kudo (2018) seeds his EM.
//! Suffixes are put into buckets by their first two symbols; a bucket is sorted on its own and its intervals of common
//! prefixes are read off with a stack, so that the work can pause between buckets and no suffix array is kept.

use super::pieces::PieceRules;
use crate::bail;
use crate::error::Result;
use crate::order;
use std::cmp::Ordering;

/// The end of a word.
const END: u32 = 0;

/// A substring: where it stands, how long it is, how much it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seed {
    pub(super) at: u32,
    pub(super) length: u32,
    pub(super) score: u64,
}

/// The search for seeds.
pub(super) struct Seeds {
    /// Words as symbols from 1 on, each with its end.
    flat: Vec<u32>,
    chars: Vec<char>,
    /// Where each word ends, and what each of its places counts.
    ends: Vec<(u32, u64)>,
    /// First two symbols and place of each suffix, in order.
    suffixes: Vec<(u64, u32)>,
    next: usize,
    rules: PieceRules,
    most: usize,
    found: Vec<Seed>,
}

impl Seeds {
    /// Over words with weights, of the characters of `chars`, which are sorted; at most `most` seeds are kept.
    pub(super) fn new<'w>(
        words: impl Iterator<Item = (&'w str, u64)>,
        chars: Vec<char>,
        rules: PieceRules,
        most: usize,
    ) -> Result<Self> {
        let mut flat = Vec::new();
        let mut ends: Vec<(u32, u64)> = Vec::new();
        for (word, weight) in words {
            for c in word.chars() {
                // What is no character of the alphabet parts words, as sentencepiece's unknown character does.
                flat.push(chars.binary_search(&c).map_or(END, |at| at as u32 + 1));
            }
            flat.push(END);
            match ends.last_mut().filter(|last| last.1 == weight) {
                Some(last) => last.0 = flat.len() as u32,
                None => ends.push((flat.len() as u32, weight)),
            }
        }
        if flat.len() >= u32::MAX as usize {
            bail!(OutOfMemory, "tokenizer training: more than 4 G characters of distinct words");
        }
        let mut suffixes: Vec<(u64, u32)> = (0..flat.len().saturating_sub(1))
            .filter(|&at| flat[at] != END && flat[at + 1] != END)
            .map(|at| (u64::from(flat[at]) << 32 | u64::from(flat[at + 1]), at as u32))
            .collect();
        suffixes.sort_unstable();
        Ok(Seeds { flat, chars, ends, suffixes, next: 0, rules, most, found: Vec::new() })
    }

    /// Looks through buckets until the budget is used up; `true`: all are done.
    pub(super) fn advance(&mut self, budget: &mut usize) -> bool {
        while self.next < self.suffixes.len() {
            if *budget == 0 {
                return false;
            }
            let start = self.next;
            let key = self.suffixes[start].0;
            let end = start + self.suffixes[start..].partition_point(|suffix| suffix.0 == key);
            *budget = budget.saturating_sub((end - start) * 16);
            self.next = end;
            if end - start > 1 {
                self.bucket(start, end);
            }
        }
        true
    }

    fn bucket(&mut self, start: usize, end: usize) {
        let longest = self.rules.longest;
        let flat = &self.flat;
        self.suffixes[start..end].sort_unstable_by(|a, b| compare(flat, a.1, b.1, longest).0.then(a.1.cmp(&b.1)));
        // What the suffixes before each one count together.
        let mut sums = vec![0];
        for suffix in &self.suffixes[start..end] {
            let word = self.ends.partition_point(|word| word.0 <= suffix.1);
            sums.push(sums[sums.len() - 1] + self.ends[word].1);
        }
        // (common length, first suffix) of the intervals that are still open.
        let mut open: Vec<(usize, usize)> = Vec::new();
        for at in start + 1..=end {
            let common = match at == end {
                true => 0,
                false => compare(&self.flat, self.suffixes[at - 1].1, self.suffixes[at].1, longest).1,
            };
            let mut first = at - 1;
            while let Some(&(length, from)) = open.last().filter(|top| top.0 > common) {
                open.pop();
                first = from;
                self.see(from, sums[at - start] - sums[from - start], length);
            }
            if open.last().is_none_or(|top| top.0 < common) {
                open.push((common, first));
            }
        }
    }

    /// Takes the common prefix of an interval among the seeds.
    fn see(&mut self, from: usize, weight: u64, length: usize) {
        let at = self.suffixes[from].1;
        let piece = &self.flat[at as usize..at as usize + length];
        if piece.contains(&END) {
            return;
        }
        let chars = &self.chars;
        if !self.rules.accept(piece.iter().map(|&symbol| chars[symbol as usize - 1])) {
            return;
        }
        self.found.push(Seed { at, length: length as u32, score: weight * length as u64 });
        if self.found.len() >= self.most.saturating_mul(2) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let flat = &self.flat;
        let text = |seed: &Seed| &flat[seed.at as usize..(seed.at + seed.length) as usize];
        order::by(&mut self.found, |a, b| b.score.cmp(&a.score).then_with(|| text(b).cmp(text(a))));
        self.found.truncate(self.most);
    }

    /// Bytes held: for the words, and for what was found.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let words = self.flat.capacity() * 4 + self.suffixes.capacity() * 16 + self.ends.capacity() * 16;
        (words, self.found.capacity() * size_of::<Seed>())
    }

    /// The seeds with their scores, the best first.
    pub(super) fn finish(mut self) -> Vec<(String, u64)> {
        self.cut();
        let text = |seed: &Seed| {
            let symbols = &self.flat[seed.at as usize..(seed.at + seed.length) as usize];
            symbols.iter().map(|&symbol| self.chars[symbol as usize - 1]).collect()
        };
        self.found.iter().map(|seed| (text(seed), seed.score)).collect()
    }
}

/// Compares two suffixes of one bucket up to the end of a word or one past the longest piece; gives the common length.
fn compare(flat: &[u32], a: u32, b: u32, longest: usize) -> (Ordering, usize) {
    let (a, b) = (&flat[a as usize..], &flat[b as usize..]);
    let mut length = 2;
    while length <= longest {
        let (x, y) = (a[length], b[length]);
        if x != y {
            return (x.cmp(&y), length);
        }
        length += 1;
        if x == END {
            break;
        }
    }
    (Ordering::Equal, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(words: &[&str]) -> Vec<(String, u64)> {
        let mut chars: Vec<char> = words.iter().flat_map(|word| word.chars()).collect();
        chars.sort_unstable();
        chars.dedup();
        let rules = PieceRules { scripts_apart: false, ..PieceRules::default() };
        let mut seeds = Seeds::new(words.iter().map(|word| (*word, 1)), chars, rules, 100).unwrap();
        while !seeds.advance(&mut 1) {}
        seeds.finish()
    }

    #[test]
    fn a_seed_occurs_twice_and_goes_on_in_two_ways() {
        // "abc" is followed by x, y and an end; "ab" always by c; "bc" as "abc" is; "ca" only once.
        let found = seeds(&["abcx", "abcy", "zabc"]);
        assert_eq!(found, [("abc".to_string(), 9), ("bc".to_string(), 6)]);
    }

    #[test]
    fn what_only_ends_words_is_no_seed() {
        assert_eq!(seeds(&["sing", "ring", "king"]), []);
        let found = seeds(&["sing", "ring", "rings"]);
        assert_eq!(found, [("ing".to_string(), 9), ("ring".to_string(), 8), ("ng".to_string(), 6)]);
    }
}
