//! The devices of one runtime: the CPU, always there, and at most one GPU, opened when first wanted and again after a loss.
//!
//! Comes in: what the caller configured. Goes out: shared devices, one account of memory, one report. A GPU that refuses to come back,
//! or is lost for the third time in five minutes, is given up for the CPU under `Auto` and is an error under `WebGpu`.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Choice, Device, Event, Feigned, Host, Ledger, Options, Report};
use crate::bail;
use crate::error::Result;

/// So many losses within [`WINDOW`] are too many.
const LOSSES: usize = 3;
/// Milliseconds.
const WINDOW: f64 = 5.0 * 60.0 * 1e3;

/// The devices of one runtime.
#[derive(Debug)]
pub struct Runtime {
    choice: Choice,
    host: Host,
    options: RefCell<Options>,
    ledger: Rc<Ledger>,
    cpu: RefCell<Option<Rc<Device>>>,
    gpu: RefCell<Option<Rc<Device>>>,
    /// Why `Auto` is the CPU, once that is settled.
    settled: RefCell<Option<String>>,
    losses: RefCell<Vec<f64>>,
}

impl Runtime {
    /// A runtime that opens nothing yet. `choice` is what [`Runtime::device`] takes when nothing else is asked for.
    pub fn new(choice: Choice, host: Host, options: Options, memory_limit: Option<u64>) -> Runtime {
        Runtime {
            choice,
            host,
            options: RefCell::new(options),
            ledger: Ledger::new(memory_limit),
            cpu: RefCell::default(),
            gpu: RefCell::default(),
            settled: RefCell::default(),
            losses: RefCell::default(),
        }
    }

    /// The device for `choice`, or for the runtime's own; opened if it is not.
    ///
    /// Fails with `device-unavailable` if a GPU is wanted by name and cannot be had, or is lost too often.
    pub async fn device(&self, choice: Option<Choice>) -> Result<Rc<Device>> {
        let choice = choice.unwrap_or(self.choice);
        if choice == Choice::Cpu {
            return Ok(self.cpu("the CPU was asked for"));
        }
        let settled = self.settled.borrow().clone();
        if let (Choice::Auto, Some(reason)) = (choice, settled) {
            return Ok(self.cpu(&reason));
        }
        match self.hardware().await {
            Ok(gpu) if choice == Choice::WebGpu || !gpu.software() => Ok(gpu),
            Ok(gpu) => {
                let name = gpu.report().name;
                Ok(self.settle(format!("the only GPU adapter, {name}, is software, and the CPU player is faster")))
            }
            Err(error) if choice == Choice::WebGpu => Err(error),
            Err(error) => Ok(self.settle(format!("no GPU could be opened: {error}"))),
        }
    }

    /// The account of all buffers of all devices.
    pub fn ledger(&self) -> &Rc<Ledger> {
        &self.ledger
    }

    /// The report of the runtime's own device, which is opened if it is not.
    pub async fn report(&self) -> Result<Report> {
        let mut report = self.device(None).await?.report();
        // The CPU may have been opened by name before: its reason is then the first caller's, not the runtime's.
        if let (Choice::Auto, Some(reason)) = (self.choice, &*self.settled.borrow()) {
            report.reason.clone_from(reason);
        }
        Ok(report)
    }

    /// The GPU that is open, or a new one if there is none or it was lost.
    async fn hardware(&self) -> Result<Rc<Device>> {
        let open = self.gpu.borrow().clone();
        match open {
            Some(gpu) if !gpu.lost() => return Ok(gpu),
            Some(_) => {
                let now = (self.host.now)();
                let mut losses = self.losses.borrow_mut();
                losses.retain(|at| now - at < WINDOW);
                losses.push(now);
                *self.gpu.borrow_mut() = None;
            }
            None => {}
        }
        let lost = self.losses.borrow().len();
        if lost >= LOSSES {
            bail!(DeviceUnavailable, "the GPU was lost {lost} times within five minutes");
        }
        let options = self.options.borrow().clone();
        let gpu = Device::gpu(self.host, self.ledger.clone(), &options).await?;
        let reason = if gpu.software() { "a GPU was asked for" } else { "a hardware GPU is there" };
        let gpu = Rc::new(gpu.because(reason));
        // Somebody else may have opened it meanwhile: at most one is kept.
        let mut slot = self.gpu.borrow_mut();
        match &*slot {
            Some(other) if !other.lost() => Ok(other.clone()),
            _ => {
                *slot = Some(gpu.clone());
                if lost > 0 {
                    (self.host.tell)(&Event::Recovered(gpu.report().name));
                }
                Ok(gpu)
            }
        }
    }

    fn cpu(&self, reason: &str) -> Rc<Device> {
        let mut slot = self.cpu.borrow_mut();
        let open = || Rc::new(Device::cpu(self.host, self.ledger.clone()).because(reason));
        slot.get_or_insert_with(open).clone()
    }

    /// The open GPU, where there is one.
    pub fn open_gpu(&self) -> Option<Rc<Device>> {
        self.gpu.borrow().clone()
    }

    /// Feigns faults from here on: what was opened or settled is forgotten, objects on it keep it.
    pub fn feign(&self, feigned: Feigned) {
        self.options.borrow_mut().feigned = feigned;
        *self.gpu.borrow_mut() = None;
        *self.settled.borrow_mut() = None;
        self.losses.borrow_mut().clear();
    }

    fn settle(&self, reason: String) -> Rc<Device> {
        if !self.losses.borrow().is_empty() {
            (self.host.tell)(&Event::Fallback(reason.clone()));
        }
        *self.gpu.borrow_mut() = None;
        let device = self.cpu(&reason);
        *self.settled.borrow_mut() = Some(reason);
        device
    }
}
