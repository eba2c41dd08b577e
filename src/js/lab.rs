//! What only lessons and tests may reach, through `griot/lab`.

use super::job::Job;
use super::runtime::device;
use super::values::Plain;
use crate::kernels::ALL;
use js_sys::Array;
use wasm_bindgen::prelude::*;

/// Traps, as a defect of ours would: the tests inject it to see the runtime replaced.
#[wasm_bindgen]
#[expect(clippy::panic, reason = "the trap is the purpose")]
pub fn trap_for_tests() {
    panic!("injected by a test");
}

/// Runs every kernel's own check on the runtime's device: `{ kernel, agrees, error, tolerance, ms, message? }` of each.
#[wasm_bindgen]
pub fn check_kernels() -> Job {
    Job::new(|desk| async move {
        let device = device().await?;
        let all = Array::new();
        for (at, kernel) in ALL.iter().enumerate() {
            desk.progress("kernels", at as f64, Some(ALL.len() as f64), false);
            let case = (kernel.check)();
            let start = super::yielding::milliseconds();
            let outcome = device.run(&case).await;
            let ms = super::yielding::milliseconds() - start;
            let error = outcome.as_ref().map_or(f64::INFINITY, |outcome| case.error(outcome));
            let row = Plain::default()
                .with("kernel", kernel.name)
                .with("agrees", error <= case.tolerance)
                .with("error", error)
                .with("tolerance", case.tolerance)
                .with("ms", ms);
            let row = match outcome {
                Ok(_) => row,
                Err(error) => row.with("message", error.to_string()),
            };
            all.push(&row.into());
        }
        Ok(all.into())
    })
}
