//! The door to JavaScript: converts and forwards. A decision made here is in the wrong room.
//!
//! In: calls from `pkg/src`, one file per subject. Out: plain values, errors as `{ code, message, hint, details }`,
//! and for everything that takes time a [`job::Job`] that the host drives, so that no work ever runs outside a call of the host:
//! a trap is always seen where it happens, and the event loop is the host's.
//! It refuses to know threads, timers and promises.

pub mod chat;
pub mod corpus;
mod encodings;
pub mod error;
pub mod estimate;
pub mod evaluation;
pub mod files;
pub mod events;
pub mod generation;
pub mod job;
pub mod lab;
pub mod learning;
pub mod model;
pub mod ngram;
pub mod reading;
pub mod runtime;
pub mod session;
pub mod tokenizer;
pub mod trainer;
pub mod values;
pub mod yielding;

use wasm_bindgen::prelude::*;

/// Called once per instance, before all else: `wake(job)` when a job that waits can go on, `panicked(message)` before a trap,
/// `tell(name, detail)` when something happens to a device.
#[wasm_bindgen]
pub fn install(wake: js_sys::Function, panicked: js_sys::Function, tell: js_sys::Function) {
    job::set_wake(wake);
    events::set_ear(tell);
    error::set_panic_hook(panicked);
}
