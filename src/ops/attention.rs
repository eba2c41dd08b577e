//! Attention with everything it may be asked for, as one node; see [`crate::kernels::attention`] for the formula.
//!
//! In: queries, keys and values (packed, apart, or in a cache), spans of valid positions, perhaps a bias by distance.
//! Out: the weighted values and the log-sum-exp. The gradient is three launches and no T x T tensor.

use crate::bail;
use crate::ensure;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, Tensor, inference_only};
use crate::kernels::attention::{ATTENTION, Params};
use crate::kernels::attention_decode::{self, ATTENTION_DECODE};

use super::attention_backward::{Backward, Delta, Part};

/// Where queries, keys and values come from. H heads, K heads of keys, D numbers a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One tensor (B, T, (H + 2K) D): queries, then keys, then values. It is given twice.
    Packed,
    /// Queries (B, Tq, H D), keys and values (B, Tk, 2 K D).
    Cross,
    /// Queries from a packed tensor; keys and values in a cache (blocks, capacity, 2 K D), after the live past.
    Cached,
}

/// `[queries, keys, spans, bias?, places?] -> [out (B, Tq, H D), lse (B, H, Tq)]`.
///
/// `spans` (B, 2) holds the first and the end of each row's valid key positions, or with `segments` (B, T, 2) the span of each
/// position's segment ([`crate::kernels::attention::spans_of_segments`]). `bias` (H, 2R - 1) comes from `RelativeBias`.
/// `places` (B), for a cache, holds each row's block, or with `lineage` (B, Tk) that of each key. Where queries and keys are the same positions, a query outside its
/// own span sees nothing; a query that sees nothing gives 0.
#[derive(Clone, Debug)]
pub struct Attention {
    /// H.
    pub heads: usize,
    /// K; divides H.
    pub kv_heads: usize,
    /// D.
    pub head: usize,
    /// Multiplies q·k.
    pub scale: f32,
    /// No key after the query.
    pub causal: bool,
    /// Only keys nearer than this.
    pub window: Option<usize>,
    /// `c · tanh(s / c)` on the scaled score.
    pub softcap: Option<f32>,
    /// There is a bias by distance.
    pub bias: bool,
    /// Probability of dropping a probability.
    pub dropout: f32,
    /// Names the random stream of the dropout.
    pub stream: u32,
    /// Spans are given for each position.
    pub segments: bool,
    /// A query outside its row's span sees the span too, as the reference's padding does.
    pub open: bool,
    /// Places are given for each key: rows share what came before they branched off.
    pub lineage: bool,
    /// Where keys come from.
    pub source: Source,
}

impl Attention {
    /// Causal attention over a packed tensor, scaled by 1/√D, and nothing else.
    pub fn new(heads: usize, kv_heads: usize, head: usize) -> Attention {
        Attention {
            heads,
            kv_heads,
            head,
            scale: 1.0 / (head.max(1) as f32).sqrt(),
            causal: true,
            window: None,
            softcap: None,
            bias: false,
            dropout: 0.0,
            stream: 0,
            segments: false,
            open: false,
            lineage: false,
            source: Source::Packed,
        }
    }

    /// What this attention needs to be called with, checked.
    pub(super) fn check(&self, inputs: &[&[usize]]) -> Result<()> {
        let name = "attention";
        let (h, k, d) = (self.heads, self.kv_heads, self.head);
        ensure!(
            h > 0 && d > 0 && k > 0 && h % k == 0,
            Shape,
            "{name}: {h} heads on {k} heads of keys, {d} numbers each"
        );
        ensure!((0.0..1.0).contains(&self.dropout), BadOption, "{name}: a dropout of {}", self.dropout);
        ensure!(self.window != Some(0), BadOption, "{name}: a window of 0 sees nothing");
        ensure!(self.softcap.is_none_or(|c| c > 0.0), BadOption, "{name}: a soft cap of {:?}", self.softcap);
        match self.source {
            Source::Packed => {}
            Source::Cross => ensure!(
                !self.causal && self.window.is_none() && !self.segments,
                Unsupported,
                "{name}: cross attention takes neither causality, nor a window, nor segments"
            ),
            Source::Cached => ensure!(
                self.causal && !self.segments && self.dropout == 0.0,
                Unsupported,
                "{name}: over a cache it is causal, without segments and without dropout"
            ),
        }
        let wanted = 3 + usize::from(self.bias) + usize::from(self.source == Source::Cached);
        ensure!(inputs.len() == wanted, Shape, "{name}: {} inputs, {wanted} are wanted", inputs.len());
        let (query, keys, spans) = (inputs[0], inputs[1], inputs[2]);
        let (wide, pair) = ((h + 2 * k) * d, 2 * k * d);
        let widths = match self.source {
            Source::Packed => (wide, wide),
            Source::Cross => (h * d, pair),
            Source::Cached => (wide, pair),
        };
        ensure!(
            query.len() == 3 && keys.len() == 3 && (query[2], keys[2]) == widths,
            Shape,
            "{name}: queries {query:?} and keys {keys:?}, widths {widths:?} are wanted"
        );
        let same = match self.source {
            Source::Packed => query == keys,
            Source::Cross => query[0] == keys[0],
            Source::Cached => true,
        };
        ensure!(same, Shape, "{name}: queries {query:?} and keys {keys:?} do not go together");
        let of = if self.segments { vec![query[0], query[1], 2] } else { vec![query[0], 2] };
        ensure!(spans == of, Shape, "{name}: spans {spans:?}, {of:?} are wanted");
        if self.bias {
            let reach = query[1].max(keys[1]);
            let ok = matches!(inputs[3], [heads, width] if *heads == h && width % 2 == 1 && *width >= 2 * reach - 1);
            ensure!(ok, Shape, "{name}: bias {:?}, ({h}, at least {}) is wanted", inputs[3], 2 * reach - 1);
        }
        if self.source == Source::Cached {
            let places = inputs[wanted - 1];
            let of = if self.lineage { vec![query[0], keys[1]] } else { vec![query[0]] };
            ensure!(places == of, Shape, "{name}: places {places:?}, {of:?} are wanted");
        }
        Ok(())
    }

