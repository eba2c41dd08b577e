//! Weights <-> bytes: safetensors, shards, names ours and Hugging Face's.
//!
//! What comes in are chunks of bytes, what goes out are numbers with their place in a model's inventory; and back.
//! Only this room and the tokenizer's files know file formats. It refuses to know places: paths, URLs, devices.

pub mod header;
pub mod load;
pub mod names;
pub mod safetensors;
pub mod shards;

pub use header::{Dtype, Entry, Header};
pub use load::{Loading, Saved, Target, saved};
pub use names::{Found, Names};
pub use safetensors::{Reader, Stretch, to_bytes, write_header};
pub use shards::Index;
