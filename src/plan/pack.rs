//! Packs transient values by liveness into coloured buffers.
//!
//! A value lives from its first write to its last use. Two values that one launch reads and writes must lie in different
//! buffers (WebGPU's rule), so the conflicts of a value are all values that any launch reads while it writes this one, or the
//! other way round. Values are placed one by one, each in the buffer and gap where the total grows least, in several orders, of which
//! the one that comes out smallest is taken.

use std::collections::{BTreeMap, BTreeSet};

use super::{Home, Plan, Step, Value, ValueId};
use crate::device::{ALIGNMENT, Launch, Limits, Slice};
use crate::ensure;
use crate::error::Result;
use crate::order;

#[derive(Clone, Copy, Debug)]
struct Life {
    first: usize,
    last: usize,
}

/// A value's place within the colours.
#[derive(Clone, Copy, Debug)]
struct Placed {
    colour: usize,
    offset: usize,
    words: usize,
    life: Life,
}

pub(super) fn pack(steps: Vec<Step>, values: &[Value], stores: usize, limits: Limits) -> Result<Plan> {
    written_before_read(&steps, values)?;
    let lives = lives(&steps, values);
    let conflicts = conflicts(&steps, values);
    let mut inputs = 0;
    let mut homes: Vec<Option<Slice>> = vec![None; values.len()];
    let colours = smallest(values, &lives, &conflicts, limits.buffer_words);
    for (v, value) in values.iter().enumerate() {
        homes[v] = match value.home {
            Home::Store(slice) => Some(slice),
            Home::Input => {
                inputs += value.words.next_multiple_of(ALIGNMENT);
                let offset = inputs - value.words.next_multiple_of(ALIGNMENT);
                Some(Slice { buffer: stores, offset, words: value.words })
            }
            Home::Transient | Home::Kept => colours.places[v].map(|placed| Slice {
                buffer: stores + 1 + placed.colour,
                offset: placed.offset,
                words: value.words,
            }),
        };
    }
    let mut own = vec![inputs.max(ALIGNMENT)];
    own.extend(&colours.sizes);
    for &words in &own {
        ensure!(
            words <= limits.buffer_words,
            OutOfMemory,
            [needed: words * 4, limit: limits.buffer_words * 4],
            "a buffer of {} bytes is over the device's limit",
            words * 4
        );
    }
    let mut named = BTreeMap::new();
    for (value, home) in values.iter().zip(&homes) {
        if let (false, Some(home)) = (value.name.is_empty(), home) {
            named.insert(value.name.clone(), *home);
        }
    }
    let mut launches = Vec::with_capacity(steps.len());
    for step in steps {
        let mut bindings = Vec::with_capacity(step.bindings.len());
        for operand in &step.bindings {
            let Some(home) = homes[operand.value.0] else {
                crate::bail!(Internal, "{}: {} uses a value that nothing writes", step.label, step.kernel.name)
            };
            ensure!(
                operand.offset + operand.words <= home.words,
                Internal,
                "{}: {} binds words {}..{} of a value of {}",
                step.label,
                step.kernel.name,
                operand.offset,
                operand.offset + operand.words,
                home.words
            );
            bindings.push(Slice { buffer: home.buffer, offset: home.offset + operand.offset, words: operand.words });
        }
        let launch = Launch {
            kernel: step.kernel,
            params: step.params,
            constants: step.constants,
            bindings,
            grid: step.extent.grid,
            units: step.extent.units,
            work: step.extent.work,
            label: step.label,
        };
        launch.check()?;
        launches.push(launch);
    }
    Ok(Plan { launches, first_own: stores, own, named })
}

fn written_before_read(steps: &[Step], values: &[Value]) -> Result<()> {
    let mut written = vec![false; values.len()];
    for step in steps {
        for read in step.reads() {
            let transient = matches!(values[read.0].home, Home::Transient | Home::Kept);
            ensure!(
                !transient || written[read.0],
                Internal,
                "{}: {} reads `{}` before anything wrote it",
                step.label,
                step.kernel.name,
                values[read.0].name
            );
        }
        for write in step.writes() {
            written[write.0] = true;
        }
    }
    Ok(())
}

