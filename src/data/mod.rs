//! Ids to batches, and the texts they come from.

pub mod batch;
pub mod stories;
pub mod windows;
