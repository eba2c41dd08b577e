//! A stored model on each device, and its stored batches as a caller would give them.

use std::rc::Rc;

use griot::device::{Device, Host, Ledger, Options, Signal};
use griot::generate::Decoder;
use griot::tasks::{Given, Labels, Loading, Model};

use crate::golden::{Golden, agree, largest, worst};

/// The devices of this machine; one that is missing is named.
pub fn devices() -> Vec<(&'static str, Rc<Device>)> {
    let mut found = vec![("cpu", Rc::new(Device::cpu(Host::native(), Ledger::new(None))))];
    match pollster::block_on(Device::gpu(Host::native(), Ledger::new(None), &Options::default())) {
        Ok(gpu) => found.push(("gpu", Rc::new(gpu))),
        Err(error) => eprintln!("skipped: no GPU adapter here ({error})"),
    }
    found
}

/// Loads a stored model, in chunks that split numbers.
pub fn load(device: &Rc<Device>, golden: &Golden) -> Model {
    let bytes = golden.bytes("model.safetensors");
    pollster::block_on(async {
        let mut loading = Loading::new(device.clone(), &golden.config, None, None, None).await.unwrap();
        loading.header("model.safetensors", bytes.len() as u64, &bytes).unwrap();
        loading.judge().unwrap();
        for chunk in bytes.chunks(1_001) {
            loading.feed(0, chunk).unwrap();
        }
        loading.finish(0).unwrap()
    })
}

fn rows(golden: &Golden, name: &str) -> Vec<Vec<i64>> {
    let (shape, data) = golden.ids(name);
    data.chunks(shape[shape.len() - 1]).map(<[i64]>::to_vec).collect()
}

fn unsigned(rows: Vec<Vec<i64>>) -> Vec<Vec<u32>> {
    rows.into_iter().map(|row| row.into_iter().map(|n| u32::try_from(n).unwrap()).collect()).collect()
}

/// The batch stored under a prefix (`in`, `leftpad`, `long`).
pub fn batch(golden: &Golden, prefix: &str) -> Given {
    let ids = |name: &str| {
        let name = format!("{prefix}.{name}");
        golden.has(&name).then(|| unsigned(rows(golden, &name)))
    };
    let labels = format!("{prefix}.labels");
    Given {
        input_ids: ids("input_ids").unwrap(),
        attention_mask: ids("attention_mask"),
        type_ids: ids("token_type_ids"),
        position_ids: ids("position_ids"),
        labels: golden.has(&labels).then(|| Labels::Tokens(rows(golden, &labels))),
        ..Given::default()
    }
}

/// The stored training batches.
pub fn training_batches(golden: &Golden) -> Vec<Given> {
    let (shape, _) = golden.ids("train.input_ids");
    let (steps, per_step) = (shape[0], shape[1]);
    let ids = unsigned(rows(golden, "train.input_ids"));
    let mask = unsigned(rows(golden, "train.attention_mask"));
    let labels = rows(golden, "train.labels");
    let step = |at: usize| at * per_step..(at + 1) * per_step;
    (0..steps)
        .map(|at| Given {
            input_ids: ids[step(at)].to_vec(),
            attention_mask: Some(mask[step(at)].to_vec()),
            labels: Some(Labels::Tokens(labels[step(at)].to_vec())),
            ..Given::default()
        })
        .collect()
}

/// Which places of the batch hold tokens.
fn seen(given: &Given) -> Vec<bool> {
    match &given.attention_mask {
        Some(mask) => mask.iter().flatten().map(|&m| m == 1).collect(),
        None => vec![true; given.input_ids.iter().map(Vec::len).sum()],
    }
}

/// The numbers at places that hold tokens.
fn at_tokens(data: &[f32], seen: &[bool]) -> Vec<f32> {
    let inner = data.len() / seen.len();
    data.chunks(inner).zip(seen).filter(|(_, seen)| **seen).flat_map(|(numbers, _)| numbers.to_vec()).collect()
}

/// Logits, hidden states and loss of the main batch, and the logits of the others.
pub fn check_forward(case: &str) {
    let golden = Golden::open(case);
    for (name, device) in devices() {
        let model = load(&device, &golden);
        let given = batch(&golden, "in");
        let places = seen(&given);
        let out = pollster::block_on(model.forward(&given, true, false, &Signal::default())).unwrap();
        let compare = |what: &str, got: &[f32], expected: &[f32]| {
            let (got, expected) = (at_tokens(got, &places), at_tokens(expected, &places));
            agree(&format!("{case} on {name}: {what}"), &got, &expected, 1e-4);
        };
        compare("logits", &out.logits.data, &golden.numbers("out.logits").data);
        for (layer, hidden) in out.hidden.iter().enumerate() {
            compare(
                &format!("hidden {layer}"),
                &hidden.data,
                &golden.numbers(&format!("out.hidden_states.{layer}")).data,
            );
        }
        assert!(!golden.has(&format!("out.hidden_states.{}", out.hidden.len())), "{case}: a hidden state is missing");
        let loss = golden.record["loss"].as_f64().unwrap() as f32;
        agree(&format!("{case} on {name}: loss"), &[out.loss.unwrap()], &[loss], 1e-4);
        for prefix in ["leftpad", "long"] {
            if golden.has(&format!("{prefix}.logits")) {
                let given = batch(&golden, prefix);
                let places = seen(&given);
                let out = pollster::block_on(model.forward(&given, false, false, &Signal::default())).unwrap();
                let expected = golden.numbers(&format!("{prefix}.logits"));
                let (got, expected) = (at_tokens(&out.logits.data, &places), at_tokens(&expected.data, &places));
                agree(&format!("{case} on {name}: {prefix}"), &got, &expected, 1e-4);
            }
        }
    }
}

