//! The reverse walk: from the roots back to everything tracked, each node's gradient as more nodes.
//!
//! Gradients of shared tensors add up: the first contribution makes the gradient, later ones add to it, in place where
//! the operation can, through [`Sum`] where it cannot. Gradients of weights live in a store and always accumulate, so that
//! micro-batches add up there. After the walk every trainable weight must have received one.
//! A value that only the gradient of a weight reads need not live from the way there to the way back: where its maker can write it
//! again, over the gradient that has reached it, that gradient waits until then ([`Reverse::give_late`]).

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
    walk: &'g mut Walk,
}

/// What the walk knows so far.
#[derive(Debug, Default)]
struct Walk {
    gradients: BTreeMap<Tensor, Tensor>,
    losses: BTreeSet<Tensor>,
    /// Tensors whose gradient is complete and has been used: nobody will ask for it again.
    done: BTreeSet<Tensor>,
    /// Contributions that wait for a value to be written again.
    late: Vec<Late>,
    /// The first node of the stretch that is walked now: nothing before it is reached before all of it is.
    first: usize,
}

/// A contribution to gradients that has not been written yet.
#[derive(Debug)]
struct Late {
    op: Rc<dyn Op>,
    inputs: Vec<Tensor>,
    /// The input that its maker writes again.
    at: usize,
    targets: Vec<Tensor>,
    scope: Vec<String>,
}

pub(super) fn walk(graph: &mut Graph, roots: &[(Tensor, Option<Tensor>)]) -> Result<Vec<(Tensor, Tensor)>> {
    let mut walk = Walk::default();
    for &(root, seed) in roots {
        let root = graph.root(root);
        match seed {
            Some(seed) => {
                let (of, is) = (graph.shape(root), graph.shape(seed));
                let same = of.iter().product::<usize>() == is.iter().product::<usize>();
                ensure!(same, Shape, "backward: the gradient of {of:?} has shape {is:?}");
                walk.gradients.insert(root, seed);
            }
            None => {
                walk.losses.insert(root);
            }
        }
    }
    let mut end = graph.nodes.len();
    while end > 0 {
        if let Some(block) = graph.blocks.iter().find(|block| block.end == end && !block.is_empty()).cloned() {
            end = block.start;
            if block.clone().any(|node| walk.reaches(graph, node)) {
                walk.done.extend(block.clone().flat_map(|node| graph.nodes[node].outputs.clone()));
                let again = recompute::again(graph, block, &mut walk.gradients);
                walk.first = again.start;
                for node in again.clone().rev() {
                    walk.step(graph, node)?;
                }
                recompute::prune(graph, again);
            }
            continue;
        }
        walk.first = graph.blocks.iter().map(|block| block.end).filter(|&before| before <= end).max().unwrap_or(0);
        end -= 1;
        walk.step(graph, end)?;
    }
    ensure!(walk.late.is_empty(), Internal, "backward: {} contributions were never written", walk.late.len());
    for (at, info) in graph.tensors.iter().enumerate() {
        if let Role::Weight { gradient: Some(_), .. } = info.role {
            ensure!(
                walk.gradients.contains_key(&Tensor(at)),
                Internal,
                "backward: the trainable weight `{}` receives no gradient",
                info.name
            );
        }
    }
    Ok(walk.gradients.into_iter().collect())
}

impl Walk {
    /// Whether a gradient comes to a node and something before it wants one.
    fn reaches(&self, graph: &Graph, node: usize) -> bool {
        let Some(node) = graph.nodes.get(node) else { return false };
        let comes =
            node.outputs.iter().any(|output| self.gradients.contains_key(output) || self.losses.contains(output));
        comes && node.inputs.iter().any(|&input| graph.tensors[input.0].tracked)
    }

