//! Sequences that grow: ids in, logits after the last of them out, keys and values kept in a cache.
//!
//! New ids are fed in pieces whose lengths are powers of two, so that few plans serve every prompt and nothing is padded. Rows of
//! different lengths are padded on the left, so that all rows share one past. Rows may branch: several go on from one, and a table of
//! ancestors tells where each finds the keys of each position, so that nothing is copied. If the cache was laid out anew meanwhile, it is
//! filled again from the ids.

use std::rc::Rc;

use super::cache::{self, hold, hold_source};
use super::passes::{Ending, Spec, encoding};
use crate::data::batch::time_bucket;
use crate::device::Signal;
use crate::ensure;
use crate::error::Result;
use crate::kernels::{Live, place};
use crate::models::Placed;
use crate::models::decoding::PIECE;
use crate::plan::Stage;

/// Positions that room is made for where nobody says how many will come.
const EXPECTED: usize = 256;
/// Room is made for no more than this many before they come.
const MOST_EXPECTED: usize = 1024;

/// Rows of one length, and how far they are in the cache.
#[derive(Debug)]
pub struct Decoder {
    pub(super) placed: Rc<Placed>,
    pub(super) holder: u64,
    /// All ids of each row, padded on the left with 0.
    pub(super) rows: Vec<Vec<u32>>,
    /// First valid place of each row.
    pub(super) firsts: Vec<u32>,
    /// Positions in the cache; may be ahead of the ids while draws are on their way.
    pub(super) past: usize,
    /// Rows and positions that room is made for.
    expected: (usize, usize),
    /// Of each row and position in the cache, the row that wrote it; none where all wrote their own.
    lineage: Option<Vec<Vec<u32>>>,
    /// What the encoder reads, and its positions with padding.
    source: Option<(Vec<Vec<u32>>, usize)>,
    /// Of the weights that the cache was filled with.
    edition: u64,
}

impl Decoder {
    /// Rows of ids, none of them empty.
    ///
    /// Fails with `context-overflow` if a row is longer than the model's context, with `bad-input` for an id out of the vocabulary.
    pub fn new(placed: Rc<Placed>, prompts: &[Vec<u32>]) -> Result<Decoder> {
        let longest = check(&placed, prompts)?;
        let mut rows = Vec::with_capacity(prompts.len());
        let mut firsts = Vec::with_capacity(prompts.len());
        for ids in prompts {
            let pad = longest - ids.len();
            rows.push([vec![0; pad], ids.clone()].concat());
            firsts.push(pad as u32);
        }
        let holder = placed.blocks.enter();
        let expected = (rows.len(), longest + EXPECTED);
        let edition = placed.edition();
        Ok(Decoder { placed, holder, rows, firsts, past: 0, expected, lineage: None, source: None, edition })
    }

    /// What an encoder reads, and for each row of it a decoder's row that begins with `start`.
    ///
    /// Fails as [`Decoder::new`].
    pub fn after(placed: Rc<Placed>, sources: &[Vec<u32>], start: u32) -> Result<Decoder> {
        let longest = check(&placed, sources)?;
        let length = time_bucket(longest, placed.config.context);
        let mut decoder = Decoder::new(placed, &vec![vec![start]; sources.len()])?;
        decoder.source = Some((sources.to_vec(), length));
        Ok(decoder)
    }

    /// Makes room for so many rows and more positions from the start, where they are known.
    pub fn expect(&mut self, rows: usize, more: usize) {
        self.expected = (rows.max(self.rows.len()), self.length() + more.min(MOST_EXPECTED));
    }

