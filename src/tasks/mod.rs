//! Text in, text out: where text meets numbers.

mod batch;
mod load;
mod model;
pub mod stop;

pub use batch::{Given, Labels};
pub use load::Loading;
pub use model::{Forward, Model, Tensor};
