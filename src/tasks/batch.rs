//! A batch as a caller gives it: rows of ids with masks and labels, in Hugging Face's conventions.

use crate::data::batch::{Answers, Batch, Side, target};
use crate::data::row::IGNORED;
use crate::error::Result;
use crate::models::{Config, Problem, Task};
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
    /// Labels (rows, time), -100 ignored; for `classify` one a row, or one for each label of each row.
    pub labels: Option<Labels>,
    /// Where the answer of each row starts, to learn from.
    pub starts: Option<Vec<i64>>,
    /// Its last place.
    pub ends: Option<Vec<i64>>,
}

/// Labels of tokens, of rows, or of each label of each row.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(untagged)]
pub enum Labels {
    /// A whole number for each token.
    Tokens(Vec<Vec<i64>>),
    /// One for each row.
    Rows(Vec<f64>),
    /// One for each label of each row.
    Numbers(Vec<Vec<f64>>),
}

impl Given {
    /// The batch that a model of this config takes.
    pub fn batch(&self, config: &Config) -> Result<Batch> {
        let rows = self.input_ids.len();
        ensure!(rows > 0, BadInput, "the batch has no rows");
        let side = self.side(config)?;
        let two = config.task == Task::Seq2seq;
        ensure!(two || self.decoder_ids.is_none(), BadInput, "decoderIds: the model has no decoder beside its encoder");
        let answers = config.task == Task::Answer;
        ensure!(answers || (self.starts.is_none() && self.ends.is_none()), BadInput, "starts, ends: are for `answer`");
        ensure!(!answers || self.labels.is_none(), BadInput, "labels: an answer has starts and ends");
        let mut batch = Batch { rows, ..Batch::default() };
        if two {
            batch.main = Side::new(&self.written(config)?, None, None)?;
            ensure!(
                batch.main.ids.len() == rows * batch.main.time,
                Shape,
                [rows: batch.main.spans.len() / 2, wanted: rows],
                "decoderIds: {} rows for {rows}",
                batch.main.spans.len() / 2
            );
            batch.encoder = Some(side);
        } else {
            batch.main = side;
        }
        let time = batch.main.time;
        match (config.task, &self.labels) {
            (Task::Classify, Some(labels)) => classes(&mut batch, labels, config)?,
            (Task::Answer, _) => batch.answers = self.answers(time)?,
            (_, None) => {}
            (Task::Embed, _) => bail!(BadInput, "labels: a model without a head learns from none"),
            (task, Some(Labels::Tokens(labels))) => {
                ensure!(
                    labels.len() == rows,
                    Shape,
                    [rows: labels.len(), wanted: rows],
                    "labels: {} rows for {rows}",
                    labels.len()
                );
                batch.targets = match task {
                    Task::Causal => after_padding(Batch::causal_targets(labels, time)?, &batch.main),
                    _ => Batch::plain_targets(labels, time)?,
                };
            }
            (task, _) => bail!(BadInput, "labels: whole numbers (rows, time) are wanted for `{}`", task.name()),
        }
        batch.check(config.vocab, config.outputs())?;
        let first = config.first_position();
        for side in [Some(&batch.main), batch.encoder.as_ref()].into_iter().flatten() {
            let longest = (side.positions.iter().max().copied().unwrap_or(0) as usize + 1).max(side.time + first);
            ensure!(
                longest <= config.context + first,
                ContextOverflow,
                [tokens: longest - first, context: config.context],
                "the batch has {} places, the model's context is {}",
                longest - first,
                config.context
            );
        }
        Ok(batch)
    }

    /// What the model reads: the only stack's rows, or the encoder's.
    fn side(&self, config: &Config) -> Result<Side> {
        let mask = self.attention_mask.as_deref();
        let mut side = Side::new(&self.input_ids, mask, self.position_ids.as_deref())?;
        let first = config.first_position() as u32;
        if self.position_ids.is_none() && first > 0 {
            // What no token stands at has the padding's row.
            for (at, position) in side.positions.iter_mut().enumerate() {
                let (row, place) = (at / side.time, (at % side.time) as u32);
                let seen = (side.spans[2 * row]..side.spans[2 * row + 1]).contains(&place);
                *position = if seen { *position + first } else { first - 1 };
            }
        }
        let Some(types) = &self.type_ids else { return Ok(side) };
        let fits = types.len() == self.input_ids.len() && types.iter().all(|row| row.len() == side.time);
        ensure!(fits, Shape, [rows: self.input_ids.len(), time: side.time], "typeIds: not of the shape of inputIds, ({}, {})", self.input_ids.len(), side.time);
        let all = types.iter().flatten().copied().collect::<Vec<u32>>();
        // A model without types reads rows of the first type as any.
        let known = config.types().max(1);
        if let Some(id) = all.iter().find(|&&id| id as usize >= known) {
            bail!(BadInput, "typeIds: {id} is given, the model knows {}", config.types());
        }
        side.types = (config.types() > 0).then_some(all);
        Ok(side)
    }

