//! One walk through a model while its graph is written: the graph, the weights by name, what the host feeds, the mode.
//!
//! Bricks take a [`Pass`] and a tensor and give a tensor. Inputs are named and made when they are first asked for
//! (`ids`, `positions`, `spans`, …), unless the caller gave a tensor that stands for them. Each place that draws random
//! numbers takes its own stream, numbered in the order of the walk, so that a mask belongs to a place and not to a moment.
//! Knows no architecture and no device.

use std::collections::{BTreeMap, BTreeSet};

use crate::bail;
use crate::device::Slice;
use crate::ensure;
use crate::error::Result;
use crate::graph::{Graph, Tensor};

/// The weights of a graph, by our names.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
    trained: BTreeSet<String>,
}

impl Weights {
    /// Adds a weight that stands in the graph; `trained` if it has a gradient.
    pub fn insert(&mut self, name: &str, tensor: Tensor, trained: bool) {
        self.tensors.insert(name.to_owned(), tensor);
        if trained {
            self.trained.insert(name.to_owned());
        }
    }

    /// The weight `name`; fails with `internal` if the inventory lacks it.
    pub fn of(&self, name: &str) -> Result<Tensor> {
        match self.tensors.get(name) {
            Some(&tensor) => Ok(tensor),
            None => bail!(Internal, "the model has no weight `{name}`"),
        }
    }

    /// Whether the weight `name` has a gradient.
    pub fn trains(&self, name: &str) -> bool {
        self.trained.contains(name)
    }
}

/// What a graph is for.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Learning: dropout at the config's rates, gradients.
    Train,
    /// Whole sequences, no dropout.
    Infer,
    /// Tokens after those that stand in the key/value cache; no dropout, no gradients.
    Decode(Cache),
}

/// Where the key/value cache lies: `blocks` of `capacity` positions, one slice a layer.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// Blocks: sequences that can be kept at once.
    pub blocks: usize,
    /// Positions of each block.
    pub capacity: usize,
    /// Per layer, (blocks, capacity, 2·K·D) words.
    pub layers: Vec<Slice>,
    /// The input `lineage` (batch, capacity) tells the block of each position: rows that branched off share what came before.
    pub lineage: bool,
    /// Per decoder layer of an encoder-decoder, (sources, source, 2·K·D) words: the encoder's keys and values.
    pub cross: Vec<Slice>,
    /// Rows of the encoder's output; as many rows of the decoder, next to each other, read each.
    pub sources: usize,
}

/// What is run: sizes, and what else is wanted.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Rows.
    pub batch: usize,
    /// Positions of each row; of the decoder, where there are two stacks.
    pub time: usize,
    /// Positions of each row of the encoder, where there are two stacks.
    pub source: usize,
    /// Rows hold several documents, told apart by the input `segments`.
    pub segments: bool,
    /// Attention probabilities are wanted as tensors.
    pub maps: bool,
    /// Blocks run again on the way back, so that less is kept.
    pub recompute: bool,
    /// Tensors that stand for inputs of these names, such as ids that a sampler wrote.
    pub given: BTreeMap<String, Tensor>,
}

/// A graph being written.
#[derive(Debug)]
pub struct Pass<'a> {
    /// The graph.
    pub graph: &'a mut Graph,
    /// The weights that stand in it.
    pub weights: &'a Weights,
    /// What it is for.
    pub mode: &'a Mode,
    /// Sizes and wishes.
    pub shape: &'a Shape,
    inputs: BTreeMap<String, Tensor>,
    streams: u32,
}

impl<'a> Pass<'a> {
    /// A walk that begins.
    pub fn new(graph: &'a mut Graph, weights: &'a Weights, mode: &'a Mode, shape: &'a Shape) -> Pass<'a> {
        Pass { graph, weights, mode, shape, inputs: shape.given.clone(), streams: 0 }
    }

    /// The same for a head, whose random streams are apart from those of the layers.
    pub fn head(graph: &'a mut Graph, weights: &'a Weights, mode: &'a Mode, shape: &'a Shape) -> Pass<'a> {
        Pass { streams: 1 << 16, ..Pass::new(graph, weights, mode, shape) }
    }

    /// The input `name`: what the caller gave for it, or an input of the graph, made when first asked for.
    pub fn feed(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        if let Some(&tensor) = self.inputs.get(name) {
            let is = self.graph.shape(tensor);
            ensure!(is == shape, Shape, "the input `{name}` has shape {is:?}, {shape:?} is wanted");
            return Ok(tensor);
        }
        let tensor = self.graph.input(name, shape);
        self.inputs.insert(name.to_owned(), tensor);
        Ok(tensor)
    }

    /// A tensor that several bricks share: made by the first that asks for it under this name.
    pub fn shared(&mut self, name: &str, make: impl FnOnce(&mut Pass<'_>) -> Result<Tensor>) -> Result<Tensor> {
        let name = format!("#{name}");
        if let Some(&tensor) = self.inputs.get(&name) {
            return Ok(tensor);
        }
        let tensor = make(self)?;
        self.inputs.insert(name, tensor);
        Ok(tensor)
    }

    /// Runs `body` with `name` added to the labels of its nodes and the context of its errors.
    pub fn scope<T>(&mut self, name: &str, body: impl FnOnce(&mut Pass<'_>) -> Result<T>) -> Result<T> {
        let (weights, mode, shape) = (self.weights, self.mode, self.shape);
        let (inputs, streams) = (&mut self.inputs, &mut self.streams);
        self.graph.scope(name, |graph| {
            let mut inner = Pass { graph, weights, mode, shape, inputs: std::mem::take(inputs), streams: *streams };
            let result = body(&mut inner);
            (*inputs, *streams) = (inner.inputs, inner.streams);
            result
        })
    }

    /// Runs `body` so that the graph runs it again on the way back, where that is wanted.
    pub fn block<T>(&mut self, body: impl FnOnce(&mut Pass<'_>) -> Result<T>) -> Result<T> {
        if !self.shape.recompute {
            return body(self);
        }
        let (weights, mode, shape) = (self.weights, self.mode, self.shape);
        let (inputs, streams) = (&mut self.inputs, &mut self.streams);
        self.graph.recompute(|graph| {
            let mut inner = Pass { graph, weights, mode, shape, inputs: std::mem::take(inputs), streams: *streams };
            let result = body(&mut inner);
            (*inputs, *streams) = (inner.inputs, inner.streams);
            result
        })
    }

    /// The rate of dropout in this mode.
    pub fn rate(&self, configured: f32) -> f32 {
        if matches!(self.mode, Mode::Train) { configured } else { 0.0 }
    }

    /// A stream of random numbers for one place. Every place takes its number, also where the rate is zero.
    pub fn stream(&mut self) -> u32 {
        self.streams += 1;
        self.streams
    }
}
