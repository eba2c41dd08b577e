//! Chat templates, compiled as a package of their own.
//!
//! In: `src/tokenizer/chat`. Out: the same module, which `src/lib.rs` hands on under its name, and a wasm file of its own with the engine in it,
//! which the large one asks: a page that writes no conversation never loads it.
//! It refuses to hold code of its own.

pub use griot_kernels::{Error, Kind, Result, error, order};

#[path = "../../src/tokenizer/chat/mod.rs"]
pub mod chat;
