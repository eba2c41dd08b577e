//! Two players of one list of launches: the CPU, always there, and at most one GPU.
//!
//! Comes in: launches, a table of buffers, live words. Goes out: the buffers' contents, changed.
//! A device knows bytes and launches. It refuses to know tensors, plans and models.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::error::Result;
use crate::kernels::{Case, Live};
use crate::{bail, ensure};

mod bisect;
mod choice;
mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
mod launch;
mod ledger;
pub mod reference;
mod report;
mod runtime;

pub use bisect::{Difference, bisect};
pub use choice::{Choice, Event, Feigned, Options};
pub use launch::{ALIGNMENT, Launch, Slice};
pub use ledger::{Ledger, Owned};
pub use report::{Check, Message, Report, Trial};
pub use runtime::Runtime;

/// What a device imposes on memory, and what it is.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest binding, in words.
    pub binding_words: usize,
    /// The largest buffer, in words.
    pub buffer_words: usize,
    /// What it is good at.
    pub class: Class,
}

/// What kind of device it is: decides between kernels that compute the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The CPU player.
    Cpu,
    /// A GPU adapter in software: no parallel workgroups, dear barriers.
    Software,
    /// A GPU.
    Gpu,
}

/// What the surroundings lend to a device: a clock, a way to let others run, an ear.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Milliseconds from any fixed moment.
    pub now: fn() -> f64,
    /// Returns to the event loop once.
    pub pause: fn() -> Pin<Box<dyn Future<Output = ()>>>,
    /// Hears of events, from wherever they come.
    pub tell: fn(&Event),
}

impl Host {
    /// A native program: its own clock, and nobody to let run.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn native() -> Host {
        fn now() -> f64 {
            use std::sync::OnceLock;
            use std::time::Instant;
            static START: OnceLock<Instant> = OnceLock::new();
            START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3
        }
        Host { now, pause: || Box::pin(std::future::ready(())), tell: |_| {} }
    }
}

/// Somebody's wish to stop, seen between launches.
#[derive(Clone, Debug, Default)]
pub struct Signal {
    aborted: Rc<Cell<bool>>,
}

impl Signal {
    /// Asks to stop.
    pub fn abort(&self) {
        self.aborted.set(true);
    }

    /// Fails with `aborted` once somebody asked to stop.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.aborted.get(), Aborted, "the call was aborted");
        Ok(())
    }
}

/// A buffer of a device; freed with its last handle.
#[derive(Clone, Debug)]
pub struct Buffer {
    memory: Rc<Memory>,
    words: usize,
}

