//! Patterns that texts are split at or replaced in: a literal, a splitter written by hand, or a regular expression.
//!
//! In: an expression as Hugging Face's files write it, and a text. Out: the matches. Natively an unknown expression goes
//! through fancy-regex, in a browser through JavaScript's RegExp; both stand behind [`Matcher`]. One that cannot be had
//! is refused by name.

use super::known::Known;
use crate::Result;
use std::sync::Arc;

/// Finds the matches of one regular expression.
pub trait Matcher: std::fmt::Debug + Send + Sync {
    /// Calls back with the (start, end) of each match in bytes, in order.
    ///
    /// # Errors
    /// `bad-input` when the search takes more steps than allowed.
    fn find(&self, text: &str, found: &mut dyn FnMut(usize, usize)) -> Result<()>;
}

/// How a pattern is written in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// A text to be found as it is.
    Literal(String),
    /// A regular expression.
    Regex(String),
}

/// A pattern ready to be searched for.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: Written,
    search: Search,
}

#[derive(Clone, Debug)]
enum Search {
    Literal,
    Known(Known),
    Regex(Arc<dyn Matcher>),
}

impl Pattern {
    /// Prepares a pattern.
    ///
    /// # Errors
    /// `unsupported` when the expression cannot be had here, `bad-file` when it is none.
    pub fn new(written: Written) -> Result<Self> {
        let search = match &written {
            Written::Literal(_) => Search::Literal,
            Written::Regex(source) => match Known::of(source) {
                Some(known) => Search::Known(known),
                None => Search::Regex(super::engine::compile(source)?),
            },
        };
        Ok(Pattern { written, search })
    }

    /// How the pattern is written.
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// The splitter that does the same, where one is written by hand.
    pub fn known(&self) -> Option<Known> {
        match self.search {
            Search::Known(known) => Some(known),
            _ => None,
        }
    }

    /// Whether single characters are looked for, so that a text may be read in parts.
    pub fn is_one_character(&self) -> bool {
        matches!(&self.written, Written::Literal(literal) if literal.chars().count() == 1)
    }

    /// Calls back with the (start, end) of each match.
    ///
    /// # Errors
    /// `bad-input` when a search takes more steps than allowed.
    pub fn find(&self, text: &str, found: &mut dyn FnMut(usize, usize)) -> Result<()> {
        match (&self.search, &self.written) {
            (Search::Known(known), _) => known.split(text, found),
            (Search::Regex(matcher), _) => matcher.find(text, found)?,
            (Search::Literal, Written::Literal(literal) | Written::Regex(literal)) => {
                if literal.is_empty() {
                    // An empty expression matches at every character and at the end.
                    text.char_indices().for_each(|(at, _)| found(at, at));
                    found(text.len(), text.len());
                } else {
                    text.match_indices(literal.as_str()).for_each(|(at, _)| found(at, at + literal.len()));
                }
            }
        }
        Ok(())
    }

    /// Cuts the whole text into matches and what lies between them: (start, end, whether it is a match).
    ///
    /// # Errors
    /// `bad-input` when a search takes more steps than allowed.
    pub fn cover(&self, text: &str, out: &mut Vec<(usize, usize, bool)>) -> Result<()> {
        if text.is_empty() {
            out.push((0, 0, false));
            return Ok(());
        }
        let mut before = 0;
        self.find(text, &mut |start, end| {
            if before != start {
                out.push((before, start, false));
            }
            out.push((start, end, true));
            before = end;
        })?;
        if before != text.len() {
            out.push((before, text.len(), false));
        }
        Ok(())
    }
}
