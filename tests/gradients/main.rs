//! Every operation's gradient against central differences, both in f64: the plan is played by the kernels' references.
//!
//! One file for each operation file, under the same name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activation;
mod attention;
mod cross_entropy;
mod dropout;
mod embed;
mod head_norm;
mod linear;
mod losses;
mod norm;
mod pool;
mod probe;
mod relative_bias;
mod restored;
mod rope;
mod scale;
mod sums;
