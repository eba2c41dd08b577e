//! The model's calls that deal in numbers: made or loaded, asked.
//!
//! In: configs as text, chunks of files, batches of ids. Out: typed arrays with their shapes. Text in and out is in
//! `generation.rs`, learning in `learning.rs`, the way back into files in `files.rs`.

use super::error::out;
use super::job::{Desk, Job};
use super::ngram::TokenizerRef;
use super::runtime::{choice, runtime};
use super::session::Sessions;
use super::values::{Plain, argument};
use crate::device::{Device, Signal};
use crate::kernels::Format;
use crate::models::{Config, Task};
use crate::tasks::training::MOMENTS;
use crate::tasks::{Extras, Given, Loading, Tensor};
use crate::{Error, Kind, Result};
use js_sys::{Array, Float32Array, Reflect, Uint8Array};
use serde::Deserialize;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A model that the host holds.
#[wasm_bindgen]
pub struct Model {
    pub(super) inner: Rc<crate::tasks::Model>,
    /// Whether a training run is in hand.
    pub(super) learning: Rc<Cell<bool>>,
    /// Conversations that go on.
    pub(super) sessions: Sessions,
}

impl From<crate::tasks::Model> for Model {
    fn from(inner: crate::tasks::Model) -> Self {
        Model { inner: Rc::new(inner), learning: Rc::default(), sessions: Rc::default() }
    }
}

/// What `create` and `load` may choose, as it crosses.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Made {
    seed: Option<u64>,
    task: Option<String>,
    device: Option<String>,
    context: Option<usize>,
    dtype: Option<String>,
    /// Whether what is loaded was created here.
    created: bool,
}

impl Made {
    async fn device(&self) -> Result<Rc<Device>> {
        match &self.device {
            Some(word) => runtime().device(Some(choice(word)?)).await,
            None => runtime().device(None).await,
        }
    }

    fn task(&self) -> Result<Option<Task>> {
        let Some(word) = &self.task else { return Ok(None) };
        let known = Task::ALL.into_iter().find(|task| task.name() == word);
        known.map(Some).ok_or_else(|| Error::new(Kind::BadOption, format!("there is no task {word:?}")))
    }
}

/// How weights are to be kept; `auto` is f32, which can learn.
pub(super) fn format(dtype: Option<&str>) -> Result<Format> {
    match dtype {
        None | Some("auto" | "f32") => Ok(Format::F32),
        Some("f16") => Ok(Format::F16),
        Some(other) => Err(Error::new(Kind::BadOption, format!("dtype: {other:?}"))),
    }
}

pub(super) fn parse(text: &str, what: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text).map_err(|error| Error::new(Kind::BadFile, format!("{what}: {error}")))
}

/// A model with first numbers from a seed.
#[wasm_bindgen]
pub fn create_model(config: String, given: JsValue, tokenizer: Option<TokenizerRef>) -> Job {
    Job::new(move |_| async move {
        let given: Made = super::values::options(given, "Model.create")?;
        let mut config = parse(&config, "Model.create: config")?;
        // The config is the caller's own and no file.
        let own = |error: Error| error.seen_as(Kind::BadFile, Kind::BadInput);
        if let Some(task) = given.task()? {
            config = Config::from_json(&config).and_then(|config| config.with_task(task)).map_err(own)?.to_json();
        }
        let device = given.device().await?;
        let model = crate::tasks::Model::create(device, &config, given.seed.unwrap_or(0)).await.map_err(own)?;
        model.set_tokenizer(tokenizer.map(|tokenizer| tokenizer.inner.clone()))?;
        Ok(Model::from(model).into())
    })
}

/// Takes the documents of a load, to their end or a mark (`null`).
pub(super) async fn take_files(
    desk: &Desk,
    mut loading: Loading,
    training: Option<String>,
    seed: u64,
) -> Result<crate::tasks::Model> {
    let (mut judged, mut done, mut total) = (false, 0.0, 0.0);
    let (mut moments, mut has_moments) = (None, false);
    let mut bytes = Vec::new();
    while let Some(document) = desk.document().await {
        if document.is_null() {
            break;
        }
        let field = |name: &str| Reflect::get(&document, &name.into()).unwrap_or_default();
        if let Some(name) = field("name").as_string() {
            let size = field("size").as_f64().unwrap_or(0.0);
            total += size;
            if name == MOMENTS {
                moments = Some(size as u64);
                continue;
            }
            loading.header(&name, size as u64, &Uint8Array::new(&field("header")).to_vec())?;
            continue;
        }
        if !std::mem::replace(&mut judged, true) {
            loading.judge()?;
        }
        let piece: Uint8Array = field("bytes").unchecked_into();
        bytes.resize(piece.length() as usize, 0);
        piece.copy_to(&mut bytes);
        let file = field("file").as_f64().unwrap_or(0.0) as usize;
        if file >= loading.files() {
            has_moments = true;
            break;
        }
        loading.feed(file, &bytes)?;
        done += bytes.len() as f64;
        desk.progress("load", done, Some(total), true);
    }
    if !judged {
        loading.judge()?;
    }
    let model = loading.finish(seed)?;
    if let Some((training, size)) = training.zip(moments) {
        let mut restoring = model.restore(&training, size).await?;
        let mut more = has_moments;
        while more {
            restoring.feed(&bytes)?;
            done += bytes.len() as f64;
            desk.progress("load", done, Some(total), true);
            match desk.document().await {
                Some(document) if !document.is_null() => {
                    let piece = Reflect::get(&document, &"bytes".into()).unwrap_or_default();
                    bytes = Uint8Array::new(&piece).to_vec();
                }
                _ => more = false,
            }
        }
        restoring.finish()?;
    }
    Ok(model)
}

