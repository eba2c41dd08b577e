//! Byte pair encoding.
//!
//! In: a piece of text. Out: its tokens, made by merging the adjacent pair of lowest rank, leftmost first, until no
//! pair is in the list of merges (Sennrich, Haddow, Birch 2016). A short piece is scanned for its best pair; a long one
//! keeps its pairs in a heap ([`merging`]). A piece that the merges turn into one token is looked up
//! whole. In byte mode the symbols are bytes, as in GPT-2; otherwise characters, with byte fallback or unknown tokens.

mod merging;

use super::Token;
use crate::tokenizer::bytes;
use crate::tokenizer::vocab::{Lookup, Vocab};
use crate::{Result, ensure};
use std::ops::Range;

/// What a BPE model does beside merging.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BpeOptions {
    /// The token for characters that are not in the vocabulary.
    pub unk: Option<String>,
    /// Written before every symbol but the first of a piece.
    pub prefix: Option<String>,
    /// Written after the last symbol of a piece.
    pub suffix: Option<String>,
    /// Takes runs of unknown characters as one token.
    pub fuse_unk: bool,
    /// Takes unknown characters as tokens `<0x00>` to `<0xFF>`.
    pub byte_fallback: bool,
    /// A piece that is in the vocabulary is taken whole, whatever the merges say.
    pub ignore_merges: bool,
    /// The share of merges left out at random; 0 leaves none out.
    pub dropout: Option<f64>,
}

/// A BPE model.
#[derive(Clone, Debug)]
pub struct Bpe {
    vocab: Vocab,
    merges: Vec<(u32, u32)>,
    options: BpeOptions,
    pairs: Pairs,
    /// The tokens of the 256 bytes, where all are in the vocabulary as byte symbols.
    byte_ids: Option<Box<[u32; 256]>>,
    /// Byte strings that are one token: by the merges, or all tokens when merges are ignored.
    whole: Lookup,
    /// The tokens `<0x00>` to `<0xFF>`.
    fallback: Box<[u32; 256]>,
    unk: Option<u32>,
}

const NONE: u32 = u32::MAX;
/// Pieces of up to so many symbols are scanned; longer ones use the heap.
const SCANNED: usize = 48;

/// Working memory, kept between pieces.
#[derive(Debug, Default)]
pub struct Scratch {
    nodes: Vec<Node>,
    pending: merging::Pending,
    random: u64,
}

/// A symbol in the list: its token, its length in bytes, the best pair it begins, its neighbours.
#[derive(Clone, Copy, Debug)]
struct Node {
    id: u32,
    length: u32,
    rank: u32,
    merged: u32,
    before: u32,
    after: u32,
}

/// One merge as it is made: the list after it is read off the tokens.
pub type Watch<'w> = &'w mut dyn FnMut(u32, u32, u32, &[(u32, usize)]);

impl Bpe {
    /// A model from its vocabulary and its merges in order of rank, given as pairs of ids.
    ///
    /// # Errors
    /// `bad-file` when a merge's result is not in the vocabulary, or dropout is not a share.
    pub fn new(vocab: Vocab, merges: Vec<(u32, u32)>, options: BpeOptions) -> Result<Self> {
        if let Some(dropout) = options.dropout {
            ensure!((0.0..=1.0).contains(&dropout), BadFile, "BPE: dropout must be between 0 and 1, found {dropout}");
        }
        let mut pairs = Pairs::with_capacity(merges.len());
        let mut joined = String::new();
        let skipped = options.prefix.as_deref().map_or(0, str::len);
        for (rank, &(left, right)) in merges.iter().enumerate() {
            let (Some(a), Some(b)) = (vocab.token(left), vocab.token(right)) else {
                crate::bail!(BadFile, "BPE: merge {rank} names ids {left} and {right}, one is not in the vocabulary");
            };
            joined.clear();
            joined.push_str(a);
            let tail = b.get(skipped..);
            joined.push_str(tail.unwrap_or_default());
            let id = vocab.id(&joined).filter(|_| tail.is_some());
            let Some(id) = id else {
                crate::bail!(BadFile, "BPE: merge {rank} of {a:?} and {b:?} gives {joined:?}, not in the vocabulary");
            };
            pairs.insert(left, right, rank as u32, id);
        }
        let mut fallback = Box::new([NONE; 256]);
        let mut byte_ids = Box::new([NONE; 256]);
        for byte in 0..=255u8 {
            if let (Some(plain), Some(coded)) = (byte_ids.get_mut(byte as usize), fallback.get_mut(byte as usize)) {
                *plain = vocab.id(bytes::symbol(byte).encode_utf8(&mut [0; 4])).unwrap_or(NONE);
                *coded = vocab.id(&format!("<0x{byte:02X}>")).unwrap_or(NONE);
            }
        }
        let plain = options.prefix.is_none() && options.suffix.is_none() && options.dropout.unwrap_or(0.0) == 0.0;
        let byte_ids = (plain && !byte_ids.contains(&NONE)).then_some(byte_ids);
        let unk = options.unk.as_deref().and_then(|unk| vocab.id(unk));
        let mut bpe =
            Bpe { vocab, merges, options, pairs, byte_ids, whole: Lookup::with_capacity(0, 0), fallback, unk };
        bpe.whole = bpe.wholes();
        Ok(bpe)
    }

