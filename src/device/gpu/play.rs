//! Plays lists of launches: bind groups made once, one arena of parameters, few submits, each short.
//!
//! Everything that a play needs is made when its list is prepared. A play writes its live words, encodes one pass and submits; it
//! cuts where the estimated work goes past what the device does in [`TARGET`] ms, so that no watchdog and no page waits long,
//! and keeps at most [`DEPTH`] submits in flight. The estimate follows what submits are seen to take.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::memory::Words;
use super::open::Card;
use super::pipelines::{Need, Pipeline, Pipelines, SLOT};
use super::wait::Slot;
use crate::device::{Buffer, Launch, Ledger, Memory, Owned, Signal, Slice, bound};
use crate::error::{Error, Kind, Result};
use crate::kernels::Live;
use crate::kernels::compose::Variant;
use crate::{bail, ensure};

/// One submit aims at this many milliseconds.
const TARGET: f64 = 50.0;
/// So many submits are in flight at most.
const DEPTH: usize = 2;
/// The same where waiting itself takes long (Firefox looks every 100 ms): enough to keep the device busy meanwhile.
const DEPTH_SLOW: usize = 16;
/// Sets of live words that one submit may use.
pub(super) const LIVES: usize = 64;
/// A dispatch costs about this many milliseconds besides its work.
const DISPATCH: f64 = 0.02;

/// One launch, ready.
#[derive(Debug)]
struct Ready {
    pipeline: Rc<Pipeline>,
    group: wgpu::BindGroup,
    grid: [u32; 3],
    work: f64,
}

/// A list of launches, ready.
#[derive(Debug)]
pub(in crate::device) struct Score {
    steps: Vec<Ready>,
    uniforms: Option<wgpu::BindGroup>,
    #[expect(dead_code, reason = "the bind groups use them")]
    kept: (Option<(Words, Owned)>, Vec<Buffer>),
}

/// The live words of every set that one submit uses.
#[derive(Debug)]
pub(super) struct Lives {
    words: Words,
    #[expect(dead_code, reason = "returns its bytes to the ledger when dropped")]
    owned: Owned,
}

impl Lives {
    pub(super) async fn new(card: &Card, ledger: &Rc<Ledger>) -> Result<Lives> {
        let (words, owned) = uniforms(card, ledger, LIVES).await?;
        Ok(Lives { words, owned })
    }
}

async fn uniforms(card: &Card, ledger: &Rc<Ledger>, slots: usize) -> Result<(Words, Owned)> {
    let bytes = slots as u64 * SLOT;
    let owned = Ledger::book(ledger, "parameters", bytes)?;
    let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
    let mut made = card.create("parameters", &[bytes as usize / 4], usage).await?;
    match made.pop() {
        Some(words) => Ok((words, owned)),
        None => bail!(Internal, "parameters: no buffer was made"),
    }
}

impl Score {
    /// Makes launches ready whose pipelines are compiled; `variant` says which one a kernel takes.
    pub(super) async fn new(
        card: &Card,
        ledger: &Rc<Ledger>,
        pipelines: &Pipelines,
        lives: &Lives,
        launches: &[(&Launch, Variant)],
        table: &[Buffer],
    ) -> Result<Score> {
        if launches.is_empty() {
            return Ok(Score { steps: Vec::new(), uniforms: None, kept: (None, Vec::new()) });
        }
        let (arena, owned) = uniforms(card, ledger, launches.len()).await?;
        let stride = SLOT as usize / 4;
        let mut params = vec![0u32; launches.len() * stride];
        for (slot, (launch, _)) in params.chunks_mut(stride).zip(launches) {
            ensure!(launch.params.len() <= stride, Internal, "{}: Params over 256 bytes", launch.kernel.name);
            slot[..launch.params.len()].copy_from_slice(&launch.params);
        }
        card.write(&arena, 0, &params)?;
        let guard = card.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = bind(card, pipelines, launches, table);
        let bound = bound(launches.iter().map(|(launch, _)| *launch), table);
        let uniform = |buffer| {
            wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size: wgpu::BufferSize::new(SLOT) })
        };
        let group = card.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("parameters and live words"),
            layout: &pipelines.uniforms,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: uniform(&arena.buffer) },
                wgpu::BindGroupEntry { binding: 1, resource: uniform(&lives.words.buffer) },
            ],
        });
        let failure = guard.pop().await;
        let steps = made?;
        if let Some(error) = failure {
            card.shared.lost()?;
            return Err(Error::new(Kind::Internal, format!("prepare: the GPU refused a binding: {error}")));
        }
        Ok(Score { steps, uniforms: Some(group), kept: (Some((arena, owned)), bound) })
    }
}

