//! A batch: rows of ids with what a model must know beside them, all of one length.
//!
//! Comes in: rows from [`super::windows`], or ids, masks and labels as a caller gives them. Goes out: flat arrays, row-major, that
//! become a plan's inputs. Padding holds id 0, is outside every span, and is never a target.

use super::row::{IGNORED, Row};
use crate::error::Result;
use crate::nn::Shape;
use crate::{bail, ensure};

/// One stack's inputs: (rows, time), and which places each row may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Places of each row.
    pub time: usize,
    /// Ids (rows, time).
    pub ids: Vec<u32>,
    /// Places of the ids in their sequences (rows, time).
    pub positions: Vec<u32>,
    /// First seen place of each row and one past the last (rows, 2).
    pub spans: Vec<u32>,
    /// Type ids (rows, time); all 0 where absent.
    pub types: Option<Vec<u32>>,
    /// Numbers of packed documents (rows, time), from 1; 0 is padding.
    pub segments: Option<Vec<u32>>,
}

/// Where the answers of a batch start and end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// First and last place of each row's answer, or [`IGNORED`] (rows, 2).
    pub places: Vec<u32>,
    /// How many places of a row compete: all that were given, padding too.
    pub among: usize,
}

/// A batch for one stack, or for two where there is an encoder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Rows.
    pub rows: usize,
    /// The only stack's inputs, or the decoder's.
    pub main: Side,
    /// The encoder's inputs, where there is one.
    pub encoder: Option<Side>,
    /// For each place of the main stack the id to predict there, or [`IGNORED`] (rows, time); empty where nothing is.
    pub targets: Vec<u32>,
    /// Where answers stand, for who is to find them.
    pub answers: Option<Answers>,
    /// A number for each label of each row, not a number where the row is ignored (rows, labels): labels that do not exclude each
    /// other, or values to come near.
    pub values: Vec<f32>,
}

impl Side {
    /// Rows of ids with a mask: 1 where a token stands, 0 for padding at either end. Positions count from the first token
    /// unless given.
    ///
    /// Fails with `shape` for rows of different lengths, `unsupported` for a mask with a hole.
    pub fn new(ids: &[Vec<u32>], mask: Option<&[Vec<u32>]>, positions: Option<&[Vec<u32>]>) -> Result<Side> {
        let time = ids.first().map_or(0, Vec::len);
        ensure!(time > 0, BadInput, "a batch needs at least one row of at least one id");
        for (name, given) in [("attentionMask", mask), ("positionIds", positions)] {
            let rows = given.map_or(ids.len(), <[_]>::len);
            ensure!(rows == ids.len(), Shape, [rows: rows, wanted: ids.len()], "{name}: {rows} rows for {}", ids.len());
        }
        let mut side = Side { time, ..Side::default() };
        for (row, ids) in ids.iter().enumerate() {
            ensure!(
                ids.len() == time,
                Shape,
                [row: row, ids: ids.len(), wanted: time],
                "row {row} has {} ids, the first has {time}",
                ids.len()
            );
            let (from, to) = match mask {
                None => (0, time),
                Some(mask) => span(&mask[row], time, row)?,
            };
            side.ids.extend_from_slice(ids);
            side.spans.extend([from as u32, to as u32]);
            match positions {
                None => side.positions.extend((0..time).map(|at| at.saturating_sub(from) as u32)),
                Some(positions) => match positions.get(row) {
                    Some(positions) if positions.len() == time => side.positions.extend_from_slice(positions),
                    _ => bail!(Shape, [row: row, wanted: time], "positionIds: row {row} is not of {time} numbers"),
                },
            }
        }
        Ok(side)
    }

    /// The same rows with room for more rows and longer ones.
    fn padded(&self, rows: usize, more_rows: usize, time: usize) -> Side {
        let grow = |numbers: &[u32]| {
            let mut out = vec![0; more_rows * time];
            for row in 0..rows {
                out[row * time..row * time + self.time]
                    .copy_from_slice(&numbers[row * self.time..(row + 1) * self.time]);
            }
            out
        };
        let mut spans = self.spans.clone();
        spans.resize(more_rows * 2, 0);
        Side {
            time,
            ids: grow(&self.ids),
            positions: grow(&self.positions),
            spans,
            types: self.types.as_deref().map(grow),
            segments: self.segments.as_deref().map(grow),
        }
    }
}

