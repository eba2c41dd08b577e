//! Which device a runtime opens: what was asked for, what is there, and the sentence that says why.

use std::rc::Rc;

use super::{Device, Host, Ledger};
use crate::error::Result;

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
    /// As if the adapter refused a device: it is asked for what no adapter has.
    pub refused: bool,
    /// As if the largest buffer and binding were of so many bytes.
    pub buffer_bytes: Option<u64>,
    /// Kernels by name whose text is replaced.
    pub shaders: Vec<(String, String)>,
}

impl Device {
    /// Opens what was asked for. The report's `reason` says why it is what it is.
    ///
    /// Fails with `device-unavailable` if a GPU was asked for by name and cannot be had; `Auto` then takes the CPU.
    pub async fn open(choice: Choice, host: Host, ledger: Rc<Ledger>, options: &Options) -> Result<Device> {
        if choice == Choice::Cpu {
            return Ok(Device::cpu(host, ledger).because("the CPU was asked for"));
        }
        match Device::gpu(host, ledger.clone(), options).await {
            Ok(gpu) if choice == Choice::WebGpu => Ok(gpu.because("a GPU was asked for")),
            Ok(gpu) if gpu.software() => {
                let name = gpu.report().name;
                drop(gpu);
                let why = format!("the only GPU adapter, {name}, is software, and the CPU player is faster");
                Ok(Device::cpu(host, ledger).because(&why))
            }
            Ok(gpu) => Ok(gpu.because("a hardware GPU is there")),
            Err(error) if choice == Choice::WebGpu => Err(error),
            Err(error) => Ok(Device::cpu(host, ledger).because(&format!("no GPU could be opened: {error}"))),
        }
    }
}
