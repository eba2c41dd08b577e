//! Decoding over a key/value cache gives the logits of the whole forward pass: in pieces of any length, with left padding, with
//! blocks of the cache in any order.

use std::collections::BTreeMap;
use std::rc::Rc;

use griot::device::{Device, Signal, Slice};
use griot::graph::Graph;
use griot::kernels::{Live, place};
use griot::nn::{Cache, Mode, Shape};
use griot::plan::Stage;
use griot::tasks::Model;

use crate::golden::{Golden, agree};
use crate::seat::{at_tokens, devices, load};

const PLACES: [u32; 3] = [2, 0, 3];
const BLOCKS: usize = 4;

/// What a plan is fed, by name.
type Inputs = BTreeMap<String, Vec<u32>>;

/// A stored model on a device with room for a cache.
struct Seat {
    model: Model,
    cache: Cache,
}

impl Seat {
    fn new(golden: &Golden, device: &Rc<Device>, capacity: usize, rows: usize, source: usize) -> Seat {
        let model = load(device, golden);
        let placed = model.placed();
        let (layers, width) = (placed.config.layers(), placed.config.cache_width());
        let slices = |first: usize, words: usize, count: usize| -> Vec<Slice> {
            let slice = |layer: usize| {
                let place = placed.caches() + first + layer;
                pollster::block_on(placed.arenas.ensure(place, words, "test")).unwrap();
                Slice { buffer: place, offset: 0, words }
            };
            (0..count).map(slice).collect()
        };
        let own = slices(0, BLOCKS * capacity * width, layers);
        let cross = slices(layers, rows * source * width, if source > 0 { layers } else { 0 });
        let cache = Cache { blocks: BLOCKS, capacity, layers: own, lineage: false, cross, sources: rows };
        Seat { model, cache }
    }

    fn play(&self, graph: Graph, inputs: &Inputs, past: usize) -> Vec<f32> {
        let arenas = &self.model.placed().arenas;
        let plan = graph.plan(arenas.places(), arenas.device().limits()).unwrap();
        pollster::block_on(async {
            let stage = Stage::new(arenas, plan, "test").await.unwrap();
            for (name, words) in inputs {
                if stage.has(name) {
                    stage.set(name, words).unwrap();
                }
            }
            stage.play(&[Live::default().with(place::PAST, past as u32)], &Signal::default()).await.unwrap();
            if stage.has("logits") { stage.read_f32("logits").await.unwrap() } else { Vec::new() }
        })
    }

    fn encode(&self, shape: &Shape, inputs: &Inputs) {
        let placed = self.model.placed();
        let mut graph = Graph::new();
        let weights = placed.store.weights(&mut graph, None);
        placed.model.encode(&mut graph, &weights, shape, &self.cache).unwrap();
        self.play(graph, inputs, 0);
    }

    fn step(&self, shape: &Shape, inputs: &Inputs, past: usize) -> Vec<f32> {
        let placed = self.model.placed();
        let mode = Mode::Decode(self.cache.clone());
        let mut graph = Graph::new();
        let weights = placed.store.weights(&mut graph, None);
        let outputs = placed.model.forward(&mut graph, &weights, shape, &mode).unwrap();
        let logits = placed.model.logits(&mut graph, &weights, shape, &mode, &outputs).unwrap();
        graph.keep("logits", logits);
        self.play(graph, inputs, past)
    }
}

/// First seen place of each row and one past the last.
fn spans(mask: &[i64], time: usize) -> Vec<u32> {
    let span = |row: &[i64]| {
        let first = row.iter().position(|&m| m == 1).unwrap() as u32;
        [first, first + row.iter().sum::<i64>() as u32]
    };
    mask.chunks(time).flat_map(span).collect()
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
    let reach: Vec<u32> = firsts.flat_map(|first| [first, capacity as u32]).collect();
    let expected = golden.numbers(logits);
    let vocab = expected.shape[2];
    let mut source = Inputs::default();
    let mut length = 0;
    if two {
        let (sizes, ids) = golden.ids(&format!("{prefix}.input_ids"));
        length = sizes[1];
        source.insert("encoder.ids".to_owned(), columns(&ids, length, 0, length));
        source.insert("encoder.spans".to_owned(), spans(&golden.ids(&format!("{prefix}.attention_mask")).1, length));
    }
    for (name, device) in devices() {
        let seat = Seat::new(golden, &device, capacity, rows, length);
        if two {
            seat.encode(&Shape { batch: rows, source: length, ..Shape::default() }, &source);
        }
        let mut past = 0;
        for &piece in pieces {
            let mut inputs = source.clone();
            inputs.insert("ids".to_owned(), columns(&all, time, past, past + piece));
            inputs.insert("positions".to_owned(), columns(&positions, time, past, past + piece));
            inputs.insert("spans".to_owned(), reach.clone());
            inputs.insert("places".to_owned(), PLACES.to_vec());
            let shape = Shape { batch: rows, time: piece, source: length, ..Shape::default() };
            let got = seat.step(&shape, &inputs, past);
            let wanted: Vec<f32> = expected
                .data
                .chunks(time * vocab)
                .flat_map(|row| row[past * vocab..(past + piece) * vocab].to_vec())
                .collect();
            let seen: Vec<bool> =
                mask.chunks(time).flat_map(|row| row[past..past + piece].iter().map(|&m| m == 1)).collect();
            let what = format!("{}: {past}+{piece} on {name}", golden.name);
            agree(&what, &at_tokens(&got, &seen), &at_tokens(&wanted, &seen), 1e-4);
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
