//! What stands outside of its row's span becomes zero: hidden states at padding, for models that read them there.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse};
use crate::kernels::pool::POOL;
use crate::ops::Pool;
use crate::{bail, ensure};

/// `[x (B, T, C), kept (B, T, 2) u32] -> [y (B, T, C)]`: each place's own span, `(t, t + 1)` where it is kept, empty where it is zero.
///
/// Its gradient is the same once more.
#[derive(Clone, Copy, Debug)]
pub struct Mute;

impl Op for Mute {
    fn name(&self) -> &'static str {
        "mute"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let [x @ &[batch, time, _], kept] = *inputs else {
            bail!(Shape, "mute: (B, T, C) and a span for each place are wanted, got {inputs:?}")
        };
        ensure!(kept == [batch, time, 2], Shape, "mute: places {x:?} with spans of {kept:?}");
        Ok(vec![x.to_vec()])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        let params = Pool::Sum.params(l.input_shape(0), l.input_shape(1))?;
        l.launch(&POOL, &params, &[], &[l.input(0), l.input(1), l.output(0)]);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        match r.dout(0) {
            Some(dy) if r.wants(0) => r.give(Mute, &[dy, r.input(1)], &[0]),
            _ => Ok(()),
        }
    }
}
