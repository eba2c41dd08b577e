//! Devices under faults: what is missing, refused, lost, wrong or stopped ends in its coded error, and nothing leaks or hangs.
//!
//! One file for each subject. Where there is no GPU the tests that need one say so and pass; the CPU's always run.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod bisection;
mod faults;
mod memory;
mod playing;
mod trials;
