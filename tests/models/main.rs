//! Whole models against what Hugging Face made of them on PyTorch: see `tests/golden/README.md` for the tolerances.
//!
//! One file for each family. Every test runs on every device present.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking and names what it skips")]

mod golden;
mod gpt2;
mod seat;