    /// The model with its memory.
    pub fn placed(&self) -> &Rc<Placed> {
        &self.placed
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Positions of each row, with its padding.
    pub(super) fn length(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// How many more tokens fit.
    pub fn room(&self) -> usize {
        self.placed.config.context - self.length()
    }

    /// All ids of a row, without padding.
    pub fn ids(&self, row: usize) -> &[u32] {
        let from = self.firsts.get(row).map_or(0, |&from| from as usize);
        self.rows.get(row).and_then(|ids| ids.get(from..)).unwrap_or_default()
    }

    /// Adds one id to each row.
    pub fn push(&mut self, ids: &[u32]) -> Result<()> {
        ensure!(
            self.room() > 0,
            ContextOverflow,
            [tokens: self.length() + 1, context: self.placed.config.context],
            "the model's context of {} tokens is full",
            self.placed.config.context
        );
        for (row, &id) in self.rows.iter_mut().zip(ids) {
            row.push(id);
        }
        Ok(())
    }

    /// Row `i` becomes what row `parents[i]` is, with `ids[i]` added. There may be more rows than before; where there is an encoder,
    /// the rows of one source stay next to each other and equally many.
    pub fn branch(&mut self, parents: &[usize], ids: &[u32]) -> Result<()> {
        ensure!(
            parents.len() == ids.len() && parents.iter().all(|&parent| parent < self.rows.len()),
            Internal,
            "decoder: {} ids for rows {parents:?} of {}",
            ids.len(),
            self.rows.len()
        );
        let straight = parents.len() == self.rows.len() && parents.iter().enumerate().all(|(row, &of)| row == of);
        if !straight {
            let own = || (0..self.rows.len() as u32).map(|row| vec![row; self.past]).collect();
            let lineage = self.lineage.take().unwrap_or_else(own);
            self.lineage = Some(parents.iter().map(|&parent| lineage[parent].clone()).collect());
            self.rows = parents.iter().map(|&parent| self.rows[parent].clone()).collect();
            self.firsts = parents.iter().map(|&parent| self.firsts[parent]).collect();
        }
        self.push(ids)
    }

    /// Goes on from other ids, as one row: what both begin with stays in the cache, unless the weights are others now. Gives how many
    /// positions stay.
    ///
    /// Fails as [`Decoder::new`], and then nothing has changed.
    pub fn resume(&mut self, ids: Vec<u32>) -> Result<usize> {
        check(&self.placed, std::slice::from_ref(&ids))?;
        ensure!(self.source.is_none(), Internal, "resume: what an encoder read is another text's");
        let edition = std::mem::replace(&mut self.edition, self.placed.edition());
        let own = match &self.lineage {
            Some(lineage) => lineage.first().map_or(0, |row| row.iter().take_while(|&&writer| writer == 0).count()),
            None => self.past,
        };
        // The last id is always fed: what is wanted comes after it.
        let same = self.ids(0).iter().zip(&ids).take_while(|(a, b)| a == b).count().min(ids.len() - 1);
        self.past = if edition == self.edition && self.firsts.first() == Some(&0) { same.min(own) } else { 0 };
        self.placed.blocks.keep(self.holder, 1);
        self.expected = (1, ids.len() + EXPECTED);
        (self.rows, self.firsts, self.lineage) = (vec![ids], vec![0], None);
        Ok(self.past)
    }

    /// Another that stands where this one does, with a copy of its first row's cache where there is room for it.
    pub async fn fork(&self) -> Result<Decoder> {
        let mut other = Decoder::new(self.placed.clone(), &[self.ids(0).to_vec()])?;
        other.edition = self.edition;
        let stands = self.source.is_none() && self.lineage.is_none() && self.firsts.first() == Some(&0);
        if stands && self.past > 0 && cache::copy(&self.placed, self.holder, other.holder).await {
            other.past = self.past;
        }
        Ok(other)
    }

    /// Frees its part of the cache, also the memory.
    pub async fn free(self) {
        let placed = self.placed.clone();
        drop(self);
        cache::shrink(&placed).await;
    }

    /// Forgets all positions from `length` on, with the padding counted.
    pub(super) fn keep(&mut self, length: usize) {
        self.rows.iter_mut().for_each(|row| row.truncate(length));
        self.past = self.past.min(length);
        if let Some(lineage) = &mut self.lineage {
            lineage.iter_mut().for_each(|row| row.truncate(length));
        }
    }

    /// Feeds what is not in the cache yet and gives the logits after the last id of each row.
    pub async fn logits(&mut self, signal: &Signal) -> Result<Vec<Vec<f32>>> {
        let stage = self.feed(Ending::Logits, |_| Ok(()), |live, _| live, signal).await?;
        let logits = stage.read_f32("logits").await?;
        let vocab = logits.len() / self.rows.len();
        Ok(logits.chunks(vocab).map(<[f32]>::to_vec).collect())
    }

    /// Feeds what is not in the cache yet; the last piece ends as said. `set` gives it more inputs, `live` more live words for the
    /// position that comes after it.
    pub(super) async fn feed(
        &mut self,
        ending: Ending,
        set: impl Fn(&Stage) -> Result<()>,
        live: impl Fn(Live, usize) -> Live,
        signal: &Signal,
    ) -> Result<Rc<Stage>> {
        self.settle(signal).await?;
        let end = self.length();
        // What is wanted after the last id needs that id to be fed.
        self.keep_past(end.saturating_sub(1));
        loop {
            let left = end - self.past;
            let time = if left >= PIECE { PIECE } else { 1 << left.ilog2() };
            let last = time == left;
            let stage = self.stage(time, false, if last { ending } else { Ending::Nothing }).await?;
            let ids: Vec<u32> =
                self.rows.iter().flat_map(|row| row[self.past..self.past + time].iter().copied()).collect();
            stage.set("ids", &ids)?;
            if stage.has("last") {
                let rows = self.rows.len() as u32;
                stage.set("last", &(0..rows).map(|row| (row + 1) * time as u32 - 1).collect::<Vec<_>>())?;
            }
            let mut words = Live::default().with(place::PAST, self.past as u32);
            if last {
                set(&stage)?;
                words = live(words, end);
            }
            stage.play(&[words], signal).await?;
            self.advance(time);
            if last {
                return Ok(stage);
            }
        }
    }

    fn keep_past(&mut self, most: usize) {
        if self.past > most {
            self.past = most;
            if let Some(lineage) = &mut self.lineage {
                lineage.iter_mut().for_each(|row| row.truncate(most));
            }
        }
    }

    /// Counts positions that were fed: each row wrote its own.
    pub(super) fn advance(&mut self, time: usize) {
        self.past += time;
        for (row, writers) in self.lineage.iter_mut().flatten().enumerate() {
            writers.resize(self.past, row as u32);
        }
    }

    /// How many more positions the cache takes after what it holds of this decoder; 0 where it holds nothing.
    pub(super) fn fits(&self) -> usize {
        let (_, _, capacity) = self.placed.blocks.layout();
        let held = self.past > 0 && self.placed.blocks.of(self.holder).len() >= self.rows.len();
        if held { capacity.saturating_sub(self.past) } else { 0 }
    }

    /// Makes sure that there is a cache, and that what is said to be in it is.
    async fn settle(&mut self, signal: &Signal) -> Result<()> {
        let placed = self.placed.clone();
        let (rows, positions) = self.expected;
        let context = placed.config.context;
        let wanted = positions.max(self.length() + 1).min(context);
        let capacity = time_bucket(wanted, context);
        if !hold(&placed, self.holder, rows.max(self.rows.len()), capacity).await? {
            (self.past, self.lineage) = (0, None);
        }
        let Some((sources, length)) = &self.source else { return Ok(()) };
        let sizes = (sources.len(), *length);
        if hold_source(&placed, self.holder, sizes.0, sizes.1).await? {
            return Ok(());
        }
        let key = format!("encode {sizes:?}");
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, || encoding(&placed, sizes)).await?;
        let padded = |number: &dyn Fn(usize, u32) -> u32| -> Vec<u32> {
            let row = |ids: &Vec<u32>| {
                let mut row: Vec<u32> = ids.iter().enumerate().map(|(at, &id)| number(at, id)).collect();
                row.resize(sizes.1, 0);
                row
            };
            sources.iter().flat_map(row).collect()
        };
        stage.set("encoder.ids", &padded(&|_, id| id))?;
        if stage.has("encoder.positions") {
            stage.set("encoder.positions", &padded(&|at, _| at as u32))?;
        }
        stage.set("encoder.spans", &self.source_spans())?;
        stage.play(&[Live::default()], signal).await
    }

    fn source_spans(&self) -> Vec<u32> {
        self.source.iter().flat_map(|(sources, _)| sources).flat_map(|ids| [0, ids.len() as u32]).collect()
    }

    /// The stage for a piece, with what all pieces are told.
    pub(super) async fn stage(&self, time: usize, drawn: bool, ending: Ending) -> Result<Rc<Stage>> {
        let placed = &self.placed;
        let sources = self.source.as_ref().map_or((0, 0), |(sources, length)| (sources.len(), *length));
        let lineage = self.lineage.is_some();
        let spec = Spec { rows: self.rows.len(), time, drawn, ending, lineage, sources };
        let stage = placed.stages.ready(&placed.arenas, "activations", &spec.key(placed), || spec.plan(placed)).await?;
        let (_, _, capacity) = placed.blocks.layout();
        let spans: Vec<u32> = self.firsts.iter().flat_map(|&first| [first, capacity as u32]).collect();
        stage.set("spans", &spans)?;
        let blocks = placed.blocks.of(self.holder);
        stage.set("places", blocks.get(..self.rows.len()).unwrap_or(&blocks))?;
        if let Some(lineage) = &self.lineage {
            let mut table = vec![0; self.rows.len() * capacity];
            for ((row, writers), line) in lineage.iter().enumerate().zip(table.chunks_mut(capacity)) {
                line.fill(blocks[row]);
                line.iter_mut().zip(writers).for_each(|(block, &writer)| *block = blocks[writer as usize]);
            }
            stage.set("lineage", &table)?;
        }
        if stage.has("encoder.spans") {
            stage.set("encoder.spans", &self.source_spans())?;
        }
        Ok(stage)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.placed.blocks.leave(self.holder);
    }
}

/// The length of the longest row of ids that a model can take.
fn check(placed: &Placed, rows: &[Vec<u32>]) -> Result<usize> {
    let (vocab, context) = (placed.config.vocab, placed.config.context);
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    ensure!(longest > 0 && rows.iter().all(|ids| !ids.is_empty()), BadInput, "generate: a prompt without tokens");
    ensure!(longest <= context, ContextOverflow, [tokens: longest, context: context], "the prompt has {longest} tokens, the model's context is {context}");
    if let Some(id) = rows.iter().flatten().find(|&&id| id as usize >= vocab) {
        crate::bail!(BadInput, [id: *id, vocab: vocab], "token id {id} is out of the vocabulary of {vocab}");
    }
    Ok(longest)
}
