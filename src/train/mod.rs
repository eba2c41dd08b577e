//! Batches and a graph to new weights: schedule, optimiser, loop.
//!
//! Prints nothing and owns no clock but the one it is given.

pub mod options;
pub mod schedule;
