//! Which pair of neighbours is merged next: exact, incremental, in bounded memory.
//!
//! In: words as [`Spans`]. Out: one merge at a time, the best by the rule: the greatest count, ties by the rule's own order.
//! A survey counts every pair, part by part, and keeps the best of them with the places where they stand; the rest is
//! known only by the rank of its best (`beyond`). Merging then follows the kept pairs through a heap whose entries are
//! corrected when they come up (counts only fall, but for pairs with the new token, which are counted at once).
//! When the kept pairs no longer beat what lies beyond, the next survey looks again. Memory is thus a share of the
//! words, and the choice is that of a full count at every step.
//! Refuses to know what the tokens are called.

use super::fresh::Fresh;
use super::pairs::{PairTable, key, unkey};
use super::spans::Spans;
use crate::bail;
use crate::error::Result;
use crate::order;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How pairs with equal counts are ordered, and which may be merged at all.
pub(super) trait Rule {
    /// The smaller of two equals in count goes first.
    type Tie: Ord + Clone;
    fn tie(&self, left: u32, right: u32) -> Self::Tie;
    fn allows(&self, left: u32, right: u32) -> bool;
    /// A token was made; it has the next id.
    fn learn(&mut self, name: &str);
}

/// A pair in order of merit: count, then the smaller tie.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rank<T: Ord> {
    count: u64,
    tie: Reverse<T>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting<T: Ord> {
    rank: Rank<T>,
    record: u32,
}

struct Candidate<T: Ord> {
    rank: Rank<T>,
    key: u64,
    places: u32,
}

/// A followed pair: its count, and where it stood when it was listed.
#[derive(Clone, Copy)]
struct Record {
    key: u64,
    count: u64,
    first: u32,
    places: u32,
}

/// The pair that was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) count: u64,
    record: u32,
}

#[derive(Clone, Copy)]
enum Phase {
    /// Counting the pairs of one part at `place`.
    Count {
        part: u32,
        place: usize,
    },
    /// Listing the places of the kept pairs.
    List {
        place: usize,
    },
    Follow,
    Done,
}

/// What one slice of work came to.
pub(super) enum Next {
    /// The budget is used up; nothing is decided yet.
    Pending,
    Merge(Chosen),
    /// No pair reaches the least count.
    Exhausted,
}

pub(super) struct Merger<R: Rule> {
    pub(super) spans: Spans,
    pub(super) rule: R,
    least: u64,
    phase: Phase,
    /// While counting: count and places of each pair of the part. While following: the record of each pair.
    table: PairTable,
    parts: u32,
    candidates: Vec<Candidate<R::Tie>>,
    records: Vec<Record>,
    places: Vec<u32>,
    heap: BinaryHeap<Waiting<R::Tie>>,
    beyond: Option<Rank<R::Tie>>,
    limits: Limits,
    /// Places listed by the last survey.
    kept_places: usize,
    fresh: Fresh,
    /// Pairs that the trainer does not want, although the rule allows them.
    refused: Vec<u64>,
}

/// How much the merger may hold at once: shares of the words, with floors that keep a small corpus in one survey.
#[derive(Clone, Copy)]
struct Limits {
    /// Pairs kept by a survey.
    pairs: usize,
    /// Pairs followed.
    records: usize,
    /// Places listed by a survey.
    listed: usize,
    /// Places held.
    places: usize,
}

impl Limits {
    fn new(places: usize) -> Limits {
        let pairs = (places / 224).max(1 << 8);
        let listed = (places / 13).max(1 << 11);
        Limits { pairs, records: pairs * 2, listed, places: listed + listed / 2 }
    }
}

