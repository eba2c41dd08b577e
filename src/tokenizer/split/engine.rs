//! The engines behind [`Matcher`]: fancy-regex natively, JavaScript's own in a browser.
//!
//! In: a regular expression in the syntax of Hugging Face's files (Oniguruma's). Out: a matcher, or a refusal that
//! names the expression. Natively the steps back are limited; JavaScript cannot count them.

use super::pattern::Matcher;
#[cfg(any(not(target_arch = "wasm32"), feature = "js"))]
use super::translate::{Engine, translate};
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
        // What cannot be said in other words (a group that is named again) may still be read as it stands; there ^ and
        // $ stand for the ends of lines, as in Ruby's syntax.
        let translated = translate(source, Engine::Fancy).unwrap_or_else(|_| source.to_owned());
        let mut builder = fancy_regex::RegexBuilder::new(&translated);
        let regex = builder.multi_line(true).oniguruma_mode(true).backtrack_limit(STEPS).build();
        match regex {
            Ok(regex) => Ok(Arc::new(Fancy(regex))),
            Err(error) => Err(Error::new(Kind::Unsupported, format!("regular expression {source:?}: {error}"))),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use native::compile;

#[cfg(all(target_arch = "wasm32", feature = "js"))]
mod browser {
    use super::*;
    use js_sys::{Array, Function, JsString, Reflect, RegExp};
    use std::cell::RefCell;
    use std::collections::HashMap;
    use wasm_bindgen::{JsCast, JsValue};

    thread_local! {
        /// Objects of JavaScript stay on their thread; matchers carry only the text they are made from.
        static MADE: RefCell<HashMap<String, RegExp>> = RefCell::new(HashMap::new());
    }

    #[derive(Debug)]
    struct Foreign {
        translated: String,
    }

    fn make(translated: &str) -> Result<RegExp, JsValue> {
        if let Some(made) = MADE.with_borrow(|made| made.get(translated).cloned()) {
            return Ok(made);
        }
        let class = Reflect::get(&js_sys::global(), &JsValue::from_str("RegExp"))?.dyn_into::<Function>()?;
        let arguments = Array::of2(&JsValue::from_str(translated), &JsValue::from_str("gv"));
        let made = Reflect::construct(&class, &arguments)?.dyn_into::<RegExp>()?;
        MADE.with_borrow_mut(|all| all.insert(translated.to_owned(), made.clone()));
        Ok(made)
    }

    impl Matcher for Foreign {
        fn find(&self, text: &str, found: &mut dyn FnMut(usize, usize)) -> Result<()> {
            let Ok(regex) = make(&self.translated) else {
                return Err(Error::new(Kind::Unsupported, format!("regular expression {:?}", self.translated)));
            };
            // JavaScript counts in UTF-16; the two countings go forward together.
            let (mut units, mut bytes) = (0u32, 0usize);
            let mut byte_of = |unit: u32| {
                for c in text.get(bytes..).unwrap_or_default().chars() {
                    if units >= unit {
                        break;
                    }
                    units += c.len_utf16() as u32;
                    bytes += c.len_utf8();
                }
                (units == unit).then_some(bytes)
            };
            let refused = |_| Error::new(Kind::BadInput, format!("splitting by {:?} failed", self.translated));
            // The text crosses once, not at every match.
            let crossed = JsValue::from_str(text);
            let exec = Reflect::get(&regex, &JsValue::from_str("exec")).and_then(|exec| exec.dyn_into::<Function>());
            let exec = exec.map_err(refused)?;
            regex.set_last_index(0);
            let mut before = None;
            loop {
                let Ok(matched) = exec.call1(&regex, &crossed).map_err(refused)?.dyn_into::<Array>() else { break };
                let start = Reflect::get(&matched, &JsValue::from_str("index")).ok().and_then(|index| index.as_f64());
                let start = start.unwrap_or_default() as u32;
                let length = matched.get(0).dyn_into::<JsString>().map_or(0, |matched| matched.length());
                // Engines have been seen to match nothing in the middle of a character.
                let Some(from) = byte_of(start) else {
                    regex.set_last_index(start + 1);
                    continue;
                };
                if length > 0 {
                    found(from, byte_of(start + length).unwrap_or(text.len()));
                    before = Some(start + length);
                    continue;
                }
                // An empty match counts unless it stands where the last one ended; then on by a character.
                if before != Some(start) {
                    found(from, from);
                    before = Some(start);
                }
                let next = text.get(from..).and_then(|rest| rest.chars().next());
                let Some(next) = next else { break };
                regex.set_last_index(start + next.len_utf16() as u32);
            }
            Ok(())
        }
    }

    pub fn compile(source: &str) -> Result<Arc<dyn Matcher>> {
        let translated = translate(source, Engine::Browser)?;
        match make(&translated) {
            Ok(_) => Ok(Arc::new(Foreign { translated })),
            Err(_) => Err(Error::new(
                Kind::Unsupported,
                format!("regular expression {source:?}: this browser does not take it as {translated:?}"),
            )),
        }
    }
}

#[cfg(all(target_arch = "wasm32", feature = "js"))]
pub use browser::compile;

/// Without an engine an expression that is not written by hand is refused.
///
/// # Errors
/// `unsupported`, always.
#[cfg(all(target_arch = "wasm32", not(feature = "js")))]
pub fn compile(source: &str) -> Result<Arc<dyn Matcher>> {
    Err(Error::new(Kind::Unsupported, format!("regular expression {source:?}: this build has no engine for it")))
}
