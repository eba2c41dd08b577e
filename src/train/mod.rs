//! Batches and a graph to new weights: schedule, optimiser, loop, measuring.
//!
//! Prints nothing and owns no clock but the one it is given.

pub mod evaluate;
pub mod feed;
pub mod objective;
pub mod options;
pub mod schedule;
pub mod state;
mod trainable;
mod trainer;

pub use trainable::Learning;
pub use trainer::{Keep, Report, Source, Trainer, gradient_plan, moments};
