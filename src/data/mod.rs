//! Ids to batches, and the texts they come from.

pub mod answers;
pub mod batch;
pub mod chat;
pub mod document;
pub mod draft;
pub mod labels;
pub mod masked;
pub mod objective;
pub mod row;
pub mod spans;
pub mod stories;
pub mod supply;
pub mod windows;
