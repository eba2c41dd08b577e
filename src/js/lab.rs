//! What only lessons and tests may reach, through `griot/lab`.

use super::error::out;
use super::job::Job;
use super::model::Model;
use super::runtime::{device, runtime};
use super::values::{Plain, argument};
use crate::device::Feigned;
use crate::kernels::ALL;
use crate::tasks::Given;
use crate::{Error, Kind};
use js_sys::Array;
use serde::Deserialize;
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

/// Traps, as a defect of ours would: the tests inject it to see the runtime replaced.
#[wasm_bindgen]
#[expect(clippy::panic, reason = "the trap is the purpose")]
pub fn trap_for_tests() {
    panic!("injected by a test");
}

/// Faults to feign, as they cross.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Faults {
    no_adapter: bool,
    refused: bool,
    hardware: bool,
    buffer_bytes: Option<u64>,
    shaders: BTreeMap<String, String>,
}

/// Feigns faults of devices that are opened from here on; without any, no more.
#[wasm_bindgen]
pub fn feign_for_tests(given: JsValue) -> Result<(), JsValue> {
    let feign = || {
        let Faults { no_adapter, refused, hardware, buffer_bytes, shaders } = super::values::options(given, "feign")?;
        let shaders = shaders.into_iter().collect();
        runtime().feign(Feigned { no_adapter, hardware, refused, buffer_bytes, shaders });
        Ok(())
    };
    out(feign())
}

/// Destroys the open GPU, as a driver does that fails; whether there was one.
#[wasm_bindgen]
pub fn destroy_for_tests() -> bool {
    runtime().open_gpu().is_some_and(|gpu| {
        gpu.destroy();
        true
    })
}

/// Runs one kernel on its case with chosen sizes, perhaps with another text: `{ agrees, worst, ms, messages }`.
#[wasm_bindgen]
pub fn try_kernel(name: String, text: Option<String>, sizes: JsValue) -> Job {
    Job::new(move |_| async move {
        let Some(kernel) = ALL.iter().find(|kernel| kernel.name == name) else {
            let names: Vec<&str> = ALL.iter().map(|kernel| kernel.name).collect();
            let error = Error::new(Kind::BadInput, format!("kernel: there is none called `{name}`"));
            return Err(error.hint(format!("There are {}.", names.join(", "))));
        };
        let sizes: BTreeMap<String, u32> = super::values::options(sizes, "kernel: sizes")?;
        let case = (kernel.check)().resized(&sizes.into_iter().collect::<Vec<_>>())?;
        let trial = device().await?.trial(&case, text.as_deref()).await?;
        let messages = trial.messages.iter().map(|message| {
            JsValue::from(
                Plain::default()
                    .with("kind", message.kind)
                    .with("line", message.line)
                    .with("column", message.column)
                    .with("text", message.text.as_str()),
            )
        });
        Ok(Plain::default()
            .with("agrees", trial.error <= case.tolerance)
            .with("worst", trial.error)
            .with("ms", trial.ms)
            .with("messages", messages.collect::<Array>())
            .into())
    })
}

#[wasm_bindgen]
impl Model {
    /// The plan of a batch as text: the forward pass, or with labels the loss and the way back.
    pub fn plan(&self, batch: JsValue) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move {
            let batch: Given = argument(batch, "plan")?;
            Ok(model.plan(&batch)?.to_string().into())
        })
    }
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
