//! Steps and values in, a plan out: a flat list of launches and the memory they need, known before anything is allocated.
//!
//! Values that no store owns are packed by liveness into a few transient buffers ([`pack`]), coloured so that no launch
//! reads and writes the same one. A plan is data: any player can play it, and any prefix of it.
//! Knows no tensor's meaning and no operation.

use std::collections::BTreeMap;

use crate::device::{Launch, Limits, Slice};
use crate::error::Result;
use crate::kernels::{Access, Format, Kernel};

mod pack;
mod print;
mod stage;
mod stages;

pub use stage::{Arenas, Stage};
pub use stages::{Stages, UNLIMITED};

/// A value's number in the list that is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub usize);

/// Something that launches read and write.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its size in words.
    pub words: usize,
    /// Where it lives.
    pub home: Home,
    /// A name for people and for [`Plan::slice`]; empty for the anonymous.
    pub name: String,
}

/// Where a value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In a buffer that outlives the plan: weights, gradients, moments, caches.
    Store(Slice),
    /// In the plan's input buffer, written by the host before a step, only read by launches.
    Input,
    /// In a transient buffer, from its first to its last use.
    Transient,
    /// In a transient buffer, until the end of the plan, for the host to read.
    Kept,
}

/// Part of a value, as a launch binds it.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// Whose memory.
    pub value: ValueId,
    /// First word, a multiple of the device's alignment.
    pub offset: usize,
    /// How many words.
    pub words: usize,
    /// How its numbers lie in them.
    pub format: Format,
}

impl Operand {
    /// The numbers `offset..offset + numbers` of this operand.
    #[must_use]
    pub fn part(self, offset: usize, numbers: usize) -> Operand {
        Operand { offset: self.offset + offset / self.format.in_word(), words: self.format.words(numbers), ..self }
    }

    /// How many numbers it has.
    pub fn numbers(self) -> usize {
        self.words * self.format.in_word()
    }
}

/// A launch before its memory is placed.
#[derive(Clone, Debug)]
pub struct Step {
    /// What runs.
    pub kernel: &'static Kernel,
    /// Its `Params`, as words.
    pub params: Vec<u32>,
    /// Its textual constants.
    pub constants: Vec<(&'static str, u32)>,
    /// Its bindings.
    pub bindings: Vec<Operand>,
    /// Grid, units, work.
    pub extent: crate::kernels::Extent,
    /// Where it comes from.
    pub label: String,
}

impl Step {
    fn reads(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.with(Access::Read)
    }

    fn writes(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.with(Access::Write)
    }

    fn with(&self, access: Access) -> impl Iterator<Item = ValueId> + '_ {
        let of = self.kernel.bindings.iter().zip(&self.bindings);
        of.filter(move |(binding, _)| binding.access == access).map(|(_, operand)| operand.value)
    }
}

/// A list of launches and the memory they need.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What runs, in order. Buffers below `first_own` belong to stores.
    pub launches: Vec<Launch>,
    /// The table place of the plan's first own buffer.
    pub first_own: usize,
    /// The sizes, in words, of the plan's own buffers: the inputs' first, then the transient ones.
    pub own: Vec<usize>,
    /// Named values and where they are while they live.
    pub named: BTreeMap<String, Slice>,
}

impl Plan {
    /// Plans `steps` over `values`; store buffers take the table places below `stores`.
    ///
    /// Fails with `out-of-memory` if a binding is over the device's limit, with `internal` if a launch is malformed.
    pub fn new(steps: Vec<Step>, values: &[Value], stores: usize, limits: Limits) -> Result<Plan> {
        pack::pack(steps, values, stores, limits)
    }

    /// Where a named value lives.
    pub fn slice(&self, name: &str) -> Option<Slice> {
        self.named.get(name).copied()
    }

    /// Bytes of the plan's own buffers: its peak, since they are allocated once and kept.
    pub fn bytes(&self) -> u64 {
        self.own.iter().map(|&words| words as u64 * 4).sum()
    }

    /// Floating-point operations of one play, about.
    pub fn work(&self) -> u64 {
        self.launches.iter().map(|launch| launch.work).sum()
    }
}