impl<R: Rule> Merger<R> {
    /// Over sealed `spans`; pairs seen less than `least` times are never merged.
    pub(super) fn new(spans: Spans, rule: R, least: u64) -> Self {
        let limits = Limits::new(spans.places());
        Merger {
            spans,
            rule,
            least: least.max(1),
            phase: Phase::Count { part: 0, place: 0 },
            table: PairTable::default(),
            parts: 1,
            candidates: Vec::new(),
            records: Vec::new(),
            places: Vec::new(),
            heap: BinaryHeap::new(),
            beyond: None,
            limits,
            kept_places: 0,
            fresh: Fresh::default(),
            refused: Vec::new(),
        }
    }

    /// Works towards the next choice, taking from `budget` (places looked at) what it costs.
    pub(super) fn next(&mut self, budget: &mut usize) -> Result<Next> {
        loop {
            if *budget == 0 {
                return Ok(Next::Pending);
            }
            match self.phase {
                Phase::Count { part, place } => self.count(part, place, budget)?,
                Phase::List { place } => self.list(place, budget),
                Phase::Follow => {
                    if let Some(chosen) = self.best() {
                        return Ok(Next::Merge(chosen));
                    }
                    self.phase = match self.beyond {
                        Some(_) => Phase::Count { part: 0, place: 0 },
                        None => Phase::Done,
                    };
                }
                Phase::Done => return Ok(Next::Exhausted),
            }
        }
    }

    fn part_size(&self) -> usize {
        self.limits.records
    }

    /// Counts the pairs whose hash falls into `part`, from `place` on.
    fn count(&mut self, part: u32, mut place: usize, budget: &mut usize) -> Result<()> {
        if place == 0 {
            if part == 0 {
                // What the last survey kept gives way to this one.
                (self.records, self.places, self.heap) = Default::default();
                self.candidates = Vec::with_capacity(self.limits.pairs * 2);
                self.beyond = None;
            }
            self.table.reset(self.part_size())?;
        }
        let parts = u64::from(self.parts);
        let end = self.spans.places().min(place + *budget);
        *budget -= (end - place).min(*budget);
        let mut left = self.spans.at(place);
        while place < end {
            let next = self.spans.next(place);
            if next >= self.spans.places() {
                place = next;
                break;
            }
            let right = self.spans.at(next);
            if let (Some(l), Some(r)) = (left, right) {
                let key = key(l, r);
                if parts == 1 || PairTable::part(key, parts) == u64::from(part) {
                    let weight = self.spans.weight(place);
                    if !self.table.count(key, weight) {
                        // Too many pairs for one part: cut finer and begin again.
                        self.parts *= 2;
                        self.phase = Phase::Count { part: 0, place: 0 };
                        return Ok(());
                    }
                }
            }
            left = right;
            place = next;
        }
        if place < self.spans.places() {
            self.phase = Phase::Count { part, place };
            return Ok(());
        }
        self.gather();
        if part + 1 < self.parts {
            self.phase = Phase::Count { part: part + 1, place: 0 };
        } else {
            if self.parts > 1 && self.table.len() * 3 < self.part_size() {
                self.parts /= 2;
            }
            self.keep()?;
            self.phase = Phase::List { place: 0 };
        }
        Ok(())
    }

    /// Takes the counted pairs of a part among the candidates.
    fn gather(&mut self) {
        for (key, count, places) in self.table.iter() {
            let (left, right) = unkey(key);
            if count < self.least || !self.rule.allows(left, right) || self.refused.contains(&key) {
                continue;
            }
            let rank = Rank { count, tie: Reverse(self.rule.tie(left, right)) };
            if self.beyond.as_ref().is_none_or(|beyond| rank > *beyond) {
                self.candidates.push(Candidate { rank, key, places });
            }
            if self.candidates.len() >= self.limits.pairs * 2 {
                let at = self.limits.pairs;
                order::front(&mut self.candidates, at + 1, |a, b| b.rank.cmp(&a.rank));
                self.candidates.truncate(at + 1);
                self.beyond = self.candidates.pop().map(|candidate| candidate.rank);
            }
        }
    }

