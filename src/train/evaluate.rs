//! The loss over batches, without learning: dropout is off, no gradient is made.
//!
//! In: a placed model and batches. Out: the mean of -log p over all that is counted, summed in f64. Reads come back a few batches
//! later, so that nobody waits for a GPU.

use std::collections::VecDeque;
use std::pin::Pin;

use super::feed::feed;
use super::gradient_plan;
use crate::data::batch::Batch;
use crate::device::{Readback, Signal};
use crate::ensure;
use crate::error::Result;
use crate::kernels::Live;
use crate::models::Placed;
use crate::nn::Mode;

/// Reads under way at most.
const IN_FLIGHT: usize = 4;

/// What a model makes of data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean over all that is counted.
    pub loss: f64,
    /// How much that is.
    pub tokens: usize,
}

impl Evaluation {
    /// e to the power of the loss.
    pub fn perplexity(&self) -> f64 {
        crate::rng::exp(self.loss)
    }
}

/// What is done between two batches. Behind a pointer, so that the loop over them is compiled once for all callers.
pub trait Between {
    /// So many are done.
    fn after(&mut self, done: usize) -> Pin<Box<dyn Future<Output = Result<()>> + '_>>;
}

impl<F: AsyncFnMut(usize) -> Result<()>> Between for F {
    fn after(&mut self, done: usize) -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
        Box::pin(self(done))
    }
}

/// Measures batches one after the other; `between` is called after each, to let others in.
pub async fn evaluate(
    placed: &Placed,
    batches: &[Batch],
    signal: &Signal,
    between: &mut dyn Between,
) -> Result<Evaluation> {
    placed.arenas.ensure(placed.report(), 128, "report").await?;
    let (mut sum, mut tokens) = (0.0, 0);
    let mut pending: VecDeque<(usize, Readback)> = VecDeque::new();
    let mut take = async |pending: &mut VecDeque<(usize, Readback)>, most: usize| -> Result<()> {
        while pending.len() > most {
            let Some((counted, readback)) = pending.pop_front() else { break };
            let words = readback.words().await?;
            sum += counted as f64 * words.first().map_or(f64::NAN, |&word| f64::from(f32::from_bits(word)));
            tokens += counted;
        }
        Ok(())
    };
    for (at, batch) in batches.iter().enumerate() {
        let counted = batch.counted();
        if counted == 0 {
            continue;
        }
        let shape = batch.bucket(placed.config.context);
        let key = format!("evaluate {}x{} of {} segments {}", shape.batch, shape.time, shape.source, shape.segments);
        let build = || gradient_plan(placed, &*placed.model, &shape, None, &Mode::Infer, 0.0);
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, build).await?;
        placed.arenas.clear(placed.report())?;
        feed(&stage, &batch.padded(&shape), 1.0 / counted as f32)?;
        stage.play(&[Live::default()], signal).await?;
        let report = placed.arenas.buffer(placed.report())?;
        pending.push_back((counted, placed.arenas.device().read_later(&report, 0, 1)?));
        take(&mut pending, IN_FLIGHT).await?;
        between.after(at + 1).await?;
    }
    take(&mut pending, 0).await?;
    ensure!(tokens > 0, BadInput, "evaluate: nothing is counted in the data");
    Ok(Evaluation { loss: sum / tokens as f64, tokens })
}
