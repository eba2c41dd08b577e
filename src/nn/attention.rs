//! Attention (Vaswani et al. 2017): to itself, causal or not, with a key/value cache; and across, to an encoder's output.
//!
//! Takes (B, T, width), gives (B, T, width). Query, key and value stand in one matrix, packed [q heads | k heads | v heads].
//! With grouped heads, rotary positions, norms on queries and keys, windows, caps, T5's relative positions.

use super::{Cache, Inventory, Linear, Mode, Norm, Pass, Side};
use crate::error::Result;
use crate::graph::Tensor;
use crate::ops::{self, Source};
use crate::{bail, ensure};

/// Rotary positions of one attention: the fixed table it takes its angles from.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotary {
    /// The fixed parameter with the cosines and sines.
    pub table: String,
    /// How many numbers of a head turn.
    pub rotary: usize,
}

/// Relative positions of one stack: a table (buckets, heads), shared by its layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Relative {
    /// The table's name.
    pub table: String,
    /// Rows of the table.
    pub buckets: usize,
    /// The distance from which all share the last bucket.
    pub farthest: usize,
}

/// What all kinds of attention have.
#[derive(Clone, Debug)]
pub struct Attention {
    /// To query, key and value; across: to the query alone.
    pub input: Linear,
    /// Across: the encoder's output to key and value.
    pub memory: Option<Linear>,
    /// Back to the width.
    pub output: Linear,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Numbers of one head.
    pub head: usize,
    /// Scores are multiplied by this.
    pub scale: f32,
    /// Positions see only those before them.
    pub causal: bool,
    /// How many positions are seen, counted back from oneself.
    pub window: Option<usize>,
    /// Scores s become c·tanh(s / c).
    pub cap: Option<f32>,
    /// Norms of queries and of keys, each head for itself.
    pub norms: Option<(Norm, Norm)>,
    /// Rotary positions.
    pub rotary: Option<Rotary>,
    /// T5's relative positions.
    pub relative: Option<Relative>,
    /// Dropout of probabilities.
    pub dropout: f32,
}

/// What attention gives.
#[derive(Clone, Copy, Debug)]
pub struct Attended {
    /// (B, T, heads · head), before the way back to the width.
    pub mixed: Tensor,
    /// The probabilities (B, H, T, keys), where they were wanted.
    pub map: Option<Tensor>,
}

impl Attention {
    /// Attention of (heads, kv heads, numbers of a head) with scores times `scale`; nothing else is on.
    pub fn new(input: Linear, output: Linear, (heads, kv_heads, head): (usize, usize, usize), scale: f32) -> Attention {
        Attention {
            input,
            memory: None,
            output,
            heads,
            kv_heads,
            head,
            scale,
            causal: false,
            window: None,
            cap: None,
            norms: None,
            rotary: None,
            relative: None,
            dropout: 0.0,
        }
    }

    /// Lists its parameters.
    pub fn declare(&self, list: &mut Inventory) {
        self.input.declare(list);
        if let Some(memory) = &self.memory {
            memory.declare(list);
        }
        self.output.declare(list);
        if let Some((queries, keys)) = &self.norms {
            queries.declare(list);
            keys.declare(list);
        }
    }

    fn op(&self, pass: &mut Pass<'_>) -> ops::Attention {
        let (dropout, stream) = (pass.rate(self.dropout), pass.stream());
        ops::Attention {
            scale: self.scale,
            causal: self.causal,
            window: self.window,
            softcap: self.cap,
            dropout,
            stream,
            ..ops::Attention::new(self.heads, self.kv_heads, self.head)
        }
    }

    /// The bias by distance for `reach` positions, (heads, 2·reach − 1), where there are relative positions.
    fn bias(&self, pass: &mut Pass<'_>, reach: usize) -> Result<Option<Tensor>> {
        let Some(relative) = &self.relative else { return Ok(None) };
        let table = pass.weights.of(&relative.table)?;
        let op = ops::RelativeBias {
            bidirectional: !self.causal,
            buckets: relative.buckets,
            farthest: relative.farthest,
            reach,
        };
        Ok(Some(pass.shared(&format!("{}#{reach}", relative.table), |pass| pass.graph.one(op, &[table]))?))
    }

    /// Attention of a row to itself: `x` (B, T, width), already normalised where the block does so.
    pub fn mix(&self, pass: &mut Pass<'_>, x: Tensor, side: &Side, layer: usize) -> Result<Attended> {
        pass.scope("attention", |pass| {
            let mut packed = self.input.apply(pass, x)?;
            if let Some((queries, keys)) = &self.norms {
                packed = self.normed(pass, packed, queries, keys)?;
            }
            if let Some(rotary) = &self.rotary {
                let positions = side.positional(pass, "positions")?;
                let table = pass.weights.of(&rotary.table)?;
                let op = ops::Rope {
                    heads: self.heads,
                    kv_heads: self.kv_heads,
                    head: self.head,
                    rotary: rotary.rotary,
                    interleaved: false,
                    value: true,
                };
                packed = pass.graph.one(op, &[packed, positions, table])?;
            }
            match pass.mode {
                Mode::Decode(cache) if self.causal => self.cached(pass, packed, side, cache, layer),
                _ => self.whole(pass, packed, side),
            }
        })
    }