    /// The byte strings that encode to a single token.
    fn wholes(&self) -> Lookup {
        let mut whole = Lookup::with_capacity(self.vocab.len(), self.vocab.len() * 6);
        if self.byte_ids.is_none() {
            return whole;
        }
        let (mut scratch, mut tokens, mut raw) = (Scratch::default(), Vec::new(), Vec::new());
        for (token, id) in self.vocab.iter() {
            raw.clear();
            if token.is_empty() || !bytes::decode_into(token, &mut raw) {
                continue;
            }
            tokens.clear();
            if !self.options.ignore_merges {
                self.merge_bytes(&raw, &mut scratch, &mut tokens, None);
            }
            if self.options.ignore_merges
                || tokens.first().is_some_and(|first: &Token| first.id == id && tokens.len() == 1)
            {
                whole.insert(&raw, id);
            }
        }
        whole
    }

    /// The tokens.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The merges in order of rank.
    pub fn merges(&self) -> &[(u32, u32)] {
        &self.merges
    }

    /// What the model does beside merging.
    pub fn options(&self) -> &BpeOptions {
        &self.options
    }

    /// The rank of a merge.
    pub fn rank(&self, left: u32, right: u32) -> Option<u32> {
        Some(self.pairs.find(left, right).0).filter(|&rank| rank != NONE)
    }

    /// Whether raw UTF-8 may be given to [`Bpe::encode_bytes`] in place of byte symbols.
    pub fn takes_bytes(&self) -> bool {
        self.byte_ids.is_some()
    }

    /// The tokens of `text[start..end]`, whose symbols are its bytes. Positions are counted from `start`.
    #[inline]
    pub fn encode_bytes(&self, text: &[u8], start: usize, end: usize, scratch: &mut Scratch, out: &mut Vec<Token>) {
        if let Some(id) = self.whole.find_in(text, start, end) {
            out.push(Token { id, start: 0, end: (end - start) as u32 });
            return;
        }
        self.merge_bytes(text.get(start..end).unwrap_or_default(), scratch, out, None);
    }

    fn merge_bytes(&self, piece: &[u8], scratch: &mut Scratch, out: &mut Vec<Token>, watch: Option<Watch<'_>>) {
        scratch.nodes.clear();
        self.spell_bytes(piece, &mut scratch.nodes);
        self.merge(scratch, out, watch);
    }

    fn spell_bytes(&self, piece: &[u8], nodes: &mut Vec<Node>) {
        let Some(byte_ids) = &self.byte_ids else { return };
        nodes.extend(piece.iter().map(|&byte| Node::new(byte_ids.get(byte as usize).copied().unwrap_or(NONE), 1)));
    }

    /// The tokens of a piece whose symbols are its characters.
    ///
    /// # Errors
    /// `bad-file` when the unknown token is needed and not in the vocabulary.
    pub fn encode(
        &self,
        piece: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
        watch: Option<Watch<'_>>,
    ) -> Result<()> {
        if let Some(id) = self.unmerged(piece) {
            out.push(Token { id, start: 0, end: piece.len() as u32 });
            return Ok(());
        }
        scratch.nodes.clear();
        self.symbols(piece, 0..piece.len(), &mut None, &mut scratch.nodes)?;
        self.merge(scratch, out, watch);
        Ok(())
    }

