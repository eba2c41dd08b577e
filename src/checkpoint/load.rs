//! A checkpoint's headers against a model's inventory: which tensor goes where, what is missing, what is too much.
//!
//! Everything is judged from headers, before any number is read. A head that the files lack may start afresh, anything else
//! that is missing or unknown is refused by name.

use std::collections::BTreeSet;

use super::header::{Dtype, Header};
use super::names::{Found, Names};
use crate::ensure;
use crate::error::Result;
use crate::models::Config;
use crate::nn::{Inventory, Role};

/// Where a tensor's numbers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The parameter's number in the inventory.
    pub parameter: usize,
    /// The place of the tensor's first number in it.
    pub offset: usize,
}

/// The judgement of a checkpoint, file by file.
#[derive(Debug)]
pub struct Loading<'a> {
    inventory: &'a Inventory,
    names: Names,
    seen: BTreeSet<(usize, usize)>,
    other_head: bool,
}

impl<'a> Loading<'a> {
    /// Nothing has been seen yet.
    pub fn new(config: &Config, inventory: &'a Inventory) -> Result<Loading<'a>> {
        Ok(Loading { inventory, names: Names::new(config, inventory)?, seen: BTreeSet::new(), other_head: false })
    }

    /// The files are of a model with another head: this one's may be missing as a whole.
    pub fn expect_other_head(&mut self) {
        self.other_head = true;
    }

    /// Judges a file's header.
    ///
    /// Fails with `bad-file`, naming the tensor: unknown, twice there, of another shape or type than the config says.
    pub fn file(&mut self, header: &Header) -> Result<()> {
        let mut unknown = Vec::new();
        for entry in &header.entries {
            let (parameter, part) = match self.names.find(&entry.name) {
                Found::Needless => continue,
                Found::Unknown => {
                    unknown.push(entry.name.as_str());
                    continue;
                }
                Found::Part { parameter, part } => (parameter, part),
            };
            let Some(of) = self.inventory.at(parameter) else { continue };
            let Some(piece) = of.parts.get(part) else { continue };
            let shape = of.part_shape(piece);
            let plain: Vec<usize> = entry.shape.iter().copied().skip_while(|&size| size == 1).collect();
            let wanted: Vec<usize> = shape.iter().copied().skip_while(|&size| size == 1).collect();
            ensure!(
                plain == wanted,
                BadFile,
                "`{}` has the shape {:?} in the file, the config says {shape:?}",
                entry.name,
                entry.shape
            );
            ensure!(
                !matches!(entry.dtype, Dtype::Other(_)),
                Unsupported,
                "`{}` is not written as f32, f16 or bf16",
                entry.name
            );
            ensure!(self.seen.insert((parameter, part)), BadFile, "`{}` is there twice", entry.name);
        }
        ensure!(
            unknown.is_empty(),
            BadFile,
            "{} tensors of the file belong to nothing in the model: {}",
            unknown.len(),
            listed(&unknown)
        );
        Ok(())
    }

    /// Where the tensor `name` goes; none for what is not needed.
    pub fn target(&self, name: &str) -> Option<Target> {
        let Found::Part { parameter, part } = self.names.find(name) else { return None };
        let of = self.inventory.at(parameter)?;
        Some(Target { parameter, offset: of.parts.get(part)?.rows.start * of.row_words() })
    }

    /// Where that goes which the tensor `name`, a head that the config ties, should be a copy of.
    pub fn original(&self, name: &str) -> Option<Target> {
        self.target(self.names.original(name)?)
    }

    /// All files have been judged: the (parameter, part)s of the head that must start afresh.
    ///
    /// Fails with `bad-file` if anything else is missing, by name.
    pub fn finish(&self) -> Result<Vec<(usize, usize)>> {
        let mut fresh = Vec::new();
        let mut missing = Vec::new();
        for (name, parameter, part) in self.names.all() {
            if self.seen.contains(&(parameter, part)) {
                continue;
            }
            match self.inventory.at(parameter) {
                Some(of) if of.head || (self.other_head && of.name.starts_with("head.")) => {
                    fresh.push((parameter, part))
                }
                _ => missing.push(name),
            }
        }
        ensure!(
            missing.is_empty(),
            BadFile,
            "{} tensors of the model are missing in the files: {}",
            missing.len(),
            listed(&missing)
        );
        Ok(fresh)
    }
}

/// The tensors that a save writes, in the order of the file: foreign name and shape, parameter and part.
pub fn saved(config: &Config, inventory: &Inventory) -> Result<Vec<Saved>> {
    let names = Names::new(config, inventory)?;
    let mut list = Vec::new();
    for (name, parameter, part) in names.all() {
        let Some(of) = inventory.at(parameter).filter(|of| of.role != Role::Fixed) else { continue };
        let Some(piece) = of.parts.get(part) else { continue };
        let row = of.row_words();
        list.push(Saved {
            name: name.to_owned(),
            shape: names.foreign_shape(name, &of.part_shape(piece)),
            parameter,
            words: piece.rows.start * row..piece.rows.end * row,
        });
    }
    Ok(list)
}

/// One tensor that a save writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its foreign name.
    pub name: String,
    /// Its foreign shape.
    pub shape: Vec<usize>,
    /// The parameter it is part of.
    pub parameter: usize,
    /// Its numbers in the parameter.
    pub words: std::ops::Range<usize>,
}

/// The first few names of a list.
fn listed(names: &[&str]) -> String {
    let mut text: String = names.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    if names.len() > 5 {
        text.push_str(", …");
    }
    text
}
