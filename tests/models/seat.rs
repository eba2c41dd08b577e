//! A stored model on each device, and its stored batches as a caller would give them.

use std::rc::Rc;

use griot::device::{Device, Host, Ledger, Options, Signal};
use griot::generate::Decoder;
use griot::kernels::Format;
use griot::tasks::{Extras, Forward, Given, Labels, Loading, Model, Tensor};

use crate::golden::{Golden, agree, largest, worst};

/// The devices of this machine; one that is missing is named.
pub fn devices() -> Vec<(&'static str, Rc<Device>)> {
    let mut found = vec![("cpu", Device::native())];
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
        let mut loading = Loading::new(device.clone(), &golden.config, None, (None, None), Format::F32).await.unwrap();
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
    let name = |field: &str| Some(format!("{prefix}.{field}")).filter(|name| golden.has(name));
    let ids = |field: &str| name(field).map(|name| unsigned(rows(golden, &name)));
    let places = |field: &str| name(field).map(|name| golden.ids(&name).1);
    let labels = |name: String| match golden.ids(&name) {
        (shape, labels) if shape.len() == 1 => Labels::Rows(labels.iter().map(|&label| label as f64).collect()),
        _ => Labels::Tokens(rows(golden, &name)),
    };
    Given {
        input_ids: ids("input_ids").unwrap(),
        attention_mask: ids("attention_mask"),
        type_ids: ids("token_type_ids"),
        position_ids: ids("position_ids"),
        labels: name("labels").map(|name| match golden.has(&name) && golden.is_real(&name) {
            true => Labels::Numbers(golden.numbers(&name).rows()),
            false => labels(name),
        }),
        starts: places("start_positions"),
        ends: places("end_positions"),
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
pub fn seen(given: &Given) -> Vec<bool> {
    match &given.attention_mask {
        Some(mask) => mask.iter().flatten().map(|&m| m == 1).collect(),
        None => vec![true; given.input_ids.iter().map(Vec::len).sum()],
    }
}

/// The numbers at places that hold tokens.
pub fn at_tokens(data: &[f32], seen: &[bool]) -> Vec<f32> {
    let inner = data.len() / seen.len();
    data.chunks(inner).zip(seen).filter(|(_, seen)| **seen).flat_map(|(numbers, _)| numbers.to_vec()).collect()
}

/// The same places, once for each head: attention maps have a row for every query of every head.
fn by_head(seen: &[bool], time: usize, heads: usize) -> Vec<bool> {
    seen.chunks(time).flat_map(|row| row.repeat(heads)).collect()
}

/// One comparison of tensors with stored ones.
struct Check<'a> {
    golden: &'a Golden,
    device: &'a str,
}

impl Check<'_> {
    fn states(&self, name: &str, got: &Tensor, seen: &[bool]) {
        let expected = self.golden.numbers(name);
        assert_eq!(got.shape, expected.shape, "{}: {name}", self.golden.name);
        let what = format!("{} on {}: {name}", self.golden.name, self.device);
        agree(&what, &at_tokens(&got.data, seen), &at_tokens(&expected.data, seen), 1e-4);
    }

    /// All tensors stored as `name.0`, `name.1` and on; there must be as many.
    fn stack(&self, name: &str, got: &[Tensor], seen: &[bool]) {
        assert!(!got.is_empty(), "{}: no {name}", self.golden.name);
        for (layer, tensor) in got.iter().enumerate() {
            self.states(&format!("{name}.{layer}"), tensor, seen);
        }
        let more = format!("{name}.{}", got.len());
        assert!(!self.golden.has(&more), "{}: {more} is missing", self.golden.name);
    }

    fn maps(&self, name: &str, got: &[Tensor], seen: &[bool]) {
        let [_, heads, time, _] = got[0].shape[..] else { unreachable!("{name}") };
        self.stack(name, got, &by_head(seen, time, heads));
    }

    fn logits(&self, prefix: &str, got: &Forward, seen: &[bool]) {
        let task = got.logits.shape.len();
        if self.golden.has(&format!("{prefix}.start_logits")) {
            for (side, name) in ["start_logits", "end_logits"].into_iter().enumerate() {
                let [rows, time, _] = got.logits.shape[..] else { unreachable!("{name}") };
                let data = got.logits.data.chunks(2).map(|pair| pair[side]).collect();
                let all = vec![true; seen.len()];
                self.states(&format!("{prefix}.{name}"), &Tensor { shape: vec![rows, time], data }, &all);
            }
        } else if task == 2 || got.encoder.is_some() {
            let all = vec![true; got.logits.shape[..got.logits.shape.len() - 1].iter().product()];
            self.states(&format!("{prefix}.logits"), &got.logits, &all);
        } else {
            self.states(&format!("{prefix}.logits"), &got.logits, seen);
        }
    }
}