    /// Writes the gradient of one node, and what still waits for its outputs.
    fn step(&mut self, graph: &mut Graph, node: usize) -> Result<()> {
        if !self.reaches(graph, node) {
            return Ok(());
        }
        self.done.extend(graph.nodes[node].outputs.iter().copied());
        let label = graph.nodes[node].label.clone();
        let op = graph.nodes[node].op.clone();
        let scope = std::mem::replace(&mut graph.scope, vec![format!("{label}.gradient")]);
        let mut reverse = Reverse { graph, node, walk: self };
        let mut result = op.gradient(&mut reverse);
        for output in reverse.graph.nodes[node].outputs.clone() {
            result = result.and_then(|()| reverse.settle(output));
        }
        graph.scope = scope;
        result.context(|| label)
    }
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
        self.walk.gradients.get(&self.output(index)).copied()
    }

    /// Whether the gradient of input `index` is wanted.
    pub fn wants(&self, index: usize) -> bool {
        self.graph.tensors[self.input(index).0].tracked
    }

    /// Adds nodes for numbers in between.
    pub fn emit(&mut self, op: impl Op + 'static, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.graph.apply(op, inputs)
    }

    /// As [`dout`](Reverse::dout), in memory of its own, which a launch may write: a seed of the host's is copied.
    pub fn own_dout(&mut self, index: usize) -> Result<Option<Tensor>> {
        self.existing(self.output(index))
    }

    /// The outputs of `op` are contributions to the gradients of the inputs `targets`, in order.
    pub fn give(&mut self, op: impl Op + 'static, inputs: &[Tensor], targets: &[usize]) -> Result<()> {
        self.give_after(Rc::new(op), inputs, Vec::new(), self.roots(targets))
    }

    /// As [`give`](Reverse::give), but where the maker of the value `inputs[at]` writes it again in its own gradient, only then, and
    /// from what it wrote: the value itself need not be kept so long.
    pub fn give_late(&mut self, op: impl Op + 'static, inputs: &[Tensor], at: usize, targets: &[usize]) -> Result<()> {
        let (op, targets): (Rc<dyn Op>, _) = (Rc::new(op), self.roots(targets));
        if !self.comes_again(self.graph.root(inputs[at])) {
            return self.give_after(op, inputs, Vec::new(), targets);
        }
        let scope = self.graph.scope.clone();
        self.walk.late.push(Late { op, inputs: inputs.to_vec(), at, targets, scope });
        Ok(())
    }

    /// Whether `value` will be written again while no node that is still to be walked needs it before.
    fn comes_again(&self, value: Tensor) -> bool {
        let nodes = &self.graph.nodes;
        let makes = |node: usize| nodes[node].outputs.iter().position(|&output| output == value);
        let maker = (self.walk.first..self.node).rev().find_map(|node| makes(node).map(|output| (node, output)));
        let Some((maker, output)) = maker else { return false };
        let reads = |node: usize| nodes[node].inputs.iter().any(|&input| self.graph.root(input) == value);
        let walked = self.walk.gradients.contains_key(&value) && !self.graph.tensors[value.0].kept;
        walked && nodes[maker].op.restores(output) && !(maker + 1..self.node).any(reads)
    }

    /// Whether something waits for output `index` to be written again, over its gradient; it is told by [`restored`](Reverse::restored).
    pub fn awaited(&self, index: usize) -> bool {
        let output = self.output(index);
        self.walk.late.iter().any(|late| self.graph.root(late.inputs[late.at]) == output)
    }

    /// Output `index` stands again, in the memory of its gradient, which is no more: what waited for it is written now.
    pub fn restored(&mut self, index: usize) -> Result<()> {
        let output = self.output(index);
        let Some(place) = self.walk.gradients.remove(&output) else {
            crate::bail!(Internal, "{} restores a value without a gradient", self.graph.nodes[self.node].label)
        };
        for late in &mut self.walk.late {
            let value = late.inputs[late.at];
            if self.graph.root(value) == output {
                let shape = self.graph.shape(value).to_vec();
                late.inputs[late.at] = self.graph.view(place, &shape)?;
            }
        }
        self.settle(place)
    }

    /// Writes what waits and reads `tensor`: it is about to be written, or will not come again.
    fn settle(&mut self, tensor: Tensor) -> Result<()> {
        let tensor = self.graph.root(tensor);
        let reads = |graph: &Graph, late: &Late| late.inputs.iter().any(|&input| graph.root(input) == tensor);
        while let Some(at) = self.walk.late.iter().position(|late| reads(self.graph, late)) {
            let Late { op, inputs, targets, scope, .. } = self.walk.late.remove(at);
            let here = std::mem::replace(&mut self.graph.scope, scope);
            self.give_after(op, &inputs, Vec::new(), targets)?;
            self.graph.scope = here;
        }
        Ok(())
    }

    /// The tensors that own the inputs `targets`.
    fn roots(&self, targets: &[usize]) -> Vec<Tensor> {
        targets.iter().map(|&target| self.graph.root(self.input(target))).collect()
    }

    /// Replaces the node by `op`, whose first outputs are the node's own and whose further outputs are contributions to the
    /// gradients of the inputs `targets`. For losses, which compute value and gradient in one go.
    pub fn supersede(&mut self, op: impl Op + 'static, inputs: &[Tensor], targets: &[usize]) -> Result<()> {
        let outputs = self.graph.nodes[self.node].outputs.clone();
        self.graph.nodes[self.node].superseded = true;
        self.give_after(Rc::new(op), inputs, outputs, self.roots(targets))
    }

    fn give_after(
        &mut self,
        op: Rc<dyn Op>,
        inputs: &[Tensor],
        mut outputs: Vec<Tensor>,
        targets: Vec<Tensor>,
    ) -> Result<()> {
        let own = outputs.len();
        let mut accumulate = vec![false; own];
        let mut sums: Vec<(Tensor, Tensor)> = Vec::new();
        for (at, of) in targets.into_iter().enumerate() {
            ensure!(self.graph.tensors[of.0].tracked, Internal, "{}: target {at} wants no gradient", op.name());
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
                    self.walk.gradients.insert(of, fresh);
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
        let free = self.walk.gradients.iter().all(|(of, &gradient)| gradient != dout || self.walk.done.contains(of));
        let own = self.graph.tensors[dout.0].role == Role::Value && free;
        let gradient = if own { dout } else { self.graph.one(Sum, &[dout])? };
        self.walk.gradients.insert(of, gradient);
        Ok(())
    }

    /// The running sum that a contribution to the gradient of `of` adds to; weights have theirs from the start.
    fn existing(&mut self, of: Tensor) -> Result<Option<Tensor>> {
        if let Some(&sum) = self.walk.gradients.get(&of) {
            if self.graph.tensors[sum.0].role != Role::Input {
                self.settle(sum)?;
                return Ok(Some(sum));
            }
            let own = self.graph.one(Sum, &[sum])?;
            self.walk.gradients.insert(of, own);
            return Ok(Some(own));
        }
        let info = &self.graph.tensors[of.0];
        let Role::Weight { gradient: Some(home), .. } = info.role else { return Ok(None) };
        let (shape, name) = (info.shape.clone(), format!("{}.gradient", info.name));
        let sum = self.graph.tensor(&shape, Role::Gradient { home }, &name, false);
        self.walk.gradients.insert(of, sum);
        Ok(Some(sum))
    }
}