fn span(mask: &[u32], time: usize, row: usize) -> Result<(usize, usize)> {
    ensure!(
        mask.len() == time,
        Shape,
        [row: row, numbers: mask.len(), wanted: time],
        "the attention mask's row {row} has {} numbers, {time} are wanted",
        mask.len()
    );
    if let Some(other) = mask.iter().find(|&&m| m > 1) {
        bail!(BadInput, [row: row, number: *other], "the attention mask's row {row} holds {other}, 1 and 0 are known");
    }
    let from = mask.iter().position(|&m| m != 0).unwrap_or(0);
    let to = mask.iter().rposition(|&m| m != 0).map_or(from, |last| last + 1);
    let whole = mask.iter().take(to).skip(from).all(|&m| m != 0);
    ensure!(whole, Unsupported, "the attention mask's row {row} has a hole; padding must be at its ends");
    Ok((from, to))
}

impl Batch {
    /// Rows of one objective, padded to the longest of them.
    pub fn of_rows(rows: &[Row]) -> Batch {
        let longest = |length: fn(&Row) -> usize| rows.iter().map(length).max().unwrap_or(0);
        let (time, source) = (longest(|row| row.ids.len()), longest(|row| row.source.len()));
        let all = |of: fn(&Row) -> &[u32], time: usize, with: u32| -> Vec<u32> {
            let padded = |row: &Row| {
                let numbers = of(row);
                numbers.iter().copied().chain(std::iter::repeat_n(with, time - numbers.len())).collect::<Vec<u32>>()
            };
            rows.iter().flat_map(padded).collect()
        };
        let any = |of: fn(&Row) -> bool| rows.iter().any(of);
        let main = Side {
            time,
            ids: all(|row| &row.ids, time, 0),
            positions: all(|row| &row.positions, time, 0),
            spans: rows.iter().flat_map(|row| [0, row.ids.len() as u32]).collect(),
            types: any(|row| !row.types.is_empty()).then(|| all(|row| &row.types, time, 0)),
            segments: any(|row| row.segments.iter().any(|&segment| segment != 1))
                .then(|| all(|row| &row.segments, time, 0)),
        };
        let encoder = (source > 0).then(|| Side {
            time: source,
            ids: all(|row| &row.source, source, 0),
            positions: rows.iter().flat_map(|_| 0..source as u32).collect(),
            spans: rows.iter().flat_map(|row| [0, row.source.len() as u32]).collect(),
            ..Side::default()
        });
        let places = rows.iter().filter_map(|row| row.answer).flatten();
        let answers = any(|row| row.answer.is_some()).then(|| Answers { places: places.collect(), among: time });
        let targets =
            if any(|row| !row.targets.is_empty()) { all(|row| &row.targets, time, IGNORED) } else { Vec::new() };
        let values = rows.iter().flat_map(|row| row.values.iter().copied()).collect();
        Batch { rows: rows.len(), main, encoder, targets, answers, values }
    }

    /// Labels of a causal model, as Hugging Face takes them: not shifted, -100 ignored.
    pub fn causal_targets(labels: &[Vec<i64>], time: usize) -> Result<Vec<u32>> {
        let mut targets = Vec::with_capacity(labels.len() * time);
        for (row, labels) in labels.iter().enumerate() {
            ensure!(
                labels.len() == time,
                Shape,
                [row: row, numbers: labels.len(), wanted: time],
                "labels: row {row} has {} numbers, {time} are wanted",
                labels.len()
            );
            for at in 1..=time {
                targets.push(labels.get(at).map_or(Ok(IGNORED), |&label| target(label))?);
            }
        }
        Ok(targets)
    }

    /// Labels of a model that predicts in place: masked, or the decoder of two stacks.
    pub fn plain_targets(labels: &[Vec<i64>], time: usize) -> Result<Vec<u32>> {
        let mut targets = Vec::with_capacity(labels.len() * time);
        for (row, labels) in labels.iter().enumerate() {
            ensure!(
                labels.len() == time,
                Shape,
                [row: row, numbers: labels.len(), wanted: time],
                "labels: row {row} has {} numbers, {time} are wanted",
                labels.len()
            );
            for &label in labels {
                targets.push(target(label)?);
            }
        }
        Ok(targets)
    }

