//! WordPiece as it is taught: the pair that raises the likelihood most.
//!
//! In: words as [`Spans`]. Out: one merge at a time, the greatest count(ab) / (count(a) · count(b)) (Schuster and
//! Nakajima 2012), ties to the smallest (left id, right id).
//! No pair is kept. Each token knows the best pair that it is the left of, or only a bound on it. A merge changes the counts of
//! three tokens, so the walk that merges counts what stands beside these anew; what was the best elsewhere and got worse stays
//! as a bound, and is counted anew when it comes up. Where a token stands is found by looking, many slots at once, so memory is the words'
//! and the vocabulary's alone.
//! Refuses to know what the tokens are called.

use super::bounds::Bounds;
use super::learn::{Progress, Proposal};
use super::neighbours::{Neighbours, Side};
use super::pairs::key;
use super::spans::Spans;

/// The right of a pair that is not known.
const UNKNOWN: u32 = u32::MAX;
/// Slots that are looked at for one unit of budget.
const LOOKS: usize = 64;

#[derive(Clone, Copy)]
enum Task {
    /// Counting the tokens.
    Count {
        place: usize,
    },
    /// Merging a pair; `known`: the token existed before.
    Merge {
        left: u32,
        right: u32,
        token: u32,
        known: bool,
        place: usize,
    },
    /// Counting what stands beside a token.
    Recount {
        token: u32,
        place: usize,
    },
    Choose,
}

/// A token's best pair as the left.
#[derive(Clone, Copy)]
struct Best {
    right: u32,
    count: u64,
}

pub(super) struct GainMerger {
    spans: Spans,
    least: u64,
    task: Task,
    /// Slots that are needed for the words that pairs are left in.
    live: usize,
    /// How often each token stands in the corpus.
    counts: Vec<u64>,
    bests: Vec<Best>,
    /// The gain of each token's best pair; where that is not known, no pair's gain is greater.
    bounds: Bounds,
    /// What stands beside the left and the right of a merge, and beside what it makes.
    beside: [Neighbours; 3],
    /// Tokens whose best pair lost places in the merge under way.
    suspects: Vec<u32>,
    refused: Vec<u64>,
    chosen: Option<Proposal>,
}

impl GainMerger {
    /// Over sealed `spans`; pairs seen less than `least` times are never merged.
    pub(super) fn new(spans: Spans, least: u64) -> Self {
        let mut merger = GainMerger {
            live: spans.places(),
            spans,
            least: least.max(1),
            task: Task::Count { place: 0 },
            counts: Vec::new(),
            bests: Vec::new(),
            bounds: Bounds::default(),
            beside: Default::default(),
            suspects: Vec::new(),
            refused: Vec::new(),
            chosen: None,
        };
        merger.grow();
        merger
    }

    fn grow(&mut self) {
        let tokens = self.spans.tokens();
        self.counts.resize(tokens, 0);
        self.bests.resize(tokens, Best { right: UNKNOWN, count: 0 });
        self.bounds.grow(tokens);
    }

    /// Makes room for so many tokens more, or as many as the words can give; says for how many.
    pub(super) fn room(&mut self, tokens: usize) -> usize {
        let more = self.spans.room(tokens);
        let all = self.spans.tokens() + more;
        self.counts.reserve_exact(all - self.counts.len());
        self.bests.reserve_exact(all - self.bests.len());
        self.bounds.reserve(all);
        self.beside.iter_mut().for_each(|beside| beside.room(all));
        more
    }

    /// The pair with the greatest gain.
    pub(super) fn propose(&mut self, budget: &mut usize) -> Progress {
        while *budget > 0 {
            match self.task {
                Task::Count { place } => self.count(place, budget),
                Task::Merge { left, right, token, known, place } => {
                    self.merge_on(left, right, token, known, place, budget);
                }
                Task::Recount { token, place } => self.recount(token, place, budget),
                Task::Choose => {
                    *budget = budget.saturating_sub(self.bounds.len() / 256);
                    let Some(left) = self.bounds.first() else { return Progress::Exhausted };
                    let Best { right, count } = self.bests[left as usize];
                    if right == UNKNOWN {
                        self.begin_recount(left);
                        continue;
                    }
                    let proposal = Proposal { left, right, count, score: Some(self.bounds.at(left)) };
                    self.chosen = Some(proposal);
                    return Progress::Proposal(proposal);
                }
            }
        }
        Progress::Pending
    }

