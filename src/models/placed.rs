//! A model whose parameters lie in arenas: the assembly, the places of its parameters, the buffers, the plans made ready.
//!
//! What trains and what generates share this; they meet nowhere else. The table's places, W being the number of weight arenas:
//! weights from 0, gradients from W, the two moments from 2W and 3W, then the report, the drawn tokens and their counts, the caches, and
//! what a decoder keeps of an encoder's output.

use std::cell::Cell;
use std::ops::Range;

use super::blocks::Blocks;
use super::{Config, Gradients, Model, Store, init};
use crate::device::Slice;
use crate::ensure;
use crate::error::Result;
use crate::kernels::{Format, format};
use crate::nn::Role;
use crate::plan::{Arenas, Stages};

/// Places for caches: a cache may be split over as many buffers.
pub const CACHES: usize = 8;

/// A model with its memory.
#[derive(Debug)]
pub struct Placed {
    /// What it was made from.
    pub config: Config,
    /// The assembly.
    pub model: Box<dyn Model>,
    /// Where each parameter lies.
    pub store: Store,
    /// The buffers.
    pub arenas: Arenas,
    /// The plans made ready.
    pub stages: Stages,
    /// Who holds which block of the caches.
    pub blocks: Blocks,
    /// How often the weights changed.
    edition: Cell<u64>,
    /// The first number of a word whose second has not come yet: its parameter, its place, itself.
    waiting: Cell<Option<(usize, usize, f32)>>,
}

impl Placed {
    /// How many places the table of a store needs.
    pub fn places(store: &Store) -> usize {
        4 * store.arenas().len() + 3 + 2 * CACHES
    }

    /// Allocates the weights, zeroed, except for what follows from the config.
    pub async fn new(config: Config, model: Box<dyn Model>, store: Store, arenas: Arenas) -> Result<Placed> {
        ensure!(arenas.places() == Placed::places(&store), Internal, "placed: a table of {} places", arenas.places());
        for (place, &words) in store.arenas().iter().enumerate() {
            arenas.ensure(place, words, "weights").await?;
        }
        let placed = Placed {
            config,
            model,
            store,
            arenas,
            stages: Stages::new(),
            blocks: Blocks::default(),
            edition: Cell::default(),
            waiting: Cell::default(),
        };
        placed.fill(0, |role| role == Role::Fixed)?;
        Ok(placed)
    }

    /// First numbers of all parameters, from a seed.
    pub fn initialise(&self, seed: u64) -> Result<()> {
        self.fill(seed, |role| role != Role::Fixed)
    }

    fn fill(&self, seed: u64, wanted: impl Fn(Role) -> bool) -> Result<()> {
        for (index, parameter) in self.store.inventory().iter().enumerate() {
            if !wanted(parameter.role) {
                continue;
            }
            for part in 0..parameter.parts.len() {
                self.begin(index, part, seed)?;
            }
        }
        Ok(())
    }

    /// First numbers of one part, from a seed.
    pub fn begin(&self, parameter: usize, part: usize, seed: u64) -> Result<()> {
        let Some(of) = self.store.inventory().at(parameter) else { return Ok(()) };
        let Some(piece) = of.parts.get(part) else { return Ok(()) };
        let start = piece.rows.start * of.row_words();
        init::fill(of, piece, seed, |offset, numbers| self.write(parameter, start + offset, numbers))
    }

    /// Writes numbers into parameter `index` from its number `offset` on.
    pub fn write(&self, index: usize, offset: usize, numbers: &[f32]) -> Result<()> {
        let Some(slice) = self.store.part(index, offset..offset + numbers.len()) else {
            crate::bail!(Internal, "placed: {} numbers at {offset} of parameter {index}", numbers.len())
        };
        let name = || self.store.inventory().at(index).map_or("", |parameter| parameter.name.as_str());
        let format = self.store.format();
        fits(numbers, offset, format, name)?;
        self.changed();
        let fixed = self.store.inventory().at(index).is_some_and(|parameter| parameter.role == Role::Fixed);
        if format == Format::F32 || fixed {
            return self.arenas.write(slice, bytemuck::cast_slice(numbers));
        }
        let rounded: Vec<f32> = numbers.iter().map(|&number| format::wide(format::narrow(number))).collect();
        match self.store.format_of(index) {
            Format::F32 => self.arenas.write(slice, bytemuck::cast_slice(&rounded)),
            Format::F16 => self.write_halves(index, offset, rounded),
        }
    }

