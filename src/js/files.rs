//! A model's files on their way out.
//!
//! In: a model. Out, as reports of a job: `{ save: "begin", total }`, then `{ file, bytes }` piece by piece and file by file, then
//! `{ save: "end" }`; the host puts them down as they come, so that no file is ever held whole. It refuses to know where they go.

use super::job::{Desk, Job};
use super::model::Model;
use super::values::Plain;
use crate::Result;
use crate::checkpoint::{to_bytes, write_header};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// Numbers of a parameter that are read at a time.
const STRETCH: usize = 1 << 20;

/// Hands one piece of a file to the host.
pub async fn put(desk: &Desk, file: &str, bytes: &[u8]) {
    desk.report(Plain::default().with("file", file).with("bytes", Uint8Array::from(bytes)).into()).await;
}

/// Hands all files of a model to the host, between the two marks.
pub async fn put_all(desk: &Desk, model: &crate::tasks::Model) -> Result<()> {
    let mut texts = vec![("config.json", pretty(&model.config().to_json()))];
    if let Some(generation) = model.generation() {
        texts.push(("generation_config.json", pretty(generation)));
    }
    if let Some(tokenizer) = model.tokenizer() {
        texts.push(("tokenizer.json", tokenizer.to_json()));
        texts.push(("tokenizer_config.json", tokenizer.to_config_json()));
    }
    let saved = model.saved()?;
    let heads: Vec<_> = saved.iter().map(|one| (one.name.clone(), one.shape.clone())).collect();
    let header = write_header(&heads)?;
    let numbers: usize = saved.iter().map(|one| one.words.len()).sum();
    let total = header.len() + 4 * numbers + texts.iter().map(|(_, text)| text.len()).sum::<usize>();
    desk.report(Plain::default().with("save", "begin").with("total", total as f64).into()).await;

    let mut done = header.len();
    put(desk, "model.safetensors", &header).await;
    for one in &saved {
        let mut from = 0;
        while from < one.words.len() {
            let count = STRETCH.min(one.words.len() - from);
            put(desk, "model.safetensors", &to_bytes(&model.read(one, from, count).await?)).await;
            from += count;
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
    /// Hands all files of the model to the host.
    pub fn files(&self) -> Job {
        let model = self.inner.clone();
        Job::new(move |desk| async move {
            put_all(&desk, &model).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// JSON as people read it.
fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
