//! What goes on inside: a text's tokens, and layer by layer where each looks, its state, and what the head would read of it.
//!
//! The lens puts each layer's hidden state through the model's last norm and head (nostalgebraist 2020). Of an encoder-decoder the decoder is
//! shown over what it writes greedily, beside the encoder over the text.

use super::batch::Given;
use super::forward::{Extras, Shown};
use super::model::{Model, Tensor};
use crate::data::batch::time_bucket;
use crate::device::Signal;
use crate::error::Result;
use crate::generate::sampler::best;
use crate::graph::Graph;
use crate::kernels::Live;
use crate::kernels::processors::softmax;
use crate::models::Task;
use crate::nn::{Mode, Pass, Shape};
use crate::tokenizer::Encoding;
use crate::{bail, ensure};

/// Tokens that an encoder-decoder writes to be looked at, at most.
const WRITTEN: usize = 32;

/// Guesses of the lens at each place.
const GUESSES: usize = 5;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Views {
    /// Attention probabilities.
    pub attentions: bool,
    /// Hidden states.
    pub hidden: bool,
    /// What the head would read of them.
    pub lens: bool,
}

impl Default for Views {
    fn default() -> Views {
        Views { attentions: true, hidden: false, lens: false }
    }
}

/// A guess: token, probability.
pub type Guess = (String, f64);

/// One layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerTrace {
    /// (H, T, T).
    pub attention: Option<Tensor>,
    /// Its output (T, width).
    pub hidden: Option<Tensor>,
    /// At each place the most probable tokens, read from its output.
    pub lens: Option<Vec<Vec<Guess>>>,
}

/// One stack over its tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The tokens.
    pub tokens: Vec<String>,
    /// Their ids.
    pub ids: Vec<u32>,
    /// From the first layer to the last.
    pub layers: Vec<LayerTrace>,
    /// The encoder before the decoder.
    pub encoder: Option<Box<Trace>>,
    /// Per decoder layer (H, T, source).
    pub cross: Vec<Tensor>,
}

/// The only row of a tensor.
fn row(tensor: Tensor) -> Tensor {
    Tensor { shape: tensor.shape[1..].to_vec(), data: tensor.data }
}

impl Model {
    /// A text's way through the model.
    pub async fn inspect(&self, text: &str, views: Views, signal: &Signal) -> Result<Trace> {
        let heads = matches!(self.task(), Task::Causal | Task::Masked | Task::Seq2seq);
        ensure!(heads || !views.lens, BadOption, "inspect: lens: the model's head does not read tokens");
        let tokenizer = self.need_tokenizer()?;
        let named = |ids: &[u32]| -> Vec<String> {
            ids.iter().map(|&id| tokenizer.id_to_token(id).unwrap_or_default().to_owned()).collect()
        };
        let read = match self.task() {
            Task::Causal => {
                let ids = self.prompt(text)?;
                let context = self.config().context;
                ensure!(
                    ids.len() <= context,
                    ContextOverflow,
                    [tokens: ids.len(), context: context],
                    "the text has {} tokens, the model's context is {context}",
                    ids.len()
                );
                Encoding { ids, ..Encoding::default() }
            }
            _ => self.tokens(text, None)?,
        };
        let mut given = self.rows(std::slice::from_ref(&read));
        if self.task() == Task::Seq2seq {
            self.write_on(&mut given, signal).await?;
        }
        let extras = Extras { hidden: views.hidden || views.lens, attentions: views.attentions };
        let made = self.forward(&given, extras, signal).await?;
        let own = given.decoder_ids.as_ref().and_then(|rows| rows.first()).unwrap_or(&read.ids);
        let mut trace = Trace {
            tokens: named(own),
            ids: own.clone(),
            layers: self.layers(made.main, views, signal).await?,
            encoder: None,
            cross: made.cross.into_iter().map(row).collect(),
        };
        if let Some(encoder) = made.encoder {
            // The head reads nothing of an encoder's states.
            let layers = self.layers(encoder, Views { lens: false, ..views }, signal).await?;
            trace.encoder =
                Some(Box::new(Trace { tokens: named(&read.ids), ids: read.ids, layers, ..Trace::default() }));
        }
        Ok(trace)
    }