/// A model from files. Its documents are first `{ name, size, header }` of every file, then `{ file, bytes }`, file by file; where the text of
/// a `training.json` is given, the last of the files has the moments.
#[wasm_bindgen]
pub fn load_model(
    config: String,
    generation: Option<String>,
    training: Option<String>,
    given: JsValue,
    tokenizer: Option<TokenizerRef>,
) -> Job {
    Job::new(move |desk| async move {
        let given: Made = super::values::options(given, "Model.load")?;
        let config = parse(&config, "config.json")?;
        let generation = generation.map(|text| parse(&text, "generation_config.json")).transpose()?;
        let device = given.device().await?;
        let loading =
            Loading::new(device, &config, generation, (given.task()?, given.context), format(given.dtype.as_deref())?)
                .await?;
        let model = take_files(&desk, loading, training, given.seed.unwrap_or(0)).await?;
        if given.created {
            model.set_created();
        }
        model.set_tokenizer(tokenizer.map(|tokenizer| tokenizer.inner.clone()))?;
        Ok(Model::from(model).into())
    })
}

/// A tensor as it crosses.
pub(super) fn tensor(tensor: &Tensor) -> JsValue {
    let shape: Array = tensor.shape.iter().map(|&size| JsValue::from(size as u32)).collect();
    Plain::default().with("data", Float32Array::from(&tensor.data[..])).with("shape", shape).into()
}

/// Tensors by name, as a list of pairs.
fn named(tensors: &[(String, Tensor)]) -> Array {
    tensors.iter().map(|(name, numbers)| Array::of2(&name.as_str().into(), &tensor(numbers))).collect()
}

/// Which extras of a forward pass are wanted, as it crosses.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    hidden: bool,
    attentions: bool,
}

fn list(tensors: &[Tensor]) -> Array {
    tensors.iter().map(tensor).collect()
}

#[wasm_bindgen]
impl Model {
    /// What is known of it without a call: `{ config, parameters, task, device }`, the config as text.
    pub fn about(&self) -> JsValue {
        let model = &self.inner;
        Plain::default()
            .with("config", model.config_json().to_string())
            .with("parameters", model.parameters() as f64)
            .with("task", model.task().name())
            .with("device", model.placed().arenas.device().report().kind)
            .into()
    }

    /// The layers, shapes and counts, as text.
    pub fn summary(&self) -> Result<String, JsValue> {
        out(self.inner.summary())
    }

    /// Logits, and what else is wanted.
    pub fn forward(&self, batch: JsValue, extras: JsValue) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move {
            let batch: Given = argument(batch, "forward")?;
            let Wanted { hidden, attentions } = super::values::options(extras, "forward")?;
            let made = model.forward(&batch, Extras { hidden, attentions }, &Signal::default()).await?;
            let mut all = Plain::default().with("logits", tensor(&made.logits));
            if let Some(loss) = made.loss {
                all = all.with("loss", loss);
            }
            if hidden {
                all = all.with("hidden", list(&made.main.hidden));
            }
            if attentions {
                all = all.with("attentions", list(&made.main.attentions));
            }
            if let Some(encoder) = &made.encoder {
                if hidden {
                    all = all.with("encoderHidden", list(&encoder.hidden));
                }
                if attentions {
                    all = all.with("encoderAttentions", list(&encoder.attentions));
                    all = all.with("crossAttentions", list(&made.cross));
                }
            }
            Ok(all.into())
        })
    }

    /// The loss of a batch, and its gradient by parameter.
    pub fn gradients(&self, batch: JsValue) -> Job {
        let (model, learning) = (self.inner.clone(), self.learning.clone());
        Job::new(move |_| async move {
            if learning.get() {
                let busy = Error::new(Kind::BadInput, "gradients: the model is in training, which holds its gradients");
                return Err(busy.hint("wait for the run's result, or stop it"));
            }
            let batch: Given = argument(batch, "gradients")?;
            let (loss, gradients) = model.gradients(&batch, &Signal::default()).await?;
            Ok(Plain::default().with("loss", loss).with("gradients", named(&gradients)).into())
        })
    }

    /// Parameters by name: those named, or all.
    pub fn weights(&self, names: Option<Vec<String>>) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move { Ok(named(&model.weights(names.as_deref()).await?).into()) })
    }

    /// Sets parameters: their names, shapes and numbers, each in one list.
    pub fn set_weights(&self, names: Vec<String>, shapes: JsValue, numbers: Vec<Float32Array>) -> Result<(), JsValue> {
        let set = || {
            let shapes: Vec<Vec<usize>> = argument(shapes, "setWeights")?;
            let tensors = shapes.into_iter().zip(&numbers).map(|(shape, data)| Tensor { shape, data: data.to_vec() });
            self.inner.set_weights(&names.into_iter().zip(tensors).collect::<Vec<_>>())
        };
        out(set())
    }
}