    /// Turns the last proposal down.
    pub(super) fn refuse(&mut self) {
        if let Some(Proposal { left, right, .. }) = self.chosen.take() {
            self.refused.push(key(left, right));
            self.bests[left as usize].right = UNKNOWN;
        }
    }

    /// Begins to merge the last proposal into `token`.
    pub(super) fn merge(&mut self, token: u32, known: bool) {
        let Some(Proposal { left, right, .. }) = self.chosen.take() else { return };
        self.spans.declare(token, left, right);
        self.grow();
        self.beside.iter_mut().for_each(|beside| beside.begin(self.counts.len()));
        self.task = Task::Merge { left, right, token, known, place: 0 };
    }

    fn count(&mut self, mut place: usize, budget: &mut usize) {
        let end = self.spans.places().min(place + *budget);
        *budget -= (end - place).min(*budget);
        while place < end {
            if let Some(token) = self.spans.at(place) {
                self.counts[token as usize] += self.spans.weight(place);
            }
            place = self.spans.next(place);
        }
        self.task = Task::Count { place };
        if place >= self.spans.places() {
            for (token, &count) in (0..).zip(&self.counts) {
                // A pair is seen at most as often as its right; the little more is for rounding.
                self.bounds.set(token, if count > 0 { 1.000_001 / count as f64 } else { 0.0 });
            }
            self.task = Task::Choose;
        }
    }

    /// The next place of `tokens` as far as the budget allows, or where to go on.
    fn find(&self, tokens: [u32; 2], from: usize, budget: &mut usize) -> Result<usize, usize> {
        let to = self.spans.places().min(from.saturating_add(budget.saturating_mul(LOOKS)));
        let found = self.spans.find(tokens[0], tokens[1], from, to);
        let looked = found.unwrap_or(to) - from;
        *budget = budget.saturating_sub(looked / LOOKS + if found.is_some() { 4 } else { 1 });
        found.ok_or(to)
    }

    fn merge_on(&mut self, left: u32, right: u32, token: u32, known: bool, mut place: usize, budget: &mut usize) {
        // Where what is beside a token is counted.
        let role = |of: u32| [left, right, token].iter().position(|&one| one == of);
        while *budget > 0 {
            let at = match self.find([left, right], place, budget) {
                Ok(at) => at,
                Err(end) if end < self.spans.places() => {
                    place = end;
                    continue;
                }
                Err(_) => {
                    self.end_merge(left, right, token, known);
                    return;
                }
            };
            let (here, before, after, weight) = match self.spans.merge(at, left, right, token) {
                Some(merged) => {
                    self.counts[left as usize] -= merged.weight;
                    self.counts[right as usize] -= merged.weight;
                    self.counts[token as usize] += merged.weight;
                    self.live -= if merged.before.or(merged.after).is_some() { 1 } else { 3 };
                    (token, merged.before, merged.after, merged.weight)
                }
                None => {
                    let here = self.spans.at(at).unwrap_or_default();
                    let (before, after) = (self.spans.before(at), self.spans.at(self.spans.next(at)));
                    (here, before, after, self.spans.weight(at))
                }
            };
            let of = role(here).unwrap_or_default();
            if let Some(before) = before {
                self.beside[of].before.add(before, weight);
                if let Some(of) = role(before) {
                    self.beside[of].after.add(here, weight);
                }
            }
            // What another left or right comes to is seen there.
            if let Some(after) = after.filter(|&after| after != left && after != right) {
                self.beside[of].after.add(after, weight);
            }
            place = self.spans.next(at);
        }
        self.task = Task::Merge { left, right, token, known, place };
    }

