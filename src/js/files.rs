//! A model's files on their way out.
//!
//! In: a model, and whether its training is to go on later. Out, as reports of a job: `{ save: "begin", total }`, then `{ file, bytes }` piece by piece and file by file, then
//! `{ save: "end" }`; the host puts them down as they come, so that no file is ever held whole. It refuses to know where they go.

use super::job::{Desk, Job};
use super::model::Model;
use super::values::Plain;
use crate::checkpoint::{to_bytes, write_header};
use crate::device::Slice;
use crate::kernels::Format;
use crate::tasks::training::{MOMENTS, STATE};
use crate::{Error, Kind, Result};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// Numbers of a parameter that are read at a time.
const STRETCH: usize = 1 << 20;

/// Hands one piece of a file to the host.
pub async fn put(desk: &Desk, file: &str, bytes: &[u8]) {
    desk.report(Plain::default().with("file", file).with("bytes", Uint8Array::from(bytes)).into()).await;
}

/// Hands all files of a model to the host, between the two marks; with `training` also the state of its training.
pub async fn put_all(desk: &Desk, model: &crate::tasks::Model, training: bool) -> Result<()> {
    let mut texts = vec![("config.json", pretty(&model.config_json()))];
    if let Some(generation) = model.generation() {
        texts.push(("generation_config.json", pretty(generation)));
    }
    if let Some(tokenizer) = model.tokenizer() {
        texts.push(("tokenizer.json", tokenizer.to_json()));
        texts.push(("tokenizer_config.json", tokenizer.to_config_json()));
    }
    let saved = model.saved()?;
    let heads: Vec<_> = saved.iter().map(|one| (one.name.clone(), one.shape.clone())).collect();
    let (format, width) = (model.format(), 4 / model.format().in_word());
    let header = write_header(&heads, format)?;
    let state = match (training, model.training().borrow().clone()) {
        (false, _) => None,
        (true, Some(state)) => Some(state),
        (true, None) => {
            let message = "save: training: the model has no training state; train it first";
            return Err(Error::new(Kind::BadInput, message));
        }
    };
    let moments = state.as_ref().map_or(Ok(Vec::new()), |state| model.moments(&state.options))?;
    if let Some(state) = &state {
        texts.push((STATE, pretty(&state.to_json())));
    }
    let kept: usize = moments.iter().map(|moment| moment.slice.words).sum();
    let numbers: usize = saved.iter().map(|one| one.words.len()).sum();
    let total = header.len() + width * numbers + 4 * kept + texts.iter().map(|(_, text)| text.len()).sum::<usize>();
    desk.report(Plain::default().with("save", "begin").with("total", total as f64).into()).await;

    let mut done = header.len();
    put(desk, "model.safetensors", &header).await;
    for one in &saved {
        let mut from = 0;
        while from < one.words.len() {
            let count = STRETCH.min(one.words.len() - from);
            put(desk, "model.safetensors", &to_bytes(&model.read(one, from, count).await?, format)).await;
            from += count;
            done += width * count;
            desk.progress("save", done as f64, Some(total as f64), true);
        }
    }
    if state.is_some() {
        let heads: Vec<_> = moments.iter().map(|moment| (moment.name.clone(), moment.shape.clone())).collect();
        put(desk, MOMENTS, &write_header(&heads, Format::F32)?).await;
    }
    for moment in &moments {
        for from in (0..moment.slice.words).step_by(STRETCH) {
            let count = STRETCH.min(moment.slice.words - from);
            let slice = Slice { offset: moment.slice.offset + from, words: count, ..moment.slice };
            let words = model.placed().arenas.read(slice).await?;
            put(desk, MOMENTS, bytemuck::cast_slice(&words)).await;
            done += 4 * count;
            desk.progress("save", done as f64, Some(total as f64), true);
        }
    }
    for (name, text) in &texts {
        put(desk, name, text.as_bytes()).await;
    }
    desk.progress("save", total as f64, Some(total as f64), true);
    desk.report(Plain::default().with("save", "end").into()).await;
    Ok(())
}

#[wasm_bindgen]
impl Model {
    /// Hands all files of the model to the host, with `training` also the state of its training.
    pub fn files(&self, training: bool) -> Job {
        let model = self.inner.clone();
        Job::new(move |desk| async move {
            put_all(&desk, &model, training).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// JSON as people read it.
fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
