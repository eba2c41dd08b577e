//! The CPU player: calls each kernel's Rust twin on slices of plain memory.
//!
//! Long launches are split by their independent units, so that the player returns to the event loop at least every 20 ms
//! and sees a wish to stop. One thread; nothing else touches the memory while a launch runs.

use std::cell::{Cell, UnsafeCell};

use super::{Buffer, Copying, Host, Launch, Memory, Signal};
use crate::error::{Error, Kind, Result};
use crate::kernels::{Call, Live, Span};

/// A stretch of work aims at this many milliseconds; the pause comes after the second at the latest.
const STRETCH: f64 = 8.0;

/// Memory of one buffer.
#[derive(Debug)]
pub(super) struct Words {
    words: UnsafeCell<Vec<u32>>,
}

impl Words {
    pub(super) fn zeroed(words: usize) -> Result<Words> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(words).map_err(|_| {
            Error::new(Kind::OutOfMemory, format!("the CPU has no {} bytes left", words * 4))
                .detail("needed", words as f64 * 4.0)
                .hint("Take a smaller model, batch or context.")
        })?;
        memory.resize(words, 0);
        Ok(Words { words: UnsafeCell::new(memory) })
    }

    pub(super) fn write(&self, offset: usize, words: &[u32]) {
        // SAFETY: one thread, and no reference into the memory outlives a method or a launch.
        unsafe { (&mut *self.words.get())[offset..offset + words.len()].copy_from_slice(words) }
    }

    pub(super) fn read(&self, offset: usize, words: usize) -> Vec<u32> {
        // SAFETY: as `write`.
        unsafe { (&*self.words.get())[offset..offset + words].to_vec() }
    }

    pub(super) fn clear(&self) {
        // SAFETY: as `write`.
        unsafe { (&mut *self.words.get()).fill(0) }
    }

    fn start(&self) -> *mut f32 {
        // SAFETY: as `write`; the vector is never resized, so the pointer stays.
        unsafe { (&mut *self.words.get()).as_mut_ptr().cast() }
    }
}

/// Copies words between buffers.
pub(super) fn copy(copies: &[Copying<'_>]) -> Result<()> {
    for &Copying { from, to, words } in copies {
        match (&*from.0.memory, &*to.0.memory) {
            (Memory::Cpu(source, _), Memory::Cpu(target, _)) => target.write(to.1, &source.read(from.1, words)),
            #[cfg(feature = "gpu")]
            _ => return Err(super::foreign()),
        }
    }
    Ok(())
}

/// Launches with their spans, and the buffers that keep these alive.
#[derive(Debug)]
pub(super) struct Score {
    launches: Vec<(Launch, Vec<Span<f32>>)>,
    #[expect(dead_code, reason = "the spans point into these buffers")]
    bound: Vec<Buffer>,
}

impl Score {
    pub(super) fn new(launches: &[Launch], table: &[Buffer]) -> Result<Score> {
        let with_spans = |launch: &Launch| {
            let span = |slice: &super::Slice| match &*table[slice.buffer].memory {
                // SAFETY: `Device::prepare` checked that the slice lies within the buffer, `Launch::check` that written
                // slices overlap no other; the score keeps the buffer.
                Memory::Cpu(memory, _) => Ok(unsafe { Span::new(memory.start().add(slice.offset), slice.words) }),
                #[cfg(feature = "gpu")]
                Memory::Gpu(..) => Err(super::foreign()),
            };
            Ok((launch.clone(), launch.bindings.iter().map(span).collect::<Result<_>>()?))
        };
        Ok(Score {
            launches: launches.iter().map(with_spans).collect::<Result<_>>()?,
            bound: super::bound(launches, table),
        })
    }
}

/// The player.
#[derive(Debug)]
pub(super) struct Cpu {
    host: Host,
    /// Floating-point operations a millisecond, as lately seen.
    rate: Cell<f64>,
    /// When the event loop last ran.
    paused: Cell<f64>,
}

impl Cpu {
    pub(super) fn new(host: Host) -> Cpu {
        Cpu { host, rate: Cell::new(1e6), paused: Cell::new((host.now)()) }
    }

    pub(super) fn now(&self) -> f64 {
        (self.host.now)()
    }

    fn learn(&self, work: f64, took: f64) {
        self.rate.set(match took > 0.5 {
            true => (0.5 * self.rate.get() + 0.5 * work / took).clamp(1e4, 1e9),
            false => (self.rate.get() * 2.0).min(1e9),
        });
    }

    /// Plays; `whole` says that what is left is played there and then should the play be given up in the middle.
    pub(super) async fn play(&self, score: &Score, lives: &[Live], signal: &Signal, whole: bool) -> Result<()> {
        let mut course = Course { cpu: self, score, lives, life: 0, launch: 0, unit: 0, whole };
        while course.stretch() {
            if (self.host.now)() - self.paused.get() >= STRETCH {
                (self.host.pause)().await;
                self.paused.set((self.host.now)());
            }
            signal.check()?;
        }
        signal.check()
    }
}

/// How far a play has come.
struct Course<'a> {
    cpu: &'a Cpu,
    score: &'a Score,
    lives: &'a [Live],
    life: usize,
    launch: usize,
    unit: usize,
    whole: bool,
}

impl Course<'_> {
    /// Works for one stretch; false once nothing is left.
    fn stretch(&mut self) -> bool {
        let since = (self.cpu.host.now)();
        let enough = self.cpu.rate.get() * STRETCH;
        let mut work = 0.0;
        while let Some(live) = self.lives.get(self.life) {
            let Some((launch, spans)) = self.score.launches.get(self.launch) else {
                (self.life, self.launch) = (self.life + 1, 0);
                continue;
            };
            if work >= enough {
                self.cpu.learn(work, (self.cpu.host.now)() - since);
                return true;
            }
            if self.unit < launch.units {
                let each = (launch.work as f64 / launch.units as f64).max(1.0);
                let units = (((enough - work) / each) as usize).clamp(1, launch.units - self.unit);
                let call = Call { params: &launch.params, live, constants: &launch.constants, spans };
                (launch.kernel.cpu)(&call, self.unit..self.unit + units);
                self.unit += units;
                work += each * units as f64;
            }
            if self.unit >= launch.units {
                (self.launch, self.unit) = (self.launch + 1, 0);
            }
        }
        false
    }
}

impl Drop for Course<'_> {
    fn drop(&mut self) {
        while self.whole && self.stretch() {}
    }
}
