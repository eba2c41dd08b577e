//! Rows of a table by id, added to a residual: tokens, positions, types. Backward adds rows by id, sorted on the host.

use super::rows::parts;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse};
use crate::kernels::embed::{EMBED, Params, bucket_words};
use crate::kernels::embed_gradient::{self, EMBED_GRADIENT};
use crate::kernels::fill::{self, FILL};
use crate::{bail, ensure};

/// An embedding: `[ids (..) u32, table (V, C), residual (.., C)?, buckets (3N + 2)?] -> [y (.., C)]`.
///
/// `buckets` is what [`buckets`](crate::kernels::embed::buckets) makes of the ids; it is needed where the table is trained.
#[derive(Clone, Copy, Debug)]
pub struct Embed {
    /// Multiplies the table's rows.
    pub scale: f32,
    /// There is a residual.
    pub residual: bool,
    /// The table learns, and there are buckets.
    pub trained: bool,
    /// This row learns nothing: the padding's.
    pub blank: Option<u32>,
}

impl Op for Embed {
    fn name(&self) -> &'static str {
        "embed"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let wanted = 2 + usize::from(self.residual) + usize::from(self.trained);
        ensure!(inputs.len() == wanted, Internal, "embed: takes {wanted} tensors, got {}", inputs.len());
        let (ids, [_, width]) = (inputs[0], inputs[1]) else {
            bail!(Shape, "embed: the table {:?} has no rows and columns", inputs[1]);
        };
        let out = [ids, &[*width]].concat();
        if self.residual {
            ensure!(inputs[2] == out, Shape, "embed: {out:?} onto a residual of {:?}", inputs[2]);
        }
        if self.trained {
            let (words, given) = (bucket_words(ids.iter().product()), inputs[wanted - 1]);
            ensure!(given == [words], Shape, "embed: {ids:?} ids need {words} words of buckets, got {given:?}");
        }
        Ok(vec![out])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (ids, table) = (l.input(0), l.input(1));
        let (vocab, width) = (l.input_shape(1)[0], l.input_shape(1)[1]);
        // A table over the limit of a binding is read in parts, each of which adds the rows that it has.
        for (first, part) in parts(table, vocab, width, l.limits()) {
            let params = Params {
                rows: ids.words as u32,
                width: width as u32,
                vocab: (part.numbers() / width.max(1)) as u32,
                first: first as u32,
                residual: if first > 0 { 2 } else { self.residual.into() },
                scale: self.scale,
            };
            let residual = if self.residual { l.input(2) } else { part };
            let constants: Vec<_> = table.format.constant().into_iter().collect();
            l.launch(&EMBED, &params, &constants, &[ids, part, residual, l.output(0)]);
        }
        Ok(())
    }

    fn reads_halves(&self, input: usize) -> bool {
        input == 1
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let Some(dy) = r.dout(0) else { return Ok(()) };
        if r.wants(1) {
            ensure!(self.trained, Internal, "embed: the table learns, but no buckets were given");
            let buckets = r.input(r.inputs() - 1);
            r.give(EmbedGradient { scale: self.scale, blank: self.blank }, &[buckets, dy], &[1])?;
        }
        if self.residual { r.pass(dy, 2) } else { Ok(()) }
    }
}

/// `[buckets, dy (.., C)] -> [dtable (V, C)]`.
#[derive(Clone, Copy, Debug)]
struct EmbedGradient {
    scale: f32,
    blank: Option<u32>,
}

impl Op for EmbedGradient {
    fn name(&self) -> &'static str {
        "embed_gradient"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "embed_gradient: its output is given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (buckets, dy, dtable) = (l.input(0), l.input(1), l.output(0));
        let (vocab, width) = (l.output_shape(0)[0], l.output_shape(0)[1]);
        for (first, part) in parts(dtable, vocab, width, l.limits()) {
            if !l.accumulates(0) {
                l.launch(&FILL, &fill::Params { count: part.words as u32 }, &[], &[part]);
            }
            let params = embed_gradient::Params {
                rows: (dy.words / width) as u32,
                width: width as u32,
                vocab: (part.words / width.max(1)) as u32,
                tiles: width.div_ceil(64) as u32,
                scale: self.scale,
                first: first as u32,
                blank: self.blank.unwrap_or(u32::MAX),
            };
            l.launch(&EMBED_GRADIENT, &params, &[], &[buckets, dy, part]);
        }
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        crate::graph::inference_only("embed_gradient")
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
