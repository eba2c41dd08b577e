//! The runtime of this instance: one account of bytes, the CPU, and at most one GPU.
//!
//! In: what the caller configured. Out: the device, opened when first asked for; its report; the account.
//! Other subjects of the door take their device here.

use super::error::out;
use super::job::Job;
use super::values::{Plain, plain};
use super::yielding::{milliseconds, turn};
use crate::device::{Choice, Device, Host, Options, Runtime};
use crate::{Error, Kind, Result};
use js_sys::{Array, WebAssembly};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

thread_local! {
    static RUNTIME: RefCell<Option<Rc<Runtime>>> = const { RefCell::new(None) };
}

/// The runtime as it was settled, or with nothing asked for.
pub fn runtime() -> Rc<Runtime> {
    let new = || Rc::new(Runtime::new(Choice::Auto, host(), Options::default(), None));
    RUNTIME.with_borrow_mut(|runtime| runtime.get_or_insert_with(new).clone())
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
    Host { now: milliseconds, pause: || Box::pin(turn()), tell: super::events::tell }
}

/// The device that the runtime computes on, opened now if it is not yet, or was lost.
///
/// # Errors
/// `device-unavailable` when a GPU was asked for by name and there is none.
pub async fn device() -> Result<Rc<Device>> {
    runtime().device(None).await
}

/// The CPU, whatever else there is.
pub async fn cpu() -> Result<Rc<Device>> {
    runtime().device(Some(Choice::Cpu)).await
}

/// Settles what the runtime is; called once, before its first use.
#[wasm_bindgen]
pub fn settle(device: &str, memory_limit: Option<f64>) -> Result<(), JsValue> {
    let choice = out(choice(device))?;
    let limit = memory_limit.map(|bytes| bytes as u64);
    RUNTIME.set(Some(Rc::new(Runtime::new(choice, host(), Options::default(), limit))));
    Ok(())
}

/// Opens the device and reports what it is.
#[wasm_bindgen]
pub fn device_report() -> Job {
    Job::new(|_| async {
        let report = runtime().report().await?;
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
    let ledger = runtime().ledger().clone();
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