/// Attention probabilities of the main batch.
pub fn check_attentions(case: &str) {
    let golden = Golden::open(case);
    for (name, device) in devices() {
        let model = load(&device, &golden);
        let given = batch(&golden, "in");
        let places = seen(&given);
        let out = pollster::block_on(model.forward(&given, false, true, &Signal::default())).unwrap();
        assert!(!out.attentions.is_empty(), "{case} on {name}: no attentions");
        let time = given.input_ids[0].len();
        for (layer, map) in out.attentions.iter().enumerate() {
            let expected = golden.numbers(&format!("out.attentions.{layer}"));
            assert_eq!(map.shape, expected.shape, "{case}: attention {layer}");
            // Rows of queries that hold no token are nobody's.
            let heads = expected.shape[1];
            let queries: Vec<bool> =
                places.chunks(time).flat_map(|row| (0..heads).flat_map(|_| row.to_vec()).collect::<Vec<_>>()).collect();
            let (got, expected) = (at_tokens(&map.data, &queries), at_tokens(&expected.data, &queries));
            agree(&format!("{case} on {name}: attention {layer}"), &got, &expected, 1e-4);
        }
    }
}

/// The gradient of every parameter.
pub fn check_gradients(case: &str) {
    let golden = Golden::open(case);
    let expected = golden.gradients();
    let most = expected.iter().map(|(_, numbers)| largest(&numbers.data)).fold(0.0f32, f32::max);
    let zero = golden.record["numerics"]["gradients_zero_in_exact_arithmetic"].as_array().cloned().unwrap_or_default();
    for (name, device) in devices() {
        let model = load(&device, &golden);
        let (loss, found) = pollster::block_on(model.gradients(&batch(&golden, "in"), &Signal::default())).unwrap();
        agree(&format!("{case} on {name}: loss"), &[loss], &[golden.record["loss"].as_f64().unwrap() as f32], 1e-4);
        assert_eq!(found.len(), expected.len(), "{case}: parameters with a gradient");
        for (parameter, numbers) in &expected {
            let (_, got) = found.iter().find(|(known, _)| known == parameter).unwrap();
            assert_eq!(got.shape, numbers.shape, "{case}: {parameter}");
            let noise = zero.iter().any(|known| known.as_str() == Some(parameter));
            let (scale, tolerance) = if noise { (most, 1e-5) } else { (largest(&numbers.data), 1e-3) };
            let off = worst(&got.data, &numbers.data, scale);
            assert!(off <= tolerance, "{case} on {name}: gradient of {parameter} off by {off:.2e}");
        }
    }
}

/// Greedy decoding of the stored prompts, alone and as one batch padded on the left, token for token.
pub fn greedy(case: &str) {
    let golden = Golden::open(case);
    for (name, device) in devices() {
        let model = load(&device, &golden);
        for kind in ["single", "batch"] {
            let record = &golden.record["greedy"][kind];
            let rows = |key: &str| -> Vec<Vec<u32>> { serde_json::from_value(record[key].clone()).unwrap() };
            let (ids, mask, expected) = (rows("input_ids"), rows("attention_mask"), rows("sequences"));
            let prompts: Vec<Vec<u32>> = ids
                .iter()
                .zip(&mask)
                .map(|(ids, mask)| ids.iter().zip(mask).filter(|(_, m)| **m == 1).map(|(id, _)| *id).collect())
                .collect();
            let made: Vec<Vec<u32>> = pollster::block_on(async {
                let mut decoder = Decoder::new(model.placed().clone(), &prompts).await.unwrap();
                let mut made = vec![Vec::new(); prompts.len()];
                for _ in 0..record["max_new_tokens"].as_u64().unwrap() {
                    let logits = decoder.logits(&Signal::default()).await.unwrap();
                    let next: Vec<u32> = logits
                        .iter()
                        .map(|row| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as u32)
                        .collect();
                    made.iter_mut().zip(&next).for_each(|(made, &id)| made.push(id));
                    decoder.push(&next).unwrap();
                }
                made
            });
            for (row, (made, expected)) in made.iter().zip(&expected).enumerate() {
                assert_eq!(made, &expected[ids[row].len()..], "{case} {kind} on {name}, row {row}");
            }
        }
    }
}
