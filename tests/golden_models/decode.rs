//! Decoding over a key/value cache gives the logits of the whole forward pass: in pieces of any length, with left padding, with
//! blocks of the cache in any order.

use griot::device::{Buffer, Device, Signal, Slice};
use griot::graph::Graph;
use griot::kernels::{Live, place};
use griot::models::{Store, build, init};
use griot::nn::{Cache, Mode, Role, Shape};
use griot::plan::Plan;

use crate::golden::Golden;
use crate::rig::{Inputs, devices};

const PLACES: [u32; 3] = [2, 0, 3];
const BLOCKS: usize = 4;

/// A stored model on a device with room for a cache.
struct Seat<'a> {
    golden: &'a Golden,
    device: &'a Device,
    store: Store,
    table: Vec<Buffer>,
    cache: Cache,
}

impl Seat<'_> {
    fn new<'a>(golden: &'a Golden, device: &'a Device, capacity: usize, rows: usize, source: usize) -> Seat<'a> {
        let model = build(&golden.config);
        let store = Store::new(model.inventory(), device.limits()).unwrap();
        let mut sizes = store.arenas().to_vec();
        let mut slices = |words: usize, count: usize| -> Vec<Slice> {
            (0..count)
                .map(|_| {
                    sizes.push(words);
                    Slice { buffer: sizes.len() - 1, offset: 0, words }
                })
                .collect()
        };
        let (layers, width) = (golden.config.layers(), golden.config.cache_width());
        let own = slices(BLOCKS * capacity * width, layers);
        let cross = slices(rows * source * width, if source > 0 { layers } else { 0 });
        let cache = Cache { blocks: BLOCKS, capacity, layers: own, lineage: false, cross, sources: rows };
        let table: Vec<Buffer> =
            sizes.iter().map(|&words| pollster::block_on(device.allocate("test", words)).unwrap()).collect();
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
        Seat { golden, device, store, table, cache }
    }

    fn play(&self, plan: &Plan, inputs: &Inputs, past: usize) -> Vec<f32> {
        pollster::block_on(async {
            let mut table = self.table.clone();
            for &words in &plan.own {
                table.push(self.device.allocate("test", words).await.unwrap());
            }
            for (name, words) in &inputs.0 {
                if let Some(slice) = plan.slice(name) {
                    assert_eq!(slice.words, words.len(), "{name}");
                    self.device.write(&table[slice.buffer], slice.offset, words).unwrap();
                }
            }
            let prepared = self.device.prepare(&plan.launches, &table).await.unwrap();
            let live = Live::default().with(place::PAST, past as u32);
            self.device.play(&prepared, &[live], &Signal::default()).await.unwrap();
            let Some(slice) = plan.slice("logits") else { return Vec::new() };
            let words = self.device.read(&table[slice.buffer], slice.offset, slice.words).await.unwrap();
            words.into_iter().map(f32::from_bits).collect()
        })
    }

    fn encode(&self, shape: &Shape, inputs: &Inputs) {
        let model = build(&self.golden.config);
        let mut graph = Graph::new();
        let weights = self.store.weights(&mut graph, None);
        model.encode(&mut graph, &weights, shape, &self.cache).unwrap();
        let plan = graph.plan(self.table.len(), self.device.limits()).unwrap();
        self.play(&plan, inputs, 0);
    }

    fn step(&self, shape: &Shape, inputs: &Inputs, past: usize) -> Vec<f32> {
        let model = build(&self.golden.config);
        let mode = Mode::Decode(self.cache.clone());
        let mut graph = Graph::new();
        let weights = self.store.weights(&mut graph, None);
        let outputs = model.forward(&mut graph, &weights, shape, &mode).unwrap();
        let logits = model.logits(&mut graph, &weights, shape, &mode, &outputs).unwrap();
        graph.keep("logits", logits);
        let plan = graph.plan(self.table.len(), self.device.limits()).unwrap();
        self.play(&plan, inputs, past)
    }
}

/// Columns `from..to` of rows of `time`.
fn columns(numbers: &[i64], time: usize, from: usize, to: usize) -> Vec<u32> {
    numbers.chunks(time).flat_map(|row| row[from..to].iter().map(|&n| n as u32)).collect()
}

/// Decodes a batch of three rows in pieces and compares each with the stored logits.
fn check(golden: &Golden, prefix: &str, ids: &str, logits: &str, pieces: &[usize]) {
    let (sizes, all) = golden.ids(&format!("{prefix}.{ids}"));
    let (rows, time) = (sizes[0], sizes[1]);
    let mask = format!("{prefix}.attention_mask");
    let two = golden.has("out.encoder_hidden_states.0");
    let mask = if two { vec![1; all.len()] } else { golden.ids(&mask).1 };
    let positions = match golden.has(&format!("{prefix}.position_ids")) {
        true => golden.ids(&format!("{prefix}.position_ids")).1,
        false => (0..all.len()).map(|at| (at % time) as i64).collect(),
    };
    let capacity = time + 3;
    let firsts = mask.chunks(time).map(|row| row.iter().position(|&m| m == 1).unwrap() as u32);
    let spans: Vec<u32> = firsts.flat_map(|first| [first, capacity as u32]).collect();
    let expected = golden.numbers(logits);
    let vocab = golden.config.vocab;
    let mut source = Inputs::default();
    let mut length = 0;
    if two {
        let (sizes, ids) = golden.ids(&format!("{prefix}.input_ids"));
        length = sizes[1];
        source.ids("encoder.ids", &ids);
        source.mask("encoder.", &golden.ids(&format!("{prefix}.attention_mask")).1, length, None);
    }
    for (name, device) in devices() {
        let seat = Seat::new(golden, &device, capacity, rows, length);
        if two {
            seat.encode(&Shape { batch: rows, source: length, ..Shape::default() }, &source);
        }
        let mut past = 0;
        for &piece in pieces {
            let mut inputs = Inputs(source.0.clone());
            inputs.0.insert("ids".to_owned(), columns(&all, time, past, past + piece));
            inputs.0.insert("positions".to_owned(), columns(&positions, time, past, past + piece));
            inputs.0.insert("spans".to_owned(), spans.clone());
            inputs.0.insert("places".to_owned(), PLACES.to_vec());
            let shape = Shape { batch: rows, time: piece, source: length, ..Shape::default() };
            let got = seat.step(&shape, &inputs, past);
            let wanted: Vec<f32> = expected
                .chunks(time * vocab)
                .flat_map(|row| row[past * vocab..(past + piece) * vocab].to_vec())
                .collect();
            let seen: Vec<bool> =
                mask.chunks(time).flat_map(|row| row[past..past + piece].iter().map(|&m| m == 1)).collect();
            golden.agree(&format!("{past}+{piece} on {name}"), &got, &wanted, Some(&seen), 1e-4);
            past += piece;
        }
        assert_eq!(past, time);
    }
}

#[test]
fn decoding_over_a_cache_gives_the_logits_of_the_whole_pass() {
    for case in ["gpt2", "llama", "mistral", "qwen2", "qwen3", "smollm"] {
        check(&Golden::open(case), "leftpad", "input_ids", "leftpad.logits", &[9, 1, 1, 4, 1]);
    }
}

#[test]
fn decoding_after_an_encoder_gives_the_logits_of_the_whole_pass() {
    check(&Golden::open("t5"), "in", "decoder_input_ids", "out.logits", &[1, 1, 3, 1, 2]);
}
