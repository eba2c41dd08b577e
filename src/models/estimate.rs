//! What a model will take, from its config alone: bytes to load, weights, cache, optimiser, activations. Nothing is allocated.
//!
//! Activations come from the planner: the graph of one step is written and packed as it would be for running.

use super::config::{Config, Task};
use super::{Model, Store, build};
use crate::device::Limits;
use crate::ensure;
use crate::error::Result;
use crate::graph::Graph;
use crate::nn::{Mode, Shape};

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

/// What `batch` rows of `context` positions take. `width` is the bytes of one number in the files.
///
/// Fails with `out-of-memory` where one piece is over the device's limits, whatever memory it has.
pub fn estimate(
    config: &Config,
    limits: Limits,
    purpose: Purpose,
    (batch, context): (usize, usize),
    width: u64,
) -> Result<Estimate> {
    ensure!(
        batch > 0 && context > 0 && context <= config.context,
        BadOption,
        "estimate: a batch of {batch} rows of {context} positions; the model has {}",
        config.context
    );
    let model = build(config);
    let store = Store::new(model.inventory(), limits)?;
    let bytes = |words: &[usize]| 4 * words.iter().map(|&words| words as u64).sum::<u64>();
    let weights = bytes(store.arenas());
    let two = config.model_type.usual_task() == Task::Seq2seq;
    let positions = if two { 2 * context } else { context };
    let (cache, optimizer) = match purpose {
        Purpose::Generate if matches!(config.task, Task::Causal | Task::Seq2seq) => {
            (4 * (batch * positions) as u64 * (config.layers() * config.cache_width()) as u64, 0)
        }
        Purpose::Generate => (0, 0),
        Purpose::Train => (0, 3 * bytes(store.gradients(|_| true)?.arenas())),
    };
    let shape = Shape { batch, time: context, source: if two { context } else { 0 }, ..Shape::default() };
    let activations = activations(&*model, &store, &shape, purpose, limits)?;
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
        let run = estimate(&config, LIMITS, Purpose::Generate, (2, 32), 2).unwrap();
        assert_eq!((run.download, run.cache, run.optimizer), (2 * count, 4 * 2 * 32 * 2 * 128, 0));
        assert!(run.weights >= 4 * count && run.weights < 4 * count + 4 * 64 * 40);
        let train = estimate(&config, LIMITS, Purpose::Train, (2, 32), 4).unwrap();
        assert_eq!(train.optimizer, 3 * train.weights);
        assert!(train.activations > run.activations && train.peak > run.peak);
    }

    #[test]
    fn more_rows_take_more_and_too_long_rows_are_refused() {
        let of = |batch, context| estimate(&config(), LIMITS, Purpose::Train, (batch, context), 4);
        assert!(of(4, 32).unwrap().activations > of(1, 32).unwrap().activations);
        assert_eq!(of(1, 65).unwrap_err().code(), "bad-option");
    }
}
