//! How often each distinct word was seen: all that a trainer keeps of a corpus.
//!
//! In: words, one at a time, with how often. Out: the distinct words with their counts.
//! The words lie end to end in one buffer, each behind its length; a table of offsets finds them again by hash.
//! Order is that of first sight, never that of a hash, so that equal corpora give equal counts in equal order.
//! Refuses to know what a word is: the splitter decided that.

use crate::error::Result;
use crate::{bail, ensure};

const EMPTY: u32 = u32::MAX;

/// The distinct words of a corpus and how often each was seen.
#[derive(Clone, Debug, Default)]
pub struct WordCounts {
    /// Length (LEB128) and bytes of each word.
    text: Vec<u8>,
    entries: Vec<Listed>,
    /// Open addressing over `entries`; the size is a power of two.
    table: Vec<u32>,
    /// What a count of 32 bits could not hold, in units of 2³².
    carries: Vec<(u32, u64)>,
    bytes: usize,
}

/// A word in a list: where it lies, and its count; of a great one 0 in the end.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    pub offset: u32,
    pub count: u32,
}

impl WordCounts {
    /// No words yet.
    pub fn new() -> Self {
        WordCounts::default()
    }

    /// How many distinct words there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no word was added.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The sum of the distinct words' lengths in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds `count` sightings of `word`; an empty word is none. Refuses more than 4 GB of distinct words.
    pub fn add(&mut self, word: &str, count: u64) -> Result<()> {
        if word.is_empty() || count == 0 {
            return Ok(());
        }
        if self.entries.len() * 8 >= self.table.len() * 7 {
            self.grow()?;
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(word.as_bytes()) as usize & mask;
        let index = loop {
            match self.table[slot] {
                EMPTY => break self.insert(slot, word)?,
                index if self.word(self.entries[index as usize].offset) == word => break index,
                _ => slot = (slot + 1) & mask,
            }
        };
        let entry = &mut self.entries[index as usize];
        let sum = u64::from(entry.count).saturating_add(count);
        entry.count = sum as u32;
        if sum > u64::from(u32::MAX) {
            match self.carries.iter_mut().find(|(at, _)| *at == index) {
                Some((_, high)) => *high += sum >> 32,
                None => self.carries.push((index, sum >> 32)),
            }
        }
        Ok(())
    }

    fn insert(&mut self, slot: usize, word: &str) -> Result<u32> {
        let needed = word.len() + 5;
        ensure!(
            self.text.len() + needed <= u32::MAX as usize && self.entries.len() < EMPTY as usize,
            OutOfMemory,
            "counting words: more than 4 GB of distinct words"
        );
        if self.text.capacity() - self.text.len() < needed {
            // A quarter at a time: doubling would hold twice the words at the end.
            reserve(&mut self.text, needed.max(self.bytes / 4).max(1024))?;
        }
        if self.entries.len() == self.entries.capacity() {
            let more = (self.entries.len() / 4).max(256);
            reserve(&mut self.entries, more)?;
        }
        let index = self.entries.len() as u32;
        self.entries.push(Listed { offset: self.text.len() as u32, count: 0 });
        let mut length = word.len();
        while length >= 128 {
            self.text.push(length as u8 | 128);
            length >>= 7;
        }
        self.text.push(length as u8);
        self.text.extend_from_slice(word.as_bytes());
        self.bytes += word.len();
        self.table[slot] = index;
        Ok(index)
    }

    fn grow(&mut self) -> Result<()> {
        let size = (self.table.len() * 2).max(1024);
        self.table = Vec::new();
        reserve(&mut self.table, size)?;
        self.table.resize(size, EMPTY);
        for index in 0..self.entries.len() {
            let mut slot = hash(self.word(self.entries[index].offset).as_bytes()) as usize & (size - 1);
            while self.table[slot] != EMPTY {
                slot = (slot + 1) & (size - 1);
            }
            self.table[slot] = index as u32;
        }
        Ok(())
    }

    pub fn word(&self, offset: u32) -> &str {
        let mut at = offset as usize;
        let mut length = 0;
        let mut shift = 0;
        loop {
            let byte = self.text[at];
            at += 1;
            length |= usize::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                break;
            }
        }
        // The bytes came from a &str and are never changed.
        std::str::from_utf8(&self.text[at..at + length]).unwrap_or("")
    }

    fn count(&self, index: usize) -> u64 {
        let high = match self.carries.is_empty() {
            true => 0,
            false => self.carries.iter().find(|(at, _)| *at as usize == index).map_or(0, |(_, high)| *high),
        };
        u64::from(self.entries[index].count) + (high << 32)
    }

