//! A conversation to the text that a model was tuned on.
//!
//! In: the Jinja template that a model ships, messages, special tokens by name. Out: the prompt.
//! The engine is minijinja (`jinja.rs`), or, in the wasm of a page, the small wasm beside it that holds minijinja alone (`elsewhere.rs`
//! asks it, `door.rs` answers there): most pages write no conversation, and need not load what only conversations need.
//! Refuses to know the clock: the time is given, or asking for it is an error.

#[cfg(all(feature = "engine", target_arch = "wasm32"))]
mod door;
#[cfg(not(feature = "engine"))]
mod elsewhere;
#[cfg(feature = "engine")]
mod filters;
#[cfg(feature = "engine")]
mod jinja;
#[cfg(feature = "engine")]
mod json;
#[cfg(feature = "engine")]
mod methods;
#[cfg(feature = "engine")]
mod python;
#[cfg(feature = "engine")]
mod source;
#[cfg(feature = "engine")]
mod time;

use crate::error::{Error, Kind, Result};
#[cfg(not(feature = "engine"))]
use elsewhere::Engine;
#[cfg(not(feature = "engine"))]
pub use elsewhere::{Writer, provide};
#[cfg(feature = "engine")]
use jinja::Engine;
use std::ops::Range;

/// The longest template that is accepted, in bytes.
const LONGEST_SOURCE: usize = 256 << 10;

/// A text, and the bytes of it that stand in `{% generation %}` blocks; none where the template has no such block.
type Rendered = (String, Option<Vec<Range<usize>>>);

/// A chat template, checked and ready to render.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    engine: Engine,
}

/// What is rendered besides the messages.
#[derive(Clone, Debug)]
pub struct ChatOptions {
    /// Ends with what makes the model answer.
    pub add_generation_prompt: bool,
    /// Ends inside the last message, which the model goes on writing.
    pub continue_final_message: bool,
    /// Tools as JSON schemas.
    pub tools: Option<serde_json::Value>,
    /// Special tokens (`bos_token`, …) and whatever else the template asks for.
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// Seconds since 1970 on the reader's own clock, for `strftime_now`.
    pub now: Option<i64>,
}

impl Default for ChatOptions {
    fn default() -> Self {
        ChatOptions {
            add_generation_prompt: true,
            continue_final_message: false,
            tools: None,
            variables: serde_json::Map::new(),
            now: None,
        }
    }
}

impl ChatTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// `bad-input` with the line, when it is not valid Jinja or is larger than 256 KiB.
    pub fn new(source: &str) -> Result<Self> {
        if source.len() > LONGEST_SOURCE {
            let message = format!("chat template: {} bytes, at most {LONGEST_SOURCE} are accepted", source.len());
            return Err(Error::new(Kind::BadInput, message));
        }
        Ok(ChatTemplate { engine: Engine::new(source)? })
    }

    /// Renders messages.
    ///
    /// # Errors
    /// `bad-input` with the template's own words where it raises an exception, or with what went wrong.
    pub fn render(&self, messages: &serde_json::Value, options: &ChatOptions) -> Result<String> {
        let (text, _) = self.render_spans(messages, options)?;
        match options.continue_final_message {
            true => cut_after_last_message(text, messages),
            false => Ok(text),
        }
    }

    /// Renders messages, and gives the bytes that stand in `{% generation %}` blocks; none where the template has no such block.
    ///
    /// # Errors
    /// As [`ChatTemplate::render`].
    pub fn render_spans(
        &self,
        messages: &serde_json::Value,
        options: &ChatOptions,
    ) -> Result<(String, Option<Vec<Range<usize>>>)> {
        let mut names = serde_json::Map::new();
        names.insert("tools".into(), options.tools.clone().unwrap_or_default());
        names.insert("documents".into(), serde_json::Value::Null);
        names.extend(options.variables.clone());
        names.insert("messages".into(), messages.clone());
        names.insert("add_generation_prompt".into(), options.add_generation_prompt.into());
        self.engine.render(&names, options.now)
    }
}

/// Ends the text with the last message's content, as the template printed it.
fn cut_after_last_message(text: String, messages: &serde_json::Value) -> Result<String> {
    let content = messages.as_array().and_then(|list| list.last()).and_then(|last| last.get("content"));
    let Some(content) = content.and_then(|content| content.as_str()) else {
        return Err(Error::new(Kind::BadInput, "chat template: the message to go on with has no text"));
    };
    let Some(at) = text.rfind(content.trim()) else {
        return Err(Error::new(Kind::BadInput, "chat template: it does not print the message to go on with"));
    };
    // Where the template keeps the space after the message, so do we.
    let kept = content.trim_start();
    let length =
        if text.get(at..).is_some_and(|rest| rest.starts_with(kept)) { kept.len() } else { content.trim().len() };
    Ok(text.get(..at + length).unwrap_or_default().to_string())
}
