//! config -> graph: GPT-2, LLaMA and its relatives, BERT and its relatives, T5 and Marian: four assemblies of `nn` bricks.
//!
//! A [`Config`] comes in; a [`Model`] lists its parameters and describes its forward pass as a graph; a [`Store`] says where each
//! parameter lies. Knows no device, no file and no text.

mod bert;
mod blocks;
pub mod config;
pub mod decoding;
pub mod estimate;
mod gpt2;
pub mod init;
pub mod presets;
mod placed;
mod llama;
mod rope;
mod store;
mod t5;

pub use bert::BertModel;
pub use blocks::Blocks;
pub use config::{
    Bert, Config, Family, Flavour, Gpt2, Llama, ModelType, Problem, Rope, RopeScaling, Special, T5, Task,
};
pub use gpt2::Gpt2Model;
pub use llama::LlamaModel;
pub use placed::{CACHES, Placed, fits};
pub use store::{Gradients, Run, Store};
pub use t5::T5Model;

use crate::error::Result;
use crate::graph::{Graph, Tensor};
use crate::nn::{Cache, Head, Inventory, Layer, Mode, Pass, Shape, Weights};

/// What a forward pass gives, before the head.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// The input of the first layer, then each layer's output; the last one after the final norm, where there is one.
    pub hidden: Vec<Tensor>,
    /// What the head reads, (B, T, width).
    pub last: Tensor,
    /// Attention probabilities of each layer (B, H, T, T), where they were wanted.
    pub maps: Vec<Tensor>,
    /// The same across to the encoder (B, H, T, source).
    pub cross_maps: Vec<Tensor>,
    /// The encoder's `hidden`, where there are two stacks.
    pub encoder_hidden: Vec<Tensor>,
    /// The encoder's `maps`.
    pub encoder_maps: Vec<Tensor>,
}

impl Outputs {
    fn new(first: Tensor) -> Outputs {
        Outputs {
            hidden: vec![first],
            last: first,
            maps: Vec::new(),
            cross_maps: Vec::new(),
            encoder_hidden: Vec::new(),
            encoder_maps: Vec::new(),
        }
    }

    fn push(&mut self, layer: Layer) {
        self.hidden.push(layer.output);
        self.last = layer.output;
        self.maps.extend(layer.map);
        self.cross_maps.extend(layer.cross_map);
    }

    /// The final norm's output takes the place of the last layer's.
    fn close(&mut self, normed: Tensor) {
        self.last = normed;
        if let Some(last) = self.hidden.last_mut() {
            *last = normed;
        }
    }
}

/// What a loss is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// One of the outputs is right at each position: tokens, labels.
    OneLabel,
    /// One of the positions is right for each output: where an answer starts and ends.
    Places,
    /// Each output is right or not.
    Labels,
    /// Each output is a number to come near.
    Numbers,
}

/// An assembly: one architecture at one config.
pub trait Model: std::fmt::Debug {
    /// Its parameters, in order.
    fn inventory(&self) -> Inventory;

    /// Writes its forward pass into `graph`.
    ///
    /// Inputs are made by name as they are needed: `ids`, `positions`, `types` (B, T), `spans` (B, 2), `segments` (B, T, 2), `kept`
    /// (B, T, 2), while tables learn `ids.buckets` and the like, over a cache `places` (B); an encoder's begin with `encoder.`.
    fn forward(&self, graph: &mut Graph, weights: &Weights, shape: &Shape, mode: &Mode) -> Result<Outputs>;

    /// Writes the encoder alone and puts what the decoder's layers need of it into `cache.cross`, for decoding after it.
    ///
    /// Fails with `unsupported` for a model of one stack.
    fn encode(&self, _graph: &mut Graph, _weights: &Weights, _shape: &Shape, _cache: &Cache) -> Result<()> {
        crate::bail!(Unsupported, "a model of one stack has no encoder apart")
    }

    /// Its head, if its task has one.
    fn head(&self) -> Option<&Head>;