    /// How many targets count.
    pub fn counted(&self) -> usize {
        let places = self.answers.as_ref().map_or(&[][..], |answers| &answers.places);
        let whole = self.targets.iter().chain(places).filter(|&&target| target != IGNORED).count();
        whole + self.values.iter().filter(|value| !value.is_nan()).count()
    }

    /// Sizes of the plan that takes this batch, in buckets of at most `context` places.
    pub fn bucket(&self, context: usize) -> Shape {
        Shape {
            batch: row_bucket(self.rows),
            time: time_bucket(self.main.time, context),
            source: self.encoder.as_ref().map_or(0, |side| time_bucket(side.time, context)),
            segments: self.main.segments.is_some(),
            ..Shape::default()
        }
    }

    /// Fails with `bad-input` if an id is not below `vocab`, or a target not below `outputs`.
    pub fn check(&self, vocab: usize, outputs: usize) -> Result<()> {
        for side in [Some(&self.main), self.encoder.as_ref()].into_iter().flatten() {
            let wrong = side.ids.iter().find(|&&id| id as usize >= vocab);
            if let Some(id) = wrong {
                bail!(BadInput, [id: *id, vocab: vocab], "token id {id} is out of the vocabulary of {vocab}");
            }
        }
        if let Some(target) = self.targets.iter().find(|&&t| t != IGNORED && t as usize >= outputs) {
            bail!(BadInput, [label: *target, labels: outputs], "label {target} is given, the model knows {outputs}");
        }
        Ok(())
    }

    /// The same batch in a larger bucket.
    pub fn padded(&self, shape: &Shape) -> Batch {
        let (rows, time) = (shape.batch, shape.time);
        let mut targets = vec![IGNORED; if self.targets.is_empty() { 0 } else { rows * time }];
        if !targets.is_empty() {
            for row in 0..self.rows {
                let from = row * self.main.time;
                targets[row * time..row * time + self.main.time]
                    .copy_from_slice(&self.targets[from..from + self.main.time]);
            }
        }
        let mut answers = self.answers.clone();
        if let Some(answers) = &mut answers {
            answers.places.resize(2 * rows, IGNORED);
        }
        let mut values = self.values.clone();
        values.resize(values.len() / self.rows.max(1) * rows, f32::NAN);
        Batch {
            rows,
            main: self.main.padded(self.rows, rows, time),
            encoder: self.encoder.as_ref().map(|side| side.padded(self.rows, rows, shape.source)),
            targets,
            answers,
            values,
        }
    }
}

/// The label of what is not predicted.
pub const SKIPPED: i64 = -100;

/// A label as a target.
pub fn target(label: i64) -> Result<u32> {
    if label == SKIPPED {
        return Ok(IGNORED);
    }
    match u32::try_from(label) {
        Ok(label) if label != IGNORED => Ok(label),
        _ => bail!(BadInput, "label {label} is no id"),
    }
}

/// The rows of a bucket: exact to 8, then powers of two.
pub fn row_bucket(rows: usize) -> usize {
    if rows <= 8 { rows.max(1) } else { rows.next_power_of_two() }
}

