//! Weights and ids to ids: the cache, the two decode loops, samplers, stop ids. Knows no text.

pub mod settings;
