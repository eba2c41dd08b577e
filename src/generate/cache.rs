//! Room for keys and values: blocks of one size for the sequences in hand, and what decoders keep of an encoder's output.
//!
//! Where there are too few blocks, or they are too short, all are laid out anew, and what stands in them is copied. Where there is no
//! room for old and new at once, everybody fills theirs again from their ids; where not all find room, the one who asks does, and the
//! others ask again later.

use crate::device::{ALIGNMENT, Copying, Slice};
use crate::ensure;
use crate::error::Result;
use crate::models::{CACHES, Placed};
use crate::nn::Cache;

/// Makes sure that `holder` has `rows` blocks of at least `capacity` positions; whether it has what it had.
///
/// Fails with `out-of-memory`.
pub(super) async fn hold(placed: &Placed, holder: u64, rows: usize, capacity: usize) -> Result<bool> {
    let blocks = &placed.blocks;
    let (_, _, has) = blocks.layout();
    let held = blocks.of(holder).len();
    if has >= capacity && held >= rows {
        return Ok(true);
    }
    if has >= capacity && blocks.take(holder, rows) {
        return Ok(false);
    }
    // New blocks come after the old ones, so that a holder's first stay its first.
    let mut wanted = kept(placed);
    wanted.resize(wanted.len() + rows.saturating_sub(held), Block { owner: holder, from: None });
    // Where nobody has anything, old and new need not stand beside each other.
    if has > 0
        && wanted.iter().any(|block| block.from.is_some())
        && carry(placed, &wanted, capacity.max(has)).await.is_ok()
    {
        return Ok(held > 0);
    }
    let together = blocks.others(holder) + rows;
    if together == rows || lay(placed, together, capacity.max(has)).await.is_err() {
        lay(placed, rows, capacity).await?;
    }
    ensure!(blocks.take(holder, rows), Internal, "cache: {rows} blocks were laid out and are not there");
    Ok(false)
}

/// A copy of the first block of `of` for `holder`; whether there was room.
pub(super) async fn copy(placed: &Placed, of: u64, holder: u64) -> bool {
    let blocks = &placed.blocks;
    let Some(&from) = blocks.of(of).first() else { return false };
    let mut wanted = kept(placed);
    wanted.push(Block { owner: holder, from: Some(from) });
    carry(placed, &wanted, blocks.layout().2).await.is_ok()
}

/// Gives back the room that nobody holds, once somebody will not come back for it.
pub(super) async fn shrink(placed: &Placed) {
    let blocks = &placed.blocks;
    let (_, all, capacity) = blocks.layout();
    let wanted = kept(placed);
    if wanted.is_empty() {
        release(placed);
    } else if wanted.len() < all {
        // Where there is no room to do it in, all stays as it is.
        let _ = carry(placed, &wanted, capacity).await;
    }
}

/// A block of the layout that comes: whose, and which of the old ones it continues.
#[derive(Clone, Copy)]
struct Block {
    owner: u64,
    from: Option<u32>,
}

/// The blocks that somebody holds, as they are.
fn kept(placed: &Placed) -> Vec<Block> {
    placed.blocks.held().into_iter().map(|(owner, place)| Block { owner, from: Some(place) }).collect()
}

/// Lays out all anew beside what is there, and copies what stands in the old blocks. Where this fails, nothing has changed.
async fn carry(placed: &Placed, wanted: &[Block], capacity: usize) -> Result<()> {
    let (width, device) = (placed.config.cache_width(), placed.arenas.device());
    let (_, before, had) = placed.blocks.layout();
    let split = Split::new(placed, wanted.len() * capacity * width)?;
    let mut fresh = Vec::new();
    for words in split.buffers() {
        fresh.push(device.allocate("cache", words.max(ALIGNMENT)).await?);
    }
    let moved = || wanted.iter().enumerate().filter_map(|(to, block)| Some((block.from? as usize, to)));
    if moved().next().is_some() {
        let stood = slices(placed, placed.caches(), before * had * width)?;
        let stood: Vec<_> =
            stood.iter().map(|slice| Ok((placed.arenas.buffer(slice.buffer)?, slice.offset))).collect::<Result<_>>()?;
        let mut copies = Vec::new();
        for (layer, (old, start)) in stood.iter().enumerate() {
            let (new, begin) = split.place(layer);
            let new = &fresh[new];
            copies.extend(moved().map(|(from, to)| Copying {
                from: (old, start + from * had * width),
                to: (new, begin + to * capacity * width),
                words: had.min(capacity) * width,
            }));
        }
        device.copy(&copies)?;
    }
    release(placed);
    for (at, buffer) in fresh.into_iter().enumerate() {
        placed.arenas.put(placed.caches() + at, buffer);
    }
    placed.blocks.lay(wanted.iter().map(|block| block.owner).collect(), capacity);
    Ok(())
}

