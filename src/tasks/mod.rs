//! Text in, text out: where text meets numbers.

mod batch;
mod forward;
mod generate;
mod load;
mod model;
pub mod stop;
pub mod training;

pub use batch::{Given, Labels};
pub use forward::{Extras, Forward, Shown};
pub use generate::{Finish, Flow, Piece, Told};
pub use load::Loading;
pub use model::{Model, Tensor};
