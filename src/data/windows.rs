//! Documents to windows: ids of many documents, packed into rows of a fixed length for causal prediction.
//!
//! Each document is ended by the end token where there is one. Rows are cut from the stream of documents; a row of `time`
//! inputs carries `time` targets, each the token after its input. Unless documents may cross, a row remembers where its documents
//! begin: attention stays inside them, positions count from their start, and the last token of one predicts nothing.

use super::row::{IGNORED, Row};
use crate::rng::Rng;

/// All ids of a corpus with the ends of its documents: what rows are cut from.
#[derive(Clone, Debug)]
pub struct Windows {
    ids: Vec<u32>,
    /// The end of each document in `ids`.
    ends: Vec<usize>,
    time: usize,
    cross: bool,
}

impl Windows {
    /// Windows of `time` tokens over a corpus that [`Windows::add`] fills.
    pub fn new(time: usize, cross: bool) -> Windows {
        Windows { ids: Vec::new(), ends: Vec::new(), time, cross }
    }

    /// Adds a document, and the end token after it.
    pub fn add(&mut self, ids: &[u32], end: Option<u32>) {
        if ids.is_empty() {
            return;
        }
        self.ids.extend_from_slice(ids);
        self.ids.extend(end);
        self.ends.push(self.ids.len());
    }

    /// Tokens in all.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// How many rows there are: each predicts `time` tokens, the last what is left.
    pub fn rows(&self) -> usize {
        self.ids.len().saturating_sub(1).div_ceil(self.time)
    }

    /// How many rows are sure not to change when more documents come.
    pub fn full_rows(&self) -> usize {
        self.ids.len().saturating_sub(1) / self.time
    }

    /// What follows row `rows`, for documents that go on.
    pub fn after(&self, rows: usize) -> Windows {
        let from = (rows * self.time).min(self.ids.len());
        let ends = self.ends.iter().filter(|&&end| end > from).map(|end| end - from).collect();
        Windows { ids: self.ids[from..].to_vec(), ends, ..*self }
    }

    /// Whether one token at least is predicted from another.
    pub fn predicts(&self) -> bool {
        let begins = std::iter::once(&0).chain(&self.ends);
        (self.cross && self.ids.len() > 1) || begins.zip(&self.ends).any(|(begin, end)| end - begin > 1)
    }

    /// Row `index`: shorter than `time` only at the end of the corpus.
    pub fn row(&self, index: usize) -> Row {
        let from = index * self.time;
        let to = (from + self.time).min(self.ids.len().saturating_sub(1));
        let mut row = Row::default();
        let mut document = self.ends.partition_point(|&end| end <= from);
        let first = document;
        for at in from..to {
            while self.ends.get(document).is_some_and(|&end| end <= at) {
                document += 1;
            }
            let start = if document == 0 { 0 } else { self.ends[document - 1] };
            let last = self.ends.get(document).is_some_and(|&end| end == at + 1);
            row.ids.push(self.ids[at]);
            if self.cross {
                row.targets.push(self.ids[at + 1]);
                row.positions.push((at - from) as u32);
                row.segments.push(1);
            } else {
                row.targets.push(if last { IGNORED } else { self.ids[at + 1] });
                row.positions.push((at - start.max(from)) as u32);
                row.segments.push((document - first) as u32 + 1);
            }
        }
        row
    }
}

/// The order in which epoch `epoch` visits `rows` rows: the same for the same seed, whenever it is asked for.
pub fn order(rows: usize, epoch: usize, seed: u64, shuffle: bool) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    if shuffle {
        Rng::new(seed, 0x6f72_6465_0000_0000 | epoch as u64).shuffle(&mut order);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(cross: bool) -> Windows {
        let mut windows = Windows::new(4, cross);
        windows.add(&[1, 2, 3], Some(9));
        windows.add(&[4, 5], Some(9));
        windows.add(&[], Some(9));
        windows.add(&[6], Some(9));
        windows
    }

    #[test]
    fn documents_do_not_predict_one_another() {
        let windows = corpus(false);
        assert_eq!((windows.tokens(), windows.rows()), (9, 2));
        let row = windows.row(0);
        assert_eq!(row.ids, [1, 2, 3, 9]);
        assert_eq!(row.targets, [2, 3, 9, IGNORED]);
        let row = windows.row(1);
        assert_eq!(row.ids, [4, 5, 9, 6]);
        assert_eq!(row.targets, [5, 9, IGNORED, 9]);
        assert_eq!((row.positions, row.segments), (vec![0, 1, 2, 0], vec![1, 1, 1, 2]));
    }

    #[test]
    fn crossing_rows_predict_every_token_once() {
        let windows = corpus(true);
        let targets: Vec<u32> = (0..windows.rows()).flat_map(|row| windows.row(row).targets).collect();
        assert_eq!(targets, [2, 3, 9, 4, 5, 9, 6, 9]);
        assert_eq!(windows.row(1).positions, [0, 1, 2, 3]);
    }

    #[test]
    fn an_epoch_visits_every_row_once_in_the_same_order_each_time() {
        let first = order(100, 3, 7, true);
        assert_eq!(first, order(100, 3, 7, true));
        assert_ne!(first, order(100, 4, 7, true));
        let mut sorted = first;
        sorted.sort_unstable();
        assert_eq!(sorted, order(100, 0, 7, false));
    }

    #[test]
    fn what_follows_some_rows_goes_on_where_they_ended() {
        let whole = corpus(false);
        let mut first = Windows::new(4, false);
        first.add(&[1, 2, 3], Some(9));
        first.add(&[4, 5], Some(9));
        assert_eq!((first.full_rows(), first.rows()), (1, 2));
        let mut rest = first.after(1);
        rest.add(&[6], Some(9));
        assert_eq!(rest.row(0), whole.row(1));
        assert_eq!(rest.rows(), 1);
    }
}
