//! A model's training state on its way into files and back.
//!
//! Out: the state as JSON, and the optimiser's moments as tensors named after their parameters (`first.…`, `second.…`). In: the same, the
//! tensors in chunks of any size; they go to the device as they pass. What does not fit the model is refused by name.

use std::collections::HashMap;
use std::rc::Rc;

use super::model::Model;
use crate::checkpoint::Reader;
use crate::device::Slice;
use crate::error::{Context, Result};
use crate::models::Placed;
use crate::train::options::Options;
use crate::train::state::State;
use crate::train::{Keep, Learning, moments};
use crate::{bail, ensure};

/// The file of the state.
pub const STATE: &str = "training.json";
/// The file of the moments.
pub const MOMENTS: &str = "training.safetensors";

/// Moments of one tensor: what they are called, their shape, where they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The name in the file.
    pub name: String,
    /// The shape.
    pub shape: Vec<usize>,
    /// The place.
    pub slice: Slice,
}

impl Model {
    /// Where the state of the model's training is kept.
    pub fn training(&self) -> &Keep {
        &self.training
    }

    /// The moments that belong to a run with these options, in the order of their names.
    pub fn moments(&self, options: &Options) -> Result<Vec<Moment>> {
        let placed = self.placed();
        let learning = Learning::new(options.trainable.as_deref(), placed)?;
        let inventory = placed.store.inventory();
        let gradients = placed.store.gradients(|parameter| !learning.of(parameter).is_empty())?;
        let mut all = Vec::new();
        for (moment, prefix) in ["first", "second"].into_iter().enumerate().take(moments(options)) {
            for saved in self.saved()? {
                let (Some(home), Some(parameter)) = (gradients.home(saved.parameter), inventory.at(saved.parameter))
                else {
                    continue;
                };
                if !learning.of(parameter).iter().any(|words| words.contains(&saved.words.start)) {
                    continue;
                }
                let gradient = home_part(home, saved.words.start, saved.words.len());
                let slice = if moment == 0 { placed.first_moments(gradient) } else { placed.second_moments(gradient) };
                all.push(Moment { name: format!("{prefix}.{}", saved.name), shape: saved.shape, slice });
            }
        }
        Ok(all)
    }

    /// Takes over the weights and the training state of a model of the same config.
    pub async fn take_over(&self, other: &Model) -> Result<()> {
        let state = other.training().borrow().clone();
        let Some(state) = state else { bail!(BadInput, "train: continue: the checkpoint has no training state") };
        let (mine, theirs) = (self.moments(&state.options)?, other.moments(&state.options)?);
        let same = mine.iter().map(|one| (&one.name, &one.shape)).eq(theirs.iter().map(|one| (&one.name, &one.shape)));
        ensure!(same, BadInput, "train: continue: the checkpoint is of another model");
        self.set_weights(&other.weights(None).await?)?;
        let placed = self.placed();
        let learning = Learning::new(state.options.trainable.as_deref(), placed)?;
        let gradients = placed.store.gradients(|parameter| !learning.of(parameter).is_empty())?;
        placed.make_moments(&gradients, moments(&state.options)).await?;
        for (to, from) in mine.into_iter().zip(theirs) {
            placed.arenas.write(to.slice, &other.placed().arenas.read(from.slice).await?)?;
        }
        *self.training.borrow_mut() = Some(state);
        Ok(())
    }

    /// Begins to take the state of a run from files: the text of `training.json`, the size of `training.safetensors`.
    pub async fn restore(&self, json: &str, size: u64) -> Result<Restoring> {
        let state = State::from_json(json)?;
        let placed = self.placed().clone();
        let learning = Learning::new(state.options.trainable.as_deref(), &placed)?;
        let gradients = placed.store.gradients(|parameter| !learning.of(parameter).is_empty())?;
        placed.make_moments(&gradients, moments(&state.options)).await?;
        let wanted = self.moments(&state.options)?;
        let targets = wanted.into_iter().map(|moment| (moment.name.clone(), moment)).collect();
        Ok(Restoring { placed, keep: self.training.clone(), state, reader: Reader::new(size), targets, judged: false })
    }
}

fn home_part(home: Slice, from: usize, words: usize) -> Slice {
    Slice { offset: home.offset + from, words, ..home }
}

/// A training state on its way in.
#[derive(Debug)]
pub struct Restoring {
    placed: Rc<Placed>,
    keep: Keep,
    state: State,
    reader: Reader,
    targets: HashMap<String, Moment>,
    judged: bool,
}

impl Restoring {
    /// Takes the next bytes of `training.safetensors`.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        let rest = self.reader.head(bytes).context(|| MOMENTS.to_owned())?;
        if self.reader.header().is_some() && !std::mem::replace(&mut self.judged, true) {
            self.judge().context(|| MOMENTS.to_owned())?;
        }
        let (placed, targets) = (&self.placed, &self.targets);
        let fed = self.reader.feed(rest, |stretch| match targets.get(&stretch.entry.name) {
            Some(moment) => {
                let slice = home_part(moment.slice, stretch.offset as usize, stretch.numbers.len());
                placed.arenas.write(slice, bytemuck::cast_slice(stretch.numbers))
            }
            None => Ok(()),
        });
        fed.context(|| MOMENTS.to_owned())
    }

    fn judge(&self) -> Result<()> {
        let Some(header) = self.reader.header() else { return Ok(()) };
        for entry in &header.entries {
            let Some(moment) = self.targets.get(&entry.name) else {
                bail!(BadFile, "`{}` belongs to nothing in the model's training", entry.name)
            };
            ensure!(
                entry.shape == moment.shape,
                BadFile,
                "`{}` has the shape {:?}, the model says {:?}",
                entry.name,
                entry.shape,
                moment.shape
            );
        }
        let missing = self.targets.keys().find(|name| !header.entries.iter().any(|entry| entry.name == **name));
        match missing {
            Some(name) => bail!(BadFile, "`{name}` is missing"),
            None => Ok(()),
        }
    }

    /// All bytes have come: the model's training can go on.
    pub fn finish(self) -> Result<()> {
        self.reader.finish().context(|| MOMENTS.to_owned())?;
        *self.keep.borrow_mut() = Some(self.state);
        Ok(())
    }
}
