//! A plan made ready on a device: its own buffers allocated, its launches prepared.
//!
//! Comes in: a plan, the buffers of the stores it uses. Goes out: something that takes named inputs, plays, and gives named outputs.
//! All inputs of a step go over in one write.

use std::cell::RefCell;
use std::rc::Rc;

use super::Plan;
use crate::device::{Buffer, Device, Prepared, Signal, Slice};
use crate::error::Result;
use crate::kernels::Live;
use crate::{bail, ensure};

/// Buffers that outlive plans, by their place in the table that slices refer to.
#[derive(Debug)]
pub struct Arenas {
    device: Rc<Device>,
    table: RefCell<Vec<Option<Buffer>>>,
    empty: Buffer,
}

impl Arenas {
    /// A table of `places` buffers, none of them allocated.
    pub async fn new(device: Rc<Device>, places: usize) -> Result<Arenas> {
        let empty = device.allocate("table", crate::device::ALIGNMENT).await?;
        Ok(Arenas { device, table: RefCell::new(vec![None; places]), empty })
    }

    /// The device that the buffers live on.
    pub fn device(&self) -> &Rc<Device> {
        &self.device
    }

    /// How many places the table has.
    pub fn places(&self) -> usize {
        self.table.borrow().len()
    }

    /// Allocates the buffer at `place`, zeroed, unless it is there already with at least this size.
    pub async fn ensure(&self, place: usize, words: usize, owner: &str) -> Result<()> {
        let there = self.table.borrow().get(place).cloned().flatten();
        if there.is_some_and(|buffer| buffer.words() >= words) {
            return Ok(());
        }
        let buffer = self.device.allocate(owner, words.max(crate::device::ALIGNMENT)).await?;
        match self.table.borrow_mut().get_mut(place) {
            Some(slot) => *slot = Some(buffer),
            None => bail!(Internal, "arenas: no place {place}"),
        }
        Ok(())
    }

    /// Puts a buffer at `place`; what was there is given back.
    pub fn put(&self, place: usize, buffer: Buffer) {
        if let Some(slot) = self.table.borrow_mut().get_mut(place) {
            *slot = Some(buffer);
        }
    }

    /// Gives the buffer at `place` back.
    pub fn release(&self, place: usize) {
        if let Some(slot) = self.table.borrow_mut().get_mut(place) {
            *slot = None;
        }
    }

    /// The buffer at `place`.
    pub fn buffer(&self, place: usize) -> Result<Buffer> {
        match self.table.borrow().get(place) {
            Some(Some(buffer)) => Ok(buffer.clone()),
            _ => bail!(Internal, "arenas: nothing is allocated at place {place}"),
        }
    }

    /// Writes words into a slice.
    pub fn write(&self, slice: Slice, words: &[u32]) -> Result<()> {
        ensure!(words.len() == slice.words, Internal, "write: {} words into a slice of {}", words.len(), slice.words);
        self.device.write(&self.buffer(slice.buffer)?, slice.offset, words)
    }

    /// Reads a slice.
    pub async fn read(&self, slice: Slice) -> Result<Vec<u32>> {
        let buffer = self.buffer(slice.buffer)?;
        self.device.read(&buffer, slice.offset, slice.words).await
    }

    /// Sets the buffer at `place` to zero.
    pub fn clear(&self, place: usize) -> Result<()> {
        self.device.clear(&self.buffer(place)?)
    }
}

/// A plan ready to be played.
#[derive(Debug)]
pub struct Stage {
    device: Rc<Device>,
    plan: Plan,
    own: Vec<Buffer>,
    prepared: Prepared,
    inputs: RefCell<Vec<u32>>,
}

impl Stage {
    /// Allocates the plan's own buffers and prepares its launches.
    pub async fn new(arenas: &Arenas, plan: Plan, owner: &str) -> Result<Stage> {
        ensure!(
            plan.first_own == arenas.places(),
            Internal,
            "stage: the plan expects {} store buffers, the table has {}",
            plan.first_own,
            arenas.places()
        );
        let device = arenas.device.clone();
        device.ledger().fits(plan.bytes())?;
        let mut own = Vec::with_capacity(plan.own.len());
        for &words in &plan.own {
            own.push(device.allocate(owner, words).await?);
        }
        let mut table: Vec<Buffer> =
            arenas.table.borrow().iter().map(|slot| slot.clone().unwrap_or_else(|| arenas.empty.clone())).collect();
        table.extend(own.iter().cloned());
        let prepared = device.prepare(&plan.launches, &table).await?;
        let inputs = RefCell::new(vec![0; plan.own.first().copied().unwrap_or(0)]);
        Ok(Stage { device, plan, own, prepared, inputs })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Sets a named input for the next play; shorter than the input fills its start.
    pub fn set(&self, name: &str, words: &[u32]) -> Result<()> {
        let Some(slice) = self.plan.slice(name) else { bail!(Internal, "stage: the plan has no input `{name}`") };
        ensure!(
            slice.buffer == self.plan.first_own && words.len() <= slice.words,
            Internal,
            "stage: {} words for `{name}`, which takes {}",
            words.len(),
            slice.words
        );
        self.inputs.borrow_mut()[slice.offset..slice.offset + words.len()].copy_from_slice(words);
        Ok(())
    }

    /// Whether the plan has an input or output of this name.
    pub fn has(&self, name: &str) -> bool {
        self.plan.slice(name).is_some()
    }

    /// Hands the inputs over and plays once for each of `lives`.
    pub async fn play(&self, lives: &[Live], signal: &Signal) -> Result<()> {
        self.hand_over()?;
        self.device.play(&self.prepared, lives, signal).await
    }

    /// As [`play`](Stage::play), but not to be left in the middle: see [`Device::play_whole`].
    pub async fn play_whole(&self, lives: &[Live]) -> Result<()> {
        self.hand_over()?;
        self.device.play_whole(&self.prepared, lives).await
    }

    fn hand_over(&self) -> Result<()> {
        match self.own.first() {
            Some(buffer) => self.device.write(buffer, 0, &self.inputs.borrow()),
            None => Ok(()),
        }
    }

    /// Reads a named value after a play.
    pub async fn read(&self, name: &str) -> Result<Vec<u32>> {
        let Some(slice) = self.plan.slice(name) else { bail!(Internal, "stage: the plan has no value `{name}`") };
        self.read_slice(slice).await
    }

    /// Reads a named value of real numbers after a play.
    pub async fn read_f32(&self, name: &str) -> Result<Vec<f32>> {
        Ok(self.read(name).await?.into_iter().map(f32::from_bits).collect())
    }

    async fn read_slice(&self, slice: Slice) -> Result<Vec<u32>> {
        let Some(buffer) = slice.buffer.checked_sub(self.plan.first_own).and_then(|at| self.own.get(at)) else {
            bail!(Internal, "stage: the value lives in a store")
        };
        self.device.read(buffer, slice.offset, slice.words).await
    }
}
