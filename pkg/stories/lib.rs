//! The story world on its own, as a wasm file small enough to be started while a caller waits.
//!
//! In: language, kind, seed, the number of a story. Out: where in memory that story lies: the bytes of its text and of its
//! answer (none: -1), then the two. `cargo xtask` compiles this file by itself, from the same sources that the library has:
//! telling stories must not wait for the library's own file, which comes later and lives in a worker.
//! Refuses to know wasm-bindgen; what crosses are numbers.
#![allow(dead_code, unused_imports)]

#[path = "../../src/error.rs"]
mod error;
#[path = "../../src/rng.rs"]
mod rng;
#[path = "../../src/data/stories/mod.rs"]
mod stories;

use error::{Error, Kind, Result};
use std::cell::RefCell;
use stories::{Language, Stories, Story, StoryKind};

thread_local! {
    static TOLD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Tells the story of a number; languages and kinds by their place in the lists en, fr and tale, pair, pronoun.
#[unsafe(no_mangle)]
pub extern "C" fn story(language: u32, kind: u32, seed: f64, number: f64) -> usize {
    let language = if language == 0 { Language::English } else { Language::French };
    let kind = [StoryKind::Tale, StoryKind::Pair, StoryKind::Pronoun][kind as usize % 3];
    let (text, answer) = match Stories::new(language, kind, seed as u64).story(number as u64) {
        Story::Tale(text) => (text, None),
        Story::Pair { input, output } => (input, Some(output)),
    };
    let length = |text: &str| (text.len() as i32).to_le_bytes();
    TOLD.with_borrow_mut(|told| {
        told.clear();
        told.extend(length(&text));
        told.extend(answer.as_deref().map_or((-1i32).to_le_bytes(), length));
        told.extend(text.as_bytes());
        told.extend(answer.unwrap_or_default().as_bytes());
        told.as_ptr() as usize
    })
}
