//! Sequences that grow: ids in, logits after the last of them out, keys and values kept in a cache.
//!
//! New ids are fed in pieces whose lengths are powers of two, so that few plans serve every prompt and nothing is padded. Rows of
//! different lengths are padded on the left, so that all rows share one past. If somebody else used the cache meanwhile, it is filled
//! again from the ids.

use std::rc::Rc;

use crate::device::{Signal, Slice};
use crate::ensure;
use crate::error::Result;
use crate::graph::Graph;
use crate::kernels::{Live, place};
use crate::models::Placed;
use crate::nn::{Cache, Mode, Shape};
use crate::ops::{Embed, Positions};
use crate::plan::Plan;

/// The longest piece that is fed at once.
const PIECE: usize = 256;

/// Rows of one length, and how far they are in the cache.
#[derive(Debug)]
pub struct Decoder {
    placed: Rc<Placed>,
    /// All ids of each row, padded on the left with 0.
    rows: Vec<Vec<u32>>,
    /// First valid place of each row, and the end of the cache.
    spans: Vec<u32>,
    capacity: usize,
    cache: Cache,
    past: usize,
    turn: u64,
}

impl Decoder {
    /// Rows of ids, none of them empty; room for the model's context.
    ///
    /// Fails with `context-overflow` if a row is longer than that.
    pub async fn new(placed: Rc<Placed>, prompts: &[Vec<u32>]) -> Result<Decoder> {
        let capacity = placed.config.context;
        let longest = prompts.iter().map(Vec::len).max().unwrap_or(0);
        ensure!(prompts.iter().all(|ids| !ids.is_empty()), BadInput, "generate: a prompt without tokens");
        ensure!(
            longest <= capacity,
            ContextOverflow,
            "the prompt has {longest} tokens, the model's context is {capacity}"
        );
        let vocab = placed.config.vocab;
        if let Some(id) = prompts.iter().flatten().find(|&&id| id as usize >= vocab) {
            crate::bail!(BadInput, "token id {id} is out of the vocabulary of {vocab}");
        }
        let mut rows = Vec::with_capacity(prompts.len());
        let mut spans = Vec::with_capacity(2 * prompts.len());
        for ids in prompts {
            let pad = longest - ids.len();
            rows.push([vec![0; pad], ids.clone()].concat());
            spans.extend([pad as u32, capacity as u32]);
        }
        let cache = cache(&placed, rows.len(), capacity)?;
        for (at, &words) in cache.1.iter().enumerate() {
            placed.arenas.ensure(placed.caches() + at, words, "cache").await?;
        }
        let turn = placed.take_cache();
        Ok(Decoder { placed, rows, spans, capacity, cache: cache.0, past: 0, turn })
    }

    /// How many more tokens fit.
    pub fn room(&self) -> usize {
        self.capacity - self.rows.first().map_or(0, Vec::len)
    }

    /// All ids of a row, without padding.
    pub fn ids(&self, row: usize) -> &[u32] {
        let from = self.spans.get(2 * row).map_or(0, |&from| from as usize);
        self.rows.get(row).and_then(|ids| ids.get(from..)).unwrap_or_default()
    }

    /// Adds one id to each row.
    pub fn push(&mut self, ids: &[u32]) -> Result<()> {
        ensure!(self.room() > 0, ContextOverflow, "the model's context of {} tokens is full", self.capacity);
        for (row, &id) in self.rows.iter_mut().zip(ids) {
            row.push(id);
        }
        Ok(())
    }