    /// Writes words of two; a number whose word is not whole waits for the next call.
    fn write_halves(&self, index: usize, mut offset: usize, mut numbers: Vec<f32>) -> Result<()> {
        if let Some((parameter, at, first)) = self.waiting.take() {
            ensure!(parameter == index && at + 1 == offset, Internal, "placed: half a word of parameter {parameter}");
            numbers.insert(0, first);
            offset = at;
        }
        ensure!(offset.is_multiple_of(2), Internal, "placed: parameter {index} from its number {offset} on");
        if !numbers.len().is_multiple_of(2) {
            let at = offset + numbers.len() - 1;
            self.waiting.set(numbers.pop().map(|last| (index, at, last)));
        }
        match self.store.part(index, offset..offset + numbers.len()) {
            Some(slice) if slice.words > 0 => self.arenas.write(slice, &format::pack(&numbers)),
            _ => Ok(()),
        }
    }

    /// The numbers `range` of parameter `index`.
    pub async fn read(&self, index: usize, range: Range<usize>) -> Result<Vec<f32>> {
        let Some(slice) = self.store.part(index, range.clone()) else {
            crate::bail!(Internal, "placed: parameter {index} has no numbers {range:?}")
        };
        let words = self.arenas.read(slice).await?;
        Ok(match self.store.format_of(index) {
            Format::F32 => words.into_iter().map(f32::from_bits).collect(),
            Format::F16 => format::unpack(&words).skip(range.start % 2).take(range.len()).collect(),
        })
    }

    /// Notes that the weights are others now.
    pub fn changed(&self) {
        self.edition.set(self.edition.get() + 1);
    }

    /// A number that tells the weights of one moment from those of another: what was computed with others is stale.
    pub fn edition(&self) -> u64 {
        self.edition.get()
    }

    /// The place of the gradients' first moments: as many arenas as gradients, of the same sizes.
    pub fn first_moments(&self, gradient: Slice) -> Slice {
        Slice { buffer: gradient.buffer + self.store.arenas().len(), ..gradient }
    }

    /// The place of their second moments.
    pub fn second_moments(&self, gradient: Slice) -> Slice {
        Slice { buffer: gradient.buffer + 2 * self.store.arenas().len(), ..gradient }
    }

    /// Allocates gradients, and moments where the optimiser has any.
    pub async fn make_room(&self, gradients: &Gradients, moments: usize) -> Result<()> {
        for (at, &words) in gradients.arenas().iter().enumerate() {
            self.arenas.ensure(gradients.first() + at, words, "gradients").await?;
        }
        self.make_moments(gradients, moments).await
    }

    /// Allocates the moments of these gradients.
    pub async fn make_moments(&self, gradients: &Gradients, moments: usize) -> Result<()> {
        let count = self.store.arenas().len();
        for (at, &words) in gradients.arenas().iter().enumerate() {
            for moment in 1..=moments {
                self.arenas.ensure(gradients.first() + moment * count + at, words, "optimizer").await?;
            }
        }
        Ok(())
    }

    /// The place of what a step reports.
    pub fn report(&self) -> usize {
        4 * self.store.arenas().len()
    }

    /// The place of what generation has drawn.
    pub fn drawn(&self) -> usize {
        4 * self.store.arenas().len() + 1
    }

    /// The place of how often each token was drawn.
    pub fn counts(&self) -> usize {
        4 * self.store.arenas().len() + 2
    }

    /// The place of the first buffer of caches.
    pub fn caches(&self) -> usize {
        4 * self.store.arenas().len() + 3
    }

    /// The place of the first buffer of what is kept of an encoder's output.
    pub fn sources(&self) -> usize {
        self.caches() + CACHES
    }
}

/// Fails with `non-finite` where one of a weight's numbers from `offset` on is none that `format` holds.
pub fn fits<'a>(numbers: &[f32], offset: usize, format: Format, name: impl FnOnce() -> &'a str) -> Result<()> {
    match numbers.iter().position(|&number| !format.holds(number)) {
        None => Ok(()),
        Some(at) => {
            let (name, number, at) = (name(), numbers[at], offset + at);
            crate::bail!(NonFinite, [place: at], "the weight `{name}` is {number} at its number {at}; it is kept as {format:?}")
        }
    }
}
