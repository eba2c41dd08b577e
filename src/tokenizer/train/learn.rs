//! Tokens by merging: the loop that BPE and WordPiece share.
//!
//! In: an alphabet and words as its ids. Out: one [`Step`] per merge, then names and merges.
//! BPE (Sennrich et al. 2016) takes the pair with the greatest count; equal counts go to the smallest (left id, right id),
//! or, as sentencepiece has it, to the shorter, then lexicographically smaller token. WordPiece joins names without
//! the prefix of the right one.
//! Refuses to know where the words came from and how ids are laid out in the end.

use super::Step;
use super::gain::GainMerger;
use super::merger::{Merger, Next, Rule};
use super::names::Names;
use super::spans::{IDS, Spans};
use crate::ensure;
use crate::error::Result;

/// Which pair goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preference {
    /// The greatest count; ties to the smallest ids.
    Count,
    /// The greatest count; ties to the shorter, then smaller text. Pieces keep sentencepiece's rules.
    CountThenText,
    /// The greatest count(ab) / (count(a) · count(b)); ties to the smallest ids.
    Gain,
}

/// The smallest (left id, right id) first; all pairs may be merged.
#[derive(Debug)]
pub(super) struct ByIds;

impl Rule for ByIds {
    type Tie = u64;
    fn tie(&self, left: u32, right: u32) -> u64 {
        super::pairs::key(left, right)
    }
    fn allows(&self, _: u32, _: u32) -> bool {
        true
    }
    fn learn(&mut self, _: &str) {}
}

/// The shorter, then lexicographically smaller text first; only what sentencepiece accepts as a piece.
#[derive(Debug, Default)]
pub(super) struct ByText {
    names: Names,
}

impl Rule for ByText {
    type Tie = (usize, Box<str>);
    fn tie(&self, left: u32, right: u32) -> (usize, Box<str>) {
        let text = [self.names.name(left), self.names.name(right)].concat();
        (text.chars().count(), text.into())
    }
    fn allows(&self, left: u32, right: u32) -> bool {
        let (left, right) = (self.names.name(left), self.names.name(right));
        super::pieces::PieceRules { digits_apart: true, ..Default::default() }.accept(left.chars().chain(right.chars()))
    }
    fn learn(&mut self, name: &str) {
        self.names.intern(name);
    }
}

/// The merge that an engine proposes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposal {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) count: u64,
    pub(super) score: Option<f64>,
}

/// What an engine came to within its budget.
pub(super) enum Progress {
    Pending,
    Proposal(Proposal),
    Exhausted,
}

/// Proposes merges and carries them out, by any rule.
pub(super) trait Engine: Send {
    fn propose(&mut self, budget: &mut usize) -> Result<Progress>;
    /// Carries out the last proposal.
    fn accept(&mut self, token: u32, name: &str, known: bool, budget: &mut usize);
    /// Turns the last proposal down for good.
    fn refuse(&mut self);
    /// Makes room for so many tokens more, or as many as the words can give; says for how many.
    fn room(&mut self, tokens: usize) -> usize;
    /// Bytes held for the words, and for the vocabulary.
    fn bytes(&self) -> (usize, usize);
}

struct Counting<R: Rule> {
    merger: Merger<R>,
    chosen: Option<super::merger::Chosen>,
}

impl<R: Rule + Send> Engine for Counting<R>
where
    R::Tie: Send,
{
    fn propose(&mut self, budget: &mut usize) -> Result<Progress> {
        Ok(match self.merger.next(budget)? {
            Next::Pending => Progress::Pending,
            Next::Exhausted => Progress::Exhausted,
            Next::Merge(chosen) => {
                self.chosen = Some(chosen);
                Progress::Proposal(Proposal {
                    left: chosen.left,
                    right: chosen.right,
                    count: chosen.count,
                    score: None,
                })
            }
        })
    }
    fn accept(&mut self, token: u32, name: &str, known: bool, budget: &mut usize) {
        if let Some(chosen) = self.chosen.take() {
            if !known {
                self.merger.rule.learn(name);
            }
            self.merger.merge(chosen, token, known, budget);
        }
    }
    fn refuse(&mut self) {
        if let Some(chosen) = self.chosen.take() {
            self.merger.refuse(chosen);
        }
    }
    fn room(&mut self, tokens: usize) -> usize {
        self.merger.room(tokens)
    }
    fn bytes(&self) -> (usize, usize) {
        (self.merger.bytes(), self.merger.vocabulary_bytes())
    }
}

impl Engine for GainMerger {
    fn propose(&mut self, budget: &mut usize) -> Result<Progress> {
        Ok(GainMerger::propose(self, budget))
    }
    fn accept(&mut self, token: u32, _: &str, known: bool, _: &mut usize) {
        self.merge(token, known);
    }
    fn refuse(&mut self) {
        GainMerger::refuse(self);
    }
    fn room(&mut self, tokens: usize) -> usize {
        GainMerger::room(self, tokens)
    }
    fn bytes(&self) -> (usize, usize) {
        (GainMerger::bytes(self), self.vocabulary_bytes())
    }
}

