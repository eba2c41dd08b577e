//! Room for keys and values: blocks of one size for the sequences in hand, and what decoders keep of an encoder's output.
//!
//! Where there are too few blocks, or they are too short, all are laid out anew; everybody then fills theirs again from their ids.
//! Where not all find room at once, the one who asks does, and the others ask again later.

use crate::device::{ALIGNMENT, Slice};
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
    let together = blocks.others(holder) + rows;
    if together == rows || lay(placed, together, capacity.max(has)).await.is_err() {
        lay(placed, rows, capacity).await?;
    }
    ensure!(blocks.take(holder, rows), Internal, "cache: {rows} blocks were laid out and are not there");
    Ok(false)
}

async fn lay(placed: &Placed, blocks: usize, capacity: usize) -> Result<()> {
    let layers = placed.config.layers();
    let words = blocks * capacity * placed.config.cache_width();
    let (each, in_one) = split(placed, words, layers)?;
    placed.stages.forget("decode");
    placed.blocks.lay(0, 0);
    (0..CACHES).for_each(|at| placed.arenas.release(placed.caches() + at));
    for at in 0..layers.div_ceil(in_one) {
        let words = each * in_one.min(layers - at * in_one);
        placed.arenas.ensure(placed.caches() + at, words, "cache").await?;
    }
    placed.blocks.lay(blocks, capacity);
    Ok(())
}

/// The words of one layer with its gap, and how many layers stand in one buffer.
fn split(placed: &Placed, words: usize, layers: usize) -> Result<(usize, usize)> {
    let limit = placed.arenas.device().limits();
    ensure!(
        words <= limit.binding_words,
        OutOfMemory,
        "the key/value cache of a layer needs {} bytes in one binding, the device allows {}",
        words * 4,
        limit.binding_words * 4
    );
    let each = words.next_multiple_of(ALIGNMENT);
    let in_one = (limit.buffer_words / each.max(1)).clamp(1, layers.max(1));
    let buffers = layers.div_ceil(in_one);
    ensure!(buffers <= CACHES, OutOfMemory, "the key/value cache needs {buffers} buffers, {CACHES} are kept for it");
    Ok((each, in_one))
}

fn slices(placed: &Placed, first: usize, words: usize) -> Result<Vec<Slice>> {
    let layers = placed.config.layers();
    let (each, in_one) = split(placed, words, layers)?;
    Ok((0..layers)
        .map(|layer| Slice { buffer: first + layer / in_one, offset: layer % in_one * each, words })
        .collect())
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
    let layers = placed.config.layers();
    let words = sources * source * placed.config.cache_width();
    let (each, in_one) = split(placed, words, layers)?;
    let mut stood = placed.blocks.take_source(holder);
    for at in 0..layers.div_ceil(in_one) {
        let (place, words) = (placed.sources() + at, each * in_one.min(layers - at * in_one));
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