/// The places of a bucket: the next of 16·2ⁿ and 24·2ⁿ, at most `most`.
pub fn time_bucket(time: usize, most: usize) -> usize {
    let mut size = 16;
    loop {
        for candidate in [size, size + size / 2] {
            if time <= candidate {
                return candidate.min(most.max(time));
            }
        }
        size *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_few_and_large_enough() {
        let times: Vec<usize> = [1, 16, 17, 24, 25, 100, 193].iter().map(|&t| time_bucket(t, 1024)).collect();
        assert_eq!(times, [16, 16, 24, 24, 32, 128, 256]);
        assert_eq!((time_bucket(60, 64), time_bucket(3, 3), time_bucket(65, 64)), (64, 3, 65));
        assert_eq!([1, 8, 9, 17].map(row_bucket), [1, 8, 16, 32]);
    }

    #[test]
    fn left_padding_moves_positions_and_a_hole_is_refused() {
        let ids = [vec![0, 0, 5, 6]];
        let side = Side::new(&ids, Some(&[vec![0, 0, 1, 1]]), None).unwrap();
        assert_eq!((side.spans, side.positions), (vec![2, 4], vec![0, 0, 0, 1]));
        assert_eq!(Side::new(&ids, Some(&[vec![1, 0, 1, 1]]), None).unwrap_err().code(), "unsupported");
        assert_eq!(Side::new(&[vec![1], vec![1, 2]], None, None).unwrap_err().code(), "shape");
    }

    #[test]
    fn causal_labels_are_shifted_and_ignored_ones_are_none() {
        let targets = Batch::causal_targets(&[vec![-100, 4, -100, 6]], 4).unwrap();
        assert_eq!(targets, [4, IGNORED, 6, IGNORED]);
    }

    #[test]
    fn a_larger_bucket_keeps_rows_and_ignores_the_rest() {
        let main = Side::new(&[vec![1, 2], vec![3, 4]], None, None).unwrap();
        let batch = Batch { rows: 2, main, targets: vec![2, IGNORED, 4, IGNORED], ..Batch::default() };
        let larger = batch.padded(&Shape { batch: 3, time: 4, ..Shape::default() });
        assert_eq!(larger.main.ids, [1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0]);
        assert_eq!(larger.main.spans, [0, 2, 0, 2, 0, 0]);
        assert_eq!((larger.counted(), larger.targets.len()), (2, 12));
        assert!(larger.check(5, 5).is_ok() && larger.check(4, 5).is_err() && larger.check(5, 4).is_err());
    }

    #[test]
    fn answers_and_values_of_added_rows_are_ignored() {
        let main = Side::new(&[vec![1, 2]], None, None).unwrap();
        let answers = Some(Answers { places: vec![0, IGNORED], among: 2 });
        let batch = Batch { rows: 1, main, answers, values: vec![1.0, 0.0, 1.0], ..Batch::default() };
        let larger = batch.padded(&Shape { batch: 2, time: 16, ..Shape::default() });
        assert_eq!((batch.counted(), larger.counted(), larger.values.len()), (4, 4, 6));
        assert_eq!(larger.answers.unwrap(), Answers { places: vec![0, IGNORED, IGNORED, IGNORED], among: 2 });
    }

    #[test]
    fn packed_rows_are_padded_to_the_longest() {
        let long = Row::new(vec![1, 2, 3], vec![2, 3, 4], 0);
        let short = Row::new(vec![7], vec![8], 0);
        let batch = Batch::of_rows(&[long, short]);
        assert_eq!(batch.main.ids, [1, 2, 3, 7, 0, 0]);
        assert_eq!(batch.main.spans, [0, 3, 0, 1]);
        assert_eq!((batch.counted(), batch.main.segments, batch.encoder), (4, None, None));
    }

    #[test]
    fn rows_of_two_stacks_and_rows_with_answers_are_padded_each_for_itself() {
        let row =
            |source: &[u32], ids: &[u32]| Row { source: source.to_vec(), ..Row::new(ids.to_vec(), ids.to_vec(), 0) };
        let batch = Batch::of_rows(&[row(&[5, 6, 1], &[0, 8]), row(&[7, 1], &[0, 9, 4])]);
        let encoder = batch.encoder.unwrap();
        assert_eq!((encoder.time, encoder.ids, encoder.spans), (3, vec![5, 6, 1, 7, 1, 0], vec![0, 3, 0, 2]));
        assert_eq!(batch.targets, [0, 8, IGNORED, 0, 9, 4]);
        let row = |answer, types: &[u32]| Row {
            answer,
            types: types.to_vec(),
            ..Row::new(vec![3; types.len()], Vec::new(), 0)
        };
        let batch = Batch::of_rows(&[row(Some([1, 2]), &[0, 1, 1]), row(Some([0, 0]), &[0, 1])]);
        assert_eq!(batch.answers, Some(Answers { places: vec![1, 2, 0, 0], among: 3 }));
        assert_eq!((batch.main.types.unwrap(), batch.targets.len()), (vec![0, 1, 1, 0, 1, 0], 0));
    }
}
