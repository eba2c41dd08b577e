//! Batches of ids through a model: logits, loss, hidden states, attentions; gradients by Hugging Face name.
//!
//! The plan is of the batch's bucket; what the bucket added is cut off again. Logits are (B, T, outputs), of `classify` (B, labels) from
//! each row's first seen place; a model without a head gives its last hidden state.

use super::batch::Given;
use super::model::{Model, Tensor};
use crate::data::batch::Batch;
use crate::device::Signal;
use crate::ensure;
use crate::error::Result;
use crate::graph::{self, Graph};
use crate::kernels::Live;
use crate::models::{Outputs, Task};
use crate::nn::{Mode, Shape, Weights};
use crate::plan::{Plan, Stage};
use crate::train::{feed::feed, gradient_plan};

/// Which extras of a forward pass are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extras {
    /// Hidden states.
    pub hidden: bool,
    /// Attention probabilities.
    pub attentions: bool,
}

/// What one stack showed of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// Layers + 1 of (B, T, width), if wanted.
    pub hidden: Vec<Tensor>,
    /// Per layer (B, H, T, T), if wanted.
    pub attentions: Vec<Tensor>,
}

/// What a forward pass gave.
#[derive(Clone, Debug)]
pub struct Forward {
    /// (B, T, outputs); (B, labels) for `classify`.
    pub logits: Tensor,
    /// The mean loss of the labels, if there were any.
    pub loss: Option<f32>,
    /// The only stack, or the decoder.
    pub main: Shown,
    /// Per decoder layer (B, H, T, source), if wanted.
    pub cross: Vec<Tensor>,
    /// The encoder before the decoder, where there are two stacks.
    pub encoder: Option<Shown>,
}

impl Model {
    /// Logits of a batch, its loss if it has labels, hidden states and attentions if wanted.
    pub async fn forward(&self, given: &Given, extras: Extras, signal: &Signal) -> Result<Forward> {
        self.pass(&given.batch(self.config())?, extras, signal).await
    }

    /// The same for a batch that is whole.
    pub(super) async fn pass(&self, batch: &Batch, extras: Extras, signal: &Signal) -> Result<Forward> {
        let counted = batch.counted();
        let shape = Shape { maps: extras.attentions, ..batch.bucket(self.config().context) };
        let labelled = counted > 0;
        let key = format!("forward {shape:?} hidden {} loss {labelled}", extras.hidden);
        let placed = self.placed();
        let build = || self.forward_plan(&shape, extras.hidden, labelled);
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, build).await?;
        feed(&stage, &batch.padded(&shape), 1.0 / counted.max(1) as f32)?;
        stage.play(&[Live::default()], signal).await?;
        let own = Cut { rows: batch.rows, times: [batch.main.time; 2], bucket: [shape.time; 2] };
        let mut main = shown(&stage, "", &own, shape.batch).await?;
        let mut logits = match (stage.has("logits"), main.hidden.last()) {
            (false, Some(last)) => last.clone(),
            _ => own.states(stage.read_f32("logits").await?, shape.batch),
        };
        if !extras.hidden {
            main.hidden.clear();
        }
        if self.task() == Task::Classify {
            let (time, labels) = (batch.main.time, logits.shape[2]);
            let first = (0..batch.rows).map(|row| (row * time + batch.main.spans[2 * row] as usize) * labels);
            let data = first.flat_map(|from| logits.data[from..from + labels].to_vec()).collect();
            logits = Tensor { shape: vec![batch.rows, labels], data };
        }
        let loss = match labelled {
            true => stage.read_f32("loss").await?.first().copied(),
            false => None,
        };
        let (mut cross, mut encoder) = (Vec::new(), None);
        if let Some(side) = &batch.encoder {
            let across =
                Cut { times: [batch.main.time, side.time], bucket: [shape.time, shape.source], rows: batch.rows };
            for name in (0..).map(|layer| format!("cross{layer}")).take_while(|name| stage.has(name)) {
                cross.push(across.maps(stage.read_f32(&name).await?, shape.batch));
            }
            let within = Cut { times: [side.time; 2], bucket: [shape.source; 2], rows: batch.rows };
            encoder = Some(shown(&stage, "encoder.", &within, shape.batch).await?);
        }
        Ok(Forward { logits, loss, main, cross, encoder })
    }

    /// The last hidden state of what reads (B, T, width): the only stack, or the encoder.
    pub(super) async fn states(&self, batch: &Batch, signal: &Signal) -> Result<Tensor> {
        let (data, shape) = self
            .one("states", batch, signal, |_, _, outputs| {
                Ok(outputs.encoder_hidden.last().copied().unwrap_or(outputs.last))
            })
            .await?;
        let (time, bucket) = match &batch.encoder {
            Some(side) => (side.time, shape.source),
            None => (batch.main.time, shape.time),
        };
        Ok(Cut { rows: batch.rows, times: [time; 2], bucket: [bucket; 2] }.states(data, shape.batch))
    }

    /// −log p of each target (B, T), 0 where there is none.
    pub(super) async fn surprises(&self, batch: &Batch, signal: &Signal) -> Result<Tensor> {
        let placed = self.placed();
        let (data, shape) = self
            .one("surprises", batch, signal, |site, shape, outputs| {
                let loss = placed.model.loss(site.0, site.1, shape, &Mode::Infer, outputs, 0.0)?;
                Ok(loss.1)
            })
            .await?;
        let cut = Cut { rows: batch.rows, times: [batch.main.time; 2], bucket: [shape.time; 2] };
        Ok(Tensor { shape: vec![batch.rows, batch.main.time], ..cut.states(data, shape.batch) })
    }

    /// One tensor of a pass; `name` tells its plans apart.
    async fn one(
        &self,
        name: &str,
        batch: &Batch,
        signal: &Signal,
        pick: impl FnOnce((&mut Graph, &Weights), &Shape, &Outputs) -> Result<graph::Tensor>,
    ) -> Result<(Vec<f32>, Shape)> {
        let placed = self.placed();
        let shape = batch.bucket(self.config().context);
        let build = || {
            let mut graph = Graph::new();
            let weights = placed.store.weights(&mut graph, None);
            let outputs = placed.model.forward(&mut graph, &weights, &shape, &Mode::Infer)?;
            let wanted = pick((&mut graph, &weights), &shape, &outputs)?;
            graph.keep(name, wanted);
            graph.plan(placed.arenas.places(), placed.arenas.device().limits())
        };
        let stage = placed.stages.ready(&placed.arenas, "activations", &format!("{name} {shape:?}"), build).await?;
        feed(&stage, &batch.padded(&shape), 1.0)?;
        stage.play(&[Live::default()], signal).await?;
        Ok((stage.read_f32(name).await?, shape))
    }

    pub(super) fn forward_plan(&self, shape: &Shape, hidden: bool, loss: bool) -> Result<Plan> {
        let placed = self.placed();
        let mut graph = Graph::new();
        let weights = placed.store.weights(&mut graph, None);
        let mode = Mode::Infer;
        let outputs = placed.model.forward(&mut graph, &weights, shape, &mode)?;
        if placed.model.head().is_some() {
            let logits = placed.model.logits(&mut graph, &weights, shape, &mode, &outputs)?;
            graph.keep("logits", logits);
        }
        keep(&mut graph, &outputs, hidden || placed.model.head().is_none());
        if loss {
            let (loss, _) = placed.model.loss(&mut graph, &weights, shape, &mode, &outputs, 0.0)?;
            graph.keep("loss", loss);
        }
        graph.plan(placed.arenas.places(), placed.arenas.device().limits())
    }

    /// The loss of a batch and its gradient with respect to every parameter, by Hugging Face name. Dropout is off.
    pub async fn gradients(&self, given: &Given, signal: &Signal) -> Result<(f32, Vec<(String, Tensor)>)> {
        let batch = given.batch(self.config())?;
        let counted = batch.counted();
        ensure!(counted > 0, BadInput, "gradients: the batch has no labels that count");
        let placed = self.placed();
        let shape = batch.bucket(self.config().context);
        let gradients = placed.store.gradients(|_| true)?;
        placed.make_room(&gradients, 0).await?;
        placed.arenas.ensure(placed.report(), 128, "report").await?;
        for place in 0..gradients.arenas().len() {
            placed.arenas.clear(gradients.first() + place)?;
        }
        placed.arenas.clear(placed.report())?;
        let key = format!("gradients {shape:?}");
        let build = || gradient_plan(placed, &*placed.model, &shape, Some(&gradients), &Mode::Infer, 0.0);
        let stage = placed.stages.ready(&placed.arenas, "activations", &key, build).await?;
        feed(&stage, &batch.padded(&shape), 1.0 / counted as f32)?;
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
}

