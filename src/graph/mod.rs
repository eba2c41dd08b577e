//! Symbolic tensors and the nodes between them: what a model computes, before any device is known.
//!
//! A graph is built once per (config, bucket, mode): inputs, weights, then operations. [`Graph::backward`] appends the
//! gradient as more nodes, [`Graph::plan`] lowers all of it to launches and memory.
//! Knows no operation by name: an operation is an [`Op`], and brings its own shape rule, launches and gradient.

use std::fmt::Debug;
use std::ops::Range;
use std::rc::Rc;

use crate::device::{Limits, Slice};
use crate::ensure;
use crate::error::{Context, Result};
use crate::kernels::Format;
use crate::plan::{Home, Plan, Step, Value};

mod lower;
mod recompute;
mod reverse;
mod sum;

pub use lower::Lowering;
pub use reverse::Reverse;

/// A tensor of a graph, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tensor(pub(crate) usize);

/// What an operation is: everything the house needs to run it and to train through it.
pub trait Op: Debug {
    /// Its name in messages and labels.
    fn name(&self) -> &'static str;
    /// The shapes of its outputs, or what is wrong with its inputs.
    fn shapes(&self, inputs: &[&[usize]]) -> Result<Vec<Vec<usize>>>;
    /// Its launches.
    fn lower(&self, l: &mut Lowering<'_>) -> Result<()>;
    /// The gradient, as more nodes. An operation for inference only says so with [`inference_only`].
    fn gradient(&self, r: &mut Reverse<'_>) -> Result<()>;
    /// Whether it reads input `input` also where that is a weight kept as f16.
    fn reads_halves(&self, _input: usize) -> bool {
        false
    }
    /// Whether it can add to what output `output` holds, instead of overwriting it.
    fn accumulates(&self, _output: usize) -> bool {
        false
    }
    /// Whether its gradient can write output `output` again, over the gradient that reached it; see [`Reverse::awaited`].
    fn restores(&self, _output: usize) -> bool {
        false
    }
}

/// The gradient of an operation that has none: refuses by name.
pub fn inference_only(name: &str) -> Result<()> {
    crate::bail!(Unsupported, "{name}: is for inference, there is no gradient through it")
}

/// Where a tensor comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Written by the host before a step.
    Input,
    /// A weight; `gradient` is where its gradient accumulates, if it is trainable.
    Weight { home: Slice, gradient: Option<Slice> },
    /// The gradient of a weight, in the store.
    Gradient { home: Slice },
    /// Memory that outlives the plan and that launches may write: caches, moments, reports.
    State { home: Slice },
    /// Computed.
    Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Info {
    pub(crate) shape: Vec<usize>,
    pub(crate) role: Role,
    pub(crate) name: String,
    /// A gradient is wanted for it or for something upstream of it.
    pub(crate) tracked: bool,
    pub(crate) kept: bool,
    /// The tensor whose memory this is another view of.
    pub(crate) of: Option<Tensor>,
    /// How its numbers lie; all but frozen weights are f32.
    pub(crate) format: Format,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) op: Rc<dyn Op>,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) outputs: Vec<Tensor>,
    /// Per output: add to what is there.
    pub(crate) accumulate: Vec<bool>,
    pub(crate) label: String,
    /// Replaced by a node that computes its outputs and gradients together.
    pub(crate) superseded: bool,
}

