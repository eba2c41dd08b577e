//! The substrings that a Unigram vocabulary is chosen from.
//!
//! In: distinct words. Out: every substring of 2 to 16 characters that occurs twice and is followed by two
//! different characters (the end of a word being one): the inner nodes of the words' suffix tree, ranked by
//! occurrences · length, as Kudo (2018) seeds his EM.
//! Suffixes are taken part by part, by their first character, so that no array of all of them is held; a part is
//! sorted, and its intervals of common prefixes are read off with a stack. All of it goes in slices.

use super::lexicon::{END, Lexicon};
use super::pieces::PieceRules;
use super::sorting::Sorting;
use crate::order;
use std::cmp::Ordering;

/// A substring: where it stands, its bytes, how much it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seed {
    at: u32,
    length: u32,
    pub(super) score: u64,
}

/// The least part of the places whose suffixes are taken at once, and the fewest places that are worth a part.
const SHARE: usize = 16;
const FEWEST: usize = 1 << 12;

enum Phase {
    /// Counting the places of each first character.
    Count {
        at: usize,
    },
    /// Listing the suffixes of a part.
    Gather {
        at: usize,
    },
    Sort(Sorting<u32>),
    /// Reading off the intervals of a part.
    Scan {
        next: usize,
    },
    /// Ranking what was found.
    Rank(Sorting<Seed>),
}

/// The search for seeds.
pub(super) struct Seeds {
    /// The words with what is no character of the alphabet made an end, as sentencepiece's unknown character is; unset where all are.
    known: Option<Vec<u8>>,
    chars: Vec<char>,
    /// How many places begin with each character.
    counts: Vec<u32>,
    /// Where each word ends, and what each of its places counts; none: 1.
    weights: Vec<(u32, u64)>,
    rules: PieceRules,
    most: usize,
    phase: Phase,
    /// The characters that the suffixes of the part begin with, as places in the alphabet.
    part: (usize, usize),
    suffixes: Vec<u32>,
    /// What the suffixes before each one count together, where they do not all count 1.
    sums: Vec<u64>,
    /// (common length, first suffix) of the intervals that are still open.
    open: Vec<(usize, usize)>,
    found: Vec<Seed>,
}

