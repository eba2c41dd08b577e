//! How well a model does on data that it does not learn from: the loss, and what its task is judged by.
//!
//! `accuracy` is the share of what was to be predicted that was predicted right: hidden tokens, classes, tags, whole answers. `f1` is the
//! mean over classes; over labels that do not exclude each other, and over entities, it counts all of them together; for answers it is the
//! mean overlap of their tokens.

use super::labelling::runs;
use super::model::Model;
use crate::data::batch::Batch;
use crate::data::row::IGNORED;
use crate::device::Signal;
use crate::ensure;
use crate::error::Result;
use crate::models::Task;
use crate::train::evaluate::{Between, evaluate};

/// What data came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean over all that is counted.
    pub loss: f64,
    /// How much that is.
    pub tokens: usize,
    /// The share that is right, where the task can be right.
    pub accuracy: Option<f64>,
    /// Precision and recall in one number, where the task has them.
    pub f1: Option<f64>,
}

/// Found and right, found and wrong, not found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Hits {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Hits {
    fn f1(self) -> f64 {
        let all = 2 * self.right + self.wrong + self.missed;
        if all == 0 { 0.0 } else { 2.0 * self.right as f64 / all as f64 }
    }
}

/// What is counted on the way.
#[derive(Debug, Default)]
struct Tally {
    judged: usize,
    right: usize,
    classes: Vec<Hits>,
    together: Hits,
    overlap: f64,
}

fn largest(scores: &[f32]) -> usize {
    scores.iter().enumerate().fold(0, |best, (at, score)| if *score > scores[best] { at } else { best })
}

impl Tally {
    fn class(&mut self, given: usize, truth: usize) {
        self.judge(given == truth);
        self.classes.resize(self.classes.len().max(given.max(truth) + 1), Hits::default());
        if given == truth {
            self.classes[given].right += 1;
        } else {
            self.classes[given].wrong += 1;
            self.classes[truth].missed += 1;
        }
    }

    fn judge(&mut self, right: bool) {
        self.judged += 1;
        self.right += usize::from(right);
    }

    /// Labels that do not exclude each other.
    fn several(&mut self, scores: &[f32], truth: &[f32]) {
        let mut all = true;
        for (score, truth) in scores.iter().zip(truth) {
            let (given, wanted) = (*score > 0.0, *truth > 0.5);
            all &= given == wanted;
            self.together.right += usize::from(given && wanted);
            self.together.wrong += usize::from(given && !wanted);
            self.together.missed += usize::from(!given && wanted);
        }
        self.judge(all);
    }

    /// The tags of one row's counted places, by name.
    fn tags(&mut self, given: &[&str], truth: &[&str]) {
        given.iter().zip(truth).for_each(|(given, truth)| self.judge(given == truth));
        let (found, wanted) = (runs(given), runs(truth));
        let right = found.iter().filter(|run| wanted.contains(run)).count();
        self.together.right += right;
        self.together.wrong += found.len() - right;
        self.together.missed += wanted.len() - right;
    }

    /// Answers as first and last place.
    fn answer(&mut self, given: (usize, usize), truth: (usize, usize)) {
        self.judge(given == truth);
        let shared = (given.1.min(truth.1) + 1).saturating_sub(given.0.max(truth.0));
        let length = |(from, to): (usize, usize)| to + 1 - from;
        self.overlap += 2.0 * shared as f64 / (length(given) + length(truth)) as f64;
    }
}

impl Model {
    /// The loss over batches and what the task is judged by; `between` is called after each batch, to let others in.
    ///
    /// Fails with `bad-input` where nothing is counted.
    pub async fn evaluate(&self, batches: &[Batch], signal: &Signal, between: &mut dyn Between) -> Result<Evaluation> {
        if matches!(self.task(), Task::Causal | Task::Seq2seq) {
            let made = evaluate(self.placed(), batches, signal, between).await?;
            return Ok(Evaluation { loss: made.loss, tokens: made.tokens, accuracy: None, f1: None });
        }
        let (mut sum, mut tokens, mut tally) = (0.0, 0, Tally::default());
        for (at, batch) in batches.iter().enumerate() {
            let counted = batch.counted();
            if counted == 0 {
                continue;
            }
            let made = self.pass(batch, Default::default(), signal).await?;
            sum += f64::from(made.loss.unwrap_or(f32::NAN)) * counted as f64;
            tokens += counted;
            self.judge(&mut tally, batch, &made.logits.data);
            between.after(at + 1).await?;
        }
        ensure!(tokens > 0, BadInput, "evaluate: nothing is counted in the data");
        let share = |right: f64| (tally.judged > 0).then(|| right / tally.judged as f64);
        let seen: Vec<Hits> = tally.classes.iter().copied().filter(|hits| *hits != Hits::default()).collect();
        let f1 = match self.task() {
            Task::Answer => share(tally.overlap),
            Task::Tag => Some(tally.together.f1()),
            Task::Classify if !seen.is_empty() => {
                Some(seen.iter().map(|hits| hits.f1()).sum::<f64>() / seen.len() as f64)
            }
            Task::Classify if tally.judged > 0 => Some(tally.together.f1()),
            _ => None,
        };
        Ok(Evaluation { loss: sum / tokens as f64, tokens, accuracy: share(tally.right as f64), f1 })
    }