    /// The kernel's parameters for inputs of these shapes.
    pub(super) fn params(&self, inputs: &[&[usize]]) -> Params {
        let (h, k, d) = (self.heads, self.kv_heads, self.head);
        let packed = self.source == Source::Packed;
        Params {
            batch: inputs[0][0] as u32,
            heads: h as u32,
            kv_heads: k as u32,
            head: d as u32,
            queries: inputs[0][1] as u32,
            keys: inputs[1][1] as u32,
            query_stride: inputs[0][2] as u32,
            key_stride: inputs[1][2] as u32,
            key_offset: if packed { h * d } else { 0 } as u32,
            value_offset: if packed { (h + k) * d } else { k * d } as u32,
            segments: self.segments.into(),
            own: (self.source != Source::Cross && !self.open).into(),
            cached: (self.source == Source::Cached).into(),
            lineage: self.lineage.into(),
            causal: self.causal.into(),
            window: self.window.unwrap_or(0) as u32,
            reach: if self.bias { inputs[3][1].div_ceil(2) as u32 } else { 0 },
            accumulate: 0,
            stream: self.stream,
            scale: self.scale,
            softcap: self.softcap.unwrap_or(0.0),
            dropout: self.dropout,
        }
    }

    pub(super) fn params_of(&self, l: &Lowering<'_>) -> Params {
        let shapes: Vec<&[usize]> = (0..l.inputs()).map(|i| l.input_shape(i)).collect();
        self.params(&shapes)
    }

    pub(super) fn constants(&self) -> [(&'static str, u32); 1] {
        [("HEAD", self.head as u32)]
    }
}

impl Op for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        self.check(inputs)?;
        let (batch, queries) = (inputs[0][0], inputs[0][1]);
        Ok(vec![vec![batch, queries, self.heads * self.head], vec![batch, self.heads, queries]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = self.params_of(l);
        // A binding that is not used is bound to the spans.
        let bias = l.input(if self.bias { 3 } else { 2 });
        let places = l.input(if self.source == Source::Cached { l.inputs() - 1 } else { 2 });
        let bindings = [l.input(0), l.input(1), l.input(2), bias, places, l.output(0), l.output(1)];
        match attention_decode::constants(&params) {
            Some(constants) => {
                l.launch(&ATTENTION_DECODE, &attention_decode::Params(params), &constants, &bindings);
            }
            None => l.launch(&ATTENTION, &params, &self.constants(), &bindings),
        }
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        if self.source == Source::Cached {
            return inference_only("attention over a cache");
        }
        let Some(dout) = r.dout(0) else {
            bail!(Unsupported, "attention: there is no gradient through the log-sum-exp")
        };
        ensure!(r.dout(1).is_none(), Unsupported, "attention: there is no gradient through the log-sum-exp");
        let delta = Delta { heads: self.heads, head: self.head };
        let stats = r.emit(delta, &[r.output(0), dout, r.output(1)])?[0];
        let mut inputs: Vec<Tensor> = (0..r.inputs()).map(|i| r.input(i)).collect();
        inputs.extend([dout, stats]);
        let parts = match self.source {
            Source::Packed => vec![(Part::Both, 0)],
            _ => vec![(Part::Keys, 1), (Part::Queries, 0)],
        };
        for (part, target) in parts.into_iter().chain(self.bias.then_some((Part::Bias, 3))) {
            if r.wants(target) {
                r.give(Backward { of: self.clone(), part }, &inputs, &[target])?;
            }
        }
        Ok(())
    }
}
