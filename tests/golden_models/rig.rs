//! Builds the graph of a stored model, plays it on a device, and compares everything that comes out.

use std::collections::BTreeMap;

use griot::checkpoint::saved;
use griot::device::{Device, Host, Ledger, Options, Signal};
use griot::graph::{Graph, Tensor};
use griot::kernels::{Live, embed};
use griot::models::{Model, Outputs, Store, build, init};
use griot::nn::{Mode, Role, Shape, Weights};

use crate::golden::Golden;

/// Every device of this machine.
pub fn devices() -> Vec<(String, Device)> {
    let mut devices = vec![("cpu".to_owned(), Device::cpu(Host::native(), Ledger::new(None)))];
    if let Ok(gpu) = pollster::block_on(Device::gpu(Host::native(), Ledger::new(None), &Options::default())) {
        devices.push((gpu.report().name, gpu));
    }
    devices
}

/// What a batch is made of: host inputs by name.
#[derive(Default)]
pub struct Inputs(pub BTreeMap<String, Vec<u32>>);

impl Inputs {
    pub fn ids(&mut self, name: &str, ids: &[i64]) {
        let ids: Vec<u32> = ids.iter().map(|&id| id as u32).collect();
        self.0.insert(format!("{name}.buckets"), embed::buckets(&ids));
        self.0.insert(name.to_owned(), ids);
    }

    /// Spans of a mask, and positions that count from the first token, or as they are given.
    pub fn mask(&mut self, prefix: &str, mask: &[i64], time: usize, positions: Option<&[i64]>) {
        let mut spans = Vec::new();
        for row in mask.chunks(time) {
            let first = row.iter().position(|&m| m == 1).unwrap();
            spans.extend([first as u32, (first + row.iter().sum::<i64>() as usize) as u32]);
        }
        self.0.insert(format!("{prefix}spans"), spans);
        let counted: Vec<i64> = (0..mask.len()).map(|at| (at % time) as i64).collect();
        self.ids(&format!("{prefix}positions"), positions.unwrap_or(&counted));
    }

    /// Targets and equal coefficients where the label is not negative.
    pub fn targets(&mut self, labels: &[i64]) {
        let counted = labels.iter().filter(|&&label| label >= 0).count() as f32;
        self.0.insert("targets".to_owned(), labels.iter().map(|&label| label.max(0) as u32).collect());
        let coefficient = |&label: &i64| if label >= 0 { (1.0 / counted).to_bits() } else { 0 };
        self.0.insert("coefficients".to_owned(), labels.iter().map(coefficient).collect());
    }
}

/// Labels moved to the position that predicts them.
pub fn shifted(labels: &[i64], time: usize) -> Vec<i64> {
    labels.chunks(time).flat_map(|row| row[1..].iter().copied().chain([-100])).collect()
}

/// Names and tensors that are read back.
pub type Kept = Vec<(String, Tensor)>;

/// A model's graph in the making.
pub struct Site<'a> {
    pub graph: &'a mut Graph,
    pub weights: &'a Weights,
    pub model: &'a dyn Model,
    pub shape: &'a Shape,
    pub mode: &'a Mode,
}

impl Site<'_> {
    pub fn forward(&mut self) -> Outputs {
        self.model.forward(self.graph, self.weights, self.shape, self.mode).unwrap()
    }

    pub fn logits(&mut self, outputs: &Outputs) -> Tensor {
        self.model.logits(self.graph, self.weights, self.shape, self.mode, outputs).unwrap()
    }

    pub fn loss(&mut self, outputs: &Outputs) -> Tensor {
        self.model.loss(self.graph, self.weights, self.shape, self.mode, outputs, 0.0).unwrap().0
    }
}

