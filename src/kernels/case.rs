//! A case: one launch with its data, run through the reference and compared with what a player made of it.
//!
//! Comes in: a kernel, its parameters, the contents of its bindings. Goes out: the reference's outputs, and the worst error
//! of somebody else's, relative to the largest value expected in that binding. Devices are checked with cases before
//! they are trusted, and `tests/kernels` is made of them.

use super::{Access, Call, Extent, Format, Kernel, Live, Params, Scalar, Span, format};
use crate::error::Result;
use crate::rng::Rng;
use crate::{bail, ensure};

/// The most that the sizes of a case may multiply to: the reference is plain loops.
const LARGEST: u64 = 1 << 28;

/// A textual constant and its value.
pub type Constant = (&'static str, u32);

/// What a binding holds before the launch.
#[derive(Clone, Debug)]
pub enum Data {
    /// Real numbers.
    F32(Vec<f32>),
    /// Whole numbers.
    U32(Vec<u32>),
}

impl Data {
    /// The words as they lie in device memory.
    pub fn words(&self) -> Vec<u32> {
        match self {
            Data::F32(values) => values.iter().map(|value| value.to_bits()).collect(),
            Data::U32(values) => values.clone(),
        }
    }
}

/// One launch with its data.
#[derive(Clone, Debug)]
pub struct Case {
    /// What runs.
    pub kernel: &'static Kernel,
    /// Its `Params`, as words.
    pub params: Vec<u32>,
    /// Its textual constants.
    pub constants: Vec<(&'static str, u32)>,
    /// Grid and units.
    pub extent: Extent,
    /// The live words.
    pub live: Live,
    /// The bindings' contents.
    pub data: Vec<Data>,
    /// The largest error allowed, relative to the largest value expected in the binding.
    pub tolerance: f64,
    rng: Rng,
    at: Option<fn(&[Constant]) -> Case>,
    sized: Option<Sized>,
}

/// The sizes that a case may have: their names, what they are by themselves, and the case of others.
#[derive(Clone, Copy, Debug)]
struct Sized {
    names: &'static [(&'static str, u32)],
    make: fn(&[u32]) -> Result<Case>,
}

