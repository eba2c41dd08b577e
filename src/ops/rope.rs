//! Rotary positions on the queries and keys of a packed tensor; see [`crate::kernels::rope`]. The gradient turns back.

use crate::error::Result;
use crate::graph::{Lowering, Op, Reverse, inference_only};
use crate::kernels::rope::{Params, ROPE};
use crate::{bail, ensure};

/// `[packed (B, T, W), positions (B, T), table (P, rotary)] -> [packed]`; the table holds the cosines of all pairs, then the sines.
#[derive(Clone, Copy, Debug)]
pub struct Rope {
    /// H, heads of queries.
    pub heads: usize,
    /// K, heads of keys; 0 where there are queries only.
    pub kv_heads: usize,
    /// D.
    pub head: usize,
    /// The first this many numbers of each head turn.
    pub rotary: usize,
    /// Pairs are neighbours, not halves apart.
    pub interleaved: bool,
    /// K heads of values follow, which are copied.
    pub value: bool,
}

impl Rope {
    fn launch(&self, l: &mut Lowering<'_>, inverse: bool) {
        let shape = l.input_shape(0);
        let width = shape.last().copied().unwrap_or(0);
        let params = Params {
            rows: (l.input(0).words / width.max(1)) as u32,
            width: width as u32,
            turned: ((self.heads + self.kv_heads) * self.head) as u32,
            head: self.head as u32,
            rotary: self.rotary as u32,
            positions: l.input_shape(2)[0] as u32,
            interleaved: self.interleaved.into(),
            inverse: inverse.into(),
            accumulate: l.accumulates(0).into(),
        };
        l.launch(&ROPE, &params, &[], &[l.input(0), l.input(1), l.input(2), l.output(0)]);
    }
}

impl Op for Rope {
    fn name(&self) -> &'static str {
        "rope"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        let [packed, positions, table] = inputs else {
            bail!(Shape, "rope: {} inputs, a packed tensor, positions and a table are wanted", inputs.len())
        };
        let heads = self.heads + self.kv_heads + if self.value { self.kv_heads } else { 0 };
        let (rotary, width) = (self.rotary, heads * self.head);
        ensure!(
            rotary > 0 && rotary % 2 == 0 && rotary <= self.head,
            Shape,
            "rope: {rotary} of {} numbers of a head cannot turn in pairs",
            self.head
        );
        ensure!(packed.last() == Some(&width), Shape, "rope: packed {packed:?}, a width of {width} is wanted");
        ensure!(
            positions.iter().product::<usize>() * width == packed.iter().product::<usize>(),
            Shape,
            "rope: positions {positions:?} for packed {packed:?}"
        );
        let fits = matches!(table, [positions, columns] if *positions > 0 && *columns == rotary);
        ensure!(fits, Shape, "rope: a table {table:?}, (positions, {rotary}) is wanted");
        Ok(vec![packed.to_vec()])
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        self.launch(l, false);
        Ok(())
    }

    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()> {
        let Some(dout) = r.dout(0) else { return Ok(()) };
        if r.wants(0) {
            r.give(Back(*self), &[dout, r.input(1), r.input(2)], &[0])?;
        }
        Ok(())
    }
}

/// `[dpacked, positions, table] -> [dpacked turned back]`.
#[derive(Debug)]
struct Back(Rope);

impl Op for Back {
    fn name(&self) -> &'static str {
        "rope back"
    }

    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>> {
        self.0.shapes(inputs)
    }

    fn lower(&self, l: &mut Lowering<'_>) -> Result<()> {
        self.0.launch(l, true);
        Ok(())
    }

    fn gradient(&self, _: &mut Reverse<'_>) -> Result<()> {
        inference_only("rope back")
    }

    fn accumulates(&self, _output: usize) -> bool {
        true
    }
}
