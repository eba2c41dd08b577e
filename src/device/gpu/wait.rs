//! The only file that waits for the GPU.
//!
//! Natively a wait polls the device, which runs the callbacks; in a browser callbacks run from the event loop and a wait is a
//! pending task. Either ends when the device is lost. Nothing else in the house blocks on the GPU or polls it.

use std::sync::{Arc, Mutex, PoisonError};

use super::open::Card;
#[cfg(not(target_arch = "wasm32"))]
use crate::bail;
use crate::error::Result;

/// A place for one value that a callback brings.
#[derive(Debug)]
pub(super) struct Slot<T> {
    state: Arc<Mutex<State<T>>>,
}

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    waker: Option<std::task::Waker>,
}

/// The callback's end of a [`Slot`].
#[derive(Debug)]
pub(super) struct Sender<T> {
    state: Arc<Mutex<State<T>>>,
}

impl<T> Sender<T> {
    pub(super) fn send(self, value: T) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.value = Some(value);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

/// A slot and its sender.
pub(super) fn slot<T>() -> (Sender<T>, Slot<T>) {
    let state = Arc::new(Mutex::new(State { value: None, waker: None }));
    (Sender { state: state.clone() }, Slot { state })
}

impl<T> Slot<T> {
    /// The value, if the callback has run.
    pub(super) fn take(&self) -> Option<T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).value.take()
    }
}

impl Card {
    /// Waits for the value that a callback of `submission`, or of anything before it, brings.
    ///
    /// Fails with `device-lost` if the device goes away first.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) async fn wait<T>(&self, slot: &Slot<T>, submission: &wgpu::SubmissionIndex) -> Result<T> {
        loop {
            if let Some(value) = slot.take() {
                return Ok(value);
            }
            self.shared.lost()?;
            let poll = wgpu::PollType::Wait {
                submission_index: Some(submission.clone()),
                timeout: Some(std::time::Duration::from_secs(1)),
            };
            // wgpu panics in `poll` when the driver reports a lost device; here that is an error like others.
            let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.device.poll(poll)));
            match polled {
                Ok(Ok(_) | Err(wgpu::PollError::Timeout)) => {}
                Ok(Err(error)) => bail!(Internal, "waiting for the GPU: {error}"),
                Err(_) => self.shared.lose("the driver reported it".to_owned()),
            }
        }
    }

    /// Waits for the value that a callback brings.
    ///
    /// Fails with `device-lost` if the device goes away first.
    #[cfg(target_arch = "wasm32")]
    pub(super) async fn wait<T>(&self, slot: &Slot<T>, _: &wgpu::SubmissionIndex) -> Result<T> {
        std::future::poll_fn(|task| {
            let mut state = slot.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = state.value.take() {
                return std::task::Poll::Ready(Ok(value));
            }
            if let Err(error) = self.shared.lost() {
                return std::task::Poll::Ready(Err(error));
            }
            state.waker = Some(task.waker().clone());
            self.shared.wake_on_loss(task.waker());
            std::task::Poll::Pending
        })
        .await
    }

    /// Runs the callbacks of what is done already, without waiting.
    pub(super) fn look(&self) {
        #[cfg(not(target_arch = "wasm32"))]
        {
            let polled =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.device.poll(wgpu::PollType::Poll)));
            if polled.is_err() {
                self.shared.lose("the driver reported it".to_owned());
            }
        }
    }

    /// A slot that receives the time at which all that was submitted so far is done.
    pub(super) fn done(&self) -> Slot<f64> {
        let (sender, slot) = slot();
        let now = self.host.now;
        self.queue.on_submitted_work_done(move || sender.send(now()));
        slot
    }

    /// A slot that receives whether the buffer could be mapped for reading.
    pub(super) fn map(&self, buffer: &wgpu::Buffer) -> Slot<bool> {
        let (sender, slot) = slot();
        buffer.map_async(wgpu::MapMode::Read, .., move |outcome| sender.send(outcome.is_ok()));
        slot
    }
}
