//! The training of tokenizers, compiled as a package of its own.
//!
//! In: `src/tokenizer/train`. Out: the same module, which `src/lib.rs` hands on under its name. Its loops run over distinct words, not over the
//! text: compiled smaller than the tokenizers they make, and faster than what has no loops.
//! It refuses to hold code of its own.

pub use griot_kernels::{bail, ensure, error, order, rng};
pub use griot_tokenizer::tokenizer;

#[path = "../../src/tokenizer/train/mod.rs"]
pub mod train;
