//! The GPU player: WebGPU in a browser, Vulkan, Metal or DX12 natively, through wgpu.
//!
//! `open` the card, `memory` its buffers, `pipelines` what it compiled, `check` which kernels it may be trusted with, `play` the
//! lists, `wait` the one place that waits. Comes in: what `Device` was asked. Refuses to know tensors, plans and models.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::report::Check;
use super::{Buffer, Class, Copying, Host, Launch, Ledger, Limits, Options, Signal};
use crate::error::{Error, Kind, Result};
use crate::kernels::compose::Variant;
use crate::kernels::{Constant, Live};

mod check;
mod memory;
mod open;
mod pipelines;
mod play;
mod wait;

pub(super) use memory::{Fetch, Words};
pub(super) use play::Score;

/// The player.
#[derive(Debug)]
pub(super) struct Gpu {
    card: Rc<open::Card>,
    ledger: Rc<Ledger>,
    pipelines: pipelines::Pipelines,
    pool: Rc<memory::Pool>,
    lives: play::Lives,
    pace: play::Pace,
    checked: RefCell<BTreeMap<(&'static str, Vec<Constant>), Checked>>,
}

/// What a kernel's check found.
#[derive(Clone, Debug)]
struct Checked {
    variant: Variant,
    check: Check,
    failure: Option<Error>,
}

impl Gpu {
    pub(super) async fn open(host: Host, ledger: Rc<Ledger>, options: &Options) -> Result<Gpu> {
        let card = open::Card::open(host, options).await?;
        let pipelines = pipelines::Pipelines::new(&card, &options.feigned.shaders);
        let lives = play::Lives::new(&card, &ledger).await?;
        let pace = play::Pace::new(&card).await?;
        let pool = memory::Pool::new(ledger.clone());
        Ok(Gpu { card, ledger, pipelines, pool, lives, pace, checked: RefCell::default() })
    }

    pub(super) fn limits(&self) -> Limits {
        // Offsets and sizes of bindings are 32-bit numbers in places; slices are multiples of 256 bytes.
        let words = |bytes: u64| (bytes.min(u64::from(u32::MAX)) / 256 * 64) as usize;
        Limits {
            binding_words: words(self.card.limits.max_storage_buffer_binding_size),
            buffer_words: words(self.card.limits.max_buffer_size),
            class: if self.card.software { Class::Software } else { Class::Gpu },
        }
    }

    pub(super) async fn allocate(&self, owner: &str, words: usize) -> Result<Words> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let mut made = self.card.create(owner, &[words], usage).await?;
        made.pop().ok_or_else(|| Error::new(Kind::Internal, format!("{owner}: no buffer was made")))
    }

    pub(super) fn write(&self, to: &Words, offset: usize, words: &[u32]) -> Result<()> {
        self.card.write(to, offset, words)
    }

    pub(super) fn fetch(&self, from: &Words, offset: usize, words: usize) -> Result<Fetch> {
        self.pool.fetch(&self.card, from, offset, words)
    }

    pub(super) fn copy(&self, copies: &[Copying<'_>]) -> Result<()> {
        let mut all = Vec::with_capacity(copies.len());
        for &Copying { from, to, words } in copies {
            match (&*from.0.memory, &*to.0.memory) {
                (super::Memory::Gpu(source, _), super::Memory::Gpu(target, _)) => {
                    all.push((source, from.1, target, to.1, words))
                }
                _ => return Err(super::foreign()),
            }
        }
        self.card.copy(&all)
    }

    pub(super) fn clear(&self, what: &Words) -> Result<()> {
        self.card.clear(what)
    }

    pub(super) async fn prepare(&self, launches: &[Launch], table: &[Buffer]) -> Result<Score> {
        self.card.check()?;
        self.trust(launches).await?;
        let with_variant: Vec<(&Launch, Variant)> =
            launches.iter().map(|launch| (launch, self.variant(launch))).collect();
        let needs: Vec<_> = with_variant
            .iter()
            .map(|(launch, variant)| ((launch.kernel, launch.constants.clone()), *variant))
            .collect();
        for outcome in self.pipelines.compile(&self.card, &needs).await {
            outcome?;
        }
        Score::new(&self.card, &self.ledger, &self.pipelines, &self.lives, &with_variant, table).await
    }

    pub(super) async fn play(&self, score: &Score, lives: &[Live], signal: &Signal, whole: bool) -> Result<()> {
        play::play(self.stand(), score, lives, signal, whole).await
    }

    fn stand(&self) -> play::Stand<'_> {
        play::Stand { card: &self.card, pace: &self.pace, words: &self.lives }
    }

    /// Gives the device up. Everything that it made is gone, every later call fails with `device-lost`.
    pub(super) fn destroy(&self) {
        self.card.shared.lose("it was destroyed".to_owned());
        self.card.device.destroy();
    }

    pub(super) fn lost(&self) -> bool {
        self.card.shared.lost().is_err()
    }

    pub(super) fn name(&self) -> (&str, &str) {
        (&self.card.name, &self.card.vendor)
    }

    pub(super) fn software(&self) -> bool {
        self.card.software
    }

    pub(super) fn features(&self) -> Vec<String> {
        if self.card.subgroups { vec!["subgroups".to_owned()] } else { Vec::new() }
    }

    pub(super) fn limit_list(&self) -> Vec<(&'static str, u64)> {
        self.card.limits()
    }

    pub(super) fn checks(&self) -> Vec<Check> {
        let mut checks: Vec<Check> = Vec::new();
        for Checked { check, .. } in self.checked.borrow().values() {
            match checks.last_mut() {
                // One kernel with several constants: the worst of them speaks.
                Some(last) if last.kernel == check.kernel => {
                    last.fell_back |= check.fell_back;
                    (last.error, last.tolerance) = if check.error > last.error {
                        (check.error, check.tolerance)
                    } else {
                        (last.error, last.tolerance)
                    };
                }
                _ => checks.push(check.clone()),
            }
        }
        checks
    }
}
