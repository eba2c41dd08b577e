//! What a model will take, before anything of it is loaded.
//!
//! In: a config as text, and the bytes of its files where it has any. Out: bytes by what they are for, and whether they fit on the device,
//! with the reasons in words where they do not. Nothing is allocated.

use super::job::Job;
use super::runtime::device;
use super::values::{Plain, options};
use crate::device::Class;
use crate::kernels::Format;
use crate::models::Config;
use crate::models::estimate::{Estimate, Purpose, estimate, numbers};
use crate::{Error, Kind, Result};
use js_sys::Array;
use serde::Deserialize;
use wasm_bindgen::prelude::*;

/// Bytes that a wasm module can address, less what it needs for itself.
const ADDRESSES: u64 = (4 << 30) - (128 << 20);

/// What `Model.estimate` may choose, as it crosses.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Wanted {
    #[serde(rename = "for")]
    purpose: String,
    batch: Option<usize>,
    context: Option<usize>,
    dtype: Option<String>,
}

/// Bytes and whether they fit.
#[wasm_bindgen]
pub fn estimate_model(config: String, download: f64, given: JsValue) -> Job {
    Job::new(move |_| async move {
        let given: Wanted = options(given, "Model.estimate")?;
        let (purpose, rows) = match given.purpose.as_str() {
            "generate" => (Purpose::Generate, 1),
            "train" => (Purpose::Train, 8),
            other => return Err(Error::new(Kind::BadOption, format!("Model.estimate: for: {other:?}"))),
        };
        let json = serde_json::from_str(&config).map_err(|e| Error::new(Kind::BadFile, format!("config.json: {e}")))?;
        let config = Config::from_json(&json)?;
        let size = (given.batch.unwrap_or(rows), given.context.unwrap_or(config.context));
        let device = device().await?;
        let mut reasons = Vec::new();
        let format = super::model::format(given.dtype.as_deref())?;
        let taken = match estimate(&config, device.limits(), purpose, size, (4, format)) {
            Err(error) if error.kind() == Kind::OutOfMemory => {
                reasons.push(error.to_string());
                at_least(&config, purpose, format)
            }
            other => other?,
        };
        reasons.extend(obstacles(&taken, device.limits().class == Class::Cpu, |bytes| device.ledger().fits(bytes)));
        let bytes = Plain::default()
            .with("download", download)
            .with("weights", taken.weights as f64)
            .with("cache", taken.cache as f64)
            .with("activations", taken.activations as f64)
            .with("optimizer", taken.optimizer as f64)
            .with("peak", taken.peak as f64);
        Ok(Plain::default()
            .with("fits", reasons.is_empty())
            .with("device", device.report().kind)
            .with("bytes", JsValue::from(bytes))
            .with("reasons", reasons.iter().map(|reason| JsValue::from(reason.as_str())).collect::<Array>())
            .into())
    })
}

/// What follows from the count of weights alone, where no plan can be made.
fn at_least(config: &Config, purpose: Purpose, format: Format) -> Estimate {
    let weights = 4 * numbers(config) / format.in_word() as u64;
    let optimizer = if purpose == Purpose::Train { 3 * weights } else { 0 };
    Estimate { download: weights, weights, cache: 0, activations: 0, optimizer, peak: weights + optimizer }
}

/// Why so many bytes do not fit, in words.
fn obstacles(taken: &Estimate, is_cpu: bool, fits: impl Fn(u64) -> Result<()>) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Err(error) = fits(taken.peak) {
        reasons.push(error.to_string());
    }
    if is_cpu && taken.peak > ADDRESSES {
        reasons.push(format!("{} bytes are more than the 4 GiB that the CPU path can address", taken.peak));
    }
    reasons
}
