//! Merging a long piece, in slices.
//!
//! In: the symbols of a piece. Out: the same symbols merged, when the last of as many slices as it takes is done. The pairs wait in a heap by
//! (rank, position) over a linked list, O(n log n); a removed symbol has length 0. With dropout a pair that comes up is
//! left out at random until the next merge (Provilkov, Emelianenko, Voita 2020). Refuses to know what symbols are.

use super::{Bpe, NONE, Node, Scratch, Watch};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The pairs of a piece that is under way.
#[derive(Debug, Default)]
pub(super) struct Pending {
    heap: BinaryHeap<Reverse<u64>>,
    /// Left out until the next merge.
    waiting: Vec<u64>,
    /// Symbols whose pair with the next one is known.
    paired: usize,
    /// Whether a piece is under way.
    pub(super) open: bool,
    /// Bytes of the piece whose symbols are there.
    pub(super) spelled: usize,
    /// The length of the unknown characters that were read last.
    pub(super) unknown: Option<u32>,
    /// Once all is merged: symbols that were put out, and where the next one begins.
    pub(super) merged: Option<(usize, u32)>,
}

impl Bpe {
    /// Begins to merge the symbols that lie in the scratch.
    pub(super) fn begin(scratch: &mut Scratch) {
        let Pending { heap, waiting, .. } = &mut scratch.pending;
        heap.clear();
        waiting.clear();
        let (heap, waiting) = (std::mem::take(heap), std::mem::take(waiting));
        scratch.pending = Pending { heap, waiting, open: true, ..Pending::default() };
    }

    /// Merges until about `budget` pairs were looked at; `true`: nothing is left to merge.
    pub(super) fn merge_on(&self, scratch: &mut Scratch, mut watch: Option<Watch<'_>>, budget: &mut usize) -> bool {
        let Scratch { nodes, pending: Pending { heap, waiting, paired, .. }, random } = scratch;
        let dropout = self.options.dropout.unwrap_or(0.0);
        let count = nodes.len();
        while *paired < count {
            if *budget == 0 {
                return false;
            }
            *budget -= 1;
            let at = *paired;
            let next = nodes.get(at + 1).map(|node| node.id);
            let Some(node) = nodes.get_mut(at) else { break };
            node.before = if at == 0 { NONE } else { at as u32 - 1 };
            node.after = if at + 1 < count { at as u32 + 1 } else { NONE };
            (node.rank, node.merged) = next.map_or((NONE, NONE), |next| self.pairs.find(node.id, next));
            if node.rank != NONE {
                heap.push(Reverse((node.rank as u64) << 32 | at as u64));
            }
            *paired += 1;
        }
        loop {
            if *budget == 0 && !heap.is_empty() {
                return false;
            }
            let Some(Reverse(top)) = heap.pop() else { return true };
            *budget = budget.saturating_sub(1);
            if dropout > 0.0 && super::next_share(random) < dropout {
                waiting.push(top);
                continue;
            }
            if !waiting.is_empty() {
                heap.extend(waiting.drain(..).map(Reverse));
            }
            let (rank, at) = ((top >> 32) as u32, top as u32 as usize);
            let Some(&node) = nodes.get(at) else { continue };
            if node.rank != rank || node.length == 0 {
                continue; // the pair is gone
            }
            let Some(&right) = nodes.get(node.after as usize) else { continue };
            self.join(nodes, heap, at, node, right);
            if let Some(watch) = &mut watch {
                let pieces: Vec<(u32, usize)> =
                    nodes.iter().filter(|n| n.length > 0).map(|n| (n.id, n.length as usize)).collect();
                watch(node.id, right.id, rank, &pieces);
            }
        }
    }

    /// Makes one symbol of the one at a place and the one after it.
    fn join(&self, nodes: &mut [Node], heap: &mut BinaryHeap<Reverse<u64>>, at: usize, node: Node, right: Node) {
        if let Some(gone) = nodes.get_mut(node.after as usize) {
            gone.length = 0;
            gone.rank = NONE;
        }
        let next = nodes.get(right.after as usize).map(|next| next.id);
        if let Some(next) = nodes.get_mut(right.after as usize) {
            next.before = at as u32;
        }
        let (next_rank, next_merged) = next.map_or((NONE, NONE), |next| self.pairs.find(node.merged, next));
        if let Some(node) = nodes.get_mut(at) {
            node.id = node.merged;
            node.length += right.length;
            node.after = right.after;
            (node.rank, node.merged) = (next_rank, next_merged);
        }
        if next_rank != NONE {
            heap.push(Reverse((next_rank as u64) << 32 | at as u64));
        }
        if let Some(before) = nodes.get_mut(node.before as usize) {
            (before.rank, before.merged) = self.pairs.find(before.id, node.merged);
            if before.rank != NONE {
                heap.push(Reverse((before.rank as u64) << 32 | node.before as u64));
            }
        }
    }
}
