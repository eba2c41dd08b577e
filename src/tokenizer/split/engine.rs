//! The engine behind [`Matcher`]: fancy-regex natively.
//!
//! In: a regular expression in the syntax of Hugging Face's files (Oniguruma's). Out: a matcher, or a refusal that
//! names the expression. Steps are limited where the engine can count them.

use super::pattern::Matcher;
use crate::{Error, Kind, Result};
use std::sync::Arc;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::*;

    /// How often a search may go back before it is given up.
    const STEPS: usize = 1_000_000;

    #[derive(Debug)]
    struct Fancy(fancy_regex::Regex);

    impl Matcher for Fancy {
        fn find(&self, text: &str, found: &mut dyn FnMut(usize, usize)) -> Result<()> {
            for matched in self.0.find_iter(text) {
                let matched = matched.map_err(|error| {
                    Error::new(Kind::BadInput, format!("splitting by {:?}: {error}", self.0.as_str()))
                })?;
                found(matched.start(), matched.end());
            }
            Ok(())
        }
    }

    pub fn compile(source: &str) -> Result<Arc<dyn Matcher>> {
        let regex = fancy_regex::RegexBuilder::new(source).backtrack_limit(STEPS).build();
        match regex {
            Ok(regex) => Ok(Arc::new(Fancy(regex))),
            Err(error) => Err(Error::new(Kind::Unsupported, format!("regular expression {source:?}: {error}"))),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use native::compile;

/// Without an engine an expression that is not written by hand is refused.
///
/// # Errors
/// `unsupported`, always.
#[cfg(target_arch = "wasm32")]
pub fn compile(source: &str) -> Result<Arc<dyn Matcher>> {
    Err(Error::new(Kind::Unsupported, format!("regular expression {source:?}: this build has no engine for it")))
}
