//! One opaque error for the whole house.
//!
//! What comes in: what went wrong, in one sentence, and the context around it.
//! What goes out: an [`Error`] with a [`Kind`] (what the caller can do about it), a stable [`Error::code`],
//! a hint, and numbers as named details. It crosses the door to JavaScript whole.
//! It refuses to know who reports it: each error is handled once, by whoever can act on it.

use std::fmt;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do about an error. The names, in kebab case, are the public codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An option is unknown, or cannot be honoured here.
    BadOption,
    /// The data given is not usable: empty, malformed, out of range.
    BadInput,
    /// A file is corrupt, truncated, or not what it claims to be.
    BadFile,
    /// Understood, but not available here.
    Unsupported,
    /// Shapes do not agree.
    Shape,
    /// More tokens than the model's context.
    ContextOverflow,
    /// More memory than the device or the limit allows.
    OutOfMemory,
    /// The device went away while work was on it.
    DeviceLost,
    /// No such device here.
    DeviceUnavailable,
    /// A kernel disagrees with its reference.
    NumericMismatch,
    /// Infinity or not-a-number where a number is needed.
    NonFinite,
    /// The caller asked to stop.
    Aborted,
    /// The object was disposed of.
    Disposed,
    /// A defect of ours.
    Internal,
}

impl Kind {
    /// The stable public code of this kind.
    pub fn code(self) -> &'static str {
        match self {
            Kind::BadOption => "bad-option",
            Kind::BadInput => "bad-input",
            Kind::BadFile => "bad-file",
            Kind::Unsupported => "unsupported",
            Kind::Shape => "shape",
            Kind::ContextOverflow => "context-overflow",
            Kind::OutOfMemory => "out-of-memory",
            Kind::DeviceLost => "device-lost",
            Kind::DeviceUnavailable => "device-unavailable",
            Kind::NumericMismatch => "numeric-mismatch",
            Kind::NonFinite => "non-finite",
            Kind::Aborted => "aborted",
            Kind::Disposed => "disposed",
            Kind::Internal => "internal",
        }
    }
}

/// An error with its kind, message, context chain, hint and numeric details.
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: String,
    context: Vec<String>,
    hint: Option<String>,
    details: Vec<(&'static str, f64)>,
}

impl Error {
    /// A new error: `kind` says what the caller can do, `message` what happened.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                context: Vec::new(),
                hint: None,
                details: Vec::new(),
            }),
        }
    }

    /// Adds what was being done; the outermost context is printed first.
    #[must_use]
    pub fn context(mut self, doing: impl Into<String>) -> Self {
        self.inner.context.push(doing.into());
        self
    }

    /// Adds a sentence that says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.inner.hint = Some(hint.into());
        self
    }

    /// Adds a number under a name, for programs to read.
    #[must_use]
    pub fn detail(mut self, name: &'static str, value: f64) -> Self {
        self.inner.details.push((name, value));
        self
    }

    /// The same error for another reader: of another kind where it is of the kind `from`.
    #[must_use]
    pub fn seen_as(mut self, from: Kind, kind: Kind) -> Self {
        if self.inner.kind == from {
            self.inner.kind = kind;
        }
        self
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The stable public code, such as `out-of-memory`.
    pub fn code(&self) -> &'static str {
        self.inner.kind.code()
    }

    /// The sentence that says what to do, where there is one.
    pub fn hint_text(&self) -> Option<&str> {
        let usual = match self.inner.kind {
            Kind::OutOfMemory => Some("Take a smaller model, batch or context, or raise memoryLimit."),
            Kind::ContextOverflow => Some("Give fewer tokens, or take a model with a longer context."),
            _ => None,
        };
        self.inner.hint.as_deref().or(usual)
    }

    /// The numbers that belong to the error.
    pub fn details(&self) -> &[(&'static str, f64)] {
        &self.inner.details
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for doing in self.inner.context.iter().rev() {
            write!(f, "{doing}: ")?;
        }
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {self}", self.code())
    }
}

impl std::error::Error for Error {}

/// Adds context to the error of a result.
pub trait Context<T> {
    /// Adds what was being done, computed only when there is an error.
    fn context<S: Into<String>>(self, doing: impl FnOnce() -> S) -> Result<T>;
}

impl<T> Context<T> for Result<T> {
    fn context<S: Into<String>>(self, doing: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| error.context(doing()))
    }
}

/// Returns early with an error: `bail!(Shape, "matmul: inner sizes differ: {a} and {b}")`. Numbers for programs to read may stand
/// before the message: `bail!(ContextOverflow, [tokens: 9, context: 8], "{tokens} tokens for {context}")`.
#[macro_export]
macro_rules! bail {
    ($kind:ident, [$($name:ident: $value:expr),+], $($message:tt)+) => {
        return Err($crate::Error::new($crate::Kind::$kind, format!($($message)+))$(.detail(stringify!($name), $value as f64))+)
    };
    ($kind:ident, $($message:tt)+) => {
        return Err($crate::Error::new($crate::Kind::$kind, format!($($message)+)))
    };
}

/// Checks a condition and returns early with an error if it does not hold.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $kind:ident, [$($name:ident: $value:expr),+], $($message:tt)+) => {
        match $condition {
            true => {}
            false => $crate::bail!($kind, [$($name: $value),+], $($message)+),
        }
    };
    ($condition:expr, $kind:ident, $($message:tt)+) => {
        // A match, since a condition with floats must hold to pass: NaN fails it.
        match $condition {
            true => {}
            false => $crate::bail!($kind, $($message)+),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_prints_its_context_from_the_outside_in() {
        let error = Error::new(Kind::Shape, "inner sizes differ").context("matmul").context("layer 3");
        assert_eq!(error.to_string(), "layer 3: matmul: inner sizes differ");
        assert_eq!(error.code(), "shape");
    }

    #[test]
    fn numbers_before_a_message_become_details() {
        let fails = |tokens: usize| -> Result<()> {
            ensure!(tokens < 9, ContextOverflow, [tokens: tokens, context: 8], "{tokens} tokens");
            Ok(())
        };
        assert!(fails(8).is_ok());
        assert_eq!(fails(9).unwrap_err().details(), [("tokens", 9.0), ("context", 8.0)]);
    }

    #[test]
    fn details_and_hints_stay_with_the_error() {
        let error = Error::new(Kind::OutOfMemory, "needs 3 bytes").detail("bytes", 3.0).hint("take a smaller batch");
        assert_eq!(error.details(), [("bytes", 3.0)]);
        assert_eq!(error.hint_text(), Some("take a smaller batch"));
    }
}