#[derive(Debug)]
enum Memory {
    Cpu(cpu::Words, #[expect(dead_code, reason = "returns its bytes to the ledger when dropped")] Owned),
    #[cfg(feature = "gpu")]
    Gpu(gpu::Words, #[expect(dead_code, reason = "returns its bytes to the ledger when dropped")] Owned),
}

impl Buffer {
    /// Its size in words.
    pub fn words(&self) -> usize {
        self.words
    }
}

/// Launches made ready for one device: pipelines, bind groups, checked bindings.
#[derive(Debug)]
pub struct Prepared {
    form: Form,
}

#[derive(Debug)]
enum Form {
    Cpu(cpu::Score),
    #[cfg(feature = "gpu")]
    Gpu(gpu::Score),
}

/// Words on their way from the device; see [`Device::read_later`].
#[derive(Debug)]
pub struct Readback {
    state: Arriving,
}

#[derive(Debug)]
enum Arriving {
    Here(Vec<u32>),
    #[cfg(feature = "gpu")]
    Gpu(gpu::Fetch),
}

impl Readback {
    /// The words, as they were when the reading was asked for.
    ///
    /// Fails with `device-lost` if the device went away meanwhile.
    pub async fn words(self) -> Result<Vec<u32>> {
        match self.state {
            Arriving::Here(words) => Ok(words),
            #[cfg(feature = "gpu")]
            Arriving::Gpu(fetch) => fetch.words().await,
        }
    }
}

/// Words to be copied from one buffer into another: each with the place of the first.
#[derive(Clone, Copy, Debug)]
pub struct Copying<'a> {
    /// Where they stand.
    pub from: (&'a Buffer, usize),
    /// Where they go.
    pub to: (&'a Buffer, usize),
    /// How many.
    pub words: usize,
}

/// A player.
#[derive(Debug)]
pub struct Device {
    player: Player,
    host: Host,
    ledger: Rc<Ledger>,
    reason: String,
}

#[derive(Debug)]
enum Player {
    Cpu(cpu::Cpu),
    #[cfg(feature = "gpu")]
    Gpu(Box<gpu::Gpu>),
}

impl Device {
    /// The CPU: one thread, kernels with SIMD, returns to the event loop at least every 20 ms.
    pub fn cpu(host: Host, ledger: Rc<Ledger>) -> Device {
        Device { player: Player::Cpu(cpu::Cpu::new(host)), host, ledger, reason: String::new() }
    }

    /// The CPU of a native program, with an account of its own.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn native() -> Rc<Device> {
        Rc::new(Device::cpu(Host::native(), Ledger::new(None)))
    }

    /// The GPU that the system prefers, hardware or software.
    ///
    /// Fails with `device-unavailable` if there is none, it refuses, or it is below what every WebGPU device has.
    pub async fn gpu(host: Host, ledger: Rc<Ledger>, options: &Options) -> Result<Device> {
        #[cfg(feature = "gpu")]
        {
            let gpu = gpu::Gpu::open(host, ledger.clone(), options).await?;
            Ok(Device { player: Player::Gpu(Box::new(gpu)), host, ledger, reason: String::new() })
        }
        #[cfg(not(feature = "gpu"))]
        {
            let _ = (host, ledger, options);
            bail!(DeviceUnavailable, "this build has no GPU player")
        }
    }

    fn because(mut self, reason: &str) -> Device {
        reason.clone_into(&mut self.reason);
        self
    }

    /// Whether the device is a program on the CPU.
    pub fn software(&self) -> bool {
        match &self.player {
            Player::Cpu(_) => true,
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => gpu.software(),
        }
    }

    /// What the device is, why it was chosen, and how its kernels did so far.
    pub fn report(&self) -> Report {
        match &self.player {
            Player::Cpu(_) => Report {
                kind: "cpu",
                name: format!("CPU ({})", std::env::consts::ARCH),
                vendor: String::new(),
                software: true,
                reason: self.reason.clone(),
                features: Vec::new(),
                limits: Vec::new(),
                checks: Vec::new(),
            },
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => Report {
                kind: "webgpu",
                name: gpu.name().0.to_owned(),
                vendor: gpu.name().1.to_owned(),
                software: gpu.software(),
                reason: self.reason.clone(),
                features: gpu.features(),
                limits: gpu.limit_list(),
                checks: gpu.checks(),
            },
        }
    }

    /// Whether the device went away for good.
    pub fn lost(&self) -> bool {
        match &self.player {
            Player::Cpu(_) => false,
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => gpu.lost(),
        }
    }

    /// Gives the device up. Every later call fails with `device-lost`; the CPU stays.
    pub fn destroy(&self) {
        match &self.player {
            Player::Cpu(_) => {}
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => gpu.destroy(),
        }
    }

    /// What the device imposes on memory.
    pub fn limits(&self) -> Limits {
        match &self.player {
            Player::Cpu(_) => Limits { binding_words: usize::MAX / 8, buffer_words: usize::MAX / 8, class: Class::Cpu },
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => gpu.limits(),
        }
    }

    /// Milliseconds from any fixed moment, by the host's clock.
    pub fn now(&self) -> f64 {
        (self.host.now)()
    }

    /// Bytes that this runtime's buffers take.
    pub fn ledger(&self) -> &Rc<Ledger> {
        &self.ledger
    }

    /// A zeroed buffer on the device, booked under `owner`.
    ///
    /// Fails with `out-of-memory` if the limit or the device does not allow it.
    pub async fn allocate(&self, owner: &str, words: usize) -> Result<Buffer> {
        let owned = Ledger::book(&self.ledger, owner, words as u64 * 4)?;
        let memory = match &self.player {
            Player::Cpu(_) => Memory::Cpu(cpu::Words::zeroed(words)?, owned),
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => Memory::Gpu(gpu.allocate(owner, words).await?, owned),
        };
        Ok(Buffer { memory: Rc::new(memory), words })
    }

    /// Writes words into a buffer, after all that was played before.
    pub fn write(&self, buffer: &Buffer, offset: usize, words: &[u32]) -> Result<()> {
        ensure!(
            offset.checked_add(words.len()).is_some_and(|end| end <= buffer.words),
            Internal,
            "write: words {offset}.. ({} of them) of a buffer of {}",
            words.len(),
            buffer.words
        );
        match (&self.player, &*buffer.memory) {
            (Player::Cpu(_), Memory::Cpu(memory, _)) => memory.write(offset, words),
            #[cfg(feature = "gpu")]
            (Player::Gpu(gpu), Memory::Gpu(memory, _)) => gpu.write(memory, offset, words)?,
            #[cfg(feature = "gpu")]
            _ => return Err(foreign()),
        }
        Ok(())
    }

    /// Reads words from a buffer, after all that was played before.
    pub async fn read(&self, buffer: &Buffer, offset: usize, words: usize) -> Result<Vec<u32>> {
        self.read_later(buffer, offset, words)?.words().await
    }

    /// Asks for words of a buffer as they are after all that was played before, to be awaited whenever it suits: a loop
    /// that reads what it asked for some steps ago never waits for the device.
    pub fn read_later(&self, buffer: &Buffer, offset: usize, words: usize) -> Result<Readback> {
        ensure!(
            offset.checked_add(words).is_some_and(|end| end <= buffer.words),
            Internal,
            "read: words {offset}.. ({words} of them) of a buffer of {}",
            buffer.words
        );
        let state = match (&self.player, &*buffer.memory) {
            _ if words == 0 => Arriving::Here(Vec::new()),
            (Player::Cpu(_), Memory::Cpu(memory, _)) => Arriving::Here(memory.read(offset, words)),
            #[cfg(feature = "gpu")]
            (Player::Gpu(gpu), Memory::Gpu(memory, _)) => Arriving::Gpu(gpu.fetch(memory, offset, words)?),
            #[cfg(feature = "gpu")]
            _ => return Err(foreign()),
        };
        Ok(Readback { state })
    }

    /// Copies words between different buffers, after all that was played before.
    pub fn copy(&self, copies: &[Copying<'_>]) -> Result<()> {
        for &Copying { from, to, words } in copies {
            let fits = |(buffer, at): (&Buffer, usize)| at + words <= buffer.words;
            ensure!(fits(from) && fits(to), Internal, "copy: {words} words from {} to {}", from.1, to.1);
        }
        match &self.player {
            Player::Cpu(_) => cpu::copy(copies),
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => gpu.copy(copies),
        }
    }

    /// Sets a buffer to zero, after all that was played before.
    pub fn clear(&self, buffer: &Buffer) -> Result<()> {
        match (&self.player, &*buffer.memory) {
            (Player::Cpu(_), Memory::Cpu(memory, _)) => memory.clear(),
            #[cfg(feature = "gpu")]
            (Player::Gpu(gpu), Memory::Gpu(memory, _)) => gpu.clear(memory)?,
            #[cfg(feature = "gpu")]
            _ => return Err(foreign()),
        }
        Ok(())
    }

    /// Makes launches ready. Bindings refer to `table` by place.
    ///
    /// A GPU checks each kernel against its reference the first time: fails with `numeric-mismatch` if one disagrees, with
    /// `unsupported` if one does not compile.
    pub async fn prepare(&self, launches: &[Launch], table: &[Buffer]) -> Result<Prepared> {
        for launch in launches {
            launch.check()?;
            for slice in &launch.bindings {
                let Some(buffer) = table.get(slice.buffer) else {
                    bail!(Internal, "{}: no buffer {} in a table of {}", launch.kernel.name, slice.buffer, table.len())
                };
                ensure!(
                    slice.offset + slice.words <= buffer.words,
                    Internal,
                    "{}: words {}..{} of a buffer of {}",
                    launch.kernel.name,
                    slice.offset,
                    slice.offset + slice.words,
                    buffer.words
                );
            }
        }
        match &self.player {
            Player::Cpu(_) => Ok(Prepared { form: Form::Cpu(cpu::Score::new(launches, table)?) }),
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => Ok(Prepared { form: Form::Gpu(gpu.prepare(launches, table).await?) }),
        }
    }

    /// Plays the launches once for each of `lives`, in order. On a GPU the work may still be going on when this returns;
    /// reads see it done.
    ///
    /// Fails with `aborted` between launches when the signal says so.
    pub async fn play(&self, prepared: &Prepared, lives: &[Live], signal: &Signal) -> Result<()> {
        self.play_on(prepared, lives, signal, false).await
    }

    /// As [`play`](Device::play), but once begun it comes to its end: if the future is dropped in the middle, what is left is
    /// played there and then. For launches that change weights in place.
    pub async fn play_whole(&self, prepared: &Prepared, lives: &[Live]) -> Result<()> {
        self.play_on(prepared, lives, &Signal::default(), true).await
    }

    async fn play_on(&self, prepared: &Prepared, lives: &[Live], signal: &Signal, whole: bool) -> Result<()> {
        match (&self.player, &prepared.form) {
            (Player::Cpu(cpu), Form::Cpu(score)) => cpu.play(score, lives, signal, whole).await,
            #[cfg(feature = "gpu")]
            (Player::Gpu(gpu), Form::Gpu(score)) => gpu.play(score, lives, signal, whole).await,
            #[cfg(feature = "gpu")]
            _ => Err(foreign()),
        }
    }

    /// Runs a case with another text for its kernel, or its own, and says how it went and what the compiler said.
    ///
    /// Fails with `unsupported` where a text is given to the CPU, with `device-lost` and what memory says.
    pub async fn trial(&self, case: &Case, text: Option<&str>) -> Result<Trial> {
        match &self.player {
            Player::Cpu(cpu) => {
                ensure!(text.is_none(), Unsupported, "{}: the CPU runs no WGSL", case.kernel.name);
                let start = cpu.now();
                let outcome = self.run(case).await?;
                let ms = cpu.now() - start;
                Ok(Trial { error: case.error(&outcome), ms, messages: Vec::new() })
            }
            #[cfg(feature = "gpu")]
            Player::Gpu(gpu) => gpu.trial(case, text).await,
        }
    }

    /// Runs a case and gives the words of its bindings afterwards.
    pub async fn run(&self, case: &Case) -> Result<Vec<Vec<u32>>> {
        let mut table = Vec::new();
        let mut bindings = Vec::new();
        for (place, data) in case.data.iter().enumerate() {
            let words = data.words();
            let buffer = self.allocate("check", words.len()).await?;
            self.write(&buffer, 0, &words)?;
            bindings.push(Slice { buffer: place, offset: 0, words: words.len() });
            table.push(buffer);
        }
        let launch = Launch::of_case(case, bindings);
        let prepared = self.prepare(std::slice::from_ref(&launch), &table).await?;
        self.play(&prepared, &[case.live], &Signal::default()).await?;
        let mut outcome = Vec::new();
        for buffer in &table {
            outcome.push(self.read(buffer, 0, buffer.words).await?);
        }
        Ok(outcome)
    }
}

/// The buffers of a table that launches bind: those that must stay while the launches may be played.
fn bound<'a>(launches: impl IntoIterator<Item = &'a Launch>, table: &[Buffer]) -> Vec<Buffer> {
    let slices = launches.into_iter().flat_map(|launch| &launch.bindings);
    let mut is_bound = vec![false; table.len()];
    for slice in slices {
        if let Some(is_bound) = is_bound.get_mut(slice.buffer) {
            *is_bound = true;
        }
    }
    table.iter().zip(is_bound).filter(|(_, is_bound)| *is_bound).map(|(buffer, _)| buffer.clone()).collect()
}

#[cfg(feature = "gpu")]
fn foreign() -> crate::Error {
    crate::Error::new(crate::Kind::Internal, "what another device made was given to this one")
}
