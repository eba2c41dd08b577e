//! The room of tokenizers, compiled as a package of its own.
//!
//! In: `src/tokenizer` without its chat templates and its training. Out: the same module, which `src/lib.rs` hands on under its name. The reason stands in
//! `parts/kernels/lib.rs`: speed here, size elsewhere.
//! It refuses to hold code of its own.

pub use griot_kernels::{Context, Error, Kind, Result, bail, ensure, error, order, rng};

#[path = "../../src/tokenizer/mod.rs"]
pub mod tokenizer;