    /// What the decoder reads: as given, or the labels moved one place on, behind the token that begins.
    fn written(&self, config: &Config) -> Result<Vec<Vec<u32>>> {
        if let Some(ids) = &self.decoder_ids {
            return Ok(ids.clone());
        }
        let Some(Labels::Tokens(labels)) = &self.labels else {
            bail!(BadInput, "a model of two stacks needs decoderIds, or labels to make them of")
        };
        let special = &config.special;
        let pad = special.pad.unwrap_or(0);
        let begin = special.decoder_start.unwrap_or(pad);
        let shifted = |row: &Vec<i64>| {
            let before = row.iter().take(row.len().saturating_sub(1)).map(|&label| u32::try_from(label).unwrap_or(pad));
            std::iter::once(begin).chain(before).take(row.len()).collect()
        };
        Ok(labels.iter().map(shifted).collect())
    }

    /// Starts and ends; what is before a row counts as its first place and what is past it as ignored, as in the reference.
    fn answers(&self, time: usize) -> Result<Option<Answers>> {
        let (starts, ends) = match (&self.starts, &self.ends) {
            (None, None) => return Ok(None),
            (Some(starts), Some(ends)) => (starts, ends),
            _ => bail!(BadInput, "starts, ends: one without the other"),
        };
        let rows = self.input_ids.len();
        ensure!(
            starts.len() == rows && ends.len() == rows,
            Shape,
            [starts: starts.len(), ends: ends.len(), wanted: rows],
            "starts, ends: {} and {} for {rows} rows",
            starts.len(),
            ends.len()
        );
        let place = |&at: &i64| if at >= time as i64 { IGNORED } else { at.max(0) as u32 };
        let places = starts.iter().zip(ends).flat_map(|(start, end)| [place(start), place(end)]).collect();
        Ok(Some(Answers { places, among: time }))
    }
}

/// Targets without those before a row's first seen token: padding on the left predicts nothing.
fn after_padding(mut targets: Vec<u32>, side: &Side) -> Vec<u32> {
    for (row, span) in targets.chunks_mut(side.time).zip(side.spans.chunks_exact(2)) {
        row.iter_mut().take(span[0] as usize).for_each(|target| *target = IGNORED);
    }
    targets
}

/// Labels of whole rows.
fn classes(batch: &mut Batch, labels: &Labels, config: &Config) -> Result<()> {
    let (rows, count) = (batch.rows, config.labels.len());
    let single = config.problem.map_or(count > 1, |problem| problem == Problem::SingleLabel);
    if single {
        let Labels::Rows(labels) = labels else {
            bail!(
                BadInput,
                "labels: one whole number a row is wanted; for several labels set the config's problem_type"
            )
        };
        ensure!(
            labels.len() == rows,
            Shape,
            [rows: labels.len(), wanted: rows],
            "labels: {} for {rows} rows",
            labels.len()
        );
        batch.targets = vec![IGNORED; rows * batch.main.time];
        for (row, &label) in labels.iter().enumerate() {
            ensure!(label.fract() == 0.0, BadInput, "labels: {label} is no whole number");
            batch.targets[row * batch.main.time + batch.main.spans[2 * row] as usize] = target(label as i64)?;
        }
        return Ok(());
    }
    let numbers: Vec<Vec<f64>> = match labels {
        Labels::Rows(labels) if count == 1 => labels.iter().map(|&label| vec![label]).collect(),
        Labels::Rows(_) => bail!(BadInput, "labels: {count} numbers a row are wanted"),
        Labels::Tokens(labels) => labels.iter().map(|row| row.iter().map(|&label| label as f64).collect()).collect(),
        Labels::Numbers(labels) => labels.clone(),
    };
    ensure!(
        numbers.len() == rows,
        Shape,
        [rows: numbers.len(), wanted: rows],
        "labels: {} rows for {rows}",
        numbers.len()
    );
    for (row, numbers) in numbers.iter().enumerate() {
        ensure!(
            numbers.len() == count,
            Shape,
            [row: row, numbers: numbers.len(), wanted: count],
            "labels: row {row} has {} numbers, {count} are wanted",
            numbers.len()
        );
        ensure!(numbers.iter().all(|n| n.is_finite()), BadInput, "labels: row {row} holds what is no number");
        batch.values.extend(numbers.iter().map(|&n| n as f32));
    }
    Ok(())
}
