//! The plans of decoding: a piece of new positions after the cache, and an encoder read once.
//!
//! A piece takes its ids from the host, or from what the step before drew; it ends with nothing, with logits for the host, or with a
//! draw on the device. Which plan serves a piece is told by its [`Spec`].

use super::cache::cache;
use crate::device::Slice;
use crate::ensure;
use crate::error::Result;
use crate::graph::{Graph, Tensor};
use crate::models::{Placed, decoding};
use crate::nn::{Cache, Shape};
use crate::ops::{Sample, SampleCount, SampleRecord};
use crate::plan::Plan;

/// Positions whose draws are kept until the host reads them.
pub(super) const RING: usize = 64;

/// What a draw heeds besides the live words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    /// Penalties for what stands already.
    pub counted: bool,
    /// A number for each token.
    pub biased: bool,
    /// Tokens that are out.
    pub masked: bool,
}

/// How a piece ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// There is more to feed.
    Nothing,
    /// With the logits after the last position.
    Logits,
    /// With the next token, drawn.
    Draw(Kinds),
}

/// One plan of decoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    /// Rows.
    pub rows: usize,
    /// New positions.
    pub time: usize,
    /// The ids are what was drawn last.
    pub drawn: bool,
    /// How it ends.
    pub ending: Ending,
    /// Rows have branched off.
    pub lineage: bool,
    /// Rows of an encoder's output, and its positions; 0 where there is none.
    pub sources: (usize, usize),
}

impl Spec {
    /// The plan's name among those made ready.
    pub(super) fn key(&self, placed: &Placed) -> String {
        format!("decode {:?} {self:?}", placed.blocks.layout())
    }

    pub(super) fn plan(&self, placed: &Placed) -> Result<Plan> {
        let (rows, time) = (self.rows, self.time);
        let (sources, source) = self.sources;
        let cache = cache(placed, self.lineage, sources, source)?;
        let mut graph = Graph::new();
        let weights = placed.store.weights(&mut graph, None);
        ensure!(!self.drawn || time == 1, Internal, "decode: {time} drawn ids at once");
        let home = Slice { buffer: placed.drawn(), offset: 0, words: rows };
        let ids = self.drawn.then(|| graph.state("next", &[rows, 1], home));
        let (sizes, ends) = ((rows, time, source), self.ending != Ending::Nothing);
        if let Some(logits) = decoding::step(&mut graph, &*placed.model, &weights, sizes, ids, cache, ends)? {
            match self.ending {
                Ending::Draw(kinds) => draw(placed, &mut graph, logits, rows, kinds)?,
                _ => graph.keep("logits", logits),
            }
        }
        graph.plan(placed.arenas.places(), placed.arenas.device().limits())
    }
}

fn draw(placed: &Placed, graph: &mut Graph, logits: Tensor, rows: usize, kinds: Kinds) -> Result<()> {
    let vocab = placed.config.vocab;
    let mut inputs = vec![logits];
    let counts = kinds.counted.then(|| {
        let home = Slice { buffer: placed.counts(), offset: 0, words: rows * vocab };
        graph.state("counts", &[rows, vocab], home)
    });
    inputs.extend(counts);
    if kinds.biased {
        inputs.push(graph.input("bias", &[vocab]));
    }
    inputs.push(graph.input("control", &[rows, control_words(vocab, kinds)]));
    let op = Sample { counted: kinds.counted, biased: kinds.biased, masked: kinds.masked };
    let drawn = graph.apply(op, &inputs)?;
    if let (Some(counts), Some(&ids)) = (counts, drawn.first()) {
        graph.apply_into(SampleCount, &[ids], &[counts], &[true]);
    }
    let record = SampleRecord { ring: RING };
    let home = Slice { buffer: placed.drawn(), offset: 0, words: record.words(rows) };
    let state = graph.state("drawn", &[home.words], home);
    graph.apply_into(record, &drawn, &[state], &[false]);
    Ok(())
}

/// Words of one row's control: its seed, what is added to the position, its mask.
pub(super) fn control_words(vocab: usize, kinds: Kinds) -> usize {
    2 + if kinds.masked { vocab.div_ceil(32) } else { 0 }
}

/// The plan that reads `sources` rows of `source` positions with the encoder and keeps what the decoder's layers need of them.
pub(super) fn encoding(placed: &Placed, (sources, source): (usize, usize)) -> Result<Plan> {
    let mut graph = Graph::new();
    let weights = placed.store.weights(&mut graph, None);
    let shape = Shape { batch: sources, source, ..Shape::default() };
    let cache: Cache = cache(placed, false, sources, source)?;
    placed.model.encode(&mut graph, &weights, &shape, &cache)?;
    graph.plan(placed.arenas.places(), placed.arenas.device().limits())
}
