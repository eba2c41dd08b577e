//! A model that lives on a device: made or loaded, asked for numbers, saved.
//!
//! Comes in: configs, chunks of checkpoint files, batches of ids. Goes out: logits, hidden states, gradients by Hugging Face name, chunks
//! of files. Text joins in the neighbouring files. All methods take `&self`; calls on one model are made one after the other.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use super::batch::Given;
use crate::checkpoint::{self, Saved};
use crate::data::batch::{Batch, row_bucket, time_bucket};
use crate::device::{Device, Signal};
use crate::error::Result;
use crate::graph::Graph;
use crate::kernels::Live;
use crate::models::{self, Config, Placed, Store, Task};
use crate::nn::{Mode, Shape};
use crate::plan::{Arenas, Plan};
use crate::tokenizer::Tokenizer;
use crate::train::{feed::feed, gradient_plan};
use crate::{bail, ensure};

/// Numbers with a shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// The numbers.
    pub data: Vec<f32>,
}

/// What a forward pass gave.
#[derive(Clone, Debug)]
pub struct Forward {
    /// (B, T, outputs).
    pub logits: Tensor,
    /// The mean loss of the labels, if there were any.
    pub loss: Option<f32>,
    /// Layers + 1 of (B, T, width), if wanted.
    pub hidden: Vec<Tensor>,
    /// Per layer (B, H, T, T), if wanted.
    pub attentions: Vec<Tensor>,
}

/// A model on a device.
#[derive(Debug)]
pub struct Model {
    placed: Rc<Placed>,
    tokenizer: RefCell<Option<Rc<Tokenizer>>>,
    generation: Option<Value>,
    created: bool,
}

impl Model {
    /// A model with weights at zero.
    async fn blank(device: Rc<Device>, config: Config, created: bool) -> Result<Model> {
        let model = models::build(&config);
        let store = Store::new(model.inventory(), device.limits())?;
        device.ledger().fits(store.arenas().iter().map(|&words| words as u64 * 4).sum())?;
        let arenas = Arenas::new(device, Placed::places(&store)).await?;
        let placed = Rc::new(Placed::new(config, model, store, arenas).await?);
        Ok(Model { placed, tokenizer: RefCell::default(), generation: None, created })
    }

    /// A new model with first numbers from a seed.
    ///
    /// Fails with `unsupported` or `bad-input` for a config that cannot be honoured, by name, and `out-of-memory` before anything is
    /// allocated.
    pub async fn create(device: Rc<Device>, config: &Value, seed: u64) -> Result<Model> {
        let model = Model::blank(device, Config::from_json(config)?, true).await?;
        model.placed.initialise(seed)?;
        Ok(model)
    }

    /// A model whose numbers come from files; see [`Loading`](super::load::Loading).
    pub(super) async fn awaiting(device: Rc<Device>, config: Config, generation: Option<Value>) -> Result<Model> {
        Ok(Model { generation, ..Model::blank(device, config, false).await? })
    }

    /// The tokenizer of the model, for text.
    pub fn set_tokenizer(&self, tokenizer: Option<Rc<Tokenizer>>) -> Result<()> {
        if let Some(tokenizer) = &tokenizer {
            let (tokens, vocab) = (tokenizer.vocab_size(), self.placed.config.vocab);
            ensure!(tokens <= vocab, BadInput, "the tokenizer has {tokens} tokens, the model's vocabulary {vocab}");
        }
        *self.tokenizer.borrow_mut() = tokenizer;
        Ok(())
    }

    /// The tokenizer, where there is one.
    pub fn tokenizer(&self) -> Option<Rc<Tokenizer>> {
        self.tokenizer.borrow().clone()
    }

    /// The tokenizer; fails with `bad-input` where text was given and there is none.
    pub fn need_tokenizer(&self) -> Result<Rc<Tokenizer>> {
        match self.tokenizer() {
            Some(tokenizer) => Ok(tokenizer),
            None => bail!(BadInput, "the model has no tokenizer, and text needs one"),
        }
    }

    /// The model with its memory.
    pub fn placed(&self) -> &Rc<Placed> {
        &self.placed
    }

    /// The config.
    pub fn config(&self) -> &Config {
        &self.placed.config
    }

    /// `generation_config.json`, where the model came with one.
    pub fn generation(&self) -> Option<&Value> {
        self.generation.as_ref()
    }

    /// Whether it was created here, and not loaded: the default learning rates differ.
    pub fn created(&self) -> bool {
        self.created
    }

