//! Buffers of the GPU: allocation inside error scopes, upload in pieces, read-back through a small pool.
//!
//! A buffer is destroyed with its last handle, not left to a browser's garbage collector. Reading is a copy into a mappable
//! buffer and a map; it may be asked for now and awaited steps later, so that a training loop never stalls.

use std::cell::RefCell;
use std::rc::Rc;

use super::open::{Card, Queued};
use super::wait::Slot;
use crate::bail;
use crate::device::{Ledger, Owned};
use crate::error::{Error, Kind, Result};

/// An upload is cut into pieces of this many bytes.
const PIECE: usize = 16 << 20;
/// So much waits at most for a submit before one is made for it.
const QUEUED: Queued = Queued { writes: 48, bytes: 64 << 20 };
/// Read-back buffers up to this many words are kept for the next.
const SMALL: usize = 1024;
/// How many of them are kept.
const KEPT: usize = 8;

/// Memory of one buffer.
#[derive(Debug)]
pub(in crate::device) struct Words {
    pub(super) buffer: wgpu::Buffer,
}

impl Drop for Words {
    fn drop(&mut self) {
        self.buffer.destroy();
    }
}

impl Card {
    /// Makes one buffer of each size (in words), all or none.
    ///
    /// Fails with `out-of-memory`.
    pub(super) async fn create(&self, label: &str, sizes: &[usize], usage: wgpu::BufferUsages) -> Result<Vec<Words>> {
        self.check()?;
        let mut needed = 0;
        for &words in sizes {
            let bytes = words as u64 * 4;
            if bytes > self.limits.max_buffer_size {
                return Err(full(label, bytes, "the GPU's largest buffer is")
                    .detail("limit", self.limits.max_buffer_size as f64));
            }
            needed += bytes;
        }
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let made: Vec<Words> = sizes
            .iter()
            .map(|&words| {
                let size = words.max(1) as u64 * 4;
                let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
                Words { buffer: self.device.create_buffer(&descriptor) }
            })
            .collect();
        let (memory, validation) = (memory.pop(), validation.pop());
        if memory.await.is_some() {
            return Err(full(label, needed, "the GPU has no such room"));
        }
        if let Some(error) = validation.await {
            self.shared.lost()?;
            bail!(Internal, "{label}: the GPU refused a buffer: {error}");
        }
        Ok(made)
    }

    /// Writes words, in order with all that is submitted before and after.
    pub(super) fn write(&self, to: &Words, offset: usize, words: &[u32]) -> Result<()> {
        self.check()?;
        let mut at = offset as u64 * 4;
        for piece in bytemuck::cast_slice::<u32, u8>(words).chunks(PIECE) {
            self.queue.write_buffer(&to.buffer, at, piece);
            at += piece.len() as u64;
            let queued = self.queued.get();
            let queued = Queued { writes: queued.writes + 1, bytes: queued.bytes + piece.len() };
            self.queued.set(queued);
            if queued.writes >= QUEUED.writes || queued.bytes >= QUEUED.bytes {
                self.submit(None);
            }
        }
        Ok(())
    }

    /// Submits what an encoder holds and what waits to be written.
    pub(super) fn submit(&self, encoder: Option<wgpu::CommandEncoder>) -> wgpu::SubmissionIndex {
        self.queued.set(Queued::default());
        self.queue.submit(encoder.map(wgpu::CommandEncoder::finish))
    }

    /// Copies words from one buffer into another, in order with all else: source, from, target, to, how many.
    pub(super) fn copy(&self, copies: &[(&Words, usize, &Words, usize, usize)]) -> Result<()> {
        self.check()?;
        let mut encoder = self.encoder();
        for &(source, from, target, to, words) in copies {
            let [from, to, bytes] = [from, to, words].map(|words| words as u64 * 4);
            encoder.copy_buffer_to_buffer(&source.buffer, from, &target.buffer, to, bytes);
        }
        self.submit(Some(encoder));
        Ok(())
    }

