//! The way back to the event loop from inside a long computation.
//!
//! In: nothing. Out: a future that is pending exactly once and wakes itself. A [`super::job::Job`] that finds itself woken while it was
//! polled hands the thread back; the host goes on in the next turn of the event loop, through a `MessageChannel`, without timers.
//! Any self-waking future does the same: rooms that yield need not name this one.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// Milliseconds of the thread's monotonic clock.
pub fn milliseconds() -> f64 {
    now()
}

/// Hands the thread back once.
pub async fn turn() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Hands the thread back when a slice of time is used up.
pub struct Pace {
    since: Cell<f64>,
}

/// Well under the 20 ms after which a page is felt to stick.
const SLICE_MS: f64 = 12.0;

impl Pace {
    /// A slice that begins now.
    pub fn new() -> Self {
        Pace { since: Cell::new(milliseconds()) }
    }

    /// Whether the slice is used up.
    pub fn is_due(&self) -> bool {
        milliseconds() - self.since.get() >= SLICE_MS
    }

    /// Hands the thread back if the slice is used up.
    pub async fn breathe(&self) {
        if self.is_due() {
            turn().await;
            self.since.set(milliseconds());
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Pace::new()
    }
}