/// A computation, described.
#[derive(Debug, Default)]
pub struct Graph {
    pub(crate) tensors: Vec<Info>,
    pub(crate) nodes: Vec<Node>,
    scope: Vec<String>,
    gradients: Vec<(Tensor, Tensor)>,
    /// Stretches of nodes that run again on the way back.
    blocks: Vec<Range<usize>>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Graph::default()
    }

    fn tensor(&mut self, shape: &[usize], role: Role, name: &str, tracked: bool) -> Tensor {
        self.tensors.push(Info {
            shape: shape.to_vec(),
            role,
            name: name.to_owned(),
            tracked,
            kept: false,
            of: None,
            format: Format::F32,
        });
        Tensor(self.tensors.len() - 1)
    }

    /// An input that the host writes before each step; numbers or ids, 32 bits each.
    pub fn input(&mut self, name: &str, shape: &[usize]) -> Tensor {
        self.tensor(shape, Role::Input, name, false)
    }

    /// An input whose gradient is wanted, for tests and for losses over given numbers.
    pub fn variable(&mut self, name: &str, shape: &[usize]) -> Tensor {
        self.tensor(shape, Role::Input, name, true)
    }

    /// A weight in a store. `gradient` is where its gradient adds up; `None` freezes it, and it costs nothing.
    pub fn weight(&mut self, name: &str, shape: &[usize], home: Slice, gradient: Option<Slice>) -> Tensor {
        self.tensor(shape, Role::Weight { home, gradient }, name, gradient.is_some())
    }

    /// A weight in a store that does not learn, whose numbers lie in `format`.
    pub fn frozen(&mut self, name: &str, shape: &[usize], home: Slice, format: Format) -> Tensor {
        let tensor = self.weight(name, shape, home, None);
        self.tensors[tensor.0].format = format;
        tensor
    }

    /// Memory in a store that launches may read and write: caches, moments, reports.
    pub fn state(&mut self, name: &str, shape: &[usize], home: Slice) -> Tensor {
        self.tensor(shape, Role::State { home }, name, false)
    }

    /// The shape of a tensor.
    pub fn shape(&self, tensor: Tensor) -> &[usize] {
        &self.tensors[tensor.0].shape
    }

    /// The same numbers under another shape; costs nothing.
    pub fn view(&mut self, tensor: Tensor, shape: &[usize]) -> Result<Tensor> {
        let from = self.shape(tensor);
        let same = from.iter().product::<usize>() == shape.iter().product::<usize>();
        ensure!(same, Shape, "view: {from:?} cannot be seen as {shape:?}");
        let root = self.root(tensor);
        let (role, tracked) = (Role::Value, self.tensors[root.0].tracked);
        let view = self.tensor(shape, role, "", tracked);
        self.tensors[view.0].of = Some(root);
        Ok(view)
    }

    /// The tensor that owns the memory of `tensor`.
    pub(crate) fn root(&self, tensor: Tensor) -> Tensor {
        self.tensors[tensor.0].of.unwrap_or(tensor)
    }

    /// Names a tensor and keeps it until the end of the plan, for the host to read.
    pub fn keep(&mut self, name: &str, tensor: Tensor) {
        let root = self.root(tensor);
        let info = &mut self.tensors[root.0];
        info.kept = true;
        if info.role == Role::Value {
            info.name = name.to_owned();
        }
    }

    /// Runs `body` with `name` added to the labels of its nodes.
    pub fn scope<T>(&mut self, name: &str, body: impl FnOnce(&mut Graph) -> Result<T>) -> Result<T> {
        self.scope.push(name.to_owned());
        let result = body(self);
        let path = self.scope.join(".");
        self.scope.pop();
        result.context(|| path)
    }

    /// What `body` writes runs again on the way back: only what it takes is kept until then, and not what it makes on the way.
    pub fn recompute<T>(&mut self, body: impl FnOnce(&mut Graph) -> Result<T>) -> Result<T> {
        let first = self.nodes.len();
        let result = body(self)?;
        self.blocks.push(first..self.nodes.len());
        Ok(result)
    }

    /// Applies an operation; checks its shape rule.
    pub fn apply(&mut self, op: impl Op + 'static, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let shapes = {
            let given: Vec<&[usize]> = inputs.iter().map(|&t| self.shape(t)).collect();
            op.shapes(&given)?
        };
        let tracked = inputs.iter().any(|&t| self.tensors[t.0].tracked);
        let outputs: Vec<Tensor> = shapes.iter().map(|shape| self.tensor(shape, Role::Value, "", tracked)).collect();
        let accumulate = vec![false; outputs.len()];
        self.push(Rc::new(op), inputs, outputs.clone(), accumulate);
        Ok(outputs)
    }

    /// Applies an operation with one output.
    pub fn one(&mut self, op: impl Op + 'static, inputs: &[Tensor]) -> Result<Tensor> {
        let name = op.name();
        match self.apply(op, inputs)?[..] {
            [output] => Ok(output),
            ref outputs => crate::bail!(Internal, "{name}: {} outputs where one is wanted", outputs.len()),
        }
    }

    /// Applies an operation that writes into given tensors (states, or values written before); output `i` adds to what
    /// is there where `accumulate[i]`.
    pub fn apply_into(&mut self, op: impl Op + 'static, inputs: &[Tensor], outputs: &[Tensor], accumulate: &[bool]) {
        self.push(Rc::new(op), inputs, outputs.to_vec(), accumulate.to_vec());
    }

    /// Adds `from` to what `into` holds: a state that sums over plays.
    pub fn add_into(&mut self, from: Tensor, into: Tensor) -> Result<()> {
        let (of, is) = (self.shape(into), self.shape(from));
        ensure!(of == is, Shape, "add_into: {is:?} into {of:?}");
        self.apply_into(sum::Sum, &[from], &[into], &[true]);
        Ok(())
    }

    /// Fails with `out-of-memory` where a launch of `node` binds more than the device can.
    fn bindable(&self, node: &Node, step: &Step, limits: Limits) -> Result<()> {
        for (operand, binding) in step.bindings.iter().zip(step.kernel.bindings) {
            let shapes = |of: &[Tensor]| of.iter().map(|&t| self.shape(t).to_vec()).collect::<Vec<_>>();
            ensure!(
                operand.words <= limits.binding_words,
                OutOfMemory,
                [needed: operand.words * 4, limit: limits.binding_words * 4],
                "{}: {} from {:?} to {:?} needs {} bytes in one binding (`{}` of {}), the device allows {}",
                node.label,
                node.op.name(),
                shapes(&node.inputs),
                shapes(&node.outputs),
                operand.words * 4,
                binding.name,
                step.kernel.name,
                limits.binding_words * 4
            );
        }
        Ok(())
    }

    fn push(&mut self, op: Rc<dyn Op>, inputs: &[Tensor], outputs: Vec<Tensor>, accumulate: Vec<bool>) {
        let mut label = self.scope.join(".");
        if !label.is_empty() {
            label.push('.');
        }
        label.push_str(op.name());
        self.nodes.push(Node { op, inputs: inputs.to_vec(), outputs, accumulate, label, superseded: false });
    }

    /// The gradient of a tracked tensor, once [`Graph::backward`] has been called.
    pub fn gradient(&self, of: Tensor) -> Option<Tensor> {
        let of = self.root(of);
        self.gradients.iter().find(|(tensor, _)| *tensor == of).map(|(_, gradient)| *gradient)
    }

    /// Appends the gradients of everything tracked. Each root is a tensor and its gradient; a loss has none and counts as one.
    ///
    /// Fails with `internal` if a trainable weight receives no gradient.
    pub fn backward(&mut self, roots: &[(Tensor, Option<Tensor>)]) -> Result<()> {
        self.gradients = reverse::walk(self, roots)?;
        Ok(())
    }

    /// Lowers the nodes and plans their memory. Store buffers take the table places below `stores`.
    pub fn plan(&self, stores: usize, limits: Limits) -> Result<Plan> {
        let mut values = Vec::with_capacity(self.tensors.len());
        for info in &self.tensors {
            let home = match info.role {
                Role::Input => Home::Input,
                Role::Weight { home, .. } | Role::Gradient { home } | Role::State { home } => Home::Store(home),
                Role::Value if info.kept => Home::Kept,
                Role::Value => Home::Transient,
            };
            let words = info.format.words(info.shape.iter().product());
            values.push(Value { words, home, name: info.name.clone() });
        }
        let mut steps = Vec::new();
        for node in self.nodes.iter().filter(|node| !node.superseded) {
            for (at, &input) in node.inputs.iter().enumerate() {
                let format = self.tensors[self.root(input).0].format;
                let reads = format == Format::F32 || node.op.reads_halves(at);
                ensure!(reads, Internal, "{}: input {at} of {} is kept as {format:?}", node.label, node.op.name());
            }
            let before = steps.len();
            let mut lowering = Lowering::new(self, node, &mut values, &mut steps, limits);
            node.op.lower(&mut lowering).context(|| node.label.clone())?;
            for step in steps.iter().skip(before) {
                self.bindable(node, step, limits)?;
            }
        }
        let plan = Plan::new(steps, &values, stores, limits)?;
        if std::env::var_os("GRIOT_PLAN").is_some_and(|wanted| wanted == "1") {
            #[expect(clippy::print_stderr, reason = "GRIOT_PLAN=1 asks for the plan as text")]
            {
                eprintln!("{plan}");
            }
        }
        Ok(plan)
    }
}