    /// Chooses the best candidates whose places fit, and makes them records.
    fn keep(&mut self) -> Result<()> {
        order::by(&mut self.candidates, |a, b| b.rank.cmp(&a.rank));
        let mut sum = 0;
        let mut kept = 0;
        for candidate in &self.candidates {
            sum += candidate.places as usize;
            if kept > 0 && (sum > self.limits.listed || kept >= self.limits.pairs) {
                break;
            }
            kept += 1;
        }
        if kept < self.candidates.len() {
            self.candidates.truncate(kept + 1);
            self.beyond = self.candidates.pop().map(|candidate| candidate.rank);
        }
        self.table.reset(self.part_size())?;
        let mut first = 0;
        let mut heap = Vec::new();
        let candidates = std::mem::take(&mut self.candidates);
        // All the room at once: growing would hold the old beside the new.
        let most = self.limits.records.max(kept);
        if self.records.try_reserve_exact(most).is_err() || heap.try_reserve_exact(most).is_err() {
            bail!(OutOfMemory, "tokenizer training: no memory for {kept} pairs");
        }
        for Candidate { rank, key, places } in candidates {
            let record = self.records.len() as u32;
            self.table.bind(key, record);
            self.records.push(Record { key, count: rank.count, first, places: 0 });
            first += places;
            heap.push(Waiting { rank, record });
        }
        self.heap = BinaryHeap::from(heap);
        self.kept_places = first as usize;
        if self.places.try_reserve_exact(self.limits.places.max(self.kept_places)).is_err() {
            bail!(OutOfMemory, "tokenizer training: no memory for {first} places");
        }
        self.places.resize(self.kept_places, 0);
        Ok(())
    }

    fn list(&mut self, mut place: usize, budget: &mut usize) {
        let end = self.spans.places().min(place + *budget);
        *budget -= (end - place).min(*budget);
        let mut left = self.spans.at(place);
        while place < end {
            let next = self.spans.next(place);
            if next >= self.spans.places() {
                place = next;
                break;
            }
            let right = self.spans.at(next);
            if let (Some(l), Some(r)) = (left, right)
                && let Some(index) = self.table.record(key(l, r))
            {
                self.list_place(index as usize, place as u32);
            }
            left = right;
            place = next;
        }
        self.phase = match place < self.spans.places() {
            true => Phase::List { place },
            false => Phase::Follow,
        };
    }

    /// The best pair, if it beats all that is not followed.
    fn best(&mut self) -> Option<Chosen> {
        while let Some(mut top) = self.heap.pop() {
            let record = self.records[top.record as usize];
            if record.count != top.rank.count {
                top.rank.count = record.count;
                if self.worth(&top.rank) {
                    self.heap.push(top);
                }
                continue;
            }
            if !self.worth(&top.rank) {
                continue;
            }
            let (left, right) = unkey(record.key);
            return Some(Chosen { left, right, count: record.count, record: top.record });
        }
        None
    }

    fn worth(&self, rank: &Rank<R::Tie>) -> bool {
        rank.count >= self.least && self.beyond.as_ref().is_none_or(|beyond| rank > beyond)
    }

    /// Refuses the chosen pair: it is not offered again.
    pub(super) fn refuse(&mut self, chosen: Chosen) {
        self.records[chosen.record as usize].count = 0;
        self.refused.push(key(chosen.left, chosen.right));
    }

    /// Merges the chosen pair into `token`, wherever it stands, and follows the pairs that come of it.
    /// `known`: the token existed before, so that its old pairs must be counted anew.
    pub(super) fn merge(&mut self, chosen: Chosen, token: u32, known: bool, budget: &mut usize) {
        let Chosen { left, right, record, .. } = chosen;
        let Record { first, places, .. } = self.records[record as usize];
        *budget -= (places as usize * 4).min(*budget);
        self.spans.declare(token, left, right);
        self.fresh.begin(token);
        for at in first..first + places {
            let place = self.places[at as usize];
            let Some(merged) = self.spans.merge(place as usize, left, right, token) else { continue };
            if let Some(before) = merged.before {
                self.drop(before, left, token, merged.weight);
                self.fresh.add(before, token, merged.weight);
            }
            if let Some(after) = merged.after {
                self.drop(right, after, token, merged.weight);
                self.fresh.add(token, after, merged.weight);
            }
        }
        self.records[record as usize].count = 0;
        if known {
            self.phase = Phase::Count { part: 0, place: 0 };
            self.fresh.forget();
            return;
        }
        if self.follow() {
            self.place(first, places, token);
        }
        self.fresh.forget();
    }