    /// The token that a piece is without any merge, where merges do not count.
    fn unmerged(&self, piece: &str) -> Option<u32> {
        if self.options.ignore_merges { self.vocab.id(piece) } else { None }
    }

    /// As [`Bpe::encode`], in slices of about `budget` symbols: the tokens are appended when it comes to `true`, and until then the same
    /// piece must be given. Its symbols are its bytes if `raw`.
    ///
    /// # Errors
    /// As [`Bpe::encode`].
    pub fn encode_on(
        &self,
        piece: &str,
        raw: bool,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
        budget: &mut usize,
    ) -> Result<bool> {
        if !scratch.pending.open {
            let whole = match raw {
                true => self.whole.find(piece.as_bytes()),
                false => self.unmerged(piece),
            };
            if let Some(id) = whole {
                out.push(Token { id, start: 0, end: piece.len() as u32 });
                return Ok(true);
            }
            scratch.nodes.clear();
            Bpe::begin(scratch);
        }
        let Scratch { nodes, pending, .. } = scratch;
        while pending.spelled < piece.len() {
            if *budget == 0 {
                return Ok(false);
            }
            let from = pending.spelled;
            let mut to = from.saturating_add(*budget).min(piece.len());
            while !piece.is_char_boundary(to) {
                to += 1;
            }
            *budget = budget.saturating_sub(to - from);
            match raw {
                true => self.spell_bytes(piece.as_bytes().get(from..to).unwrap_or_default(), nodes),
                false => self.symbols(piece, from..to, &mut pending.unknown, nodes)?,
            }
            pending.spelled = to;
        }
        if pending.merged.is_none() {
            if !self.merge_on(scratch, None, budget) {
                return Ok(false);
            }
            scratch.pending.merged = Some((0, 0));
        }
        Ok(Bpe::put_out(scratch, out, budget))
    }

    /// The symbols of a piece before any merge.
    ///
    /// # Errors
    /// As [`Bpe::encode`].
    pub fn spell(&self, piece: &str) -> Result<Vec<u32>> {
        let mut nodes = Vec::new();
        self.symbols(piece, 0..piece.len(), &mut None, &mut nodes)?;
        Ok(nodes.iter().map(|node| node.id).collect())
    }

    /// The characters of a part of a piece as tokens: known, by bytes, or unknown; `unknown` is what waits from the part before.
    fn symbols(&self, piece: &str, part: Range<usize>, unknown: &mut Option<u32>, nodes: &mut Vec<Node>) -> Result<()> {
        let (prefix, suffix) = (self.options.prefix.as_deref(), self.options.suffix.as_deref());
        let mut decorated = String::new();
        for (at, c) in piece.get(part.clone()).unwrap_or_default().char_indices() {
            let at = part.start + at;
            let end = at + c.len_utf8();
            let plain = piece.get(at..end).unwrap_or_default();
            let symbol = if (at > 0 && prefix.is_some()) || (end == piece.len() && suffix.is_some()) {
                decorated.clear();
                decorated.push_str(prefix.filter(|_| at > 0).unwrap_or_default());
                decorated.push_str(plain);
                decorated.push_str(suffix.filter(|_| end == piece.len()).unwrap_or_default());
                decorated.as_str()
            } else {
                plain
            };
            if let Some(id) = self.vocab.id(symbol) {
                if let (Some(length), Some(unk)) = (unknown.take(), self.unk) {
                    nodes.push(Node::new(unk, length));
                }
                nodes.push(Node::new(id, plain.len() as u32));
                continue;
            }
            if self.options.byte_fallback {
                let coded = |byte: u8| self.fallback.get(byte as usize).copied().unwrap_or(NONE);
                if symbol.bytes().all(|byte| coded(byte) != NONE) {
                    // The reference leaves a waiting unknown token waiting here; so do we.
                    nodes.extend(symbol.bytes().map(|byte| Node::new(coded(byte), 1)));
                    continue;
                }
            }
            if let Some(name) = &self.options.unk {
                let Some(unk) = self.unk else {
                    crate::bail!(BadFile, "BPE: the unknown token {name:?} is not in the vocabulary");
                };
                let waiting = match *unknown {
                    Some(length) if self.options.fuse_unk => length,
                    Some(length) => {
                        nodes.push(Node::new(unk, length));
                        0
                    }
                    None => 0,
                };
                *unknown = Some(waiting + plain.len() as u32);
            }
        }
        if let (Some(length), Some(unk)) = (*unknown, self.unk)
            && part.end == piece.len()
        {
            nodes.push(Node::new(unk, length));
        }
        Ok(())
    }