impl Seeds {
    /// Over words, weighed by their counts or alike, of the characters of `chars`, which are sorted and not all if `unknown`; at
    /// most `most` seeds are kept.
    pub(super) fn new(
        words: &Lexicon,
        weighed: bool,
        (chars, unknown): (Vec<char>, bool),
        rules: PieceRules,
        most: usize,
    ) -> Self {
        let is_known = |c: char| chars.binary_search(&c).is_ok();
        let known = unknown.then(|| {
            let mut text = Vec::with_capacity(words.text().len());
            for (word, _) in words.iter() {
                for c in word.chars() {
                    match is_known(c) {
                        true => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                        false => text.extend(std::iter::repeat_n(END, c.len_utf8())),
                    }
                }
                text.push(END);
            }
            text
        });
        let mut weights: Vec<(u32, u64)> = Vec::new();
        let mut end = 0;
        for (word, weight) in words.iter().filter(|_| weighed) {
            end += word.len() as u32 + 1;
            weights.push((end, weight));
        }
        Seeds {
            known,
            counts: vec![0; chars.len()],
            chars,
            weights,
            rules,
            most,
            phase: Phase::Count { at: 0 },
            part: (0, 0),
            suffixes: Vec::new(),
            sums: Vec::new(),
            open: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Searches until the budget is used up; `true`: all is found and ranked.
    pub(super) fn advance(&mut self, words: &Lexicon, budget: &mut usize) -> bool {
        let known = self.known.take();
        let text = known.as_deref().unwrap_or(words.text());
        let mut done = false;
        while *budget > 0 && !done {
            done = self.step(text, budget);
        }
        self.known = known;
        done
    }

    fn step(&mut self, text: &[u8], budget: &mut usize) -> bool {
        match &mut self.phase {
            Phase::Count { at } => {
                let to = text.len().min(*at + *budget);
                *budget -= to - *at;
                for at in suffixes(text, *at, to) {
                    if let Ok(index) = self.chars.binary_search(&char_at(text, at)) {
                        self.counts[index] += 1;
                    }
                }
                *at = to;
                if to == text.len() {
                    self.begin(text.len());
                }
            }
            Phase::Gather { at } => {
                let to = text.len().min(*at + *budget);
                *budget -= to - *at;
                let (from, until) = self.part;
                let (Some(&first), Some(&last)) = (self.chars.get(from), self.chars.get(until - 1)) else {
                    return true;
                };
                self.suffixes.extend(
                    suffixes(text, *at, to)
                        .filter(|&at| (first..=last).contains(&char_at(text, at)))
                        .map(|at| at as u32),
                );
                *at = to;
                if to == text.len() {
                    self.phase = Phase::Sort(Sorting::new(std::mem::take(&mut self.suffixes)));
                }
            }
            Phase::Sort(sorting) => {
                let longest = self.rules.longest;
                if sorting.advance(budget, |&a, &b| compare(text, a, b, longest).0.then(a.cmp(&b))) {
                    let sorting = std::mem::replace(&mut self.phase, Phase::Scan { next: 1 });
                    if let Phase::Sort(sorting) = sorting {
                        self.suffixes = sorting.finish();
                    }
                    self.weigh();
                }
            }
            Phase::Scan { next } => {
                let from = *next;
                let to = self.suffixes.len().min(from + *budget / 16 + 1);
                *budget = budget.saturating_sub((to.saturating_sub(from) + 1) * 16);
                for at in from..to {
                    self.scan(text, at);
                }
                self.phase = Phase::Scan { next: to.max(from) };
                if to == self.suffixes.len() {
                    self.scan(text, to);
                    self.open.clear();
                    self.begin(text.len());
                }
            }
            Phase::Rank(sorting) => return sorting.advance(budget, |a, b| by_score(text, a, b)),
        }
        false
    }

    /// Begins the next part, or the ranking of what was found.
    fn begin(&mut self, places: usize) {
        let from = self.part.1;
        let most = (places / SHARE).max(FEWEST);
        let (mut until, mut sum) = (from, 0);
        while let Some(&count) = self.counts.get(until) {
            sum += count as usize;
            if until > from && sum > most {
                sum -= count as usize;
                break;
            }
            until += 1;
        }
        self.part = (from, until);
        if from == until {
            self.suffixes = Vec::new();
            self.sums = Vec::new();
            self.phase = Phase::Rank(Sorting::new(std::mem::take(&mut self.found)));
            return;
        }
        self.suffixes.clear();
        self.suffixes.reserve_exact(sum);
        self.phase = Phase::Gather { at: 0 };
    }

    fn weigh(&mut self) {
        self.sums.clear();
        if self.weights.is_empty() {
            return;
        }
        self.sums.reserve_exact(self.suffixes.len() + 1);
        let mut sum = 0;
        self.sums.push(sum);
        for &suffix in &self.suffixes {
            let word = self.weights.partition_point(|word| word.0 <= suffix);
            sum += self.weights.get(word).map_or(0, |word| word.1);
            self.sums.push(sum);
        }
    }

    /// Closes the intervals that end before a suffix, and opens the one that begins there.
    fn scan(&mut self, text: &[u8], at: usize) {
        let Some(&before) = self.suffixes.get(at.wrapping_sub(1)) else { return };
        let common = match self.suffixes.get(at) {
            Some(&suffix) => compare(text, before, suffix, self.rules.longest).1,
            None => 0,
        };
        let mut first = at - 1;
        while let Some(&(length, from)) = self.open.last().filter(|top| top.0 > common) {
            self.open.pop();
            first = from;
            let weight = if self.sums.is_empty() { (at - from) as u64 } else { self.sums[at] - self.sums[from] };
            self.see(text, from, weight, length);
        }
        if self.open.last().is_none_or(|top| top.0 < common) {
            self.open.push((common, first));
        }
    }

    /// Takes the common prefix of an interval among the seeds.
    fn see(&mut self, text: &[u8], from: usize, weight: u64, length: usize) {
        let at = self.suffixes[from];
        // The end of a word is no text, and no part of a seed.
        let Ok(piece) = std::str::from_utf8(&text[at as usize..at as usize + length]) else { return };
        let chars = piece.chars().count();
        if chars < 2 || !self.rules.accept(piece.chars()) {
            return;
        }
        self.found.push(Seed { at, length: length as u32, score: weight * chars as u64 });
        if self.found.len() >= self.most.saturating_mul(2) {
            order::by(&mut self.found, |a, b| by_score(text, a, b));
            self.found.truncate(self.most);
        }
    }

    /// Bytes held: for the words, and for what was found.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let known = self.known.as_ref().map_or(0, Vec::capacity);
        let part = self.suffixes.capacity() * 4 + self.sums.capacity() * 8 + self.weights.capacity() * 16;
        let (sorted, ranked) = match &self.phase {
            Phase::Sort(sorting) => (sorting.bytes(), 0),
            Phase::Rank(sorting) => (0, sorting.bytes()),
            _ => (0, 0),
        };
        (known + part + sorted, self.found.capacity() * size_of::<Seed>() + ranked)
    }

    /// The seeds, the best first.
    pub(super) fn finish(self) -> Vec<Seed> {
        let Phase::Rank(sorting) = self.phase else { return Vec::new() };
        let mut found = sorting.finish();
        found.truncate(self.most);
        found
    }
}

impl Seed {
    /// The text of the seed, with its score.
    pub(super) fn read(self, words: &Lexicon) -> (&str, u64) {
        let piece = words.text().get(self.at as usize..(self.at + self.length) as usize).unwrap_or_default();
        (std::str::from_utf8(piece).unwrap_or(""), self.score)
    }
}

/// The greater score first, then the greater text.
fn by_score(text: &[u8], a: &Seed, b: &Seed) -> Ordering {
    let piece = |seed: &Seed| &text[seed.at as usize..(seed.at + seed.length) as usize];
    b.score.cmp(&a.score).then_with(|| piece(b).cmp(piece(a)))
}

/// The places at which suffixes of two characters and more begin.
fn suffixes(text: &[u8], from: usize, to: usize) -> impl Iterator<Item = usize> {
    (from..to).filter(|&at| {
        let begins = text[at] & 0xC0 != 0x80 && text[at] != END;
        begins && text.get(at + width(text[at])).is_some_and(|&next| next != END)
    })
}

/// The bytes of the character that a byte begins.
fn width(first: u8) -> usize {
    match first {
        0..=0xBF => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

fn char_at(text: &[u8], at: usize) -> char {
    let first = text[at];
    if first.is_ascii() {
        return char::from(first);
    }
    let piece = text.get(at..at + width(first)).and_then(|piece| std::str::from_utf8(piece).ok());
    piece.and_then(|piece| piece.chars().next()).unwrap_or_default()
}

/// Compares two suffixes up to the end of a word or one character past the longest piece; gives the bytes of whole characters that they
/// have in common, the end being one.
fn compare(text: &[u8], a: u32, b: u32, longest: usize) -> (Ordering, usize) {
    let (a, b) = (&text[a as usize..], &text[b as usize..]);
    let (mut length, mut begun, mut chars) = (0, 0, 0);
    for (&x, &y) in a.iter().zip(b) {
        if x & 0xC0 != 0x80 {
            begun = length;
            chars += 1;
            if chars > longest + 1 {
                return (Ordering::Equal, length);
            }
        }
        if x != y {
            return (x.cmp(&y), begun);
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
    use super::super::lexicon;
    use super::*;
    use crate::tokenizer::count::WordCounts;

    fn seeds(words: &[&str], unknown: &str) -> Vec<(String, u64)> {
        let mut counts = WordCounts::new();
        words.iter().for_each(|word| counts.add(word, 1).unwrap());
        let mut ordering = lexicon::Ordering::new(counts, 1);
        while !ordering.advance(&mut 1) {}
        let lexicon = ordering.finish();
        let mut chars: Vec<char> =
            words.iter().flat_map(|word| word.chars()).filter(|&c| !unknown.contains(c)).collect();
        chars.sort_unstable();
        chars.dedup();
        let rules = PieceRules { scripts_apart: false, ..PieceRules::default() };
        let mut seeds = Seeds::new(&lexicon, false, (chars, !unknown.is_empty()), rules, 100);
        while !seeds.advance(&lexicon, &mut 1) {}
        let read = |seed: Seed| seed.read(&lexicon);
        seeds.finish().into_iter().map(read).map(|(text, score)| (text.to_string(), score)).collect()
    }

    fn expected(list: &[(&str, u64)]) -> Vec<(String, u64)> {
        list.iter().map(|&(text, score)| (text.to_string(), score)).collect()
    }

    #[test]
    fn a_seed_occurs_twice_and_goes_on_in_two_ways() {
        // "abc" is followed by x, y and an end; "ab" always by c; "bc" as "abc" is; "ca" only once.
        assert_eq!(seeds(&["abcx", "abcy", "zabc"], ""), expected(&[("abc", 9), ("bc", 6)]));
        // é and è share their first byte, and nothing else.
        assert_eq!(seeds(&["xéa", "xèa", "yxé"], ""), expected(&[("xé", 4)]));
        assert_eq!(seeds(&["語中a", "語中b", "語串"], ""), expected(&[("語中", 4)]));
    }

    #[test]
    fn what_only_ends_words_is_no_seed() {
        assert_eq!(seeds(&["sing", "ring", "king"], ""), []);
        let found = seeds(&["sing", "ring", "rings"], "");
        assert_eq!(found, expected(&[("ing", 9), ("ring", 8), ("ng", 6)]));
    }

    #[test]
    fn an_unknown_character_ends_a_word() {
        assert_eq!(seeds(&["ab語", "ab串", "xab"], "語串"), []);
        assert_eq!(seeds(&["ab語", "abc", "xyabd語bd"], "語"), expected(&[("ab", 6)]));
    }

    #[test]
    fn a_seed_has_at_most_sixteen_characters() {
        let long = "abcdefghijklmnopqrstuvwxyz";
        let found = seeds(
            &[
                &format!("{}1", &long[..16]),
                &format!("{}2", &long[..16]),
                &format!("{}3", &long[2..20]),
                &format!("{}4", &long[2..20]),
            ],
            "",
        );
        assert!(
            found.iter().all(|(text, _)| text.len() <= 16) && found.iter().any(|(text, _)| text == &long[..16]),
            "{found:?}"
        );
    }
}