    /// Sets a buffer to zero, in order with all else.
    pub(super) fn clear(&self, what: &Words) -> Result<()> {
        self.check()?;
        let mut encoder = self.encoder();
        encoder.clear_buffer(&what.buffer, 0, None);
        self.submit(Some(encoder));
        Ok(())
    }

    pub(super) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("griot") })
    }
}

fn full(label: &str, bytes: u64, why: &str) -> Error {
    Error::new(Kind::OutOfMemory, format!("{label}: {bytes} bytes are needed, {why}"))
        .detail("needed", bytes as f64)
        .hint("Take a smaller model, batch or context, or device: \"cpu\".")
}

/// Small read-back buffers that wait for the next reading.
#[derive(Debug)]
pub(super) struct Pool {
    ledger: Rc<Ledger>,
    free: RefCell<Vec<(Words, Owned)>>,
}

type Scope = std::pin::Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>;

/// Words on their way from the GPU.
pub(in crate::device) struct Fetch {
    card: Rc<Card>,
    pool: Rc<Pool>,
    staging: (Words, Owned),
    words: usize,
    scope: Option<Scope>,
    mapped: Slot<bool>,
    submission: wgpu::SubmissionIndex,
}

impl std::fmt::Debug for Fetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetch").field("words", &self.words).finish_non_exhaustive()
    }
}

impl Pool {
    pub(super) fn new(ledger: Rc<Ledger>) -> Rc<Pool> {
        Rc::new(Pool { ledger, free: RefCell::default() })
    }

    /// Starts reading words, after all that was submitted before.
    pub(super) fn fetch(self: &Rc<Pool>, card: &Rc<Card>, from: &Words, offset: usize, words: usize) -> Result<Fetch> {
        card.check()?;
        let kept = if words <= SMALL { self.free.borrow_mut().pop() } else { None };
        let (staging, scope) = match kept {
            Some(staging) => (staging, None),
            None => {
                let size = words.max(SMALL) as u64 * 4;
                let owned = Ledger::book(&self.ledger, "read-back", size)?;
                let guard = card.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
                let buffer = card.device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("read-back"),
                    size,
                    usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                });
                let scope: Scope = Box::pin(guard.pop());
                ((Words { buffer }, owned), Some(scope))
            }
        };
        let mut encoder = card.encoder();
        encoder.copy_buffer_to_buffer(&from.buffer, offset as u64 * 4, &staging.0.buffer, 0, words as u64 * 4);
        let submission = card.submit(Some(encoder));
        let mapped = card.map(&staging.0.buffer);
        Ok(Fetch { card: card.clone(), pool: self.clone(), staging, words, scope, mapped, submission })
    }
}

impl Fetch {
    /// The words, once the GPU has come to them.
    pub(in crate::device) async fn words(self) -> Result<Vec<u32>> {
        if let Some(scope) = self.scope
            && scope.await.is_some()
        {
            return Err(full("read-back", self.words as u64 * 4, "the GPU has no such room"));
        }
        let mapped = self.card.wait(&self.mapped, &self.submission).await?;
        self.card.check()?;
        let mut words = Vec::new();
        if words.try_reserve_exact(self.words).is_err() {
            return Err(full("read-back", self.words as u64 * 4, "the host has no such room"));
        }
        if !mapped {
            bail!(Internal, "read-back: the GPU refused to map a buffer");
        }
        {
            let view = self.staging.0.buffer.get_mapped_range(..self.words as u64 * 4);
            let view = view.map_err(|error| Error::new(Kind::Internal, format!("read-back: {error}")))?;
            words.resize(self.words, 0u32);
            bytemuck::cast_slice_mut::<u32, u8>(&mut words).copy_from_slice(&view);
        }
        self.staging.0.buffer.unmap();
        let mut free = self.pool.free.borrow_mut();
        if self.words <= SMALL && free.len() < KEPT {
            free.push(self.staging);
        }
        Ok(words)
    }
}