    /// What the head would read of a layer's hidden state (B, T, width): its final norm, where there is one and it is not `closed` by it.
    fn read_out(&self, _pass: &mut Pass<'_>, hidden: Tensor, _closed: bool) -> Result<Tensor> {
        Ok(hidden)
    }

    /// What its loss is made of.
    fn ending(&self) -> Ending {
        Ending::OneLabel
    }

    /// Logits of what [`Model::forward`] gave: (B, T, outputs).
    fn logits(
        &self,
        graph: &mut Graph,
        weights: &Weights,
        shape: &Shape,
        mode: &Mode,
        outputs: &Outputs,
    ) -> Result<Tensor> {
        let Some(head) = self.head() else { crate::bail!(BadOption, "a model without a head has no logits") };
        head.logits(&mut Pass::head(graph, weights, mode, shape), outputs.last)
    }

    /// The loss (1) of the task, and its terms.
    ///
    /// Inputs `targets` and `coefficients` (B·T) for one label of several, terms −log p of each target. To answer, both are
    /// (B, 2), with `counted` (B, 2), the positions that count. For several labels and for numbers `labels` (B, T, outputs).
    fn loss(
        &self,
        graph: &mut Graph,
        weights: &Weights,
        shape: &Shape,
        mode: &Mode,
        outputs: &Outputs,
        smoothing: f32,
    ) -> Result<(Tensor, Tensor)> {
        let Some(head) = self.head() else { crate::bail!(BadOption, "a model without a head has no loss") };
        let pass = &mut Pass::head(graph, weights, mode, shape);
        let plain = smoothing == 0.0;
        match self.ending() {
            Ending::OneLabel => head.loss(pass, outputs.last, smoothing),
            _ if !plain => crate::bail!(BadOption, "labelSmoothing: is for one label of several"),
            Ending::Places => head.span_loss(pass, outputs.last),
            Ending::Labels => head.label_loss(pass, outputs.last, false),
            Ending::Numbers => head.label_loss(pass, outputs.last, true),
        }
    }
}

/// The name of the class that transformers loads for this type and task.
fn architecture(model_type: ModelType, task: Task) -> String {
    let family = match model_type {
        ModelType::Gpt2 => "GPT2",
        ModelType::Llama => "Llama",
        ModelType::Mistral => "Mistral",
        ModelType::Qwen2 => "Qwen2",
        ModelType::Qwen3 => "Qwen3",
        ModelType::Gemma => "Gemma",
        ModelType::Gemma2 => "Gemma2",
        ModelType::Gemma3Text => "Gemma3",
        ModelType::Bert => "Bert",
        ModelType::DistilBert => "DistilBert",
        ModelType::Roberta => "Roberta",
        ModelType::Camembert => "Camembert",
        ModelType::Flaubert => "Flaubert",
        ModelType::T5 => "T5",
        ModelType::Marian => "Marian",
    };
    let end = match (task, model_type) {
        (Task::Causal, ModelType::Gpt2) => "LMHeadModel",
        (Task::Causal, _) => "ForCausalLM",
        (Task::Masked, ModelType::Flaubert) => "WithLMHeadModel",
        (Task::Masked, _) => "ForMaskedLM",
        (Task::Seq2seq, ModelType::Marian) => "MTModel",
        (Task::Seq2seq, _) => "ForConditionalGeneration",
        (Task::Classify, _) => "ForSequenceClassification",
        (Task::Tag, _) => "ForTokenClassification",
        (Task::Answer, ModelType::Flaubert) => "ForQuestionAnsweringSimple",
        (Task::Answer, _) => "ForQuestionAnswering",
        (Task::Embed, ModelType::Gemma3Text) => "TextModel",
        (Task::Embed, _) => "Model",
    };
    format!("{family}{end}")
}

/// Puts together the model of a config.
pub fn build(config: &Config) -> Box<dyn Model> {
    match &config.family {
        Family::Gpt2(c) => Box::new(Gpt2Model::new(config, c)),
        Family::Llama(c) => Box::new(LlamaModel::new(config, c)),
        Family::Bert(c) => Box::new(BertModel::new(config, c)),
        Family::T5(c) => Box::new(T5Model::new(config, c)),
    }
}