impl Case {
    /// A case of `kernel` with no bindings yet; add them in order.
    pub fn new<P: Params>(kernel: &'static Kernel, params: &P, constants: &[(&'static str, u32)]) -> Case {
        Case {
            kernel,
            params: bytemuck::cast_slice(bytemuck::bytes_of(params)).to_vec(),
            constants: constants.to_vec(),
            extent: params.extent(constants),
            live: Live::default(),
            data: Vec::new(),
            tolerance: 1e-5,
            rng: Rng::new(0x6772_696f, 0),
            at: None,
            sized: None,
        }
    }

    /// How the case is made for other constants.
    #[must_use]
    pub fn varied(mut self, at: fn(&[Constant]) -> Case) -> Case {
        self.at = Some(at);
        self
    }

    /// The same check with the constants of a launch.
    ///
    /// Fails with `internal` where the constants are others and the kernel's file does not say how to check these.
    pub fn at(self, constants: &[Constant]) -> Result<Case> {
        match self.at {
            _ if self.constants == constants => Ok(self),
            Some(at) => Ok(at(constants)),
            None => bail!(Internal, "{}: no check for the constants {constants:?}", self.kernel.name),
        }
    }

    /// How the case is made for other sizes, and what they are here.
    #[must_use]
    pub fn sized(mut self, names: &'static [(&'static str, u32)], make: fn(&[u32]) -> Result<Case>) -> Case {
        self.sized = Some(Sized { names, make });
        self
    }

    /// The same kernel with other sizes, by name; those that are not named stay.
    ///
    /// Fails with `bad-option` for a size that the kernel does not have or that is too large.
    pub fn resized(self, sizes: &[(String, u32)]) -> Result<Case> {
        if sizes.is_empty() {
            return Ok(self);
        }
        let name = self.kernel.name;
        let Some(Sized { names, make }) = self.sized else {
            bail!(Unsupported, "{name}: its check has no sizes to choose")
        };
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        if let Some((other, _)) = sizes.iter().find(|(size, _)| !known.contains(&size.as_str())) {
            bail!(BadOption, "{name}: there is no size `{other}`, only {}", known.join(", "))
        }
        let given = |wanted: &str| sizes.iter().find(|(size, _)| size == wanted).map(|(_, value)| *value);
        let chosen: Vec<u32> = names.iter().map(|(size, own)| given(size).unwrap_or(*own)).collect();
        let product = chosen.iter().try_fold(1u64, |all, &size| all.checked_mul(size.into()));
        ensure!(
            product.is_some_and(|product| (1..=LARGEST).contains(&product)),
            BadOption,
            "{name}: the sizes {chosen:?} multiply to nothing or to more than {LARGEST}"
        );
        make(&chosen)
    }

    /// The next binding: uniform numbers in [-scale, scale).
    #[must_use]
    pub fn uniform(mut self, count: usize, scale: f32) -> Case {
        let values = (0..count).map(|_| (self.rng.uniform() as f32 * 2.0 - 1.0) * scale).collect();
        self.data.push(Data::F32(values));
        self
    }

    /// The next binding: a weight of uniform numbers in [-scale, scale), in the format that the constants say.
    #[must_use]
    pub fn weight(self, count: usize, scale: f32) -> Case {
        let halves = Format::of(&self.constants) == Format::F16;
        let mut case = self.uniform(count, scale);
        if let Some(Data::F32(numbers)) = case.data.pop_if(|_| halves) {
            case.data.push(Data::U32(format::pack(&numbers)));
        }
        case
    }

    /// The next binding: given numbers.
    #[must_use]
    pub fn f32(mut self, values: Vec<f32>) -> Case {
        self.data.push(Data::F32(values));
        self
    }

    /// The next binding: given whole numbers.
    #[must_use]
    pub fn u32(mut self, values: Vec<u32>) -> Case {
        self.data.push(Data::U32(values));
        self
    }

    /// The next binding: an output, poisoned with not-a-number, so that what is not written is seen.
    #[must_use]
    pub fn output(mut self, count: usize) -> Case {
        self.data.push(Data::F32(vec![f32::NAN; count]));
        self
    }

    /// The next binding: an output that is added to.
    #[must_use]
    pub fn accumulate(self, count: usize, scale: f32) -> Case {
        self.uniform(count, scale)
    }

    /// Other live words.
    #[must_use]
    pub fn live(mut self, live: Live) -> Case {
        self.live = live;
        self
    }

    /// Another tolerance.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Case {
        self.tolerance = tolerance;
        self
    }

    /// What the reference makes of it: every binding's contents after the launch, whole numbers as numbers.
    pub fn expected(&self) -> Vec<Vec<f64>> {
        let mut memory: Vec<Vec<f64>> = self
            .data
            .iter()
            .map(|data| match data {
                Data::F32(values) => values.iter().map(|value| value.wide()).collect(),
                Data::U32(values) => values.iter().map(|&value| f64::from_bits(u64::from(value))).collect(),
            })
            .collect();
        // SAFETY: each span covers its own vector, which outlives the call.
        let spans: Vec<Span<f64>> = memory.iter_mut().map(|m| unsafe { Span::new(m.as_mut_ptr(), m.len()) }).collect();
        let call = Call { params: &self.params, live: &self.live, constants: &self.constants, spans: &spans };
        (self.kernel.reference)(&call, 0..self.extent.units);
        for (numbers, data) in memory.iter_mut().zip(&self.data) {
            if matches!(data, Data::U32(_)) {
                numbers.iter_mut().for_each(|number| *number = number.to_bits() as f64);
            }
        }
        memory
    }

    /// The worst error of `outcome` (the bindings' words after the launch) in what the kernel writes, relative to the largest
    /// value expected in that binding. Infinite where one is finite and the other is not, or whole numbers differ.
    pub fn error(&self, outcome: &[Vec<u32>]) -> f64 {
        let mut worst = 0.0f64;
        for (((expected, got), binding), data) in
            self.expected().iter().zip(outcome).zip(self.kernel.bindings).zip(&self.data)
        {
            if binding.access == Access::Read {
                continue;
            }
            let scale = expected.iter().filter(|e| e.is_finite()).fold(0.0f64, |most, e| most.max(e.abs()));
            for (&expected, &word) in expected.iter().zip(got) {
                worst = worst.max(match data {
                    Data::U32(_) if expected == f64::from(word) => 0.0,
                    Data::U32(_) => f64::INFINITY,
                    Data::F32(_) => difference(expected, f64::from(f32::from_bits(word)), scale),
                });
            }
        }
        worst
    }
}

fn difference(expected: f64, got: f64, scale: f64) -> f64 {
    match (expected.is_finite(), got.is_finite()) {
        (true, true) => (expected - got).abs() / scale.max(f64::MIN_POSITIVE),
        // Both poison, or the same infinity: untouched or equal.
        (false, false) if expected.is_nan() == got.is_nan() && (expected.is_nan() || expected == got) => 0.0,
        _ => f64::INFINITY,
    }
}
