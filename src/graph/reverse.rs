//! The reverse walk: from the roots back to everything tracked, each node's gradient as more nodes.
//!
//! Gradients of shared tensors add up: the first contribution makes the gradient, later ones add to it, in place where
//! the operation can, through [`Sum`] where it cannot. Gradients of weights live in a store and always accumulate, so that
//! micro-batches add up there. After the walk every trainable weight must have received one.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::sum::Sum;
use super::{Graph, Op, Role, Tensor, recompute};
use crate::ensure;
use crate::error::{Context, Result};

/// What an operation sees while it writes its gradient.
#[derive(Debug)]
pub struct Reverse<'g> {
    graph: &'g mut Graph,
    node: usize,
    gradients: &'g mut BTreeMap<Tensor, Tensor>,
    /// Tensors whose gradient is complete and has been used: nobody will ask for it again.
    done: &'g mut BTreeSet<Tensor>,
}

pub(super) fn walk(graph: &mut Graph, roots: &[(Tensor, Option<Tensor>)]) -> Result<Vec<(Tensor, Tensor)>> {
    let mut gradients: BTreeMap<Tensor, Tensor> = BTreeMap::new();
    let mut losses: BTreeSet<Tensor> = BTreeSet::new();
    let mut done = BTreeSet::new();
    for &(root, seed) in roots {
        let root = graph.root(root);
        match seed {
            Some(seed) => {
                let (of, is) = (graph.shape(root), graph.shape(seed));
                let same = of.iter().product::<usize>() == is.iter().product::<usize>();
                ensure!(same, Shape, "backward: the gradient of {of:?} has shape {is:?}");
                gradients.insert(root, seed);
            }
            None => {
                losses.insert(root);
            }
        }
    }
    let mut end = graph.nodes.len();
    while end > 0 {
        if let Some(block) = graph.blocks.iter().find(|block| block.end == end && !block.is_empty()).cloned() {
            end = block.start;
            if block.clone().any(|node| reached(graph, node, &gradients, &losses)) {
                done.extend(block.clone().flat_map(|node| graph.nodes[node].outputs.clone()));
                let again = recompute::again(graph, block, &mut gradients);
                for node in again.clone().rev() {
                    step(graph, node, &mut gradients, &losses, &mut done)?;
                }
                recompute::prune(graph, again);
            }
            continue;
        }
        end -= 1;
        step(graph, end, &mut gradients, &losses, &mut done)?;
    }
    for (at, info) in graph.tensors.iter().enumerate() {
        if let Role::Weight { gradient: Some(_), .. } = info.role {
            ensure!(
                gradients.contains_key(&Tensor(at)),
                Internal,
                "backward: the trainable weight `{}` receives no gradient",
                info.name
            );
        }
    }
    Ok(gradients.into_iter().collect())
}

/// Whether a gradient comes to a node and something before it wants one.
fn reached(graph: &Graph, node: usize, gradients: &BTreeMap<Tensor, Tensor>, losses: &BTreeSet<Tensor>) -> bool {
    let Some(node) = graph.nodes.get(node) else { return false };
    let comes = node.outputs.iter().any(|output| gradients.contains_key(output) || losses.contains(output));
    comes && node.inputs.iter().any(|&input| graph.tensors[input.0].tracked)
}

/// Writes the gradient of one node.
fn step(
    graph: &mut Graph,
    node: usize,
    gradients: &mut BTreeMap<Tensor, Tensor>,
    losses: &BTreeSet<Tensor>,
    done: &mut BTreeSet<Tensor>,
) -> Result<()> {
    if !reached(graph, node, gradients, losses) {
        return Ok(());
    }
    done.extend(graph.nodes[node].outputs.iter().copied());
    let label = graph.nodes[node].label.clone();
    let op = graph.nodes[node].op.clone();
    let scope = std::mem::replace(&mut graph.scope, vec![format!("{label}.gradient")]);
    let result = op.gradient(&mut Reverse { graph, node, gradients, done });
    graph.scope = scope;
    result.context(|| label)
}