fn bind(card: &Card, pipelines: &Pipelines, launches: &[(&Launch, Variant)], table: &[Buffer]) -> Result<Vec<Ready>> {
    let mut groups: HashMap<(Vec<bool>, Vec<Slice>), wgpu::BindGroup> = HashMap::new();
    let mut steps = Vec::new();
    for (launch, variant) in launches {
        let name = launch.kernel.name;
        let need: Need = (launch.kernel, launch.constants.clone());
        let Some(pipeline) = pipelines.find(&need, *variant) else {
            bail!(Internal, "{name}: no pipeline was compiled")
        };
        let mut entries = Vec::new();
        for (place, slice) in launch.bindings.iter().enumerate() {
            let Some(Memory::Gpu(words, _)) = table.get(slice.buffer).map(|buffer| &*buffer.memory) else {
                bail!(Internal, "{name}: buffer {} is not on the GPU", slice.buffer)
            };
            entries.push(wgpu::BindGroupEntry {
                binding: place as u32,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &words.buffer,
                    offset: slice.offset as u64 * 4,
                    size: wgpu::BufferSize::new(slice.words as u64 * 4),
                }),
            });
        }
        let reads = launch.kernel.bindings.iter().map(|b| b.access == crate::kernels::Access::Read).collect();
        let make = || {
            let layout = &pipeline.bindings;
            let label = Some(name);
            card.device.create_bind_group(&wgpu::BindGroupDescriptor { label, layout, entries: &entries })
        };
        let group = groups.entry((reads, launch.bindings.clone())).or_insert_with(make).clone();
        steps.push(Ready { pipeline, group, grid: launch.grid, work: launch.work as f64 });
    }
    Ok(steps)
}

/// A submit that may not be done yet.
#[derive(Debug)]
struct Flight {
    submission: wgpu::SubmissionIndex,
    done: Slot<f64>,
    work: f64,
    at: f64,
}

/// How much the device does in a millisecond, and what is in flight.
#[derive(Debug)]
pub(super) struct Pace {
    flights: RefCell<VecDeque<Flight>>,
    /// Work per millisecond.
    rate: Cell<f64>,
    /// When the last submit was seen done.
    seen: Cell<f64>,
    /// Milliseconds that waiting takes when there is nothing to wait for.
    floor: f64,
}

impl Pace {
    pub(super) async fn new(card: &Card) -> Result<Pace> {
        let start = (card.host.now)();
        let submission = card.submit(None);
        card.wait(&card.done(), &submission).await?;
        let floor = ((card.host.now)() - start).clamp(0.0, 200.0);
        // Software does about 1 GFLOP/s at worst, the slowest hardware about 20.
        let rate = if card.software { 1e6 } else { 2e7 };
        Ok(Pace { flights: RefCell::default(), rate: Cell::new(rate), seen: Cell::new(0.0), floor })
    }

