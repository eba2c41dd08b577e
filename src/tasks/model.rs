//! A model that lives on a device: made or loaded, asked for numbers, saved.
//!
//! Comes in: configs, numbers by Hugging Face name. Goes out: what the model is, its parameters. Batches, gradients and text join in the
//! neighbouring files. All methods take `&self`; calls on one model are made one after the other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::Value;

use crate::checkpoint::{self, Saved};
use crate::device::Device;
use crate::error::Result;
use crate::kernels::Format;
use crate::models::{self, Config, Placed, Store, Task, fits};
use crate::plan::Arenas;
use crate::tokenizer::Tokenizer;
use crate::train::Keep;
use crate::{bail, ensure};

/// Numbers with a shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// The numbers.
    pub data: Vec<f32>,
}

/// A model on a device.
#[derive(Debug)]
pub struct Model {
    placed: Rc<Placed>,
    tokenizer: RefCell<Option<Rc<Tokenizer>>>,
    generation: Option<Value>,
    created: Cell<bool>,
    /// The state of its training, once it has begun or was loaded.
    pub(super) training: Keep,
    /// Names of labels that training found, where they are others than the config's.
    labels: RefCell<Option<Vec<String>>>,
}

impl Model {
    /// A model with weights at zero.
    async fn blank(device: Rc<Device>, config: Config, format: Format, created: bool) -> Result<Model> {
        let model = models::build(&config);
        let store = Store::new(model.inventory(), format, device.limits())?;
        device.ledger().fits(store.arenas().iter().map(|&words| words as u64 * 4).sum())?;
        let arenas = Arenas::new(device, Placed::places(&store)).await?;
        let placed = Rc::new(Placed::new(config, model, store, arenas).await?);
        Ok(Model {
            placed,
            tokenizer: RefCell::default(),
            generation: None,
            created: Cell::new(created),
            training: Keep::default(),
            labels: RefCell::default(),
        })
    }

    /// A new model with first numbers from a seed.
    ///
    /// Fails with `unsupported` or `bad-input` for a config that cannot be honoured, by name, and `out-of-memory` before anything is
    /// allocated.
    pub async fn create(device: Rc<Device>, config: &Value, seed: u64) -> Result<Model> {
        let mut config = Config::from_json(config)?;
        // What the labels are called is said, also where the caller said only how many there are.
        if matches!(config.task, Task::Classify | Task::Tag) && config.to_json().get("id2label").is_none() {
            config = config.with_labels(&config.labels, config.problem);
        }
        let model = Model::blank(device, config, Format::F32, true).await?;
        model.placed.initialise(seed)?;
        Ok(model)
    }

    /// A new model for a tokenizer, which says of vocabulary and special tokens what the config leaves open.
    ///
    /// Fails as [`Model::create`].
    pub async fn create_for(device: Rc<Device>, config: &Value, tokenizer: Rc<Tokenizer>, seed: u64) -> Result<Model> {
        let mut config = config.clone();
        let role = |role: &str| Some((format!("{role}_token_id"), tokenizer.role(role)?.1.into()));
        let vocab = ("vocab_size".to_owned(), Value::from(tokenizer.vocab_size()));
        for (name, known) in ["bos", "eos", "pad"].into_iter().filter_map(role).chain([vocab]) {
            if let Some(field) = config.as_object_mut().map(|object| object.entry(name).or_insert(Value::Null)) {
                *field = if field.is_null() { known } else { field.take() };
            }
        }
        let model = Model::create(device, &config, seed).await?;
        model.set_tokenizer(Some(tokenizer))?;
        Ok(model)
    }

    /// A model whose numbers come from files; see [`Loading`](super::load::Loading).
    pub(super) async fn awaiting(
        device: Rc<Device>,
        config: Config,
        generation: Option<Value>,
        format: Format,
    ) -> Result<Model> {
        Ok(Model { generation, ..Model::blank(device, config, format, false).await? })
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

    /// The config as it is to be saved: with the names that training gave its labels, and how weights are kept where that is f16.
    pub fn config_json(&self) -> Value {
        let mut json = match &*self.labels.borrow() {
            Some(labels) => self.config().with_labels(labels, self.config().problem).to_json(),
            None => self.config().to_json(),
        };
        if self.format() == Format::F16 {
            let field = if json.get("torch_dtype").is_some() { "torch_dtype" } else { "dtype" };
            json[field] = Value::from("float16");
        }
        json
    }

    /// How weights are kept, and saved.
    pub fn format(&self) -> Format {
        self.placed.store.format()
    }

    /// The names of the labels.
    pub fn labels(&self) -> Vec<String> {
        self.labels.borrow().clone().unwrap_or_else(|| self.config().labels.clone())
    }

    /// Gives the labels other names.
    pub fn name_labels(&self, labels: &[String]) {
        *self.labels.borrow_mut() = (labels != self.config().labels).then(|| labels.to_vec());
    }

    /// `generation_config.json`, where the model came with one.
    pub fn generation(&self) -> Option<&Value> {
        self.generation.as_ref()
    }

    /// What is loaded is what was created here before: it learns as that did.
    pub fn set_created(&self) {
        self.created.set(true);
    }

    /// Whether it was created here, and not loaded: the default learning rates differ.
    pub fn created(&self) -> bool {
        self.created.get()
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
        let kept = if self.format() == Format::F16 { ", kept as f16" } else { "" };
        text.push_str(&format!("{} parameters{kept}\n", self.parameters()));
        Ok(text)
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
        self.placed.read(saved.parameter, start..start + count).await
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
                [numbers: tensor.data.len(), wanted: saved.words.len()],
                "`{name}` has the shape {:?}, {:?} was given",
                saved.shape,
                tensor.shape
            );
            fits(&tensor.data, 0, self.format(), || name)?;
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
