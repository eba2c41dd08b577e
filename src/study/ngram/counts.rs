//! How often each run of up to n tokens was seen.
//!
//! In: documents as ids. Out: for each run its count, how many different tokens stand before it and after it.
//! A run is a node under the run without its last token; once counting ends, the nodes lie sorted, children together.
//! A document begins with a mark that is never counted itself, and ends with a token that is.

use crate::error::Result;
use crate::{bail, ensure};
use std::collections::HashMap;

/// The mark before the first token of a document.
pub(super) const BEGIN: u32 = u32::MAX;

/// Counting under way.
pub(super) struct Counting {
    order: usize,
    nodes: Vec<Node>,
    children: HashMap<(u32, u32), u32>,
    /// The nodes of the last 0, 1, …, n - 1 tokens.
    recent: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: u32,
    token: u32,
    count: u32,
    /// How many different tokens were seen before this run.
    before: u32,
    /// Begins with the mark.
    opening: bool,
}

const ROOT: u32 = 0;

impl Counting {
    pub(super) fn new(order: usize) -> Self {
        let root = Node { parent: ROOT, token: BEGIN, count: 0, before: 0, opening: false };
        let mut counting = Counting { order, nodes: vec![root], children: HashMap::new(), recent: Vec::new() };
        counting.begin();
        counting
    }

    /// Starts a document.
    fn begin(&mut self) {
        self.recent.clear();
        self.recent.push(ROOT);
        if self.order > 1 {
            let mark = self.child(ROOT, BEGIN).0;
            self.recent.push(mark);
        }
    }

    fn child(&mut self, parent: u32, token: u32) -> (u32, bool) {
        let next = self.nodes.len() as u32;
        let node = *self.children.entry((parent, token)).or_insert(next);
        if node == next {
            let opening = token == BEGIN || self.nodes[parent as usize].opening;
            self.nodes.push(Node { parent, token, count: 0, before: 0, opening });
        }
        (node, node == next)
    }

    /// Counts the next token of the document.
    pub(super) fn push(&mut self, token: u32) -> Result<()> {
        ensure!(
            self.nodes.len() + self.order < u32::MAX as usize,
            OutOfMemory,
            "n-gram: more than 4 G different runs of tokens"
        );
        let mut shorter = None;
        let mut recent = vec![ROOT];
        for length in 0..self.recent.len() {
            let (node, new) = self.child(self.recent[length], token);
            self.nodes[node as usize].count = self.nodes[node as usize].count.saturating_add(1);
            if new && let Some(shorter) = shorter {
                let shorter: &mut Node = &mut self.nodes[shorter as usize];
                shorter.before += 1;
            }
            shorter = Some(node);
            if length + 1 < self.order {
                recent.push(node);
            }
        }
        self.recent = recent;
        Ok(())
    }

    /// Ends a document with its end token.
    pub(super) fn end(&mut self, end: u32) -> Result<()> {
        self.push(end)?;
        self.begin();
        Ok(())
    }

    /// Ends the counting.
    pub(super) fn finish(self) -> Result<Counts> {
        let Counting { order, nodes, children, .. } = self;
        drop(children);
        let mut places: Vec<u32> = Vec::new();
        if places.try_reserve_exact(nodes.len()).is_err() {
            bail!(OutOfMemory, "n-gram: no memory to sort {} runs", nodes.len());
        }
        // The parent's number only brings children together; it need not be the new one.
        places.extend(1..nodes.len() as u32);
        places.sort_unstable_by_key(|&at| (nodes[at as usize].parent, nodes[at as usize].token));
        let mut renumbered = vec![ROOT; nodes.len()];
        for (new, &old) in places.iter().enumerate() {
            renumbered[old as usize] = new as u32 + 1;
        }
        let mut counts = Counts { order, runs: vec![Run::default(); nodes.len()], tokens: vec![BEGIN; nodes.len()] };
        for (new, &old) in places.iter().enumerate() {
            let node = nodes[old as usize];
            let run = &mut counts.runs[new + 1];
            run.count = node.count;
            run.before = node.before;
            run.opening = node.opening;
            counts.tokens[new + 1] = node.token;
            let parent = &mut counts.runs[renumbered[node.parent as usize] as usize];
            if parent.children == 0 {
                parent.first = new as u32 + 1;
            }
            parent.children += 1;
        }
        counts.sum();
        Ok(counts)
    }
}

/// A run of tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) count: u32,
    pub(super) before: u32,
    pub(super) opening: bool,
    /// What came after it: how often, by the adjusted count, and how many different tokens.
    pub(super) total: u64,
    pub(super) adjusted: u64,
    pub(super) kinds: u32,
    first: u32,
    children: u32,
}

/// All runs, sorted.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) order: usize,
    runs: Vec<Run>,
    tokens: Vec<u32>,
}

impl Counts {
    fn sum(&mut self) {
        let mut sums = Vec::new();
        self.contexts(|length, run| {
            let (mut total, mut adjusted, mut kinds) = (0, 0, 0);
            for (_, next) in self.after(run) {
                let own = self.adjusted(length, next);
                total += u64::from(next.count);
                adjusted += u64::from(own);
                kinds += u32::from(own > 0);
            }
            sums.push((run, total, adjusted, kinds));
        });
        for (run, total, adjusted, kinds) in sums {
            let run = &mut self.runs[run as usize];
            (run.total, run.adjusted, run.kinds) = (total, adjusted, kinds);
        }
    }

    /// The count that Kneser-Ney uses for a run after a context of some length.
    pub(super) fn adjusted(&self, length: usize, run: &Run) -> u32 {
        if length + 1 == self.order || run.opening { run.count } else { run.before }
    }

    /// The run of a context, where it was seen.
    pub(super) fn run(&self, context: &[u32]) -> Option<u32> {
        context.iter().try_fold(ROOT, |run, &token| self.next(run, token))
    }

    /// The run that a token makes of another run.
    pub(super) fn next(&self, run: u32, token: u32) -> Option<u32> {
        let Run { first, children, .. } = self.runs[run as usize];
        let tokens = &self.tokens[first as usize..(first + children) as usize];
        tokens.binary_search(&token).ok().map(|at| first + at as u32)
    }

    /// The tokens seen after a run, each with its own run. The mark of beginnings is none of them.
    pub(super) fn after(&self, run: u32) -> impl Iterator<Item = (u32, &Run)> {
        let Run { first, children, .. } = self.runs[run as usize];
        (first..first + children)
            .map(|at| (self.tokens[at as usize], &self.runs[at as usize]))
            .filter(|&(token, _)| token != BEGIN)
    }

    /// Calls back with each run that has something after it: its length and its number.
    pub(super) fn contexts(&self, mut see: impl FnMut(usize, u32)) {
        let mut level = vec![ROOT];
        for length in 0..self.order {
            let mut deeper = Vec::new();
            for run in level {
                see(length, run);
                let Run { first, children, .. } = self.runs[run as usize];
                if length + 1 < self.order {
                    deeper.extend((first..first + children).filter(|&at| self.runs[at as usize].children > 0));
                }
            }
            level = deeper;
        }
    }

    pub(super) fn get(&self, run: u32) -> &Run {
        &self.runs[run as usize]
    }
}
