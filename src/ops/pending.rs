//! Operations that models name and that are still being written, each under its coming name and fields.
//!
//! Each refuses by name when it is used. Those that land stand in `mod.rs` by name and hide these; the file goes with the last.

use super::Attention;
use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse};

macro_rules! pending {
    ($name:ident { $($field:ident : $ty:ty),* }) => {
        #[doc = "Still being written."]
        #[derive(Clone, Debug)]
        pub struct $name {
            $(#[doc = "See the models."] pub $field: $ty),*
        }

        impl Op for $name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }

            fn shapes(&self, _: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
                crate::bail!(Unsupported, "{} is still being written", stringify!($name))
            }

            fn lower(&self, _: &mut Lowering<'_>) -> Result<()> {
                crate::bail!(Unsupported, "{} is still being written", stringify!($name))
            }

            fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
                crate::bail!(Unsupported, "{} is still being written", stringify!($name))
            }
        }
    };
}

pending!(AttentionMap { of: Attention });
