//! Every kernel on every device present, against its reference; every shader through naga.
//!
//! One file for each kernel file, under the same name: cases with awkward sizes. A device that is not there is named.

mod adam;
mod attention;
mod cache;
mod cross_entropy;
mod devices;
mod distill;
mod dropout;
mod embed;
mod fill;
mod gate;
mod gradient_norm;
mod head_norm;
mod label_loss;
mod losses;
mod matmul;
mod mutations;
mod norm;
mod pool;
mod positions;
mod relative_bias;
mod rope;
mod sample;
mod scale;
mod sgd;
mod shaders;
mod span_loss;
mod splits;
mod sum;
mod total;
mod unary;
mod update;
