//! One file per operation: shape rule, launches, gradient.
//!
//! What comes in are shapes and operands, what goes out are launches of `kernels`. An operation knows what it saves for its
//! gradient; it refuses to know models, weights' names and devices.

mod activation;
mod attention;
mod attention_backward;
mod attention_map;
mod cache;
mod cross_entropy;
mod dropout;
mod embed;
mod gate;
mod head_norm;
mod linear;
mod losses;
mod mute;
mod product;
mod norm;
mod pool;
mod positions;
mod relative_bias;
mod rope;
mod rows;
mod sample;
mod scale;
mod update;

pub use activation::Activate;
pub use attention::{Attention, Source};
pub use attention_map::AttentionMap;
pub use cache::CacheAppend;
pub use cross_entropy::LinearCrossEntropy;
pub use dropout::Dropout;
pub use embed::Embed;
pub use gate::Gate;
pub use head_norm::HeadNorm;
pub use linear::{Layout, Linear};
pub use losses::LogitLoss;
pub use mute::Mute;
pub use norm::{Norm, NormKind};
pub use pool::Pool;
pub use positions::Positions;
pub use relative_bias::RelativeBias;
pub use rope::Rope;
pub use sample::{IN_PROMPT, Sample, SampleCount, SampleRecord, Sampling};
pub use scale::Scale;
pub use update::{GradientNorm, Rule, Update};
