//! Drawing the next tokens on the device, counting them for the penalties, and keeping them to be read later. For inference: there is no gradient through a draw.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::sample::{Params, SAMPLE};
use crate::kernels::sample_count::{self, SAMPLE_COUNT};
use crate::kernels::sample_record::{self, SAMPLE_RECORD};
use crate::{bail, ensure};

pub use crate::kernels::sample::{IN_PROMPT, Sampling};

/// `[logits (B, V) or (B, 1, V), counts (B, V)?, bias (V)?, control (B, 2 + W)] -> [ids (B) u32, logprobs (B)]`.
///
/// `control` holds each sequence's seed, what is added to the live position, and, where there is a mask, W = ⌈V / 32⌉ words of it:
/// a set bit lets a token through. `counts` holds how often each token was made, with [`IN_PROMPT`] where it stands in the prompt.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// There are counts.
    pub counted: bool,
    /// There is a bias.
    pub biased: bool,
    /// The control holds masks.
    pub masked: bool,
}

impl Sample {
    fn rows_and_vocab(logits: &[usize]) -> Option<(usize, usize)> {
        match *logits {
            [rows, vocab] | [rows, 1, vocab] if rows > 0 && vocab > 0 => Some((rows, vocab)),
            _ => None,
        }
    }
}

impl Op for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let wanted = 2 + usize::from(self.counted) + usize::from(self.biased);
        ensure!(inputs.len() == wanted, Internal, "sample: takes {wanted} tensors, got {}", inputs.len());
        let Some((rows, vocab)) = Sample::rows_and_vocab(inputs[0]) else {
            bail!(Shape, "sample: logits of (B, V) are wanted, got {:?}", inputs[0]);
        };
        let words = if self.masked { vocab.div_ceil(32) } else { 0 };
        let all = [(self.counted, vec![rows, vocab]), (self.biased, vec![vocab]), (true, vec![rows, 2 + words])];
        for (given, (_, shape)) in inputs[1..].iter().zip(all.into_iter().filter(|(there, _)| *there)) {
            ensure!(*given == shape, Shape, "sample: an input of {given:?}, where {shape:?} is wanted");
        }
        Ok(vec![vec![rows], vec![rows]])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let Some((rows, vocab)) = Sample::rows_and_vocab(l.input_shape(0)) else {
            bail!(Internal, "sample: logits of {:?}", l.input_shape(0));
        };
        let logits = l.input(0);
        let counts = if self.counted { l.input(1) } else { logits };
        let bias = if self.biased { l.input(1 + usize::from(self.counted)) } else { logits };
        let control = l.input(l.inputs() - 1);
        let scores = l.scratch(rows * vocab);
        let params = Params::new(rows, vocab, self.counted, self.biased, self.masked);
        l.launch(&SAMPLE, &params, &[], &[logits, counts, bias, control, scores, l.output(0), l.output(1)]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }
}

/// `[ids (B)] -> [counts (B, V)]`, written in place: adds one for each token made.
#[derive(Clone, Copy, Debug)]
pub struct SampleCount;

impl Op for SampleCount {
    fn name(&self) -> &'static str {
        "sample_count"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "sample_count: its output is given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (ids, counts) = (l.input(0), l.output(0));
        let &[rows, vocab] = l.output_shape(0) else {
            bail!(Shape, "sample_count: counts of (B, V) are wanted, got {:?}", l.output_shape(0));
        };
        ensure!(ids.words == rows, Shape, "sample_count: {} ids for counts of {rows} sequences", ids.words);
        let params = sample_count::Params { rows: rows as u32, vocab: vocab as u32 };
        l.launch(&SAMPLE_COUNT, &params, &[], &[ids, counts]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }
}

/// `[ids (B), logprobs (B)] -> [drawn]`, a state written in place: the ids for the next step, then a ring of what was drawn.
#[derive(Clone, Copy, Debug)]
pub struct SampleRecord {
    /// Positions that the ring holds.
    pub ring: usize,
}

impl SampleRecord {
    /// Where the ring begins in the state of `rows` sequences.
    pub fn start(rows: usize) -> usize {
        rows.next_multiple_of(crate::device::ALIGNMENT)
    }

    /// The words of that state.
    pub fn words(self, rows: usize) -> usize {
        SampleRecord::start(rows) + 2 * self.ring * rows
    }
}

impl Op for SampleRecord {
    fn name(&self) -> &'static str {
        "sample_record"
    }

    fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        bail!(Internal, "sample_record: its output is given")
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let (ids, logprobs, drawn) = (l.input(0), l.input(1), l.output(0));
        let rows = ids.words;
        ensure!(
            logprobs.words == rows && drawn.words == self.words(rows),
            Shape,
            "sample_record: {rows} ids and {} log-probabilities into {} words",
            logprobs.words,
            drawn.words
        );
        let (ring, start) = (self.ring as u32, SampleRecord::start(rows) as u32);
        let params = sample_record::Params { rows: rows as u32, ring, start };
        l.launch(&SAMPLE_RECORD, &params, &[], &[ids, logprobs, drawn]);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only(self.name())
    }
}
