//! griot trains tokenizers and trains, adapts and runs transformer language models, in a browser tab or natively.
//!
//! Read this list from top to bottom and you have walked through the house; data takes the same way.

/// Text to ids, and conversations to text.
pub mod tokenizer {
    pub use griot_chat::chat; // conversations -> text
    pub use griot_tokenizer::tokenizer::*;
    pub use griot_training::train; // texts -> a vocabulary // text -> ids // conversations -> text
}
pub mod data; // ids -> batches
pub mod models; // config -> graph
pub mod train; // batches + graph -> new weights
pub mod checkpoint; // weights <-> bytes
pub mod generate; // weights + ids -> ids
pub mod study; // what a model does
pub mod tasks; // text in, text out

// -- what it stands on --
pub mod nn; // bricks: linear, norm, attention, mlp, embedding, block, heads
pub mod ops; // one file per operation: shape rule, launches, gradient
pub mod graph; // symbolic tensors, the reverse walk; knows no operation by name
pub mod plan; // graph -> launches + memory
pub mod device; // two players of one plan: gpu and cpu
pub use griot_kernels::error;
pub use griot_kernels::kernels; // one file per WGSL file: Params, reference, cpu
pub use griot_kernels::order; // one way to sort
pub use griot_kernels::rng; // one counter-based generator
pub use griot_kernels::{bail, ensure};

// -- the door --
#[cfg(all(feature = "js", target_arch = "wasm32"))]
pub mod js;

pub use error::{Context, Error, Kind, Result};