/// Plays the graph that `describe` builds; with `train` its first kept tensor is the loss, and the gradients come back by
/// foreign name.
pub fn play(
    golden: &Golden,
    device: &Device,
    shape: &Shape,
    train: bool,
    inputs: &Inputs,
    describe: impl FnOnce(&mut Site<'_>) -> Kept,
) -> BTreeMap<String, Vec<f32>> {
    pollster::block_on(async {
        let model = build(&golden.config);
        let store = Store::new(model.inventory(), device.limits()).unwrap();
        let gradients = train.then(|| store.gradients(|_| true).unwrap());
        let mode = if train { Mode::Train } else { Mode::Infer };
        let mut graph = Graph::new();
        let weights = store.weights(&mut graph, gradients.as_ref());
        let site = &mut Site { graph: &mut graph, weights: &weights, model: &*model, shape, mode: &mode };
        let kept = describe(site);
        for (name, tensor) in &kept {
            graph.keep(name, *tensor);
        }
        if train {
            graph.backward(&[(kept[0].1, None)]).unwrap();
        }
        let mut sizes = store.arenas().to_vec();
        sizes.extend(gradients.iter().flat_map(|g| g.arenas().to_vec()));
        let plan = graph.plan(sizes.len(), device.limits()).unwrap();
        sizes.extend(&plan.own);
        let mut table = Vec::new();
        for words in sizes {
            table.push(device.allocate("test", words).await.unwrap());
        }
        for (index, parameter) in store.inventory().iter().enumerate() {
            let home = store.home(index).unwrap();
            let mut numbers = golden.weights[index].clone();
            if parameter.role == Role::Fixed {
                let take = |at: usize, stretch: &[f32]| {
                    numbers[at..at + stretch.len()].copy_from_slice(stretch);
                    Ok(())
                };
                init::fill(parameter, &parameter.parts[0], 0, take).unwrap();
            }
            device.write(&table[home.buffer], home.offset, bytemuck::cast_slice(&numbers)).unwrap();
        }
        for (name, words) in &inputs.0 {
            if let Some(slice) = plan.slice(name) {
                assert_eq!(slice.words, words.len(), "{name}");
                device.write(&table[slice.buffer], slice.offset, words).unwrap();
            }
        }
        let prepared = device.prepare(&plan.launches, &table).await.unwrap();
        device.play(&prepared, &[Live::default()], &Signal::default()).await.unwrap();
        let mut found = BTreeMap::new();
        for (name, _) in &kept {
            let slice = plan.slice(name).unwrap();
            let words = device.read(&table[slice.buffer], slice.offset, slice.words).await.unwrap();
            found.insert(name.clone(), words.into_iter().map(f32::from_bits).collect());
        }
        if let Some(gradients) = &gradients {
            for saved in saved(&golden.config, store.inventory()).unwrap() {
                let Some(home) = gradients.home(saved.parameter) else { continue };
                let place = home.offset + saved.words.start;
                let words = device.read(&table[home.buffer], place, saved.words.len()).await.unwrap();
                found.insert(saved.name, words.into_iter().map(f32::from_bits).collect());
            }
        }
        found
    })
}

/// The main batch of a case, right padded; labels as the task has them.
pub fn main_batch(golden: &Golden, prefix: &str, causal: bool) -> (Shape, Inputs, Vec<bool>) {
    let (sizes, ids) = golden.ids(&format!("{prefix}.input_ids"));
    let (batch, time) = (sizes[0], sizes[1]);
    let mut inputs = Inputs::default();
    inputs.ids("ids", &ids);
    let mask = format!("{prefix}.attention_mask");
    let mask = if golden.has(&mask) { golden.ids(&mask).1 } else { vec![1; ids.len()] };
    let positions = format!("{prefix}.position_ids");
    let positions = golden.has(&positions).then(|| golden.ids(&positions).1);
    inputs.mask("", &mask, time, positions.as_deref());
    let types = format!("{prefix}.token_type_ids");
    inputs.ids("types", &if golden.has(&types) { golden.ids(&types).1 } else { vec![0; ids.len()] });
    let labels = format!("{prefix}.labels");
    if golden.has(&labels) {
        let (sizes, labels) = golden.ids(&labels);
        let labels = match sizes.len() {
            // One label a row, predicted at its first position.
            1 => labels.iter().flat_map(|&label| (0..time).map(move |at| if at == 0 { label } else { -100 })).collect(),
            _ if causal => shifted(&labels, time),
            _ => labels,
        };
        inputs.targets(&labels);
    }
    let seen = mask.iter().map(|&m| m == 1).collect();
    (Shape { batch, time, ..Shape::default() }, inputs, seen)
}

/// Hidden states, attentions and logits of a model of one stack; then its loss and every gradient.
pub fn check(case: &str, causal: bool) {
    let golden = Golden::open(case);
    let (shape, inputs, seen) = main_batch(&golden, "in", causal);
    let shape = Shape { maps: true, ..shape };
    for (device_name, device) in devices() {
        let found = play(&golden, &device, &shape, false, &inputs, |site| {
            let outputs = site.forward();
            let mut kept = vec![("out.logits".to_owned(), site.logits(&outputs))];
            for (at, &hidden) in outputs.hidden.iter().enumerate() {
                kept.push((format!("out.hidden_states.{at}"), hidden));
            }
            for (at, &map) in outputs.maps.iter().enumerate() {
                kept.push((format!("out.attentions.{at}"), map));
            }
            kept
        });
        let mut compared = 0;
        for (name, got) in &found {
            if !golden.has(name) {
                continue;
            }
            let expected = golden.numbers(name);
            let what = format!("{name} on {device_name}");
            if name.contains("attentions") {
                let heads = got.len() / (seen.len() * shape.time);
                let rows = seen.chunks(shape.time).flat_map(|row| row.repeat(heads)).collect::<Vec<bool>>();
                golden.agree(&what, got, &expected, Some(&rows), 1e-4);
            } else if expected.len().is_multiple_of(seen.len()) {
                golden.agree(&what, got, &expected, Some(&seen), 1e-4);
            } else {
                // A classifier: its logits stand at each row's first position.
                let labels = expected.len() / shape.batch;
                let first: Vec<f32> = got.chunks(labels * shape.time).flat_map(|row| row[..labels].to_vec()).collect();
                golden.agree(&what, &first, &expected, None, 1e-4);
            }
            compared += 1;
        }
        assert!(compared >= 2 * golden.config.layers() + 2, "{case}: only {compared} tensors compared");
        gradients(&golden, &device, &device_name, &Shape { maps: false, ..shape.clone() }, &inputs);
    }
}

/// The loss and every gradient.
pub fn gradients(golden: &Golden, device: &Device, device_name: &str, shape: &Shape, inputs: &Inputs) {
    let found = play(golden, device, shape, true, inputs, |site| {
        let outputs = site.forward();
        vec![("the loss".to_owned(), site.loss(&outputs))]
    });
    golden.agree(&format!("loss on {device_name}"), &found["the loss"], &[golden.loss()], None, 1e-4);
    let names = golden.gradient_names();
    assert_eq!(found.len(), names.len() + 1, "{}: {:?}", golden.name, found.keys());
    let mut largest = 0.0f32;
    for name in &names {
        largest = golden.gradient(name).iter().fold(largest, |most, g| most.max(g.abs()));
    }
    for name in names {
        let (got, expected) = (&found[&name], golden.gradient(&name));
        let what = format!("gradient of {name} on {device_name}");
        if golden.is_noise(&name) {
            assert!(got.iter().all(|g| g.abs() <= 1e-5 * largest), "{}: {what} is more than noise", golden.name);
        } else {
            golden.agree(&what, got, &expected, None, 1e-3);
        }
    }
}

/// The logits of another batch, at the positions that hold tokens.
pub fn check_logits(case: &str, prefix: &str) {
    let golden = Golden::open(case);
    let (shape, inputs, seen) = main_batch(&golden, prefix, true);
    for (device_name, device) in devices() {
        let found = play(&golden, &device, &shape, false, &inputs, |site| {
            let outputs = site.forward();
            vec![("logits".to_owned(), site.logits(&outputs))]
        });
        let expected = golden.numbers(&format!("{prefix}.logits"));
        golden.agree(&format!("{prefix} on {device_name}"), &found["logits"], &expected, Some(&seen), 1e-4);
    }
}
