//! Rows without end from a corpus that may be larger than memory.
//!
//! In: documents, as they are asked for. Out: rows in an order that the seed gives. A block of the corpus is held at a time; its rows are
//! visited in a random order, or as they stand; then comes the next block, and after the last the corpus begins anew. A corpus that
//! fits into one block is read once. The n-th row is the same whenever it is asked for: going on is seeking.

use super::draft::Read;
use super::objective::{Kept, Maker};
use super::row::Row;
use super::windows::order;
use crate::error::{Error, Kind, Result};
use crate::{bail, ensure};

/// What must be done before the next row can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Give the next document, or say that there is none.
    Document,
    /// Begin the corpus anew, then give its first document.
    Again,
}

/// How a corpus is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Tokens that are held at a time, about.
    pub block: usize,
    /// Whether the corpus can be begun anew.
    pub again: bool,
    /// Whether rows are visited in a random order.
    pub shuffle: bool,
    /// Of the order and of what is drawn for each row.
    pub seed: u64,
    /// Whether all rows must be counted before the first is given.
    pub count: bool,
    /// Whether a tenth of the rows is set aside to measure with.
    pub set_aside: bool,
}

/// Rows without end.
#[derive(Debug)]
pub struct Supply {
    maker: Maker,
    reading: Reading,
    kept: Kept,
    /// Passes begun, and blocks of this pass that came before.
    pass: usize,
    block: usize,
    /// Rows of the earlier blocks of this pass.
    before: usize,
    /// The rows of the block in the order of their visit, and how many were visited.
    order: Vec<u32>,
    at: usize,
    /// Rows given so far, and rows that are passed over on the way to where a run had come.
    given: u64,
    skip: u64,
    ready: bool,
    /// The corpus has ended in this block; it is the only one.
    ended: bool,
    whole: bool,
    again: bool,
    /// Rows of one pass, once known.
    rows: Option<usize>,
    counting: bool,
    aside: Vec<Row>,
}

impl Supply {
    /// A supply that has read nothing yet.
    pub fn new(maker: Maker, reading: Reading) -> Supply {
        let kept = maker.kept();
        Supply {
            counting: reading.count,
            maker,
            reading,
            kept,
            pass: 0,
            block: 0,
            before: 0,
            order: Vec::new(),
            at: 0,
            given: 0,
            skip: 0,
            ready: false,
            ended: false,
            whole: false,
            again: false,
            rows: None,
            aside: Vec::new(),
        }
    }

    /// What makes its rows.
    pub fn maker(&self) -> &Maker {
        &self.maker
    }

    /// Rows of one pass over the corpus, where known.
    pub fn rows(&self) -> Option<usize> {
        self.rows
    }

