//! Weights and ids to ids: the cache, two decode loops, beam search, samplers, stop ids. Knows no text.

mod ahead;
pub mod beams;
mod cache;
mod decoder;
mod passes;
pub mod sampler;
pub mod settings;
mod stepped;

pub use decoder::Decoder;
pub use stepped::{End, Flow, Pace, run};
