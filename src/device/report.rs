//! What a device says of itself: for people, for the page, for a report of a fault.

/// One kernel's check against its reference.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Which kernel.
    pub kernel: String,
    /// Its worst error, relative to the largest value expected; infinite if it does not compile.
    pub error: f64,
    /// The most that is allowed.
    pub tolerance: f64,
    /// Whether its first variant was wrong and this is the base one.
    pub fell_back: bool,
}

/// One kernel on trial: its case run on a device, perhaps with another text.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The worst error, relative to the largest value expected; infinite if it did not run.
    pub error: f64,
    /// Milliseconds of the run, compiling apart.
    pub ms: f64,
    /// What the compiler said.
    pub messages: Vec<Message>,
}

/// What a shader's compiler said.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// `error`, `warning` or `info`.
    pub kind: &'static str,
    /// The line of the text, from 1; 0 where it has none.
    pub line: u32,
    /// The column, from 1; 0 where it has none.
    pub column: u32,
    /// In the compiler's words.
    pub text: String,
}

/// What a device is, why it was chosen, and how its kernels did.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Report {
    /// `webgpu` or `cpu`.
    pub kind: &'static str,
    /// Its name, as its driver gives it.
    pub name: String,
    /// Who made it, in small letters; may be empty.
    pub vendor: String,
    /// Whether it is a program that plays a GPU, or the CPU itself.
    pub software: bool,
    /// Why it was chosen, in one sentence.
    pub reason: String,
    /// What is used beyond the base.
    pub features: Vec<String>,
    /// Limits by their names in WebGPU.
    pub limits: Vec<(&'static str, u64)>,
    /// The kernels that came into use, in order of their names.
    pub checks: Vec<Check>,
}
