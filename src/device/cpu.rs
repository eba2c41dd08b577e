//! The CPU player: calls each kernel's Rust twin on slices of plain memory.
//!
//! Long launches are split by their independent units, so that the player returns to the event loop at least every 20 ms
//! and sees a wish to stop. One thread; nothing else touches the memory while a launch runs.

use std::cell::{Cell, UnsafeCell};

use super::{Buffer, Host, Launch, Memory, Signal};
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

/// Launches with their spans, and the buffers that keep these alive.
#[derive(Debug)]
pub(super) struct Score {
    launches: Vec<(Launch, Vec<Span<f32>>)>,
    #[expect(dead_code, reason = "the spans point into these buffers")]
    table: Vec<Buffer>,
}

impl Score {
    pub(super) fn new(launches: &[Launch], table: &[Buffer]) -> Result<Score> {
        let with_spans = |launch: &Launch| {
            let span = |slice: &super::Slice| match &*table[slice.buffer].memory {
                // SAFETY: `Device::prepare` checked that the slice lies within the buffer, `Launch::check` that written
                // slices overlap no other; the table keeps the buffer.
                Memory::Cpu(memory, _) => Ok(unsafe { Span::new(memory.start().add(slice.offset), slice.words) }),
                #[cfg(feature = "gpu")]
                Memory::Gpu(..) => Err(super::foreign()),
            };
            Ok((launch.clone(), launch.bindings.iter().map(span).collect::<Result<_>>()?))
        };
        Ok(Score { launches: launches.iter().map(with_spans).collect::<Result<_>>()?, table: table.to_vec() })
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

    pub(super) async fn play(&self, score: &Score, lives: &[Live], signal: &Signal) -> Result<()> {
        for live in lives {
            let mut since = (self.host.now)();
            let mut work = 0.0;
            for (launch, spans) in &score.launches {
                let call = Call { params: &launch.params, live, constants: &launch.constants, spans };
                let mut unit = 0;
                while unit < launch.units {
                    let each = (launch.work as f64 / launch.units as f64).max(1.0);
                    let budget = (self.rate.get() * STRETCH - work).max(0.0);
                    let units = ((budget / each) as usize).clamp(1, launch.units - unit);
                    (launch.kernel.cpu)(&call, unit..unit + units);
                    unit += units;
                    work += each * units as f64;
                    if work >= self.rate.get() * STRETCH {
                        let now = (self.host.now)();
                        if now - since > 0.5 {
                            self.rate.set((0.5 * self.rate.get() + 0.5 * work / (now - since)).clamp(1e4, 1e9));
                        } else {
                            self.rate.set((self.rate.get() * 2.0).min(1e9));
                        }
                        if now - self.paused.get() >= STRETCH {
                            (self.host.pause)().await;
                            self.paused.set((self.host.now)());
                        }
                        signal.check()?;
                        (since, work) = ((self.host.now)(), 0.0);
                    }
                }
            }
            signal.check()?;
        }
        Ok(())
    }
}
