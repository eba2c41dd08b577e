//! Checkpoints and configs: the stored models in and out byte by byte, lying files, mutated files.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and a fuzz says its seeds")]

mod configs;
mod models;
mod mutations;
mod reading;
