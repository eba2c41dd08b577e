//! What a model will take, from its config alone: bytes to load, weights, cache, optimiser, activations. Nothing is allocated.
//!
//! Activations come from the planner: the graphs are written and packed as they would be for running. For learning that is one step; where
//! text is written, the pieces in which a prompt that fills the context is fed; else one forward pass.

use super::config::{Config, Task};
use super::decoding::{self, PIECE};
use super::{Model, Store, build};
use crate::device::{Limits, Slice};
use crate::ensure;
use crate::error::Result;
use crate::graph::Graph;
use crate::kernels::Format;
use crate::nn::{Cache, Mode, Shape, Weights};
use crate::plan::UNLIMITED;

/// What the model is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To run forward, with a cache where it writes text.
    Generate,
    /// To learn, with AdamW's two moments.
    Train,
}

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Of the files, at the given bytes a number.
    pub download: u64,
    /// Of the weights on the device.
    pub weights: u64,
    /// Of the key/value cache.
    pub cache: u64,
    /// Of what a step writes for itself.
    pub activations: u64,
    /// Of gradients and moments.
    pub optimizer: u64,
    /// All that stands on the device at once.
    pub peak: u64,
}

/// How many numbers the model learns.
pub fn numbers(config: &Config) -> u64 {
    build(config).inventory().count()
}

/// What `batch` rows of `context` positions take. `width` is the bytes of one number in the files, `format` how matrices are kept.
///
/// Fails with `out-of-memory` where one piece is over the device's limits, whatever memory it has.
pub fn estimate(
    config: &Config,
    limits: Limits,
    purpose: Purpose,
    (batch, context): (usize, usize),
    (width, format): (u64, Format),
) -> Result<Estimate> {
    ensure!(
        batch > 0 && context > 0 && context <= config.context,
        BadOption,
        "estimate: a batch of {batch} rows of {context} positions; the model has {}",
        config.context
    );
    let model = build(config);
    let store = Store::new(model.inventory(), format, limits)?;
    let bytes = |words: &[usize]| 4 * words.iter().map(|&words| words as u64).sum::<u64>();
    let weights = bytes(store.arenas());
    let two = config.model_type.usual_task() == Task::Seq2seq;
    let positions = if two { 2 * context } else { context };
    let writes = purpose == Purpose::Generate && matches!(config.task, Task::Causal | Task::Seq2seq);
    let cached = if writes { 4 * (batch * positions) as u64 } else { 0 };
    let cache = cached * (config.layers() * config.cache_width()) as u64;
    let optimizer = if purpose == Purpose::Train { 3 * bytes(store.gradients(|_| true)?.arenas()) } else { 0 };
    let shape = Shape { batch, time: context, source: if two { context } else { 0 }, ..Shape::default() };
    let activations = match writes {
        true => pieces(&*model, config, &store, (batch, context), limits)?,
        false => activations(&*model, &store, &shape, purpose, limits)?,
    };
    Ok(Estimate {
        download: width * numbers(config),
        weights,
        cache,
        activations,
        optimizer,
        peak: weights + cache + activations + optimizer,
    })
}

fn activations(model: &dyn Model, store: &Store, shape: &Shape, purpose: Purpose, limits: Limits) -> Result<u64> {
    let mut graph = Graph::new();
    let train = purpose == Purpose::Train;
    let gradients = if train { Some(store.gradients(|_| true)?) } else { None };
    let mode = if train { Mode::Train } else { Mode::Infer };
    let weights = store.weights(&mut graph, gradients.as_ref());
    let outputs = model.forward(&mut graph, &weights, shape, &mode)?;
    if train {
        let (loss, _) = model.loss(&mut graph, &weights, shape, &mode, &outputs, 0.0)?;
        graph.backward(&[(loss, None)])?;
    } else if model.head().is_some() {
        model.logits(&mut graph, &weights, shape, &mode, &outputs)?;
    }
    let stores = store.arenas().len() + gradients.map_or(0, |gradients| gradients.arenas().len());
    Ok(graph.plan(stores, limits)?.bytes())
}

