//! A probe: an operation (or a few) over variables, checked by central differences.
//!
//! The loss is a fixed random combination of the outputs. Each variable is tried as a plain input and as a weight whose
//! gradient accumulates in a store, since these are two ways through the reverse walk. Then the check itself is checked: with the sign of
//! any launch of the way back broken, it must fail.

use griot::Result;
use griot::device::reference::Reference;
use griot::device::{Class, Limits, Slice};
use griot::graph::{Graph, Tensor};
use griot::kernels::{Access, Live};
use griot::plan::Plan;
use griot::rng::Rng;

const LIMITS: Limits = Limits { binding_words: 1 << 30, buffer_words: 1 << 30, class: Class::Cpu };
const STEP: f64 = 1e-5;

type Build = dyn Fn(&mut Graph, &[Tensor], &[Tensor]) -> Result<Vec<Tensor>>;

/// What is checked.
pub struct Probe {
    /// Shapes of the variables and the scale of their values.
    pub variables: Vec<(Vec<usize>, f64)>,
    /// Fixed words that the operation takes: whole numbers, or real ones as their bits in f64.
    pub fixed: Vec<Vec<f64>>,
    /// Live words.
    pub live: Live,
    /// Builds the outputs that have a gradient. A single output of shape [1] is a loss and gets no seed.
    pub build: Box<Build>,
    /// Largest error allowed, relative to the largest numeric gradient of the variable.
    pub tolerance: f64,
}

impl Probe {
    pub fn new(
        variables: &[&[usize]],
        build: impl Fn(&mut Graph, &[Tensor], &[Tensor]) -> Result<Vec<Tensor>> + 'static,
    ) -> Probe {
        Probe {
            variables: variables.iter().map(|shape| (shape.to_vec(), 1.0)).collect(),
            fixed: Vec::new(),
            live: Live::default(),
            build: Box::new(build),
            tolerance: 1e-7,
        }
    }

    /// The next fixed input: whole numbers.
    pub fn ids(mut self, ids: &[u32]) -> Probe {
        self.fixed.push(ids.iter().map(|&id| f64::from_bits(u64::from(id))).collect());
        self
    }

    /// The next fixed input: real numbers.
    pub fn numbers(mut self, numbers: &[f64]) -> Probe {
        self.fixed.push(numbers.to_vec());
        self
    }

    /// Checks every variable's gradient, as input and as weight.
    pub fn check(&self) {
        for weights in [false, true] {
            self.check_as(weights);
        }
    }

    fn check_as(&self, weights: bool) {
        let mut rng = Rng::new(11, 5);
        let mut start: Vec<Vec<f64>> = Vec::new();
        for (shape, scale) in &self.variables {
            start.push((0..shape.iter().product()).map(|_| rng.normal() * scale).collect());
        }
        let (plan, seeds, names) = self.plan(weights, true);
        let seeds: Vec<(String, Vec<f64>)> =
            seeds.into_iter().map(|(name, words)| (name, (0..words).map(|_| rng.normal()).collect())).collect();
        let mut memory = self.memory(&plan, &start, weights);
        for (name, seed) in &seeds {
            memory.write(plan.slice(name).unwrap(), seed);
        }
        memory.play(&plan.launches, &self.live);
        let analytic: Vec<Vec<f64>> =
            names.iter().map(|name| memory.read(plan.slice(name).unwrap()).to_vec()).collect();

        let (forward, outputs, _) = self.plan(weights, false);
        let loss = |values: &[Vec<f64>]| -> f64 {
            let mut memory = self.memory(&forward, values, weights);
            memory.play(&forward.launches, &self.live);
            let mut sum = 0.0;
            for (at, (name, _)) in outputs.iter().enumerate() {
                let out = memory.read(forward.slice(name).unwrap());
                sum += match seeds.get(at) {
                    Some((_, seed)) => out.iter().zip(seed).map(|(o, s)| o * s).sum::<f64>(),
                    None => out[0],
                };
            }
            sum
        };
        let mut all_numeric = Vec::new();
        for (v, analytic) in analytic.iter().enumerate() {
            let mut numeric = Vec::with_capacity(analytic.len());
            let mut values = start.clone();
            for i in 0..analytic.len() {
                let x = start[v][i];
                values[v][i] = x + STEP;
                let above = loss(&values);
                values[v][i] = x - STEP;
                let below = loss(&values);
                values[v][i] = x;
                numeric.push((above - below) / (2.0 * STEP));
            }
            let scale = numeric.iter().fold(0.0f64, |most, n| most.max(n.abs()));
            assert!(scale > 1e-6, "variable {v} has no numeric gradient to compare with");
            let off = self.off(analytic, &numeric);
            let (i, error) = off.unwrap_or_default();
            let (a, n) = (analytic[i], numeric[i]);
            assert!(
                off.is_none(),
                "variable {v} (weights {weights}), number {i}: gradient {a}, numeric {n}, off by {error:.1e}"
            );
            all_numeric.push(numeric);
        }
        self.mutate(&plan, &names, &seeds, &start, weights, &all_numeric);
    }