    fn drop(&mut self, left: u32, right: u32, token: u32, weight: u64) {
        if left == token || right == token {
            self.fresh.subtract(left, right, weight);
        } else if let Some(index) = self.table.record(key(left, right)) {
            let count = &mut self.records[index as usize].count;
            *count = count.saturating_sub(weight);
        }
    }

    /// Makes records of the fresh pairs that beat what is not followed; says whether there are any.
    fn follow(&mut self) -> bool {
        let before = self.records.len();
        let mut fresh = std::mem::take(&mut self.fresh);
        for pair in &mut fresh.pairs {
            let rank = Rank { count: pair.count, tie: Reverse(self.rule.tie(pair.left, pair.right)) };
            if !self.worth(&rank) || !self.rule.allows(pair.left, pair.right) {
                continue;
            }
            let room = self.places.len() + pair.places as usize;
            let full = self.records.len() >= self.limits.records || room > self.limits.places.max(self.kept_places);
            let record = self.records.len() as u32;
            let key = key(pair.left, pair.right);
            if full || !self.table.bind(key, record) {
                // What cannot be followed lies beyond, and the next survey will find it.
                self.beyond = self.beyond.take().max(Some(rank));
                continue;
            }
            pair.record = record;
            self.records.push(Record { key, count: pair.count, first: self.places.len() as u32, places: 0 });
            self.places.resize(room, 0);
            self.heap.push(Waiting { rank, record });
        }
        self.fresh = fresh;
        self.records.len() > before
    }

    /// Lists where the followed pairs with the new token stand, among the places of the pair that made it.
    fn place(&mut self, first: u32, places: u32, token: u32) {
        let mut end = 0;
        for at in first..first + places {
            let place = self.places[at as usize];
            // The second of two equal tokens was listed too; its place now ends the new one.
            if (place as usize) < end {
                continue;
            }
            let Some((before, after)) = self.spans.around(place as usize, token) else { continue };
            end = self.spans.next(place as usize);
            if let Some((left, at)) = before
                && let Some(record) = self.fresh.record(left, token)
            {
                self.list_place(record, at);
            }
            // The next round sees two new tokens in a row from the right one.
            if let Some(right) = after
                && right != token
                && let Some(record) = self.fresh.record(token, right)
            {
                self.list_place(record, place);
            }
        }
    }

    fn list_place(&mut self, record: usize, place: u32) {
        let record = &mut self.records[record];
        self.places[(record.first + record.places) as usize] = place;
        record.places += 1;
    }

    /// Makes room for so many tokens more, or as many as the words can give; says for how many.
    pub(super) fn room(&mut self, tokens: usize) -> usize {
        let tokens = self.spans.room(tokens);
        self.fresh.room(self.spans.tokens() + tokens);
        tokens
    }

    /// Bytes that grow with the vocabulary, not with the words.
    pub(super) fn vocabulary_bytes(&self) -> usize {
        self.spans.vocabulary_bytes() + self.fresh.vocabulary_bytes()
    }

    /// Bytes held for the words.
    pub(super) fn bytes(&self) -> usize {
        self.spans.bytes()
            + self.table.bytes()
            + self.candidates.capacity() * size_of::<Candidate<R::Tie>>()
            + self.records.capacity() * size_of::<Record>()
            + self.places.capacity() * 4
            + self.heap.capacity() * size_of::<Waiting<R::Tie>>()
            + self.fresh.bytes()
    }
}

#[cfg(test)]
#[path = "merger_tests.rs"]
mod tests;
