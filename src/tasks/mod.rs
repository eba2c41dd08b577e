//! Text in, text out: where text meets numbers.

mod batch;
mod generate;
mod load;
mod model;
pub mod stop;

pub use batch::{Given, Labels};
pub use generate::{Finish, Flow, Piece, Told};
pub use load::Loading;
pub use model::{Forward, Model, Tensor};