    /// The first number that is off by more than allowed, and by how much.
    fn off(&self, analytic: &[f64], numeric: &[f64]) -> Option<(usize, f64)> {
        let scale = numeric.iter().fold(0.0f64, |most, n| most.max(n.abs()));
        let errors = analytic.iter().zip(numeric).map(|(a, n)| (a - n).abs() / scale);
        errors.enumerate().find(|(_, error)| error.is_nan() || *error > self.tolerance)
    }

    /// Breaks the sign of what each launch writes, one after the other: the check must fail for every launch of the way back.
    #[expect(clippy::print_stdout, reason = "a test says how often it was tested")]
    fn mutate(
        &self,
        plan: &Plan,
        names: &[String],
        seeds: &[(String, Vec<f64>)],
        start: &[Vec<f64>],
        weights: bool,
        numeric: &[Vec<f64>],
    ) {
        let mut seen = 0;
        for (at, launch) in plan.launches.iter().enumerate() {
            let mut memory = self.memory(plan, start, weights);
            for (name, seed) in seeds {
                memory.write(plan.slice(name).unwrap(), seed);
            }
            memory.play(&plan.launches[..at], &self.live);
            let written = launch.bindings.iter().zip(launch.kernel.bindings).filter(|(_, b)| b.access == Access::Write);
            let before: Vec<(Slice, Vec<f64>)> =
                written.map(|(&slice, _)| (slice, memory.read(slice).to_vec())).collect();
            memory.play(&plan.launches[at..=at], &self.live);
            for (slice, before) in before {
                let turned: Vec<f64> =
                    memory.read(slice).iter().zip(&before).map(|(now, old)| 2.0 * old - now).collect();
                memory.write(slice, &turned);
            }
            memory.play(&plan.launches[at + 1..], &self.live);
            let broken: Vec<Vec<f64>> =
                names.iter().map(|name| memory.read(plan.slice(name).unwrap()).to_vec()).collect();
            // A value of the way there may not matter, and zeros have no sign; all else must.
            let counts = launch.label.contains(".gradient") && !["fill", "total"].contains(&launch.kernel.name);
            let caught = broken.iter().zip(numeric).any(|(broken, numeric)| self.off(broken, numeric).is_some());
            let name = launch.kernel.name;
            assert!(caught || !counts, "a broken sign in launch {at}, {name} of {}, is not seen", launch.label);
            seen += usize::from(caught);
        }
        println!("{seen} broken signs were seen");
    }

    /// The plan, its seeds (backward) or outputs (forward) with their sizes, and the names of the variables' gradients.
    fn plan(&self, weights: bool, backward: bool) -> (Plan, Vec<(String, usize)>, Vec<String>) {
        let mut graph = Graph::new();
        let mut offset = 0;
        let mut variables = Vec::new();
        for (v, (shape, _)) in self.variables.iter().enumerate() {
            let words: usize = shape.iter().product();
            let name = format!("variable{v}");
            variables.push(if weights {
                let home = Slice { buffer: 0, offset, words };
                offset += words.next_multiple_of(64);
                graph.weight(&name, shape, home, Some(Slice { buffer: 1, ..home }))
            } else {
                graph.variable(&name, shape)
            });
        }
        let ids: Vec<Tensor> = self
            .fixed
            .iter()
            .enumerate()
            .map(|(at, words)| graph.input(&format!("fixed{at}"), &[words.len()]))
            .collect();
        let outputs = (self.build)(&mut graph, &variables, &ids).unwrap();
        let mut named = Vec::new();
        let mut names = Vec::new();
        if backward {
            let is_loss = outputs.len() == 1 && graph.shape(outputs[0]) == [1];
            let mut roots = Vec::new();
            for (o, &output) in outputs.iter().enumerate() {
                if is_loss {
                    roots.push((output, None));
                    continue;
                }
                let shape = graph.shape(output).to_vec();
                let seed = graph.input(&format!("seed{o}"), &shape);
                named.push((format!("seed{o}"), shape.iter().product()));
                roots.push((output, Some(seed)));
            }
            graph.backward(&roots).unwrap();
            for (v, &variable) in variables.iter().enumerate() {
                let gradient = graph.gradient(variable).unwrap();
                let name = if weights { format!("variable{v}.gradient") } else { format!("gradient{v}") };
                graph.keep(&name, gradient);
                names.push(name);
            }
        } else {
            for (o, &output) in outputs.iter().enumerate() {
                graph.keep(&format!("out{o}"), output);
                named.push((format!("out{o}"), 0));
            }
        }
        (graph.plan(2, LIMITS).unwrap(), named, names)
    }

    fn memory(&self, plan: &Plan, values: &[Vec<f64>], weights: bool) -> Reference {
        let store: usize =
            self.variables.iter().map(|(shape, _)| shape.iter().product::<usize>().next_multiple_of(64)).sum();
        let mut sizes = vec![store.max(64), store.max(64)];
        sizes.extend(&plan.own);
        let mut memory = Reference::new(&sizes);
        let mut offset = 0;
        for (v, numbers) in values.iter().enumerate() {
            let home = if weights {
                let home = Slice { buffer: 0, offset, words: numbers.len() };
                offset += numbers.len().next_multiple_of(64);
                home
            } else {
                plan.slice(&format!("variable{v}")).unwrap()
            };
            memory.write(home, numbers);
        }
        for (at, words) in self.fixed.iter().enumerate() {
            memory.write(plan.slice(&format!("fixed{at}")).unwrap(), words);
        }
        memory
    }
}
