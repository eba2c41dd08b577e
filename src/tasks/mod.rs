//! Text in, text out: where text meets numbers.

pub mod stop;
