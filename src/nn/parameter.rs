//! What a model is made of before any number is known: its parameters, in order.
//!
//! Each brick declares its parameters here, and the same brick later asks for them by name, so that the list and the graph
//! cannot drift apart. A parameter may be made of several tensors of a checkpoint (query, key and value in one matrix):
//! its parts are ranges of its rows, so that loading, saving and gradients are plain copies.
//! Knows no foreign names, no device and no file.

use std::ops::Range;

use crate::error::Result;
use crate::{bail, ensure};

/// How the numbers of a part begin their life.
#[derive(Clone, Debug, PartialEq)]
pub enum Init {
    /// All zero.
    Zeros,
    /// All the same.
    Constant(f32),
    /// Normal around zero; the row `blank` (of the padding token) is zero.
    Normal {
        /// Its standard deviation.
        std: f64,
        /// The row that stays zero.
        blank: Option<usize>,
    },
    /// Fixed positions of Vaswani et al. 2017 as Marian lays them out: all sines, then all cosines.
    Sinusoids,
    /// Cosines, then sines, of a rope's angles at each position.
    Angles(Angles),
}

/// The angles of rotary positions: position · frequency, for each pair of numbers that turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Angles {
    /// One frequency for each pair.
    pub frequencies: Vec<f64>,
    /// What cosines and sines are multiplied by.
    pub scale: f64,
}

impl Init {
    /// Normal with a standard deviation, no blank row.
    pub fn normal(std: f64) -> Init {
        Init::Normal { std, blank: None }
    }
}

/// A tensor of a checkpoint within a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Our name of it.
    pub name: String,
    /// Its rows in the parameter; for vectors, its numbers.
    pub rows: Range<usize>,
    /// How it begins.
    pub init: Init,
}

/// What becomes of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Loaded, trained, saved.
    Trained,
    /// Loaded and saved, never trained.
    Kept,
    /// Follows from the config: neither loaded, nor trained, nor saved.
    Fixed,
}

/// One matrix, vector or table of weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Our name of it.
    pub name: String,
    /// Its shape, row-major.
    pub shape: Vec<usize>,
    /// The tensors it is made of, in the order of their rows; together they cover it.
    pub parts: Vec<Part>,
    /// Whether weight decay applies by default: matrices only.
    pub decay: bool,
    /// What becomes of it.
    pub role: Role,
    /// Whether it may be kept as f16: the kernels that read it know both.
    pub halves: bool,
    /// Part of a head that a checkpoint of the bare model lacks, and that may start afresh.
    pub head: bool,
}

impl Parameter {
    /// How many numbers it has.
    pub fn words(&self) -> usize {
        self.shape.iter().product()
    }

    /// The same where it may be more than memory can have.
    fn count(&self) -> u64 {
        self.shape.iter().fold(1, |product: u64, &size| product.saturating_mul(size as u64))
    }

    /// How many numbers one of its rows has; 1 for vectors.
    pub fn row_words(&self) -> usize {
        self.shape.get(1..).unwrap_or_default().iter().product()
    }

    /// The shape of one of its parts.
    pub fn part_shape(&self, part: &Part) -> Vec<usize> {
        let mut shape = self.shape.clone();
        if let Some(rows) = shape.first_mut() {
            *rows = part.rows.len();
        }
        shape
    }
}

/// The parameters of a model, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    parameters: Vec<Parameter>,
    head: bool,
}

impl Inventory {
    /// An empty list.
    pub fn new() -> Inventory {
        Inventory::default()
    }

    /// Adds a parameter of one part.
    pub fn add(&mut self, name: &str, shape: &[usize], init: Init) {
        let rows = shape.first().copied().unwrap_or(1);
        self.fused(name, shape, vec![(name.to_owned(), rows, init)]);
    }

    /// Adds a parameter of several parts: name, rows and beginning of each.
    pub fn fused(&mut self, name: &str, shape: &[usize], parts: Vec<(String, usize, Init)>) {
        let mut at = 0;
        let mut placed = Vec::with_capacity(parts.len());
        for (name, rows, init) in parts {
            placed.push(Part { name, rows: at..at + rows, init });
            at += rows;
        }
        self.parameters.push(Parameter {
            name: name.to_owned(),
            shape: shape.to_vec(),
            parts: placed,
            decay: shape.len() > 1,
            role: Role::Trained,
            halves: false,
            head: self.head,
        });
    }

    /// Adds numbers that are not trained: kept as they were loaded, or fixed by the config.
    pub fn untrained(&mut self, name: &str, shape: &[usize], init: Init, role: Role) {
        self.add(name, shape, init);
        if let Some(last) = self.parameters.last_mut() {
            (last.role, last.decay) = (role, false);
        }
    }

    /// What was added last may be kept as f16. Where its rows are odd it may not: a word has two numbers, and a row begins with one.
    pub fn halves(&mut self) {
        if let Some(last) = self.parameters.last_mut() {
            last.halves = last.row_words().is_multiple_of(2);
        }
    }

    /// What is added from now on belongs to a head.
    pub fn begin_head(&mut self) {
        self.head = true;
    }

    /// The parameters, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Parameter> {
        self.parameters.iter()
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.parameters.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// Parameter `index`.
    pub fn at(&self, index: usize) -> Option<&Parameter> {
        self.parameters.get(index)
    }

    /// How many numbers are learned: what is called the number of parameters.
    pub fn count(&self) -> u64 {
        self.parameters.iter().filter(|p| p.role == Role::Trained).fold(0, |sum: u64, p| sum.saturating_add(p.count()))
    }

    /// Checks that names are unique and that the parts of each parameter cover it.
    pub fn check(&self) -> Result<()> {
        let mut names = std::collections::BTreeSet::new();
        for parameter in &self.parameters {
            if !names.insert(&parameter.name) {
                bail!(Internal, "inventory: two parameters are named `{}`", parameter.name);
            }
            ensure!(
                usize::try_from(parameter.count().saturating_mul(4)).is_ok(),
                OutOfMemory,
                [needed: parameter.count().saturating_mul(4)],
                "`{}` of shape {:?} is more than memory can have",
                parameter.name,
                parameter.shape
            );
            let covered = parameter.parts.last().map_or(0, |part| part.rows.end);
            let rows = parameter.shape.first().copied().unwrap_or(1);
            ensure!(
                covered == rows && parameter.words() > 0,
                Internal,
                "inventory: `{}` of shape {:?} has parts for {covered} rows",
                parameter.name,
                parameter.shape
            );
        }
        Ok(())
    }
}

impl<'a> IntoIterator for &'a Inventory {
    type Item = &'a Parameter;
    type IntoIter = std::slice::Iter<'a, Parameter>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
