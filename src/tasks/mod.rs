//! Text in, text out: where text meets numbers.

mod batch;
mod evaluate;
mod forward;
mod generate;
mod inspect;
mod labelling;
mod learning;
mod load;
mod model;
mod reading;
mod session;
mod show;
pub mod stop;
pub mod training;

pub use batch::{Given, Labels};
pub use evaluate::Evaluation;
pub use forward::{Extras, Forward, Shown};
pub use generate::{Finish, Flow, Piece, Prompt, Told};
pub use inspect::{LayerTrace, Trace, Views};
pub use labelling::{Filling, Span};
pub use load::Loading;
pub use model::{Model, Tensor};
pub use reading::{Pooling, ROWS};
pub use session::{Fitting, Session, fit};