impl Reverse<'_> {
    /// Input `index` of the node.
    pub fn input(&self, index: usize) -> Tensor {
        self.graph.nodes[self.node].inputs[index]
    }

    /// How many inputs the node has.
    pub fn inputs(&self) -> usize {
        self.graph.nodes[self.node].inputs.len()
    }

    /// Output `index` of the node.
    pub fn output(&self, index: usize) -> Tensor {
        self.graph.nodes[self.node].outputs[index]
    }

    /// The shape of any tensor.
    pub fn shape(&self, tensor: Tensor) -> &[usize] {
        self.graph.shape(tensor)
    }

    /// The gradient that reached output `index`, if any did.
    pub fn dout(&self, index: usize) -> Option<Tensor> {
        self.gradients.get(&self.output(index)).copied()
    }

    /// Whether the gradient of input `index` is wanted.
    pub fn wants(&self, index: usize) -> bool {
        self.graph.tensors[self.input(index).0].tracked
    }

    /// Adds nodes for numbers in between.
    pub fn emit(&mut self, op: impl Op + 'static, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.graph.apply(op, inputs)
    }

    /// The outputs of `op` are contributions to the gradients of the inputs `targets`, in order.
    pub fn give(&mut self, op: impl Op + 'static, inputs: &[Tensor], targets: &[usize]) -> Result<()> {
        let op: Rc<dyn Op> = Rc::new(op);
        self.give_after(op, inputs, Vec::new(), targets)
    }

    /// Replaces the node by `op`, whose first outputs are the node's own and whose further outputs are contributions to the
    /// gradients of the inputs `targets`. For losses, which compute value and gradient in one go.
    pub fn supersede(&mut self, op: impl Op + 'static, inputs: &[Tensor], targets: &[usize]) -> Result<()> {
        let outputs = self.graph.nodes[self.node].outputs.clone();
        self.graph.nodes[self.node].superseded = true;
        self.give_after(Rc::new(op), inputs, outputs, targets)
    }

    fn give_after(
        &mut self,
        op: Rc<dyn Op>,
        inputs: &[Tensor],
        mut outputs: Vec<Tensor>,
        targets: &[usize],
    ) -> Result<()> {
        let own = outputs.len();
        let mut accumulate = vec![false; own];
        let mut sums: Vec<(Tensor, Tensor)> = Vec::new();
        for (at, &target) in targets.iter().enumerate() {
            let of = self.graph.root(self.input(target));
            ensure!(self.graph.tensors[of.0].tracked, Internal, "{}: input {target} wants no gradient", op.name());
            let shape = self.graph.shape(of).to_vec();
            match self.existing(of)? {
                Some(sum) if op.accumulates(own + at) => {
                    outputs.push(sum);
                    accumulate.push(true);
                }
                Some(sum) => {
                    let part = self.graph.tensor(&shape, Role::Value, "", false);
                    outputs.push(part);
                    accumulate.push(false);
                    sums.push((sum, part));
                }
                None => {
                    let fresh = self.graph.tensor(&shape, Role::Value, "", false);
                    self.gradients.insert(of, fresh);
                    outputs.push(fresh);
                    accumulate.push(false);
                }
            }
        }
        self.graph.push(op, inputs, outputs, accumulate);
        for (sum, part) in sums {
            self.graph.apply_into(Sum, &[part], &[sum], &[true]);
        }
        Ok(())
    }

    /// The gradient of input `target` is `dout` itself (residual connections).
    pub fn pass(&mut self, dout: Tensor, target: usize) -> Result<()> {
        let of = self.graph.root(self.input(target));
        if !self.graph.tensors[of.0].tracked {
            return Ok(());
        }
        if let Some(sum) = self.existing(of)? {
            let part = if sum == dout { self.graph.one(Sum, &[dout])? } else { dout };
            self.graph.apply_into(Sum, &[part], &[sum], &[true]);
            return Ok(());
        }
        // A host's input may not be written, and one tensor cannot be the running sum of two gradients at a time.
        let free = self.gradients.iter().all(|(of, &gradient)| gradient != dout || self.done.contains(of));
        let own = self.graph.tensors[dout.0].role == Role::Value && free;
        let gradient = if own { dout } else { self.graph.one(Sum, &[dout])? };
        self.gradients.insert(of, gradient);
        Ok(())
    }

    /// The running sum that a contribution to the gradient of `of` adds to; weights have theirs from the start.
    fn existing(&mut self, of: Tensor) -> Result<Option<Tensor>> {
        if let Some(&sum) = self.gradients.get(&of) {
            if self.graph.tensors[sum.0].role != Role::Input {
                return Ok(Some(sum));
            }
            let own = self.graph.one(Sum, &[sum])?;
            self.gradients.insert(of, own);
            return Ok(Some(own));
        }
        let info = &self.graph.tensors[of.0];
        let Role::Weight { gradient: Some(home), .. } = info.role else { return Ok(None) };
        let (shape, name) = (info.shape.clone(), format!("{}.gradient", info.name));
        let sum = self.graph.tensor(&shape, Role::Gradient { home }, &name, false);
        self.gradients.insert(of, sum);
        Ok(Some(sum))
    }
}