fn lives(steps: &[Step], values: &[Value]) -> Vec<Option<Life>> {
    let mut lives: Vec<Option<Life>> = vec![None; values.len()];
    for (at, step) in steps.iter().enumerate() {
        for operand in &step.bindings {
            let life = lives[operand.value.0].get_or_insert(Life { first: at, last: at });
            life.last = at;
        }
    }
    for (life, value) in lives.iter_mut().zip(values) {
        if let (Some(life), Home::Kept) = (life, value.home) {
            life.last = steps.len();
        }
    }
    lives
}

/// For each transient value, the transient values that some launch reads while writing it, or writes while reading it.
fn conflicts(steps: &[Step], values: &[Value]) -> Vec<BTreeSet<usize>> {
    let mut conflicts = vec![BTreeSet::new(); values.len()];
    let transient = |id: ValueId| matches!(values[id.0].home, Home::Transient | Home::Kept);
    for step in steps {
        for written in step.writes().filter(|&id| transient(id)) {
            for read in step.reads().filter(|&id| transient(id)) {
                conflicts[written.0].insert(read.0);
                conflicts[read.0].insert(written.0);
            }
        }
    }
    conflicts
}

/// Places all transient values in the order that needs the least memory: as they are first used, those first that live longest, or
/// those first that hold most for longest.
fn smallest(values: &[Value], lives: &[Option<Life>], conflicts: &[BTreeSet<usize>], limit: usize) -> Colours {
    let transient = |&v: &usize| matches!(values[v].home, Home::Transient | Home::Kept);
    let placed: Vec<(usize, Life)> =
        (0..values.len()).filter(transient).filter_map(|v| lives[v].map(|life| (v, life))).collect();
    let long = |life: Life| life.last - life.first + 1;
    let place = |key: &dyn Fn(usize, Life) -> usize| {
        let mut order = placed.clone();
        order::by_key(&mut order, |&(v, life)| (key(v, life), life.first, v));
        let mut colours = Colours { sizes: Vec::new(), placed: Vec::new(), places: vec![None; values.len()], limit };
        for (v, life) in order {
            let barred: BTreeSet<usize> =
                conflicts[v].iter().filter_map(|&other| colours.places[other].map(|placed| placed.colour)).collect();
            colours.places[v] = Some(colours.place(values[v].words, life, &barred));
        }
        colours
    };
    let mut best = place(&|_, life| life.first);
    let others: [&dyn Fn(usize, Life) -> usize; 3] =
        [&|v, _| usize::MAX - values[v].words, &|_, life| usize::MAX - long(life), &|v, life| {
            usize::MAX - values[v].words.saturating_mul(long(life))
        }];
    for key in others {
        let other = place(key);
        if other.words() < best.words() {
            best = other;
        }
    }
    best
}

struct Colours {
    sizes: Vec<usize>,
    placed: Vec<Placed>,
    /// By value.
    places: Vec<Option<Placed>>,
    limit: usize,
}

impl Colours {
    fn words(&self) -> usize {
        self.sizes.iter().sum()
    }

    fn place(&mut self, words: usize, life: Life, barred: &BTreeSet<usize>) -> Placed {
        let need = words.next_multiple_of(ALIGNMENT);
        let mut best: Option<(usize, usize, usize)> = None; // growth, colour, offset
        for colour in (0..self.sizes.len()).filter(|colour| !barred.contains(colour)) {
            let offset = self.gap(colour, need, life);
            let growth = (offset + need).saturating_sub(self.sizes[colour]);
            if offset + need <= self.limit && best.is_none_or(|(least, _, _)| growth < least) {
                best = Some((growth, colour, offset));
            }
        }
        let (_, colour, offset) = best.unwrap_or_else(|| {
            self.sizes.push(0);
            (need, self.sizes.len() - 1, 0)
        });
        self.sizes[colour] = self.sizes[colour].max(offset + need);
        let placed = Placed { colour, offset, words: need, life };
        self.placed.push(placed);
        placed
    }

    /// The lowest offset in `colour` where `need` words are free during `life`.
    fn gap(&self, colour: usize, need: usize, life: Life) -> usize {
        let mut busy: Vec<(usize, usize)> = self
            .placed
            .iter()
            .filter(|p| p.colour == colour && p.life.first <= life.last && life.first <= p.life.last)
            .map(|p| (p.offset, p.offset + p.words))
            .collect();
        order::naturally(&mut busy);
        let mut offset = 0;
        for (from, to) in busy {
            if offset + need <= from {
                break;
            }
            offset = offset.max(to);
        }
        offset
    }
}