/// Everything that a forward pass shows: logits, loss, hidden states and attentions of the main batch, logits of the others.
pub fn check_forward(case: &str) {
    let golden = Golden::open(case);
    for (name, device) in devices() {
        let check = Check { golden: &golden, device: name };
        let model = load(&device, &golden);
        let given = batch(&golden, "in");
        // The reference's FlauBERT says what stands at padding.
        let muted = case.starts_with("families/flaubert");
        let places = if muted { vec![true; seen(&given).len()] } else { seen(&given) };
        let run = |given: &Given, extras: Extras| {
            pollster::block_on(model.forward(given, extras, &Signal::default())).unwrap()
        };
        let out = run(&given, Extras { hidden: true, attentions: true });
        check.logits("out", &out, &places);
        let loss = golden.record["loss"].as_f64().unwrap() as f32;
        agree(&format!("{case} on {name}: loss"), &[out.loss.unwrap()], &[loss], 1e-4);
        match &out.encoder {
            None => {
                check.stack("out.hidden_states", &out.main.hidden, &places);
                if golden.has("out.attentions.0") {
                    check.maps("out.attentions", &out.main.attentions, &seen(&given));
                }
            }
            Some(encoder) => {
                let written = vec![true; out.logits.shape[0] * out.logits.shape[1]];
                check.stack("out.decoder_hidden_states", &out.main.hidden, &written);
                check.stack("out.encoder_hidden_states", &encoder.hidden, &places);
                check.maps("out.decoder_attentions", &out.main.attentions, &written);
                check.maps("out.encoder_attentions", &encoder.attentions, &places);
                check.maps("out.cross_attentions", &out.cross, &written);
                let ids = unsigned(rows(&golden, "in.decoder_input_ids"));
                let same = run(&Given { decoder_ids: Some(ids), labels: None, ..given.clone() }, Extras::default());
                assert_eq!(
                    (same.logits, same.loss),
                    (out.logits, None),
                    "{case}: the decoder's ids are made of labels"
                );
            }
        }
        let plain = run(&given, Extras::default());
        assert!(plain.main.hidden.is_empty() && plain.main.attentions.is_empty() && plain.cross.is_empty());
        for prefix in ["leftpad", "long"] {
            if golden.has(&format!("{prefix}.logits")) {
                let given = batch(&golden, prefix);
                check.logits(prefix, &run(&given, Extras::default()), &seen(&given));
            }
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
        agree(
            &format!("{case} on {name}: loss beside gradients"),
            &[loss],
            &[golden.record["loss"].as_f64().unwrap() as f32],
            1e-4,
        );
        assert_eq!(found.len(), expected.len(), "{case}: parameters with a gradient");
        for (parameter, numbers) in &expected {
            let got = found.iter().find(|(known, _)| known == parameter);
            let (_, got) = got.ok_or_else(|| format!("{case}: no gradient of {parameter}")).unwrap();
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
                let mut decoder = Decoder::new(model.placed().clone(), &prompts).unwrap();
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