/// Lays out all anew in the place of what is there.
async fn lay(placed: &Placed, blocks: usize, capacity: usize) -> Result<()> {
    let split = Split::new(placed, blocks * capacity * placed.config.cache_width())?;
    release(placed);
    for (at, words) in split.buffers().enumerate() {
        placed.arenas.ensure(placed.caches() + at, words, "cache").await?;
    }
    placed.blocks.lay(vec![0; blocks], capacity);
    Ok(())
}

fn release(placed: &Placed) {
    placed.stages.forget("decode");
    placed.blocks.lay(Vec::new(), 0);
    (0..CACHES).for_each(|at| placed.arenas.release(placed.caches() + at));
}

/// How the layers of a cache stand in buffers.
struct Split {
    layers: usize,
    /// The words of one layer with its gap.
    each: usize,
    /// How many layers stand in one buffer.
    in_one: usize,
}

impl Split {
    /// For layers of so many words.
    fn new(placed: &Placed, words: usize) -> Result<Split> {
        let (limit, layers) = (placed.arenas.device().limits(), placed.config.layers());
        ensure!(
            words <= limit.binding_words,
            OutOfMemory,
            [needed: words * 4, limit: limit.binding_words * 4],
            "the key/value cache of a layer needs {} bytes in one binding, the device allows {}",
            words * 4,
            limit.binding_words * 4
        );
        let each = words.next_multiple_of(ALIGNMENT);
        let in_one = (limit.buffer_words / each.max(1)).clamp(1, layers.max(1));
        let buffers = layers.div_ceil(in_one);
        ensure!(
            buffers <= CACHES,
            OutOfMemory,
            [buffers: buffers, limit: CACHES],
            "the key/value cache needs {buffers} buffers, {CACHES} are kept for it"
        );
        Ok(Split { layers, each, in_one })
    }

    /// The words of each buffer.
    fn buffers(&self) -> impl Iterator<Item = usize> {
        (0..self.layers).step_by(self.in_one).map(|first| self.each * self.in_one.min(self.layers - first))
    }

    /// The buffer of a layer, and where in it the layer begins.
    fn place(&self, layer: usize) -> (usize, usize) {
        (layer / self.in_one, layer % self.in_one * self.each)
    }
}

fn slices(placed: &Placed, first: usize, words: usize) -> Result<Vec<Slice>> {
    let split = Split::new(placed, words)?;
    let slice = |layer| {
        let (buffer, offset) = split.place(layer);
        Slice { buffer: first + buffer, offset, words }
    };
    Ok((0..split.layers).map(slice).collect())
}

/// The cache as it is laid out now, for `sources` rows of an encoder's output of `source` positions.
pub(super) fn cache(placed: &Placed, lineage: bool, sources: usize, source: usize) -> Result<Cache> {
    let (_, blocks, capacity) = placed.blocks.layout();
    let width = placed.config.cache_width();
    let layers = slices(placed, placed.caches(), blocks * capacity * width)?;
    let cross = if sources > 0 { slices(placed, placed.sources(), sources * source * width)? } else { Vec::new() };
    Ok(Cache { blocks, capacity, layers, lineage, cross, sources })
}

/// Makes room for keys and values of an encoder's output; whether those of `holder` stand there already.
pub(super) async fn hold_source(placed: &Placed, holder: u64, sources: usize, source: usize) -> Result<bool> {
    let split = Split::new(placed, sources * source * placed.config.cache_width())?;
    let mut stood = placed.blocks.take_source(holder);
    for (at, words) in split.buffers().enumerate() {
        let place = placed.sources() + at;
        if placed.arenas.buffer(place).is_ok_and(|buffer| buffer.words() >= words) {
            continue;
        }
        stood = false;
        placed.stages.forget("decode");
        placed.stages.forget("encode");
        placed.arenas.release(place);
        placed.arenas.ensure(place, words, "cache").await?;
    }
    Ok(stood)
}