    /// Rows given so far.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// Takes the rows that were set aside to measure with.
    pub fn take_aside(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.aside)
    }

    /// Goes on as if `rows` rows had been given.
    pub fn seek(&mut self, rows: u64) -> Result<()> {
        ensure!(self.given == 0 && self.block == 0 && self.pass == 0, Internal, "supply: seeking after the first row");
        self.given = rows;
        self.skip = rows;
        if self.ready { self.pass_over() } else { Ok(()) }
    }

    /// What is wanted before [`Supply::row`] gives a row; none if it can.
    pub fn wants(&self) -> Option<Want> {
        match (self.ready, self.again) {
            (true, _) => None,
            (false, true) => Some(Want::Again),
            (false, false) => Some(Want::Document),
        }
    }

    /// Takes the next document, as its maker read it, or none at the end of the corpus.
    ///
    /// Fails with `bad-input` for a document that the objective cannot learn from, and where all of them yield nothing.
    pub fn give(&mut self, read: Option<Read>) -> Result<()> {
        self.again = false;
        match read {
            Some(read) => {
                self.maker.add(read, &mut self.kept)?;
                if self.kept.tokens() >= self.reading.block && self.kept.full_rows() > 0 {
                    self.close()?;
                }
                Ok(())
            }
            None => {
                self.ended = true;
                self.close()
            }
        }
    }

    /// The next row, unless documents are wanted first.
    pub fn row(&mut self) -> Result<Option<Row>> {
        if !self.ready {
            return Ok(None);
        }
        let Some(&index) = self.order.get(self.at) else { bail!(Internal, "supply: a block without a row") };
        let row = self.maker.finish(self.kept.row(index as usize), self.given)?;
        self.at += 1;
        self.given += 1;
        if self.at == self.order.len() {
            self.turn()?;
        }
        Ok(Some(row))
    }

    /// A block is complete.
    fn close(&mut self) -> Result<()> {
        let first = self.pass == 0 && self.block == 0;
        let mut rows = if self.ended { self.kept.rows() } else { self.kept.full_rows() };
        if self.block == 0 && self.ended {
            let nothing = rows == 0 || !self.kept.predicts();
            ensure!(
                !nothing,
                BadInput,
                "train: the corpus yields nothing to learn from ({} tokens); one token at least must be predicted from another",
                self.kept.tokens()
            );
            self.whole = true;
        }
        if self.reading.set_aside && self.block == 0 {
            let aside = (rows / 10).max(1);
            if rows < 2 {
                let message = "train: validate: the corpus is too short to set a part of it aside";
                return Err(Error::new(Kind::BadInput, message).hint("give { train, valid }"));
            }
            rows -= aside;
            if first && self.aside.is_empty() {
                let set = (rows..rows + aside).map(|index| self.maker.finish(self.kept.row(index), index as u64));
                self.aside = set.collect::<Result<_>>()?;
            }
        }
        if self.counting {
            self.before += rows;
            if !self.ended {
                let tail = self.kept.full_rows();
                self.kept = self.kept.after(tail);
                self.block += 1;
                return Ok(());
            }
            (self.rows, self.counting) = (Some(self.before), false);
            (self.before, self.block, self.ended) = (0, 0, false);
            if !self.whole {
                self.kept = self.maker.kept();
                self.again = true;
                return Ok(());
            }
            self.ended = true;
        }
        if self.ended {
            self.rows = Some(self.before + rows);
        }
        self.lay(rows);
        self.pass_over()
    }

    /// Orders the rows of the block.
    fn lay(&mut self, rows: usize) {
        let Reading { seed, shuffle, .. } = self.reading;
        self.order = order(rows, self.pass | self.block << 20, seed, shuffle);
        (self.at, self.ready) = (0, rows > 0);
    }

    /// Passes over rows that were given to an earlier run.
    fn pass_over(&mut self) -> Result<()> {
        if self.whole && self.ready {
            let rows = self.order.len() as u64;
            if self.skip >= rows {
                self.pass += (self.skip / rows) as usize;
                self.skip %= rows;
                self.lay(rows as usize);
            }
        }
        let now = self.skip.min((self.order.len() - self.at) as u64);
        self.skip -= now;
        self.at += now as usize;
        if self.at == self.order.len() { self.turn() } else { Ok(()) }
    }

    /// All rows of the block were given: the next block, or the corpus anew.
    fn turn(&mut self) -> Result<()> {
        if self.whole {
            self.pass += 1;
            self.lay(self.order.len());
            return Ok(());
        }
        self.ready = false;
        if !self.ended {
            let tail = self.kept.full_rows();
            self.before += self.order.len();
            self.kept = self.kept.after(tail);
            self.block += 1;
            return Ok(());
        }
        ensure!(
            self.reading.again,
            BadInput,
            "train: the corpus has ended after {} rows and can be read only once; more were needed",
            self.rows.unwrap_or(0)
        );
        (self.pass, self.block, self.before) = (self.pass + 1, 0, 0);
        (self.ended, self.again) = (false, true);
        self.kept = self.maker.kept();
        Ok(())
    }
}
