//! What a model does, and what it is measured against.
//!
//! In: texts, models. Out: the counting baseline that every model must beat. Refuses to know how models are built.

pub mod ngram; // the counting baseline