    fn whole(&self, pass: &mut Pass<'_>, packed: Tensor, side: &Side) -> Result<Attended> {
        let segments = pass.shape.segments && side.prefix.is_empty();
        let spans = if segments {
            pass.feed(&format!("{}segments", side.prefix), &[side.batch, side.time, 2])?
        } else {
            side.spans(pass)?
        };
        let mut inputs = vec![packed, packed, spans];
        let bias = self.bias(pass, side.time)?;
        inputs.extend(bias);
        // As in the reference, padding looks at what its row holds, and nothing looks at padding.
        let op = ops::Attention { bias: bias.is_some(), segments, open: !segments, ..self.op(pass) };
        self.run(pass, op, &inputs)
    }

    fn cached(
        &self,
        pass: &mut Pass<'_>,
        packed: Tensor,
        side: &Side,
        cache: &Cache,
        layer: usize,
    ) -> Result<Attended> {
        let Some(&home) = cache.layers.get(layer) else { bail!(Internal, "the cache has no layer {layer}") };
        let shape = [cache.blocks, cache.capacity, 2 * self.kv_heads * self.head];
        let state = pass.graph.state(&format!("cache.{layer}"), &shape, home);
        let places = pass.feed("places", &[side.batch])?;
        let append = ops::CacheAppend { heads: self.heads, kv_heads: self.kv_heads, head: self.head };
        pass.graph.apply_into(append, &[packed, places], &[state], &[false]);
        let mut inputs = vec![packed, state, side.spans(pass)?];
        let bias = self.bias(pass, cache.capacity)?;
        inputs.extend(bias);
        let lineage = cache.lineage;
        inputs.push(if lineage { pass.feed("lineage", &[side.batch, cache.capacity])? } else { places });
        let op = ops::Attention { bias: bias.is_some(), lineage, source: Source::Cached, ..self.op(pass) };
        self.run(pass, op, &inputs)
    }

    /// Attention to an encoder's output (B, source, width); while decoding, to its keys and values kept in the cache.
    pub fn across(
        &self,
        pass: &mut Pass<'_>,
        x: Tensor,
        side: &Side,
        layer: usize,
        memory: Option<Tensor>,
    ) -> Result<Attended> {
        pass.scope("cross", |pass| {
            let mut query = self.input.apply(pass, x)?;
            let mut rows = side.batch;
            let pair = match (memory, pass.mode) {
                (Some(memory), _) => self.remember(pass, memory)?,
                (None, Mode::Decode(cache)) => {
                    let Some(&home) = cache.cross.get(layer) else { bail!(Internal, "the cache has no layer {layer}") };
                    rows = cache.sources;
                    ensure!(
                        rows > 0 && side.batch.is_multiple_of(rows),
                        Shape,
                        "{} rows read {rows} rows of an encoder",
                        side.batch
                    );
                    let shape = [rows, pass.shape.source, 2 * self.kv_heads * self.head];
                    pass.graph.state(&format!("cross.{layer}"), &shape, home)
                }
                (None, _) => bail!(Internal, "attention across needs an encoder's output"),
            };
            // Rows that read the same source are more queries of one row.
            let shape = pass.graph.shape(query).to_vec();
            if rows != side.batch {
                query = pass.graph.view(query, &[rows, side.batch / rows * side.time, self.heads * self.head])?;
            }
            let spans = pass.feed("encoder.spans", &[rows, 2])?;
            let op = ops::Attention { source: Source::Cross, ..self.op(pass) };
            let mut attended = self.run(pass, op, &[query, pair, spans])?;
            if rows != side.batch {
                attended.mixed = pass.graph.view(attended.mixed, &shape)?;
            }
            Ok(attended)
        })
    }

    /// Writes keys and values of an encoder's output into layer `layer` of a cache.
    pub fn remember_in(&self, pass: &mut Pass<'_>, memory: Tensor, cache: &Cache, layer: usize) -> Result<()> {
        let (Some(linear), Some(&home)) = (&self.memory, cache.cross.get(layer)) else {
            bail!(Internal, "the cache has no layer {layer} for an encoder's output")
        };
        let shape = [pass.shape.batch, pass.shape.source, 2 * self.kv_heads * self.head];
        let state = pass.graph.state(&format!("cross.{layer}"), &shape, home);
        linear.apply_into(pass, memory, state)
    }

    /// Keys and values (B, source, 2·K·D) of an encoder's output.
    fn remember(&self, pass: &mut Pass<'_>, memory: Tensor) -> Result<Tensor> {
        match &self.memory {
            Some(linear) => linear.apply(pass, memory),
            None => bail!(Internal, "this attention looks at its own row only"),
        }
    }

    fn run(&self, pass: &mut Pass<'_>, op: ops::Attention, inputs: &[Tensor]) -> Result<Attended> {
        let map = if pass.shape.maps {
            ensure!(op.source != Source::Cached, Unsupported, "attention probabilities are not shown over a cache");
            Some(pass.graph.one(ops::AttentionMap { of: op.clone() }, inputs)?)
        } else {
            None
        };
        match pass.graph.apply(op, inputs)?.first() {
            Some(&mixed) => Ok(Attended { mixed, map }),
            None => bail!(Internal, "attention has no output"),
        }
    }

    fn normed(&self, pass: &mut Pass<'_>, packed: Tensor, queries: &Norm, keys: &Norm) -> Result<Tensor> {
        let op = ops::HeadNorm {
            heads: self.heads,
            kv_heads: self.kv_heads,
            head: self.head,
            eps: queries.eps(),
            unit_offset: queries.offset(),
        };
        let (queries, keys) = (queries.weight(pass)?, keys.weight(pass)?);
        match pass.graph.apply(op, &[packed, queries, keys])?.first() {
            Some(&normed) => Ok(normed),
            None => bail!(Internal, "norm has no output"),
        }
    }
}
