//! Training as a whole, on every device present: going on, counting, measuring, objectives from text, devices that agree.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking and names what it skips")]

mod bench;
mod continuing;
mod corpora;
mod limits;
mod objectives;