    fn end_merge(&mut self, left: u32, right: u32, token: u32, known: bool) {
        for (before, _) in self.beside[2].before.iter() {
            let best = &mut self.bests[before as usize];
            if best.right == left {
                best.count = 0;
                self.suspects.push(before);
            }
        }
        if self.live < self.spans.places() / 16 * 15 {
            self.spans.compact();
            self.live = self.spans.places();
        }
        if !known {
            self.apply(token, 2);
        }
        self.apply(left, 0);
        if right != left {
            self.apply(right, 1);
        }
        match known {
            // It has pairs elsewhere too.
            true => self.begin_recount(token),
            false => self.end_recount(),
        }
    }

    fn begin_recount(&mut self, token: u32) {
        self.beside[0].begin(self.counts.len());
        self.task = Task::Recount { token, place: 0 };
    }

    fn recount(&mut self, token: u32, mut place: usize, budget: &mut usize) {
        while *budget > 0 {
            let at = match self.find([token, token], place, budget) {
                Ok(at) => at,
                Err(end) if end < self.spans.places() => {
                    place = end;
                    continue;
                }
                Err(_) => {
                    self.apply(token, 0);
                    return self.end_recount();
                }
            };
            let next = self.spans.next(at);
            let weight = self.spans.weight(at);
            if let Some(before) = self.spans.before(at) {
                self.beside[0].before.add(before, weight);
            }
            if let Some(after) = self.spans.at(next) {
                self.beside[0].after.add(after, weight);
            }
            place = next;
        }
        self.task = Task::Recount { token, place };
    }

    fn end_recount(&mut self) {
        for token in std::mem::take(&mut self.suspects) {
            let best = &mut self.bests[token as usize];
            if best.count == 0 {
                best.right = UNKNOWN;
            }
        }
        self.task = Task::Choose;
    }

    fn gain(&self, left: u32, right: u32, count: u64) -> f64 {
        count as f64 / (self.counts[left as usize] as f64 * self.counts[right as usize] as f64)
    }

    fn allows(&self, left: u32, right: u32, count: u64) -> bool {
        count >= self.least && (self.refused.is_empty() || !self.refused.contains(&key(left, right)))
    }

    /// Takes in what was counted beside `token`.
    fn apply(&mut self, token: u32, counted: usize) {
        let beside = std::mem::take(&mut self.beside[counted]);
        self.best_of(token, &beside.after);
        for (left, count) in beside.before.iter().filter(|&(left, _)| left != token) {
            let gain = self.gain(left, token, count);
            let bound = self.bounds.at(left);
            let best = self.bests[left as usize];
            let allowed = self.allows(left, token, count);
            let first = gain > bound || (gain == bound && best.right != UNKNOWN && token <= best.right);
            if allowed && first {
                self.bests[left as usize] = Best { right: token, count };
                self.bounds.set(left, gain);
            } else if best.right == token {
                // Which pair is the best now is not known, only that none is better than this one was.
                self.bests[left as usize].right = UNKNOWN;
            }
        }
        self.beside[counted] = beside;
    }

    fn best_of(&mut self, left: u32, after: &Side) {
        let mut best = (0.0, Best { right: UNKNOWN, count: 0 });
        for (right, count) in after.iter() {
            let gain = self.gain(left, right, count);
            if (gain > best.0 || (gain == best.0 && right < best.1.right)) && self.allows(left, right, count) {
                best = (gain, Best { right, count });
            }
        }
        self.bounds.set(left, best.0);
        self.bests[left as usize] = best.1;
    }

    /// Bytes that grow with the vocabulary.
    pub(super) fn vocabulary_bytes(&self) -> usize {
        let beside: usize = self.beside.iter().map(Neighbours::vocabulary_bytes).sum();
        let tokens = self.counts.capacity() * 8 + self.bests.capacity() * size_of::<Best>() + self.bounds.bytes();
        self.spans.vocabulary_bytes() + tokens + beside
    }

    /// Bytes held for the words.
    pub(super) fn bytes(&self) -> usize {
        let beside: usize = self.beside.iter().map(Neighbours::bytes).sum();
        self.spans.bytes() + beside + self.suspects.capacity() * 4 + self.refused.capacity() * 8
    }
}

#[cfg(test)]
#[path = "gain_tests.rs"]
mod tests;
