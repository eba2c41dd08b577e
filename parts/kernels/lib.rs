//! The lowest rooms of the library, compiled as a package of their own.
//!
//! In: `src/kernels`, `src/rng.rs` and `src/error.rs`. Out: the same modules, which `src/lib.rs` hands on under their names.
//! Cargo gives a level of optimisation to a package, not to a room: these loops are compiled for speed in the wasm that
//! ships, where most of the library is compiled for size.
//! It refuses to hold code of its own.

#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/kernels/mod.rs"]
pub mod kernels;
#[path = "../../src/order.rs"]
pub mod order;
#[path = "../../src/rng.rs"]
pub mod rng;

pub use error::{Context, Error, Kind, Result};
