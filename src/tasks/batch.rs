//! A batch as a caller gives it: rows of ids with masks and labels, in Hugging Face's conventions.

use crate::data::batch::{Batch, Side};
use crate::error::Result;
use crate::models::{Config, Task};
use crate::{bail, ensure};

/// Rows of ids and what goes with them; what is absent is filled in.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Given {
    /// Ids (rows, time).
    pub input_ids: Vec<Vec<u32>>,
    /// 1: seen, 0: padding, on the left or the right.
    pub attention_mask: Option<Vec<Vec<u32>>>,
    /// Type ids (rows, time).
    pub type_ids: Option<Vec<Vec<u32>>>,
    /// Places (rows, time); counted from the first token that is seen, where absent.
    pub position_ids: Option<Vec<Vec<u32>>>,
    /// Ids of the decoder; the labels shifted right, where absent.
    pub decoder_ids: Option<Vec<Vec<u32>>>,
    /// Labels (rows, time), -100 ignored; for `classify` one a row.
    pub labels: Option<Labels>,
}

/// Labels of tokens, or of rows.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(untagged)]
pub enum Labels {
    /// One for each token.
    Tokens(Vec<Vec<i64>>),
    /// One for each row.
    Rows(Vec<f64>),
}

impl Given {
    /// The batch that a model of this config takes.
    pub fn batch(&self, config: &Config) -> Result<Batch> {
        ensure!(!self.input_ids.is_empty(), BadInput, "the batch has no rows");
        let mask = self.attention_mask.as_deref();
        let first = config.first_position() as u32;
        let mut side = Side::new(&self.input_ids, mask, self.position_ids.as_deref())?;
        if self.position_ids.is_none() && first > 0 {
            side.positions.iter_mut().for_each(|position| *position += first);
        }
        if let Some(types) = &self.type_ids {
            let all = types.iter().flatten().copied().collect::<Vec<u32>>();
            ensure!(all.len() == side.ids.len(), BadInput, "typeIds: {} numbers for {} ids", all.len(), side.ids.len());
            side.types = Some(all);
        }
        let labels = match &self.labels {
            None => None,
            Some(Labels::Tokens(labels)) => {
                ensure!(
                    labels.len() == self.input_ids.len(),
                    BadInput,
                    "labels: {} rows for {}",
                    labels.len(),
                    self.input_ids.len()
                );
                Some(labels)
            }
            Some(Labels::Rows(_)) => bail!(Unsupported, "labels: one a row belongs to a task of whole texts"),
        };
        let rows = self.input_ids.len();
        let batch = match config.task {
            Task::Causal => {
                let targets = labels.map_or(Ok(Vec::new()), |labels| Batch::causal_targets(labels, side.time))?;
                Batch { rows, main: side, encoder: None, targets }
            }
            Task::Masked => {
                let targets = labels.map_or(Ok(Vec::new()), |labels| Batch::plain_targets(labels, side.time))?;
                Batch { rows, main: side, encoder: None, targets }
            }
            Task::Embed => Batch { rows, main: side, encoder: None, targets: Vec::new() },
            task => bail!(Unsupported, "batches of ids for the task {} are not there yet", task.name()),
        };
        batch.check(config.vocab)?;
        let longest = batch.main.positions.iter().max().copied().unwrap_or(0) as usize + 1;
        ensure!(
            longest <= config.context + first as usize,
            ContextOverflow,
            "the batch has {longest} places, the model's context is {}",
            config.context
        );
        Ok(batch)
    }
}
