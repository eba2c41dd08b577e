//! The way into the wasm that renders chat templates and does nothing else.
//!
//! In: a request as JSON (`elsewhere.rs` makes it): `source`, and to render `names` and `now`. Out: `text` and `spans`, or `error`, as JSON.
//! Refuses to know wasm-bindgen: what crosses are bytes in memory. The host writes a request where `room` says, and reads the
//! answer where `answer` says: its length in four bytes, then its text.

use super::Rendered;
use super::jinja::Engine;
use serde_json::{Map, Value, json};
use std::cell::RefCell;

thread_local! {
    static REQUEST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for a request of so many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> usize {
    REQUEST.with_borrow_mut(|request| {
        *request = vec![0; bytes];
        request.as_ptr() as usize
    })
}

/// Answers the request that was written into the room.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> usize {
    let request = REQUEST.take();
    let answer = match respond(&request) {
        Ok((text, spans)) => {
            let spans = spans.map(|spans| spans.iter().map(|span| json!([span.start, span.end])).collect::<Vec<_>>());
            json!({ "text": text, "spans": spans })
        }
        Err(error) => json!({ "error": error.to_string() }),
    };
    let answer = answer.to_string();
    ANSWER.with_borrow_mut(|kept| {
        kept.clear();
        kept.extend((answer.len() as u32).to_le_bytes());
        kept.extend(answer.as_bytes());
        kept.as_ptr() as usize
    })
}

fn respond(request: &[u8]) -> crate::Result<Rendered> {
    let request: Value = serde_json::from_slice(request)
        .map_err(|error| crate::Error::new(crate::Kind::BadInput, format!("chat template: {error}")))?;
    let source = request.get("source").and_then(Value::as_str).unwrap_or_default();
    let engine = Engine::new(source)?;
    match request.get("names").and_then(Value::as_object) {
        Some(names) => engine.render(names, request.get("now").and_then(Value::as_i64)),
        None => Ok((String::new(), None)),
    }
}
