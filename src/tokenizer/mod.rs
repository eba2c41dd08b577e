//! Text to ids and back.
//!
//! The folders are the pipeline: normalise, split, model, decode. Knows no tensor.