    fn merge(&self, scratch: &mut Scratch, out: &mut Vec<Token>, watch: Option<Watch<'_>>) {
        let dropout = self.options.dropout.unwrap_or(0.0);
        if dropout > 0.0 || scratch.nodes.len() > SCANNED || watch.is_some() {
            Bpe::begin(scratch);
            let mut unlimited = usize::MAX;
            self.merge_on(scratch, watch, &mut unlimited);
        } else {
            self.merge_short(&mut scratch.nodes);
        }
        scratch.pending.merged = Some((0, 0));
        let mut unlimited = usize::MAX;
        Bpe::put_out(scratch, out, &mut unlimited);
    }

    /// Puts out what is left of the symbols; `true`: all of them.
    fn put_out(scratch: &mut Scratch, out: &mut Vec<Token>, budget: &mut usize) -> bool {
        let (from, mut at) = scratch.pending.merged.unwrap_or_default();
        let to = scratch.nodes.len().min(from.saturating_add(*budget));
        *budget = budget.saturating_sub(to - from);
        let some = scratch.nodes.get(from..to).unwrap_or_default();
        out.extend(some.iter().filter(|node| node.length > 0).map(|node| {
            let start = at;
            at += node.length;
            Token { id: node.id, start, end: at }
        }));
        scratch.pending.merged = Some((to, at));
        scratch.pending.open = to < scratch.nodes.len();
        !scratch.pending.open
    }

    /// Scans for the best pair again and again.
    fn merge_short(&self, nodes: &mut Vec<Node>) {
        let mut right = NONE;
        for node in nodes.iter_mut().rev() {
            (node.rank, node.merged) = if right == NONE { (NONE, NONE) } else { self.pairs.find(node.id, right) };
            right = node.id;
        }
        loop {
            let (mut best, mut at) = (NONE, 0);
            for (index, node) in nodes.iter().enumerate() {
                if node.rank < best {
                    (best, at) = (node.rank, index);
                }
            }
            if best == NONE || at + 1 >= nodes.len() {
                return;
            }
            let removed = nodes.remove(at + 1);
            let next = nodes.get(at + 1).map(|node| node.id);
            let Some(node) = nodes.get_mut(at) else { return };
            node.id = node.merged;
            node.length += removed.length;
            (node.rank, node.merged) = next.map_or((NONE, NONE), |next| self.pairs.find(node.id, next));
            let id = node.id;
            if let Some(before) = at.checked_sub(1).and_then(|before| nodes.get_mut(before)) {
                (before.rank, before.merged) = self.pairs.find(before.id, id);
            }
        }
    }
}

impl Node {
    fn new(id: u32, length: u32) -> Self {
        Node { id, length, rank: NONE, merged: NONE, before: NONE, after: NONE }
    }
}

/// A share in [0, 1) from a 64-bit state (splitmix64).
fn next_share(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Pairs of ids to (rank, merged id): open addressing over 16-byte slots.
#[derive(Clone, Debug)]
struct Pairs {
    slots: Vec<(u64, u32, u32)>,
}

impl Pairs {
    fn with_capacity(count: usize) -> Self {
        Pairs { slots: vec![(u64::MAX, NONE, NONE); (count * 2).next_power_of_two().max(8)] }
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (self.slots.len() - 1)
    }

    fn insert(&mut self, left: u32, right: u32, rank: u32, id: u32) {
        let key = (left as u64) << 32 | right as u64;
        let mut at = self.home(key);
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.0 == u64::MAX || slot.0 == key {
                *slot = (key, rank, id);
                return;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    #[inline]
    fn find(&self, left: u32, right: u32) -> (u32, u32) {
        let key = (left as u64) << 32 | right as u64;
        let mut at = self.home(key);
        while let Some(slot) = self.slots.get(at) {
            if slot.0 == key || slot.0 == u64::MAX {
                return (slot.1, slot.2);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        (NONE, NONE)
    }
}
