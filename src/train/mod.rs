//! Batches and a graph to new weights: schedule, optimiser, loop.
//!
//! Prints nothing and owns no clock but the one it is given.

pub mod feed;
pub mod options;
pub mod schedule;
mod trainable;
mod trainer;

pub use trainer::{Report, Source, Trainer, gradient_plan};