    /// The words with their counts, in the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        (0..self.entries.len()).map(|index| (self.word(self.entries[index].offset), self.count(index)))
    }

    /// Ends the counting: the words that were seen at least so often, in order of first sight, and, by where they lie, the
    /// counts of those that were seen more often than 32 bits tell. Frees what only adding needs.
    pub fn into_listed(mut self, least: u64) -> (WordCounts, Vec<Listed>, Vec<(u32, u64)>) {
        self.table = Vec::new();
        self.text.shrink_to_fit();
        let great = self.carries.iter().map(|&(index, _)| index as usize);
        let great = great.map(|index| (self.entries[index].offset, self.count(index))).collect();
        for (index, _) in std::mem::take(&mut self.carries) {
            self.entries[index as usize].count = 0;
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.retain(|entry| entry.count == 0 || u64::from(entry.count) >= least);
        entries.shrink_to_fit();
        (self, entries, great)
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * size_of::<Listed>() + self.table.capacity() * 4
    }

    /// Ends the counting: words with counts, the most frequent first. Frees what only adding needs.
    pub fn into_ranked(self) -> Ranked {
        let (words, mut entries, great) = self.into_listed(0);
        let mut big: Vec<(u64, u32)> = great.into_iter().map(|(offset, count)| (count, offset)).collect();
        entries.retain(|entry| entry.count > 0);
        entries.sort_unstable_by_key(|entry| (entry.count, entry.offset));
        big.sort_unstable();
        let mut offsets = Vec::with_capacity(entries.len() + big.len());
        let mut runs: Vec<(u64, u32)> = Vec::new();
        let small = entries.iter().map(|entry| (u64::from(entry.count), entry.offset));
        for (count, offset) in small.chain(big) {
            match runs.last_mut() {
                Some((last, _)) if *last == count => {}
                _ => runs.push((count, offsets.len() as u32)),
            }
            offsets.push(offset);
        }
        Ranked { words, offsets, runs }
    }
}

/// The words of a finished count, the most frequent first; memory is given back as they are taken.
#[derive(Debug)]
pub struct Ranked {
    words: WordCounts,
    /// Where each word lies, the most frequent last.
    offsets: Vec<u32>,
    /// Each count, with the first word that has it.
    runs: Vec<(u64, u32)>,
}

impl Ranked {
    /// The next word with its count.
    pub fn next_word(&mut self) -> Option<(&str, u64)> {
        let offset = self.offsets.pop()?;
        if self.offsets.len() * 2 < self.offsets.capacity() {
            self.offsets.shrink_to_fit();
        }
        let &(count, first) = self.runs.last()?;
        if first as usize == self.offsets.len() {
            self.runs.pop();
        }
        Some((self.words.word(offset), count))
    }
}

fn reserve<T>(vec: &mut Vec<T>, more: usize) -> Result<()> {
    if vec.try_reserve_exact(more).is_err() {
        bail!(OutOfMemory, "counting words: no memory for {more} more entries");
    }
    Ok(())
}

/// FxHash over eight bytes at a time, mixed at the end: words are short and need no defence beyond the load limit.
pub fn hash(bytes: &[u8]) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = bytes.len() as u64;
    let mut rest = bytes;
    while let Some((head, tail)) = rest.split_first_chunk::<8>() {
        state = (state.rotate_left(23) ^ u64::from_le_bytes(*head)).wrapping_mul(K);
        rest = tail;
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    state = (state.rotate_left(23) ^ u64::from_le_bytes(last)).wrapping_mul(K);
    state ^ (state >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_with_the_sum_of_their_counts() {
        let mut counts = WordCounts::new();
        let long = "é".repeat(200);
        for round in 0..3 {
            for word in 0..5000 {
                counts.add(&format!("w{word}"), 1 + round).unwrap();
            }
            counts.add(&long, 1).unwrap();
            counts.add("", 9).unwrap();
        }
        assert_eq!(counts.len(), 5001);
        assert_eq!(counts.iter().take(2).collect::<Vec<_>>(), [("w0", 6), ("w1", 6)]);
        assert_eq!(counts.iter().last(), Some((long.as_str(), 3)));
    }

    #[test]
    fn a_count_past_32_bits_is_kept_and_ranked() {
        let mut counts = WordCounts::new();
        counts.add("rare", 7).unwrap();
        counts.add("often", u64::from(u32::MAX)).unwrap();
        counts.add("often", 10).unwrap();
        let mut ranked = counts.into_ranked();
        assert_eq!(ranked.next_word(), Some(("often", (1 << 32) + 9)));
        assert_eq!(ranked.next_word(), Some(("rare", 7)));
        assert_eq!(ranked.next_word(), None);
    }

    #[test]
    fn ranked_words_fall_in_count() {
        let mut counts = WordCounts::new();
        for (word, count) in [("a", 3), ("b", 9), ("c", 1), ("d", 9)] {
            counts.add(word, count).unwrap();
        }
        let mut ranked = counts.into_ranked();
        let mut seen = Vec::new();
        while let Some((word, count)) = ranked.next_word() {
            seen.push((word.to_string(), count));
        }
        assert_eq!(seen.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [9, 9, 3, 1]);
    }
}