/// Names what is to be read back: hidden states if wanted, attention maps where there are any.
fn keep(graph: &mut Graph, outputs: &Outputs, hidden: bool) {
    let mut name = |prefix: &str, tensors: &[graph::Tensor]| {
        for (layer, &tensor) in tensors.iter().enumerate() {
            graph.keep(&format!("{prefix}{layer}"), tensor);
        }
    };
    if hidden {
        name("hidden", &outputs.hidden);
        name("encoder.hidden", &outputs.encoder_hidden);
    }
    name("map", &outputs.maps);
    name("encoder.map", &outputs.encoder_maps);
    name("cross", &outputs.cross_maps);
}

async fn shown(stage: &Stage, prefix: &str, cut: &Cut, rows: usize) -> Result<Shown> {
    let mut shown = Shown::default();
    for name in (0..).map(|layer| format!("{prefix}hidden{layer}")).take_while(|name| stage.has(name)) {
        shown.hidden.push(cut.states(stage.read_f32(&name).await?, rows));
    }
    for name in (0..).map(|layer| format!("{prefix}map{layer}")).take_while(|name| stage.has(name)) {
        shown.attentions.push(cut.maps(stage.read_f32(&name).await?, rows));
    }
    Ok(shown)
}

/// How much of a bucket was asked for: rows, and places of queries and of keys.
struct Cut {
    rows: usize,
    times: [usize; 2],
    bucket: [usize; 2],
}

impl Cut {
    /// (B, T, ..) of a bucket of so many rows.
    fn states(&self, data: Vec<f32>, rows: usize) -> Tensor {
        let inner = data.len() / (rows * self.bucket[0]);
        let mut out = Vec::with_capacity(self.rows * self.times[0] * inner);
        for row in 0..self.rows {
            let from = row * self.bucket[0] * inner;
            out.extend_from_slice(&data[from..from + self.times[0] * inner]);
        }
        Tensor { shape: vec![self.rows, self.times[0], inner], data: out }
    }

    /// (B, H, queries, keys) of a bucket of so many rows.
    fn maps(&self, data: Vec<f32>, rows: usize) -> Tensor {
        let ([queries, keys], [longer, wider]) = (self.times, self.bucket);
        let heads = data.len() / (rows * longer * wider);
        let mut out = Vec::with_capacity(self.rows * heads * queries * keys);
        for line in 0..self.rows * heads {
            for query in 0..queries {
                let from = (line * longer + query) * wider;
                out.extend_from_slice(&data[from..from + keys]);
            }
        }
        Tensor { shape: vec![self.rows, heads, queries, keys], data: out }
    }
}
