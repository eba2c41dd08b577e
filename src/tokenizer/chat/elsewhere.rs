//! A chat template rendered by whoever was given for it: in the wasm of a page, the small wasm beside it.
//!
//! In: the template's source, the names that it may ask for. Out: what `door.rs` answers there, as it answers.
//! Refuses to know how a request gets there and back.

use super::Rendered;
use crate::error::{Error, Kind, Result};
use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

/// Takes a request as JSON and gives the answer as JSON.
pub type Writer = fn(&str) -> Result<String>;

thread_local! {
    static WRITER: Cell<Option<Writer>> = const { Cell::new(None) };
}

/// Settles who renders the templates of this thread.
pub fn provide(writer: Writer) {
    WRITER.set(Some(writer));
}

/// A template that was checked where it will be rendered.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    source: Arc<str>,
}

impl Engine {
    pub(super) fn new(source: &str) -> Result<Self> {
        ask(json!({ "source": source }))?;
        Ok(Engine { source: source.into() })
    }

    pub(super) fn render(&self, names: &Map<String, Value>, now: Option<i64>) -> Result<Rendered> {
        let answer = ask(json!({ "source": &*self.source, "names": names, "now": now }))?;
        let text = answer.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
        let spans = answer.get("spans").and_then(Value::as_array).map(|spans| spans.iter().filter_map(span).collect());
        Ok((text, spans))
    }
}

fn span(pair: &Value) -> Option<Range<usize>> {
    let end = |at: usize| Some(pair.get(at)?.as_u64()? as usize);
    Some(end(0)?..end(1)?)
}

fn ask(request: Value) -> Result<Value> {
    let Some(writer) = WRITER.get() else {
        return Err(Error::new(Kind::Unsupported, "chat template: this build has no engine for it"));
    };
    let answer: Value = serde_json::from_str(&writer(&request.to_string())?)
        .map_err(|_| Error::new(Kind::Internal, "chat template: the answer is no JSON"))?;
    match answer.get("error").and_then(Value::as_str) {
        Some(message) => Err(Error::new(Kind::BadInput, message)),
        None => Ok(answer),
    }
}
