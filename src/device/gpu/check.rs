//! Self-checks: a kernel runs once on a small case against its reference before the first list with it is played.
//!
//! A kernel that does not compile or disagrees gives way to its base variant; if that is no better, its lists fail with the
//! compiler's words or with `numeric-mismatch`, and the report says so. All new kernels of a list are checked in one go, so that
//! a browser that wakes slowly is waited for once.

use super::memory::Words;
use super::pipelines::{Need, Pipelines};
use super::play::{self, Score};
use super::{Checked, Gpu};
use crate::device::report::{Check, Trial};
use crate::device::{Buffer, Launch, Ledger, Memory, Signal, Slice};
use crate::error::{Context, Error, Kind, Result};
use crate::kernels::Case;
use crate::kernels::compose::Variant;

impl Gpu {
    /// The variant that a launch's kernel was found to be good with.
    pub(super) fn variant(&self, launch: &Launch) -> Variant {
        let key = (launch.kernel.name, launch.constants.clone());
        self.checked.borrow().get(&key).map_or(Variant::default(), |checked| checked.variant)
    }

    /// Checks the kernels that were not yet, with the constants of these launches, and fails with the first that is not to be trusted.
    pub(super) async fn trust(&self, launches: &[Launch]) -> Result<()> {
        let mut new: Vec<Need> = Vec::new();
        for launch in launches {
            let known = self.checked.borrow().contains_key(&(launch.kernel.name, launch.constants.clone()));
            let same = |(kernel, constants): &Need| kernel.name == launch.kernel.name && *constants == launch.constants;
            if !known && !new.iter().any(same) {
                new.push((launch.kernel, launch.constants.clone()));
            }
        }
        self.check(&new).await?;
        for launch in launches {
            let checked = self.checked.borrow();
            let found = checked.get(&(launch.kernel.name, launch.constants.clone()));
            if let Some(failure) = found.and_then(|checked| checked.failure.clone()) {
                return Err(failure);
            }
        }
        Ok(())
    }

    fn best(&self) -> Variant {
        Variant {
            subgroups: self.card.subgroups,
            enable_subgroups: self.card.subgroups && cfg!(target_arch = "wasm32"),
        }
    }

    async fn check(&self, needs: &[Need]) -> Result<()> {
        let best = self.best();
        let mut cases = Vec::new();
        for (kernel, constants) in needs {
            let case = (kernel.check)().at(constants)?;
            let differs = self.pipelines.differs(&(kernel, case.constants.clone()), best)?;
            cases.push((case, if differs { best } else { Variant::default() }));
        }
        let mut again = Vec::new();
        for ((case, variant), outcome) in cases.iter().zip(self.run_cases(&self.pipelines, &cases).await?) {
            if variant.subgroups && !good(case, &outcome) {
                again.push((case.clone(), Variant::default()));
            } else {
                self.record(case, *variant, outcome, false);
            }
        }
        for ((case, variant), outcome) in again.iter().zip(self.run_cases(&self.pipelines, &again).await?) {
            self.record(case, *variant, outcome, true);
        }
        Ok(())
    }

    /// Runs a case with another text for its kernel; nothing of it is kept.
    pub(in crate::device) async fn trial(&self, case: &Case, text: Option<&str>) -> Result<Trial> {
        self.card.check()?;
        let replaced: Vec<(String, String)> =
            text.map(|text| (case.kernel.name.to_owned(), text.to_owned())).into_iter().collect();
        let pipelines = Pipelines::new(&self.card, &replaced);
        let need: Need = (case.kernel, case.constants.clone());
        let variant = if pipelines.differs(&need, self.best())? { self.best() } else { Variant::default() };
        let (compiled, messages) = pipelines.compile_aloud(&self.card, &need, variant).await?;
        if !compiled {
            return Ok(Trial { error: f64::INFINITY, ms: 0.0, messages });
        }
        let start = (self.card.host.now)();
        let outcomes = self.run_cases(&pipelines, &[(case.clone(), variant)]).await?;
        let ms = (self.card.host.now)() - start;
        let error = outcomes.into_iter().next().transpose()?.unwrap_or(f64::INFINITY);
        Ok(Trial { error, ms, messages })
    }

