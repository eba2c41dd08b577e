//! What a caller may ask of devices: which one, how, and with which faults feigned.
//!
//! In and out: plain options. `runtime` honours them.

/// What the caller asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// A hardware GPU if there is one, else the CPU.
    #[default]
    Auto,
    /// A GPU, be it software, or an error.
    WebGpu,
    /// The CPU.
    Cpu,
}

/// What happens to devices while nobody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The GPU went away: why.
    Lost(String),
    /// Another was opened in its place: its name.
    Recovered(String),
    /// The CPU is taken where a GPU was: why.
    Fallback(String),
}

/// How a GPU is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether subgroup operations are used where they are.
    pub subgroups: bool,
    /// Faults that tests feign; none by default.
    pub feigned: Feigned,
}

impl Default for Options {
    fn default() -> Self {
        Options { subgroups: true, feigned: Feigned::default() }
    }
}

/// Faults on request, so that each has a test on any machine.
#[derive(Clone, Debug, Default)]
pub struct Feigned {
    /// As if there was no WebGPU.
    pub no_adapter: bool,
    /// As if the adapter was hardware.
    pub hardware: bool,
    /// As if the adapter refused a device: it is asked for what no adapter has.
    pub refused: bool,
    /// As if the largest buffer and binding were of so many bytes.
    pub buffer_bytes: Option<u64>,
    /// Kernels by name whose text is replaced.
    pub shaders: Vec<(String, String)>,
}
