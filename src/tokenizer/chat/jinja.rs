//! A chat template rendered by minijinja.
//!
//! In: a template's source, the names that it may ask for. Out: the text, and which bytes of it `{% generation %}` blocks print.
//! Rendering follows the reference (trim_blocks, lstrip_blocks, loop controls, Python's way to print values, `tojson`
//! without ASCII or HTML escaping, `raise_exception`, `strftime_now`, `{% generation %}`).
//! A template comes with a file and may be hostile: instructions, what is printed and every kept value are bounded.
//! Refuses to know the clock: the time is given, or asking for it is an error.

use super::{Rendered, filters, methods, python, source, time};
use crate::error::{Error, Kind, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error as Failure, ErrorKind, UndefinedBehavior, Value};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most that a rendering may print, inside macros and captures too, in bytes.
const MOST_PRINTED: usize = 32 << 20;
/// The most memory that a hostile template may claim in one step, in bytes.
const MOST_HELD: usize = 256 << 20;
/// The most instructions of a rendering.
const MOST_STEPS: u64 = 2_000_000;

/// A template, checked and ready to render.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    source: Arc<str>,
    /// The size of any value that the template keeps.
    most_kept: usize,
    steps: u64,
    /// Whether it marks what the assistant says.
    generation: bool,
}

impl Engine {
    /// Fails with `bad-input` and the line where the source is not valid Jinja.
    pub(super) fn new(source: &str) -> Result<Self> {
        let prepared = source::prepare(source);
        let engine = Engine {
            // One expression can at most chain as many kept values as it has operators.
            most_kept: MOST_HELD / (prepared.operators + 8),
            // A loop over fixed text costs one instruction a round, whatever its length.
            steps: MOST_STEPS.min((MOST_HELD / (prepared.longest_text + 1)) as u64),
            generation: prepared.generation,
            source: prepared.source.into(),
        };
        let mut environment = Environment::new();
        engine.configure(&mut environment, &Arc::default(), None);
        environment.template_from_str(&engine.source).map_err(describe)?;
        Ok(engine)
    }

    /// Fails with `bad-input` and the template's own words where it raises an exception, or with what went wrong.
    pub(super) fn render(
        &self,
        names: &serde_json::Map<String, serde_json::Value>,
        now: Option<i64>,
    ) -> Result<Rendered> {
        let shared = Arc::new(Shared::default());
        let mut environment = Environment::new();
        self.configure(&mut environment, &shared, now);
        let template = environment.template_from_str(&self.source).map_err(describe)?;
        let mut out = Bounded(Vec::new(), shared.clone());
        let rendered = template.render_captured_to(Serde(names), &mut out).map(drop);
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