/// Takes words as ids of an alphabet.
pub(super) trait WordSink {
    /// A word; `None` is a place that no pair may touch.
    fn word(&mut self, ids: &mut dyn Iterator<Item = Option<u32>>, count: u64) -> Result<()>;
}

impl WordSink for Spans {
    fn word(&mut self, ids: &mut dyn Iterator<Item = Option<u32>>, count: u64) -> Result<()> {
        self.push(ids, count)
    }
}

/// The engine of a preference, over the words that `words` gives: about `places` characters.
pub(super) fn engine(
    words: &mut dyn FnMut(&mut dyn WordSink) -> Result<()>,
    names: &Names,
    places: usize,
    vocab: usize,
    preference: Preference,
    least: u64,
) -> Result<Box<dyn Engine>> {
    let most = vocab.min(names.len() + places / 2);
    ensure!(most <= IDS, OutOfMemory, "tokenizer training: {most} tokens, which is more than {IDS}");
    let mut spans = Spans::new(names.len(), places)?;
    words(&mut spans)?;
    spans.seal();
    Ok(match preference {
        Preference::Count => Box::new(Counting { merger: Merger::new(spans, ByIds, least), chosen: None }),
        Preference::CountThenText => {
            let rule = ByText { names: names.clone() };
            Box::new(Counting { merger: Merger::new(spans, rule, least), chosen: None })
        }
        Preference::Gain => Box::new(GainMerger::new(spans, least)),
    })
}

/// The state of a training by merges.
pub(super) struct Learner {
    pub(super) names: Names,
    /// Without a prefix: the merges in order.
    pub(super) merges: Vec<(u32, u32)>,
    made: usize,
    engine: Box<dyn Engine>,
    /// Stripped from a right token when it is joined.
    prefix: &'static str,
    /// Ids that carry no span of their own (special tokens): never made by a merge.
    reserved: usize,
    /// Whether a token that exists may be made once more.
    again: bool,
    target: usize,
    done: bool,
}

impl Learner {
    pub(super) fn new(
        mut names: Names,
        mut engine: Box<dyn Engine>,
        prefix: &'static str,
        reserved: usize,
        again: bool,
        target: usize,
    ) -> Self {
        let done = names.len() >= target;
        let room = names.len() + engine.room(target.saturating_sub(names.len()));
        names.reserve(room);
        let merges = Vec::with_capacity(if prefix.is_empty() { room } else { 0 });
        Learner { names, merges, made: 0, engine, prefix, reserved, again, target, done }
    }

    /// Learns until the budget is used up; `true`: nothing is left to learn.
    pub(super) fn advance(&mut self, budget: &mut usize, steps: &mut Vec<Step>) -> Result<bool> {
        while !self.done && *budget > 0 {
            let proposal = match self.engine.propose(budget)? {
                Progress::Pending => break,
                Progress::Exhausted => {
                    self.done = true;
                    break;
                }
                Progress::Proposal(proposal) => proposal,
            };
            // Even a merge that touches few places costs something.
            *budget = budget.saturating_sub(128);
            let (left, right) = (self.names.name(proposal.left), self.names.name(proposal.right));
            let stem = right.strip_prefix(self.prefix).unwrap_or(right);
            let name = [left, stem].concat();
            let known = self.names.id(&name);
            if known.is_some_and(|id| !self.again || (id as usize) < self.reserved || !self.same_span(id, &proposal)) {
                self.engine.refuse();
                continue;
            }
            self.made += 1;
            steps.push(Step {
                step: self.made,
                token: name.clone(),
                left: Some(left.to_string()),
                right: Some(right.to_string()),
                count: proposal.count,
                score: proposal.score,
            });
            let token = self.names.intern(&name);
            self.engine.accept(token, &name, known.is_some(), budget);
            if self.prefix.is_empty() {
                self.merges.push((proposal.left, proposal.right));
            }
            self.done = self.names.len() >= self.target;
        }
        Ok(self.done)
    }

    /// Whether an existing token spans as many characters as the pair would.
    fn same_span(&self, id: u32, pair: &Proposal) -> bool {
        self.span(id) == self.span(pair.left) + self.span(pair.right)
    }

    fn span(&self, id: u32) -> usize {
        let name = self.names.name(id);
        name.strip_prefix(self.prefix).filter(|stem| !stem.is_empty()).unwrap_or(name).chars().count()
    }

    /// Bytes held for the words, and for the vocabulary.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let (words, vocabulary) = self.engine.bytes();
        (words, vocabulary + self.names.bytes() + self.merges.capacity() * 8)
    }

    /// How far it is: names known, names wanted.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.names.len().min(self.target), if self.done { self.names.len() } else { self.target })
    }
}
