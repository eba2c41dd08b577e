//! The assemblies against what transformers made of the stored models: logits, hidden states, attentions, loss, every gradient.
//!
//! Here the graphs are built and played directly, one family a file, on every device present. Tolerances are those of
//! `tests/golden/README.md`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bert;
mod decode;
mod golden;
mod llama;
mod rig;
mod t5;
