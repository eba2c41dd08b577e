//! The live words: 64 words that a step may change without touching the plan.
//!
//! A kernel's `Params` are baked into the plan; what varies (step, rates, seed, past length) is read from here
//! by place. The same places stand in the WGSL that uses them, as `live(place)` of `shaders/live.wgsl`.

/// How many words there are.
pub const WORDS: usize = 64;

/// The places, each named once.
pub mod place {
    /// Optimiser step, for counters of random numbers.
    pub const STEP: usize = 0;
    /// Seed of the run.
    pub const SEED: usize = 1;
    /// Learning rate (f32).
    pub const RATE: usize = 2;
    /// 1 / (1 - beta1^t) (f32).
    pub const CORRECTION_1: usize = 3;
    /// 1 / (1 - beta2^t) (f32).
    pub const CORRECTION_2: usize = 4;
    /// Tokens already in the key/value cache before this launch's tokens.
    pub const PAST: usize = 5;
    /// Which micro-batch of an accumulation this is.
    pub const MICRO: usize = 6;
    /// First of the words that sampling reads; see `kernels::sample`.
    pub const SAMPLE: usize = 16;
}

/// The values of one step.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    words: [u32; WORDS],
}

impl Default for Live {
    fn default() -> Self {
        Live { words: [0; WORDS] }
    }
}

impl Live {
    /// Sets a whole number.
    #[must_use]
    pub fn with(mut self, place: usize, value: u32) -> Self {
        self.words[place] = value;
        self
    }

    /// Sets a real number.
    #[must_use]
    pub fn with_f32(self, place: usize, value: f32) -> Self {
        self.with(place, value.to_bits())
    }

    /// All words, as the device takes them.
    pub fn words(&self) -> &[u32; WORDS] {
        &self.words
    }

    /// The whole number at `place`.
    pub fn word(&self, place: usize) -> u32 {
        self.words[place]
    }

    /// The real number at `place`.
    pub fn f32(&self, place: usize) -> f32 {
        f32::from_bits(self.words[place])
    }
}
