//! What an operation sees while it writes its launches: operands for its tensors, scratch memory, the device's limits.

use super::{Graph, Node, Tensor};
use crate::device::Limits;
use crate::kernels::{Format, Kernel, Params};
use crate::plan::{Home, Operand, Step, Value, ValueId};

/// The lowering of one node.
#[derive(Debug)]
pub struct Lowering<'g> {
    graph: &'g Graph,
    node: &'g Node,
    values: &'g mut Vec<Value>,
    steps: &'g mut Vec<Step>,
    limits: Limits,
}

impl<'g> Lowering<'g> {
    pub(super) fn new(
        graph: &'g Graph,
        node: &'g Node,
        values: &'g mut Vec<Value>,
        steps: &'g mut Vec<Step>,
        limits: Limits,
    ) -> Self {
        Lowering { graph, node, values, steps, limits }
    }

    fn operand(&self, tensor: Tensor) -> Operand {
        let root = self.graph.root(tensor);
        let format = self.graph.tensors[root.0].format;
        let words = format.words(self.graph.shape(tensor).iter().product());
        Operand { value: ValueId(root.0), offset: 0, words, format }
    }

    /// Input `index`, whole.
    pub fn input(&self, index: usize) -> Operand {
        self.operand(self.node.inputs[index])
    }

    /// Output `index`, whole.
    pub fn output(&self, index: usize) -> Operand {
        self.operand(self.node.outputs[index])
    }

    /// The shape of input `index`.
    pub fn input_shape(&self, index: usize) -> &'g [usize] {
        self.graph.shape(self.node.inputs[index])
    }

    /// The shape of output `index`.
    pub fn output_shape(&self, index: usize) -> &'g [usize] {
        self.graph.shape(self.node.outputs[index])
    }

    /// How many inputs the node has.
    pub fn inputs(&self) -> usize {
        self.node.inputs.len()
    }

    /// Whether output `index` must be added to what is there.
    pub fn accumulates(&self, index: usize) -> bool {
        self.node.accumulate[index]
    }

    /// What the device imposes.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Memory that only this node uses, uninitialised.
    pub fn scratch(&mut self, words: usize) -> Operand {
        self.values.push(Value { words, home: Home::Transient, name: String::new() });
        Operand { value: ValueId(self.values.len() - 1), offset: 0, words, format: Format::F32 }
    }

    /// Adds a launch. `bindings` are in the kernel's order.
    pub fn launch<P: Params>(
        &mut self,
        kernel: &'static Kernel,
        params: &P,
        constants: &[(&'static str, u32)],
        bindings: &[Operand],
    ) {
        self.steps.push(Step {
            kernel,
            params: bytemuck::cast_slice(bytemuck::bytes_of(params)).to_vec(),
            constants: constants.to_vec(),
            bindings: bindings.to_vec(),
            extent: params.extent(constants),
            label: self.node.label.clone(),
        });
    }
}
