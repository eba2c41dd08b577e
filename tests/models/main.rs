//! Whole models against what Hugging Face made of them on PyTorch: see `tests/golden/README.md` for the tolerances.
//!
//! Through the public model, as a caller uses it. Every test runs on every device present.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking and names what it skips")]

mod abort;
mod cache;
mod causal;
mod encoders;
mod families;
mod decoding;
mod forms;
mod golden;
mod halves;
mod heads;
mod limits;
mod restored;
mod seat;
mod session;
mod texts;
mod trainable;