    fn record(&self, case: &Case, variant: Variant, outcome: Result<f64>, fell_back: bool) {
        let kernel = case.kernel.name;
        let error = outcome.as_ref().copied().unwrap_or(f64::INFINITY);
        let failure = match outcome {
            Ok(error) if error <= case.tolerance => None,
            Ok(error) => Some(
                Error::new(
                    Kind::NumericMismatch,
                    format!("{kernel}: the GPU is off by {error:.1e}, at most {:.1e} is allowed", case.tolerance),
                )
                .detail("error", error)
                .detail("tolerance", case.tolerance)
                .hint("Take device: \"cpu\", and report the device: its driver computes this kernel wrongly."),
            ),
            Err(error) => Some(error),
        };
        let check = Check { kernel: kernel.to_owned(), error, tolerance: case.tolerance, fell_back };
        let key = (kernel, case.constants.clone());
        self.checked.borrow_mut().insert(key, Checked { variant, check, failure });
    }

    /// Runs cases and gives each one's worst error. Fails whole only if the device does.
    async fn run_cases(&self, pipelines: &Pipelines, cases: &[(Case, Variant)]) -> Result<Vec<Result<f64>>> {
        let needs: Vec<(Need, Variant)> =
            cases.iter().map(|(case, variant)| ((case.kernel, case.constants.clone()), *variant)).collect();
        let compiled = pipelines.compile(&self.card, &needs).await;
        let mut running = Vec::new();
        for ((case, variant), outcome) in cases.iter().zip(compiled) {
            running.push(match outcome {
                Ok(()) => self.start_case(pipelines, case, *variant).await,
                Err(error) => Err(error),
            });
            self.card.shared.lost()?;
        }
        let mut outcomes = Vec::new();
        for ((case, _), fetches) in cases.iter().zip(running) {
            outcomes.push(match fetches {
                Ok(fetches) => read_case(case, fetches).await,
                Err(error) => Err(error),
            });
            self.card.shared.lost()?;
        }
        Ok(outcomes)
    }

    async fn start_case(&self, pipelines: &Pipelines, case: &Case, variant: Variant) -> Result<Vec<super::Fetch>> {
        let contents: Vec<Vec<u32>> = case.data.iter().map(|data| data.words()).collect();
        let sizes: Vec<usize> = contents.iter().map(Vec::len).collect();
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let buffers: Vec<Words> = self.card.create("check", &sizes, usage).await?;
        let mut table = Vec::new();
        let mut bindings = Vec::new();
        for (place, (words, content)) in buffers.into_iter().zip(&contents).enumerate() {
            self.card.write(&words, 0, content)?;
            let owned = Ledger::book(&self.ledger, "check", content.len() as u64 * 4)?;
            bindings.push(Slice { buffer: place, offset: 0, words: content.len() });
            table.push(Buffer { memory: std::rc::Rc::new(Memory::Gpu(words, owned)), words: content.len() });
        }
        let launch = Launch::of_case(case, bindings);
        launch.check()?;
        let launches = [(&launch, variant)];
        let score = Score::new(&self.card, &self.ledger, pipelines, &self.lives, &launches, &table).await?;
        play::play(self.stand(), &score, &[case.live], &Signal::default(), false).await?;
        let mut fetches = Vec::new();
        for buffer in &table {
            if let Memory::Gpu(words, _) = &*buffer.memory {
                fetches.push(self.fetch(words, 0, buffer.words)?);
            }
        }
        Ok(fetches)
    }
}

fn good(case: &Case, outcome: &Result<f64>) -> bool {
    matches!(outcome, Ok(error) if *error <= case.tolerance)
}

async fn read_case(case: &Case, fetches: Vec<super::Fetch>) -> Result<f64> {
    let mut outcome = Vec::new();
    for fetch in fetches {
        outcome.push(fetch.words().await.context(|| format!("{}: its check", case.kernel.name))?);
    }
    let error = case.error(&outcome);
    Ok(if error.is_nan() { f64::INFINITY } else { error })
}