/// What the plans take with which text is written: they stay ready side by side, as far as plans are kept.
fn pieces(
    model: &dyn Model,
    config: &Config,
    store: &Store,
    (batch, context): (usize, usize),
    limits: Limits,
) -> Result<u64> {
    let (stores, layers, words) = (store.arenas().len(), config.layers(), batch * context * config.cache_width());
    let two = config.task == Task::Seq2seq;
    let source = if two { context } else { 0 };
    let slices =
        |first: usize| (0..layers).map(|layer| Slice { buffer: stores + first + layer, offset: 0, words }).collect();
    let cross = if two { slices(layers) } else { Vec::new() };
    let cache = Cache { blocks: batch, capacity: context, layers: slices(0), lineage: false, cross, sources: batch };
    let plan = |write: &dyn Fn(&mut Graph, &Weights) -> Result<()>| -> Result<u64> {
        let mut graph = Graph::new();
        let weights = store.weights(&mut graph, None);
        write(&mut graph, &weights)?;
        Ok(graph.plan(stores + 2 * layers, limits)?.bytes())
    };
    // A decoder begins with one token; what is fed at once is what its encoder reads.
    let most = if two { 1 } else { PIECE.min((context - 1).max(1)) };
    let mut sizes = Vec::new();
    for time in std::iter::successors(Some(1), |time| Some(2 * time)).take_while(|&time| time <= most) {
        sizes.push(plan(&|graph, weights| {
            let logits = decoding::step(graph, model, weights, (batch, time, source), None, cache.clone(), time == 1)?;
            logits.into_iter().for_each(|logits| graph.keep("logits", logits));
            Ok(())
        })?);
    }
    if two {
        let shape = Shape { batch, source, ..Shape::default() };
        sizes.push(plan(&|graph, weights| model.encode(graph, weights, &shape, &cache))?);
    }
    let largest = sizes.iter().copied().max().unwrap_or(0);
    Ok(sizes.iter().sum::<u64>().min(UNLIMITED.max(largest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::presets::{Sizes, gpt};

    const LIMITS: Limits = Limits { binding_words: 1 << 28, buffer_words: 1 << 28, class: crate::device::Class::Cpu };

    fn config() -> Config {
        let sizes = r#"{"layers": 2, "heads": 2, "width": 64, "context": 64, "vocabSize": 500}"#;
        let sizes: Sizes = serde_json::from_str(sizes).unwrap();
        Config::from_json(&gpt(&sizes).unwrap()).unwrap()
    }

    #[test]
    fn a_small_gpt_takes_what_can_be_counted_by_hand() {
        let config = config();
        let block = 64 * 192 + 192 + 64 * 64 + 64 + 4 * 64 + 2 * 64 * 256 + 256 + 64;
        let count = 500 * 64 + 64 * 64 + 2 * block + 2 * 64;
        assert_eq!(numbers(&config), count);
        let run = estimate(&config, LIMITS, Purpose::Generate, (2, 32), (2, Format::F32)).unwrap();
        assert_eq!((run.download, run.cache, run.optimizer), (2 * count, 4 * 2 * 32 * 2 * 128, 0));
        assert!(run.weights >= 4 * count && run.weights < 4 * count + 4 * 64 * 40);
        let train = estimate(&config, LIMITS, Purpose::Train, (2, 32), (4, Format::F32)).unwrap();
        assert_eq!(train.optimizer, 3 * train.weights);
        assert!(train.activations > run.activations && train.peak > run.peak);
        let halves = estimate(&config, LIMITS, Purpose::Generate, (2, 32), (2, Format::F16)).unwrap();
        let matrices = count - 2 * (192 + 64 + 256 + 64 + 4 * 64) - 2 * 64;
        assert_eq!((run.weights - halves.weights, halves.activations), (2 * matrices, run.activations));
        let learning = estimate(&config, LIMITS, Purpose::Train, (2, 32), (2, Format::F16)).unwrap_err();
        assert_eq!(learning.code(), "unsupported");
    }

    #[test]
    fn more_rows_take_more_and_too_long_rows_are_refused() {
        let of = |batch, context| estimate(&config(), LIMITS, Purpose::Train, (batch, context), (4, Format::F32));
        assert!(of(4, 32).unwrap().activations > of(1, 32).unwrap().activations);
        assert_eq!(of(1, 65).unwrap_err().code(), "bad-option");
    }
}
