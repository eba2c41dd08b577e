//! The runtime of this instance: one account of bytes, the CPU, and at most one GPU.
//!
//! In: what the caller configured. Out: the device, opened when first asked for; its report; the account.
//! Other subjects of the door take their device here.

use super::error::out;
use super::job::Job;
use super::values::{Plain, plain};
use super::yielding::{milliseconds, turn};
use crate::device::{Choice, Device, Host, Ledger, Options};
use crate::{Error, Kind, Result};
use js_sys::{Array, WebAssembly};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[derive(Default)]
struct Runtime {
    choice: Choice,
    ledger: Rc<Ledger>,
    device: Option<Rc<Device>>,
    cpu: Option<Rc<Device>>,
    opening: bool,
}

thread_local! {
    static RUNTIME: RefCell<Runtime> = RefCell::default();
}

fn with<T>(work: impl FnOnce(&mut Runtime) -> T) -> T {
    RUNTIME.with(|runtime| work(&mut runtime.borrow_mut()))
}

/// The choice that a word of the public API makes.
pub fn choice(word: &str) -> Result<Choice> {
    match word {
        "auto" => Ok(Choice::Auto),
        "webgpu" => Ok(Choice::WebGpu),
        "cpu" => Ok(Choice::Cpu),
        _ => Err(Error::new(Kind::BadOption, format!("device: expected auto, webgpu or cpu, found {word:?}"))),
    }
}

/// What a device may use of this thread.
pub fn host() -> Host {
    Host { now: milliseconds, pause: || Box::pin(turn()) }
}

/// The device that the runtime computes on, opened now if it is not yet.
///
/// # Errors
/// `device-unavailable` when a GPU was asked for by name and there is none.
pub async fn device() -> Result<Rc<Device>> {
    // Whoever comes while another opens it waits for that one.
    while with(|runtime| runtime.opening) {
        turn().await;
    }
    if let Some(device) = with(|runtime| runtime.device.clone()) {
        return Ok(device);
    }
    let (choice, ledger) = with(|runtime| {
        runtime.opening = true;
        (runtime.choice, runtime.ledger.clone())
    });
    let _open = Opening;
    let device = Rc::new(Device::open(choice, host(), ledger, &Options::default()).await?);
    with(|runtime| runtime.device = Some(device.clone()));
    Ok(device)
}

/// Ends the opening also when it is aborted in the middle.
struct Opening;

impl Drop for Opening {
    fn drop(&mut self) {
        with(|runtime| runtime.opening = false);
    }
}

/// The CPU, whatever else there is.
pub fn cpu() -> Rc<Device> {
    with(|runtime| {
        let ledger = runtime.ledger.clone();
        runtime.cpu.get_or_insert_with(|| Rc::new(Device::cpu(host(), ledger))).clone()
    })
}

/// Settles what the runtime is; called once, before its first use.
#[wasm_bindgen]
pub fn settle(device: &str, memory_limit: Option<f64>) -> Result<(), JsValue> {
    let choice = out(choice(device))?;
    let ledger = Ledger::new(memory_limit.map(|bytes| bytes as u64));
    with(|runtime| *runtime = Runtime { choice, ledger, ..Runtime::default() });
    Ok(())
}

/// Opens the device and reports what it is.
#[wasm_bindgen]
pub fn device_report() -> Job {
    Job::new(|_| async {
        let report = device().await?.report();
        let limits = report.limits.iter().fold(Plain::default(), |all, (name, value)| all.with(name, *value as f64));
        Ok(Plain::default()
            .with("kind", report.kind)
            .with("name", report.name.as_str())
            .with("vendor", report.vendor.as_str())
            .with("software", report.software)
            .with("reason", report.reason.as_str())
            .with("features", plain(&report.features)?)
            .with("limits", limits)
            .with("checks", plain(&report.checks)?)
            .into())
    })
}

/// The account: bytes of the buffers that exist, the most there ever were, the wasm memory, and whose they are.
#[wasm_bindgen]
pub fn memory_report() -> JsValue {
    let ledger = with(|runtime| runtime.ledger.clone());
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let wasm = js_sys::Reflect::get(&memory.buffer(), &"byteLength".into()).unwrap_or_default();
    let owner = |(name, bytes): (String, u64)| {
        JsValue::from(Plain::default().with("name", name.as_str()).with("bytes", bytes as f64))
    };
    Plain::default()
        .with("live", ledger.live() as f64)
        .with("peak", ledger.peak() as f64)
        .with("wasm", wasm)
        .with("owners", ledger.owners().into_iter().map(owner).collect::<Array>())
        .into()
}
