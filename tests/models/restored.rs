//! Values that only gradients of weights read are written again on the way back: the same bits, less memory, no launch more.

use griot::device::{Device, Launch, Limits, Signal, Slice};
use griot::graph::{Graph, Tensor};
use griot::kernels::Live;
use griot::kernels::activation::Activation;
use griot::ops::{Gate, Layout, Linear, Norm, NormKind};
use griot::plan::{Arenas, Plan, Stage};
use griot::rng::Rng;

use crate::seat::devices;

const ROWS: usize = 256;
const WIDTH: usize = 64;
const HIDDEN: usize = 128;
const PLAIN: Linear = Linear { layout: Layout::OutIn, bias: false, residual: false, activation: None };
const NORM: Norm =
    Norm { kind: NormKind::Layer, eps: 1e-5, scale: true, bias: true, unit_offset: false, residual: false };

/// The weights of a graph, one after the other in one store, their gradients in another.
#[derive(Default)]
struct Weights {
    words: usize,
}

impl Weights {
    fn next(&mut self, graph: &mut Graph, shape: &[usize]) -> Tensor {
        let home = Slice { buffer: 0, offset: self.words, words: shape.iter().product() };
        self.words += home.words;
        graph.weight(&format!("w{}", self.words), shape, home, Some(Slice { buffer: 1, ..home }))
    }
}

/// Forward and backward of four halves of blocks, two plain and two gated, and the words of their weights. Where their values are kept,
/// nothing need be written again.
fn plan(keep: bool, limits: Limits) -> (Plan, usize) {
    let (mut graph, mut weights) = (Graph::new(), Weights::default());
    let mut x = graph.input("x", &[ROWS, WIDTH]);
    let first = weights.next(&mut graph, &[WIDTH, WIDTH]);
    x = graph.one(PLAIN, &[x, first]).unwrap();
    for half in 0..4 {
        let (scale, bias) = (weights.next(&mut graph, &[WIDTH]), weights.next(&mut graph, &[WIDTH]));
        let y = graph.apply(NORM, &[x, scale, bias]).unwrap()[0];
        let z = if half % 2 == 0 {
            let up = weights.next(&mut graph, &[HIDDEN, WIDTH]);
            graph.apply(Linear { activation: Some(Activation::GeluTanh), ..PLAIN }, &[y, up]).unwrap()[0]
        } else {
            let both = weights.next(&mut graph, &[2 * HIDDEN, WIDTH]);
            let both = graph.one(PLAIN, &[y, both]).unwrap();
            graph.one(Gate { kind: Activation::Silu }, &[both]).unwrap()
        };
        if keep {
            graph.keep(&format!("y{half}"), y);
            graph.keep(&format!("z{half}"), z);
        }
        let down = weights.next(&mut graph, &[WIDTH, HIDDEN]);
        x = graph.one(Linear { residual: true, ..PLAIN }, &[z, down, x]).unwrap();
    }
    let seed = graph.input("seed", &[ROWS, WIDTH]);
    graph.backward(&[(x, Some(seed))]).unwrap();
    (graph.plan(2, limits).unwrap(), weights.words)
}

/// The gradients of all weights, and the plan that they come from.
fn gradients(device: &std::rc::Rc<Device>, keep: bool) -> (Vec<u32>, Plan) {
    let (plan, words) = plan(keep, device.limits());
    let mut rng = Rng::new(3, 1);
    let mut random = |count: usize| (0..count).map(|_| (rng.normal() as f32 * 0.3).to_bits()).collect::<Vec<u32>>();
    pollster::block_on(async {
        let arenas = Arenas::new(device.clone(), 2).await.unwrap();
        arenas.ensure(0, words, "test").await.unwrap();
        arenas.ensure(1, words, "test").await.unwrap();
        arenas.write(Slice { buffer: 0, offset: 0, words }, &random(words)).unwrap();
        let stage = Stage::new(&arenas, plan, "test").await.unwrap();
        stage.set("x", &random(ROWS * WIDTH)).unwrap();
        stage.set("seed", &random(ROWS * WIDTH)).unwrap();
        stage.play(&[Live::default()], &Signal::default()).await.unwrap();
        (arenas.read(Slice { buffer: 1, offset: 0, words }).await.unwrap(), stage.plan().clone())
    })
}

#[test]
fn restored_values_give_the_same_gradients_bit_for_bit_in_less_memory() {
    for (name, device) in devices() {
        let (kept, wide) = gradients(&device, true);
        let (restored, narrow) = gradients(&device, false);
        assert!(kept == restored, "on {name}: gradients differ");
        assert!(kept.iter().filter(|&&word| word != 0).count() > kept.len() / 2, "on {name}: hardly any gradient");
        assert_eq!(wide.launches.len(), narrow.launches.len(), "restoring takes no launch of its own");
        // Of all but the last half.
        let less = 3 * ROWS * (WIDTH + HIDDEN) * 4;
        assert!(narrow.bytes() + less as u64 <= wide.bytes(), "{} and {} bytes", narrow.bytes(), wide.bytes());
    }
}

#[test]
fn what_is_restored_stands_where_its_gradient_stood() {
    for keep in [false, true] {
        let (_, device) = devices().remove(0);
        let (plan, _) = plan(keep, device.limits());
        let of = |kernels: &[&str], binding: usize| {
            let launches = plan.launches.iter().filter(|launch| kernels.contains(&launch.kernel.name));
            launches.map(|launch: &Launch| launch.bindings[binding]).collect::<Vec<_>>()
        };
        // A matrix (out, in) has the gradient dyᵀ·x: the second factor is the value. The last product is that of the embedding.
        let read = of(&["matmul_tn"], 1);
        let (after_gates, after_norms): (Vec<_>, Vec<_>) = read[..8].chunks(2).map(|half| (half[0], half[1])).unzip();
        assert_eq!(read.len(), 9);
        assert_eq!(after_norms == of(&["norm_gradient"], 4), !keep);
        assert_eq!(after_gates == of(&["unary_gradient", "gate_gradient"], 1), !keep);
    }
}