    fn judge(&self, tally: &mut Tally, batch: &Batch, logits: &[f32]) {
        let (rows, time) = (batch.rows, batch.main.time);
        let inner = logits.len() / rows.max(1);
        let labels = self.labels();
        for (row, logits) in logits.chunks(inner.max(1)).enumerate() {
            let targets = batch.targets.get(row * time..(row + 1) * time).unwrap_or_default();
            let counted: Vec<usize> = (0..targets.len()).filter(|&at| targets[at] != IGNORED).collect();
            match self.task() {
                Task::Masked => {
                    let vocab = inner / time;
                    for at in counted {
                        tally.judge(largest(&logits[at * vocab..(at + 1) * vocab]) == targets[at] as usize);
                    }
                }
                Task::Classify if batch.values.is_empty() => {
                    counted.iter().for_each(|&at| tally.class(largest(logits), targets[at] as usize));
                }
                Task::Classify if self.config().problem == Some(crate::models::Problem::MultiLabel) => {
                    tally.several(logits, &batch.values[row * inner..(row + 1) * inner]);
                }
                Task::Tag => {
                    let count = labels.len();
                    let name = |id: usize| labels.get(id).map_or("", String::as_str);
                    let given: Vec<&str> =
                        counted.iter().map(|&at| name(largest(&logits[at * count..(at + 1) * count]))).collect();
                    let truth: Vec<&str> = counted.iter().map(|&at| name(targets[at] as usize)).collect();
                    tally.tags(&given, &truth);
                }
                Task::Answer => {
                    let Some(places) = batch.answers.as_ref().map(|answers| &answers.places) else { continue };
                    let (start, end) = (places[2 * row], places[2 * row + 1]);
                    if start == IGNORED || end == IGNORED || end < start {
                        continue;
                    }
                    let side = |side: usize| logits.iter().skip(side).step_by(2).copied().collect::<Vec<f32>>();
                    let (starts, ends) = (side(0), side(1));
                    // The best pair in order; for each end the best start before it is enough.
                    let (mut best, mut first) = ((f32::NEG_INFINITY, 0, 0), 0);
                    for at in 0..ends.len() {
                        first = if starts[at] > starts[first] { at } else { first };
                        if starts[first] + ends[at] > best.0 {
                            best = (starts[first] + ends[at], first, at);
                        }
                    }
                    tally.answer((best.1, best.2), (start as usize, end as usize));
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_judged_by_their_mean_and_labels_together() {
        let mut tally = Tally::default();
        for (given, truth) in [(0, 0), (0, 1), (1, 1), (2, 2)] {
            tally.class(given, truth);
        }
        let f1: Vec<f64> = tally.classes.iter().map(|hits| hits.f1()).collect();
        assert_eq!((tally.right, tally.judged), (3, 4));
        assert!(f1.iter().zip([2.0 / 3.0, 2.0 / 3.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{f1:?}");
        let mut tally = Tally::default();
        tally.several(&[1.0, -1.0, 2.0], &[1.0, 1.0, 0.0]);
        assert_eq!((tally.together, tally.right), (Hits { right: 1, wrong: 1, missed: 1 }, 0));
    }

    #[test]
    fn entities_count_whole_and_answers_by_their_overlap() {
        let mut tally = Tally::default();
        tally.tags(&["B-A", "I-A", "O", "B-B"], &["B-A", "O", "O", "B-B"]);
        assert_eq!((tally.together, tally.right), (Hits { right: 1, wrong: 1, missed: 1 }, 3));
        let mut tally = Tally::default();
        tally.answer((2, 4), (3, 6));
        tally.answer((0, 0), (5, 5));
        assert!((tally.overlap - 4.0 / 7.0).abs() < 1e-12);
    }
}
