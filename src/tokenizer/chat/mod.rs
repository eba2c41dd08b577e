//! A conversation to the text that a model was tuned on.
//!
//! In: the Jinja template that a model ships, messages, special tokens by name. Out: the prompt.
//! Rendering follows the reference (trim_blocks, lstrip_blocks, loop controls, Python's way to print values, `tojson`
//! without ASCII or HTML escaping, `raise_exception`, `strftime_now`, `{% generation %}`), by minijinja.
//! A template comes with a file and may be hostile: instructions, what is printed and every kept value are bounded.
//! Refuses to know the clock: the time is given, or asking for it is an error.

mod filters;
mod json;
mod methods;
mod python;
mod source;
mod time;

use crate::error::{Error, Kind, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error as Failure, ErrorKind, UndefinedBehavior, Value};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The longest template that is accepted, in bytes.
const LONGEST_SOURCE: usize = 256 << 10;
/// The most that a rendering may print, inside macros and captures too, in bytes.
const MOST_PRINTED: usize = 32 << 20;
/// The most memory that a hostile template may claim in one step, in bytes.
const MOST_HELD: usize = 256 << 20;
/// The most instructions of a rendering.
const MOST_STEPS: u64 = 2_000_000;

/// A chat template, checked and ready to render.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    source: Arc<str>,
    /// The size of any value that the template keeps.
    most_kept: usize,
    steps: u64,
    /// Whether it marks what the assistant says.
    generation: bool,
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
        let prepared = source::prepare(source);
        let template = ChatTemplate {
            // One expression can at most chain as many kept values as it has operators.
            most_kept: MOST_HELD / (prepared.operators + 8),
            // A loop over fixed text costs one instruction a round, whatever its length.
            steps: MOST_STEPS.min((MOST_HELD / (prepared.longest_text + 1)) as u64),
            generation: prepared.generation,
            source: prepared.source.into(),
        };
        let mut environment = Environment::new();
        template.configure(&mut environment, &Arc::default(), None);
        environment.template_from_str(&template.source).map_err(describe)?;
        Ok(template)
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
    ) -> Result<(String, Option<Vec<std::ops::Range<usize>>>)> {
        let shared = Arc::new(Shared::default());
        let mut environment = Environment::new();
        self.configure(&mut environment, &shared, options.now);
        let mut context = serde_json::Map::new();
        context.insert("tools".into(), options.tools.clone().unwrap_or_default());
        context.insert("documents".into(), serde_json::Value::Null);
        context.extend(options.variables.clone());
        context.insert("messages".into(), messages.clone());
        context.insert("add_generation_prompt".into(), options.add_generation_prompt.into());
        let template = environment.template_from_str(&self.source).map_err(describe)?;
        let mut out = Bounded(Vec::new(), shared.clone());
        let rendered = template.render_captured_to(Serde(&context), &mut out).map(drop);
        if let Err(failure) = rendered {
            let raised = shared.raised.lock().ok().and_then(|mut raised| raised.take());
            return Err(match raised {
                Some(message) => Error::new(Kind::BadInput, message).context("chat template"),
                None => describe(failure),
            });
        }
        let text = String::from_utf8(out.0).map_err(|_| Error::new(Kind::Internal, "chat template: broken text"))?;
        let marks = shared.marks.lock().map(|mut marks| std::mem::take(&mut *marks)).unwrap_or_default();
        let spans: Vec<_> = marks.as_chunks::<2>().0.iter().map(|[from, to]| *from..*to).collect();
        Ok((text, self.generation.then_some(spans)))
    }

    fn configure<'a>(&self, environment: &mut Environment<'a>, shared: &Arc<Shared>, now: Option<i64>) {
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_fuel(Some(self.steps));
        environment.set_recursion_limit(150);
        let counter = shared.clone();
        environment.set_formatter(move |out, _, value| {
            let text = match value.kind() {
                ValueKind::Undefined => return Ok(()),
                ValueKind::String => match value.as_str() {
                    Some(text) => return counter.print(out, text),
                    None => String::new(),
                },
                _ => python::print(value, MOST_PRINTED)?,
            };
            counter.print(out, &text)
        });
        environment.set_unknown_method_callback({
            let most = self.most_kept;
            move |_, value, method, args| methods::call(value, method, args, most)
        });
        filters::add(environment, self.most_kept);
        let raised = shared.clone();
        environment.add_function("raise_exception", move |message: Value| -> Result<Value, Failure> {
            let text = python::print(&message, 1 << 16)?;
            if let Ok(mut slot) = raised.raised.lock() {
                *slot = Some(text.clone());
            }
            Err(Failure::new(ErrorKind::InvalidOperation, text))
        });
        let marking = shared.clone();
        environment.add_function(source::MARK, move || {
            if let Ok(mut marks) = marking.marks.lock() {
                marks.push(marking.written.load(Ordering::Relaxed));
            }
            true
        });
        environment.add_function("strftime_now", move |format: &str| -> Result<String, Failure> {
            let Some(now) = now else {
                return Err(Failure::new(ErrorKind::InvalidOperation, "strftime_now: no time was given"));
            };
            Ok(time::format(format, now))
        });
    }
}

/// What one rendering shares with its functions.
#[derive(Debug, Default)]
struct Shared {
    raised: Mutex<Option<String>>,
    printed: AtomicUsize,
    /// Bytes of the text so far.
    written: AtomicUsize,
    /// Where blocks of what the assistant says begin and end.
    marks: Mutex<Vec<usize>>,
}

impl Shared {
    fn print(&self, out: &mut minijinja::Output, text: &str) -> Result<(), Failure> {
        let printed = self.printed.fetch_add(text.len(), Ordering::Relaxed) + text.len();
        if printed > MOST_PRINTED {
            return Err(Failure::new(ErrorKind::InvalidOperation, "more than 32 MB of text"));
        }
        out.write_str(text).map_err(Failure::from)
    }
}

/// Takes what is printed, up to the limit.
struct Bounded(Vec<u8>, Arc<Shared>);

impl std::io::Write for &mut Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_PRINTED {
            return Err(std::io::Error::other("more than 32 MB of text"));
        }
        self.0.extend_from_slice(bytes);
        self.1.written.store(self.0.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn describe(failure: Failure) -> Error {
    let line = failure.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let detail = failure.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    Error::new(Kind::BadInput, format!("chat template: {line}{}{detail}", failure.kind()))
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