    /// Feeds what is not in the cache yet and gives the logits after the last id of each row.
    pub async fn logits(&mut self, signal: &Signal) -> Result<Vec<Vec<f32>>> {
        if !self.placed.holds_cache(self.turn) {
            self.turn = self.placed.take_cache();
            self.past = 0;
        }
        let end = self.rows.first().map_or(0, Vec::len);
        ensure!(self.past < end, Internal, "decoder: there is nothing to feed");
        loop {
            let left = end - self.past;
            let time = if left >= PIECE { PIECE } else { 1 << left.ilog2() };
            let last = time == left;
            let stage = self.stage(time, last).await?;
            let piece: Vec<u32> =
                self.rows.iter().flat_map(|row| row[self.past..self.past + time].iter().copied()).collect();
            let rows = self.rows.len() as u32;
            stage.set("ids", &piece)?;
            stage.set("spans", &self.spans)?;
            stage.set("places", &(0..rows).collect::<Vec<_>>())?;
            if stage.has("last") {
                stage.set("last", &(0..rows).map(|row| (row + 1) * time as u32 - 1).collect::<Vec<_>>())?;
            }
            let live = Live::default().with(place::PAST, self.past as u32);
            stage.play(&[live], signal).await?;
            self.past += time;
            if last {
                let logits = stage.read_f32("logits").await?;
                let vocab = logits.len() / self.rows.len();
                return Ok(logits.chunks(vocab).map(<[f32]>::to_vec).collect());
            }
        }
    }

    async fn stage(&self, time: usize, last: bool) -> Result<Rc<crate::plan::Stage>> {
        let rows = self.rows.len();
        let key = format!("decode {rows}x{time} of {} last {last}", self.capacity);
        self.placed.stages.ready(&self.placed.arenas, "activations", &key, || self.plan(time, last)).await
    }

    fn plan(&self, time: usize, last: bool) -> Result<Plan> {
        let placed = &self.placed;
        let rows = self.rows.len();
        let mut graph = Graph::new();
        let weights = placed.store.weights(&mut graph, None);
        let spans = graph.input("spans", &[rows, 2]);
        let positions = graph.one(Positions { time }, &[spans])?;
        let mut shape = Shape { batch: rows, time, ..Shape::default() };
        shape.given.insert("spans".to_owned(), spans);
        shape.given.insert("positions".to_owned(), positions);
        let mode = Mode::Decode(self.cache.clone());
        let mut outputs = placed.model.forward(&mut graph, &weights, &shape, &mode)?;
        if last {
            let width = graph.shape(outputs.last).last().copied().unwrap_or(1);
            if time > 1 {
                let table = graph.view(outputs.last, &[rows * time, width])?;
                let at = graph.input("last", &[rows]);
                outputs.last =
                    graph.one(Embed { scale: 1.0, residual: false, trained: false, blank: None }, &[at, table])?;
            }
            outputs.last = graph.view(outputs.last, &[rows, 1, width])?;
            let logits = placed.model.logits(&mut graph, &weights, &shape, &mode, &outputs)?;
            graph.keep("logits", logits);
        }
        graph.plan(placed.arenas.places(), placed.arenas.device().limits())
    }
}

/// A cache for `blocks` sequences, and the sizes of its buffers.
fn cache(placed: &Placed, blocks: usize, capacity: usize) -> Result<(Cache, Vec<usize>)> {
    let (layers, width) = (placed.config.layers(), placed.config.cache_width());
    let words = blocks * capacity * width;
    let limit = placed.arenas.device().limits();
    ensure!(
        words <= limit.binding_words,
        OutOfMemory,
        "the key/value cache of a layer needs {} bytes in one binding, the device allows {}",
        words * 4,
        limit.binding_words * 4
    );
    let each = words.next_multiple_of(crate::device::ALIGNMENT);
    let in_one = (limit.buffer_words / each).clamp(1, layers.max(1));
    let home = |layer: usize| Slice { buffer: placed.caches() + layer / in_one, offset: layer % in_one * each, words };
    let buffers = layers.div_ceil(in_one);
    ensure!(buffers <= crate::models::CACHES, OutOfMemory, "the key/value cache needs {buffers} buffers");
    let cache = Cache { blocks, capacity, layers: (0..layers).map(home).collect(), cross: Vec::new() };
    Ok((cache, vec![in_one * each; buffers]))
}
