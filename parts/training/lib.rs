//! The training of tokenizers, compiled as a package of its own.
//!
//! In: `src/tokenizer/train`. Out: the same module, which `src/lib.rs` hands on under its name. What runs over the whole text (splitting,
//! counting words) is among the tokenizers, which are compiled for speed; this runs over distinct words, and is compiled for size.
//! It refuses to hold code of its own.

pub use griot_kernels::{bail, ensure, error, order, rng};
pub use griot_tokenizer::tokenizer;

#[path = "../../src/tokenizer/train/mod.rs"]
pub mod train;
