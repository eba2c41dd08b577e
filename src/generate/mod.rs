//! Weights and ids to ids: the cache, the decode loop, samplers, stop ids. Knows no text.

mod decoder;
pub mod sampler;
pub mod settings;

pub use decoder::Decoder;
