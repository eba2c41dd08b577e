//! The story world.
//!
//! In: language, kind, seed, the number of the first story and how many. Out: texts, and questions with their answers.

use super::error::out;
use super::values::Plain;
use crate::data::stories::{Language, Stories, Story, StoryKind};
use js_sys::Array;
use wasm_bindgen::prelude::*;

/// Some stories of an endless row, always the same ones.
#[wasm_bindgen]
pub fn stories(language: &str, kind: &str, seed: f64, from: f64, count: u32) -> Result<Array, JsValue> {
    let stories = out(Language::of(language).and_then(|l| Ok(Stories::new(l, StoryKind::of(kind)?, seed as u64))))?;
    let cross = |story| match story {
        Story::Tale(text) => JsValue::from(text.as_str()),
        Story::Pair { input, output } => {
            Plain::default().with("input", input.as_str()).with("output", output.as_str()).into()
        }
    };
    Ok((0..u64::from(count)).map(|offset| cross(stories.story(from as u64 + offset))).collect())
}
