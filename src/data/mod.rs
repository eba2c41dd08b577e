//! Ids to batches, and the texts they come from.

pub mod windows;