    /// How many numbers are learned.
    pub fn parameters(&self) -> u64 {
        self.placed.store.inventory().count()
    }

    /// Parameters as a checkpoint has them: foreign name, foreign shape, where they lie.
    pub fn saved(&self) -> Result<Vec<Saved>> {
        checkpoint::saved(&self.placed.config, self.placed.store.inventory())
    }

    /// The layers, shapes and counts, as text.
    pub fn summary(&self) -> Result<String> {
        let config = &self.placed.config;
        let mut text = format!("{} ({})\n", config.model_type.name(), config.task.name());
        for saved in self.saved()? {
            let shape: Vec<String> = saved.shape.iter().map(ToString::to_string).collect();
            text.push_str(&format!("  {:<64} {:>16} {:>12}\n", saved.name, shape.join(" × "), saved.words.len()));
        }
        text.push_str(&format!("{} parameters\n", self.parameters()));
        Ok(text)
    }

    /// Logits of a batch, its loss if it has labels, hidden states and attentions if wanted.
    pub async fn forward(&self, given: &Given, hidden: bool, maps: bool, signal: &Signal) -> Result<Forward> {
        let batch = given.batch(self.config())?;
        let (rows, time) = (batch.rows, batch.main.time);
        let counted = batch.counted();
        let shape = self.bucket(&batch, maps);
        let labelled = counted > 0;
        let key = format!("forward {}x{} hidden {hidden} maps {maps} loss {labelled}", shape.batch, shape.time);
        let placed = &self.placed;
        if labelled {
            placed.arenas.ensure(placed.report(), 128, "report").await?;
        }
        let build = || self.forward_plan(&shape, hidden, labelled);
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, build).await?;
        feed(&stage, &batch.padded(shape.batch, shape.time, 0), 1.0 / counted.max(1) as f32)?;
        stage.play(&[Live::default()], signal).await?;
        let outputs = stage.plan().slice("logits").map_or(0, |slice| slice.words) / (shape.batch * shape.time);
        let cut = |data: Vec<f32>, inner: usize| Tensor {
            shape: vec![rows, time, inner],
            data: within(&data, (rows, time), (shape.batch, shape.time), inner),
        };
        let logits = cut(stage.read_f32("logits").await?, outputs);
        let mut states = Vec::new();
        let mut attentions = Vec::new();
        for layer in 0.. {
            let name = format!("hidden{layer}");
            if !stage.has(&name) {
                break;
            }
            states.push(cut(stage.read_f32(&name).await?, self.config().width));
        }
        for layer in 0.. {
            let name = format!("map{layer}");
            if !stage.has(&name) {
                break;
            }
            let data = stage.read_f32(&name).await?;
            let heads = data.len() / (shape.batch * shape.time * shape.time);
            attentions.push(Tensor {
                shape: vec![rows, heads, time, time],
                data: within_maps(&data, rows, heads, time, shape.time),
            });
        }
        let loss = match labelled {
            true => stage.read_f32("loss").await?.first().copied(),
            false => None,
        };
        Ok(Forward { logits, loss, hidden: states, attentions })
    }

    fn forward_plan(&self, shape: &Shape, hidden: bool, loss: bool) -> Result<Plan> {
        let placed = &self.placed;
        let mut graph = Graph::new();
        let weights = placed.store.weights(&mut graph, None);
        let mode = Mode::Infer;
        let outputs = placed.model.forward(&mut graph, &weights, shape, &mode)?;
        let logits = placed.model.logits(&mut graph, &weights, shape, &mode, &outputs)?;
        graph.keep("logits", logits);
        if hidden {
            for (layer, &state) in outputs.hidden.iter().enumerate() {
                graph.keep(&format!("hidden{layer}"), state);
            }
        }
        for (layer, &map) in outputs.maps.iter().enumerate() {
            graph.keep(&format!("map{layer}"), map);
        }
        if loss {
            let (loss, _) = placed.model.loss(&mut graph, &weights, shape, &mode, &outputs, 0.0)?;
            graph.keep("loss", loss);
        }
        graph.plan(placed.arenas.places(), placed.arenas.device().limits())
    }

    fn bucket(&self, batch: &Batch, maps: bool) -> Shape {
        Shape {
            batch: row_bucket(batch.rows),
            time: time_bucket(batch.main.time, self.config().context),
            segments: batch.main.segments.is_some(),
            maps,
            ..Shape::default()
        }
    }

    /// The loss of a batch and its gradient with respect to every parameter, by Hugging Face name. Dropout is off.
    pub async fn gradients(&self, given: &Given, signal: &Signal) -> Result<(f32, Vec<(String, Tensor)>)> {
        let batch = given.batch(self.config())?;
        let counted = batch.counted();
        ensure!(counted > 0, BadInput, "gradients: the batch has no labels that count");
        let placed = &self.placed;
        let shape = self.bucket(&batch, false);
        let gradients = placed.store.gradients(|_| true)?;
        placed.make_room(&gradients, 0).await?;
        placed.arenas.ensure(placed.report(), 128, "report").await?;
        for place in 0..gradients.arenas().len() {
            placed.arenas.clear(gradients.first() + place)?;
        }
        placed.arenas.clear(placed.report())?;
        let key = format!("gradients {}x{}", shape.batch, shape.time);
        let build = || gradient_plan(placed, &*placed.model, &shape, Some(&gradients), &Mode::Infer, 0.0);
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, build).await?;
        feed(&stage, &batch.padded(shape.batch, shape.time, 0), 1.0 / counted as f32)?;
        stage.play(&[Live::default()], signal).await?;
        let report = placed.arenas.buffer(placed.report())?;
        let loss = placed.arenas.device().read(&report, 0, 1).await?;
        let mut found = Vec::new();
        for saved in self.saved()? {
            let Some(home) = gradients.home(saved.parameter) else { continue };
            let buffer = placed.arenas.buffer(home.buffer)?;
            let device = placed.arenas.device();
            let words = device.read(&buffer, home.offset + saved.words.start, saved.words.len()).await?;
            let data = words.into_iter().map(f32::from_bits).collect();
            found.push((saved.name, Tensor { shape: saved.shape, data }));
        }
        Ok((loss.first().map_or(f32::NAN, |&word| f32::from_bits(word)), found))
    }

    /// Parameters by Hugging Face name: those named, or all.
    pub async fn weights(&self, names: Option<&[String]>) -> Result<Vec<(String, Tensor)>> {
        let all = self.saved()?;
        if let Some(unknown) = names.into_iter().flatten().find(|name| !all.iter().any(|saved| saved.name == **name)) {
            bail!(BadInput, "the model has no parameter `{unknown}`");
        }
        let mut found = Vec::new();
        for saved in all {
            if names.is_some_and(|names| !names.contains(&saved.name)) {
                continue;
            }
            let data = self.read(&saved, 0, saved.words.len()).await?;
            found.push((saved.name, Tensor { shape: saved.shape, data }));
        }
        Ok(found)
    }

    /// `count` numbers of a parameter from its number `from` on.
    pub async fn read(&self, saved: &Saved, from: usize, count: usize) -> Result<Vec<f32>> {
        let start = saved.words.start + from;
        let Some(slice) = self.placed.store.part(saved.parameter, start..start + count) else {
            bail!(Internal, "`{}` has no numbers {from}..{}", saved.name, from + count)
        };
        Ok(self.placed.arenas.read(slice).await?.into_iter().map(f32::from_bits).collect())
    }

    /// Sets parameters by Hugging Face name. Either all are set or, if one does not fit, none.
    pub fn set_weights(&self, values: &[(String, Tensor)]) -> Result<()> {
        let all = self.saved()?;
        let mut writes = Vec::new();
        for (name, tensor) in values {
            let Some(saved) = all.iter().find(|saved| saved.name == *name) else {
                bail!(BadInput, "the model has no parameter `{name}`")
            };
            ensure!(
                saved.shape == tensor.shape && tensor.data.len() == saved.words.len(),
                Shape,
                "`{name}` has the shape {:?}, {:?} was given",
                saved.shape,
                tensor.shape
            );
            writes.push((saved, tensor));
        }
        for (saved, tensor) in writes {
            self.placed.write(saved.parameter, saved.words.start, &tensor.data)?;
        }
        Ok(())
    }

    /// What the model is for.
    pub fn task(&self) -> Task {
        self.config().task
    }
}

/// The first `rows` × `time` of a bucket, `inner` numbers each.
fn within(data: &[f32], (rows, time): (usize, usize), bucket: (usize, usize), inner: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(rows * time * inner);
    for row in 0..rows {
        let from = row * bucket.1 * inner;
        out.extend_from_slice(&data[from..from + time * inner]);
    }
    out
}

fn within_maps(data: &[f32], rows: usize, heads: usize, time: usize, bucket: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(rows * heads * time * time);
    for line in 0..rows * heads {
        for query in 0..time {
            let from = (line * bucket + query) * bucket;
            out.extend_from_slice(&data[from..from + time]);
        }
    }
    out
}
