//! Checkpoints and configs: the stored models in and out byte by byte, lying files, mutated files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod configs;
mod models;
mod mutations;
mod reading;