    /// Waits until one more submit may be made.
    async fn admit(&self, card: &Card) -> Result<()> {
        card.look();
        let depth = if self.floor > 50.0 { DEPTH_SLOW } else { DEPTH };
        loop {
            let full = self.flights.borrow().len() >= depth;
            let Some(flight) = self.flights.borrow_mut().pop_front() else { return Ok(()) };
            match flight.done.take() {
                Some(done) => self.learn(&flight, done),
                None if full => {
                    let done = card.wait(&flight.done, &flight.submission).await?;
                    self.learn(&flight, done);
                }
                None => {
                    self.flights.borrow_mut().push_front(flight);
                    return Ok(());
                }
            }
        }
    }

    fn learn(&self, flight: &Flight, done: f64) {
        let took = (done - flight.at.max(self.seen.get()) - self.floor).max(0.01);
        self.seen.set(done);
        if took > TARGET {
            self.rate.set((flight.work / took).max(1e4));
        } else if took < TARGET / 2.0 && flight.work > self.rate.get() * TARGET / 2.0 {
            self.rate.set((self.rate.get() * 1.5).min(1e11));
        }
    }
}

/// What a play works with.
#[derive(Clone, Copy)]
pub(super) struct Stand<'a> {
    pub(super) card: &'a Card,
    pub(super) pace: &'a Pace,
    pub(super) words: &'a Lives,
}

/// Plays the list once for each of `lives`; `whole` says that what is left is submitted there and then should the play be given up
/// in the middle.
pub(super) async fn play(stand: Stand<'_>, score: &Score, lives: &[Live], signal: &Signal, whole: bool) -> Result<()> {
    stand.card.check()?;
    signal.check()?;
    let Some(uniforms) = &score.uniforms else { return Ok(()) };
    let mut course = Course { stand, score, uniforms, lives, life: 0, step: 0, whole };
    while course.left() {
        stand.pace.admit(stand.card).await?;
        stand.card.check()?;
        signal.check()?;
        course.submit()?;
    }
    Ok(())
}

/// How far a play has come.
struct Course<'a> {
    stand: Stand<'a>,
    score: &'a Score,
    uniforms: &'a wgpu::BindGroup,
    lives: &'a [Live],
    life: usize,
    step: usize,
    whole: bool,
}

impl Course<'_> {
    fn left(&self) -> bool {
        self.life < self.lives.len()
    }

    /// Submits what the device does in about [`TARGET`] milliseconds.
    fn submit(&mut self) -> Result<()> {
        let Stand { card, pace, words } = self.stand;
        let budget = pace.rate.get() * TARGET;
        let first = self.life;
        let mut work = 0.0;
        let mut encoder = card.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            while work < budget && self.left() && self.life - first < LIVES {
                let Some(ready) = self.score.steps.get(self.step) else {
                    (self.life, self.step) = (self.life + 1, 0);
                    continue;
                };
                let slots = [self.step as u32 * SLOT as u32, (self.life - first) as u32 * SLOT as u32];
                pass.set_pipeline(&ready.pipeline.pipeline);
                pass.set_bind_group(0, &ready.group, &[]);
                pass.set_bind_group(1, self.uniforms, &slots);
                let [x, y, z] = ready.grid;
                pass.dispatch_workgroups(x, y, z);
                work += ready.work + pace.rate.get() * DISPATCH;
                self.step += 1;
            }
        }
        if self.step == self.score.steps.len() {
            (self.life, self.step) = (self.life + 1, 0);
        }
        // Written before this submit and after the one before: a set is never changed under a play that uses it.
        let used = self.lives[first..].iter().take(self.life + usize::from(self.step > 0) - first);
        let used: Vec<u32> = used.flat_map(Live::words).copied().collect();
        card.write(&words.words, 0, &used)?;
        let at = (card.host.now)();
        let submission = card.submit(Some(encoder));
        pace.flights.borrow_mut().push_back(Flight { submission, done: card.done(), work, at });
        Ok(())
    }
}

impl Drop for Course<'_> {
    fn drop(&mut self) {
        while self.whole && self.left() && self.stand.card.check().is_ok() && self.submit().is_ok() {}
    }
}
