//! griot trains tokenizers and trains, adapts and runs transformer language models, in a browser tab or natively.
//!
//! Read this list from top to bottom and you have walked through the house; data takes the same way.

pub mod tokenizer; // text -> ids
pub mod data; // ids -> batches

// -- what it stands on --
pub mod error;

pub use error::{Context, Error, Kind, Result};