    /// Adds to the decoder's row what the model writes greedily.
    async fn write_on(&self, given: &mut Given, signal: &Signal) -> Result<()> {
        let most = WRITTEN.min(self.config().context);
        loop {
            let made = self.forward(given, Extras::default(), signal).await?;
            let vocab = made.logits.shape[2];
            let last = &made.logits.data[made.logits.data.len() - vocab..];
            let scores: Vec<f64> = last.iter().map(|&z| f64::from(z)).collect();
            let Some(id) = best(&scores, 1).first().map(|&id| id as u32) else { return Ok(()) };
            let Some(row) = given.decoder_ids.as_mut().and_then(|rows| rows.first_mut()) else { return Ok(()) };
            if row.len() >= most || self.config().special.eos.contains(&id) {
                return Ok(());
            }
            row.push(id);
        }
    }

    async fn layers(&self, shown: Shown, views: Views, signal: &Signal) -> Result<Vec<LayerTrace>> {
        let count = shown.attentions.len().max(shown.hidden.len().saturating_sub(1));
        let mut layers = vec![LayerTrace::default(); count];
        for (layer, map) in layers.iter_mut().zip(shown.attentions) {
            layer.attention = Some(row(map));
        }
        // The first state is the input of the first layer.
        for (at, state) in shown.hidden.into_iter().skip(1).enumerate() {
            if views.lens {
                layers[at].lens = Some(self.lens(&state, at + 1 == count, signal).await?);
            }
            if views.hidden {
                layers[at].hidden = Some(row(state));
            }
        }
        Ok(layers)
    }

    /// What the head reads of a hidden state (1, T, width); the last layer's is `closed` by the final norm.
    async fn lens(&self, state: &Tensor, closed: bool, signal: &Signal) -> Result<Vec<Vec<Guess>>> {
        let (placed, tokenizer) = (self.placed(), self.need_tokenizer()?);
        let [_, time, width] = state.shape[..] else { bail!(Internal, "lens: a state of {:?}", state.shape) };
        let shape = Shape { batch: 1, time: time_bucket(time, self.config().context), ..Shape::default() };
        let build = || {
            let mut graph = Graph::new();
            let weights = placed.store.weights(&mut graph, None);
            let hidden = graph.input("state", &[1, shape.time, width]);
            let pass = &mut Pass::head(&mut graph, &weights, &Mode::Infer, &shape);
            let read = placed.model.read_out(pass, hidden, closed)?;
            let Some(head) = placed.model.head() else { bail!(BadOption, "lens: the model has no head") };
            let logits = head.logits(pass, read)?;
            graph.keep("logits", logits);
            graph.plan(placed.arenas.places(), placed.arenas.device().limits())
        };
        let key = format!("lens {} closed {closed}", shape.time);
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, build).await?;
        let mut numbers = state.data.clone();
        numbers.resize(shape.time * width, 0.0);
        stage.set("state", bytemuck::cast_slice(&numbers))?;
        stage.play(&[Live::default()], signal).await?;
        let logits = stage.read_f32("logits").await?;
        let vocab = logits.len() / shape.time;
        let guesses = |logits: &[f32]| {
            let (p, _) = softmax(&logits.iter().map(|&z| f64::from(z)).collect::<Vec<_>>());
            let named = |id: usize| (tokenizer.id_to_token(id as u32).unwrap_or_default().to_owned(), p[id]);
            best(&p, GUESSES).into_iter().map(named).collect()
        };
        Ok(logits.chunks(vocab).take(time).map(guesses).collect())
    }
}
