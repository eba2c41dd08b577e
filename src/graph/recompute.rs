//! Blocks that run again on the way back (Chen et al. 2016): less memory for about a third more time, the same gradients bit for bit.
//!
//! A block's nodes are written a second time right before its gradient, with tensors of their own, and the gradient reads these. So
//! nothing inside the block need live from the way there to the way back. What of the second time nobody reads is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Graph, Node, Role, Tensor};

/// Writes the nodes of `block` again; the gradients of what they made pass to what they make now. Gives the new nodes.
pub(super) fn again(graph: &mut Graph, block: Range<usize>, gradients: &mut BTreeMap<Tensor, Tensor>) -> Range<usize> {
    let mut twins: BTreeMap<Tensor, Tensor> = BTreeMap::new();
    let first = graph.nodes.len();
    for node in block {
        let (op, label) = (graph.nodes[node].op.clone(), format!("{} again", graph.nodes[node].label));
        let (inputs, outputs) = (graph.nodes[node].inputs.clone(), graph.nodes[node].outputs.clone());
        let accumulate = graph.nodes[node].accumulate.clone();
        let inputs = inputs.into_iter().map(|input| twin(graph, &twins, input)).collect();
        let mut made = Vec::with_capacity(outputs.len());
        for output in outputs {
            let info = &graph.tensors[output.0];
            let (shape, tracked) = (info.shape.clone(), info.tracked);
            let fresh = graph.tensor(&shape, Role::Value, "", tracked);
            twins.insert(output, fresh);
            if let Some(&gradient) = gradients.get(&output) {
                gradients.insert(fresh, gradient);
            }
            made.push(fresh);
        }
        graph.nodes.push(Node { op, inputs, outputs: made, accumulate, label, superseded: false });
    }
    first..graph.nodes.len()
}

/// What stands for `tensor` the second time: itself, where the block only takes it.
fn twin(graph: &mut Graph, twins: &BTreeMap<Tensor, Tensor>, tensor: Tensor) -> Tensor {
    let root = graph.root(tensor);
    let Some(&fresh) = twins.get(&root) else { return tensor };
    if root == tensor {
        return fresh;
    }
    let (shape, tracked) = (graph.tensors[tensor.0].shape.clone(), graph.tensors[tensor.0].tracked);
    let view = graph.tensor(&shape, Role::Value, "", tracked);
    graph.tensors[view.0].of = Some(fresh);
    view
}

/// Leaves out those of the nodes `again` whose outputs nobody reads.
pub(super) fn prune(graph: &mut Graph, again: Range<usize>) {
    let mut read: BTreeSet<Tensor> = BTreeSet::new();
    for node in graph.nodes.iter().skip(again.end) {
        read.extend(node.inputs.iter().map(|&input| graph.root(input)));
    }
    for node in again.rev() {
        let wanted = graph.nodes[node].outputs.iter().any(|output| read.contains(output));
        graph.nodes[node].superseded |= !wanted;
        if wanted {
            read.extend(graph.nodes[node].inputs.iter().map(|&input| graph.root(input)));
        }
    }
}
