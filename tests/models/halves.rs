//! Weights kept as f16: what such a model says is what an f32 model says whose weights were rounded, in half the memory.

use std::rc::Rc;

use griot::checkpoint::{Header, to_bytes, write_header};
use griot::device::{Device, Signal};
use griot::kernels::{Format, format};
use griot::tasks::{Extras, Given, Loading, Model, Tensor};

use crate::golden::{Golden, agree};
use crate::seat::{batch, devices};

/// One of each family, and the forms of head and position that read a table.
const CASES: [&str; 19] = [
    "gpt2",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "bert-mlm",
    "bert-seqcls",
    "bert-qa",
    "distilbert-mlm",
    "t5",
    "families/gemma",
    "families/gemma2",
    "families/gemma3",
    "families/roberta-tokcls",
    "families/camembert-mlm",
    "families/flaubert-mlm",
    "families/bert-numbers",
    "families/t5-gated",
    "families/marian",
];

/// A model from the bytes of its file, in chunks that split numbers and words.
fn load(device: &Rc<Device>, golden: &Golden, bytes: &[u8], format: Format) -> griot::Result<Model> {
    pollster::block_on(async {
        let mut loading = Loading::new(device.clone(), &golden.config, None, (None, None), format).await?;
        loading.header("model.safetensors", bytes.len() as u64, bytes)?;
        loading.judge()?;
        for chunk in bytes.chunks(1_003) {
            loading.feed(0, chunk)?;
        }
        loading.finish(0)
    })
}

/// The same model with weights that went through f16.
fn rounded(device: &Rc<Device>, golden: &Golden) -> Model {
    let model = load(device, golden, &golden.bytes("model.safetensors"), Format::F32).unwrap();
    let mut all = pollster::block_on(model.weights(None)).unwrap();
    for (_, tensor) in &mut all {
        tensor.data.iter_mut().for_each(|number| *number = format::wide(format::narrow(*number)));
    }
    model.set_weights(&all).unwrap();
    model
}

/// The file that a save writes.
fn saved(model: &Model) -> Vec<u8> {
    let list = model.saved().unwrap();
    let heads: Vec<_> = list.iter().map(|one| (one.name.clone(), one.shape.clone())).collect();
    let mut bytes = write_header(&heads, model.format()).unwrap();
    for one in &list {
        let numbers = pollster::block_on(model.read(one, 0, one.words.len())).unwrap();
        bytes.extend(to_bytes(&numbers, model.format()));
    }
    bytes
}

fn forward(model: &Model, given: &Given) -> (Tensor, Option<f32>, Vec<Tensor>) {
    let extras = Extras { hidden: true, attentions: false };
    let out = pollster::block_on(model.forward(given, extras, &Signal::default())).unwrap();
    (out.logits, out.loss, out.main.hidden)
}

#[test]
fn every_family_says_what_it_says_with_rounded_weights() {
    for case in CASES {
        let golden = Golden::open(case);
        let given = batch(&golden, "in");
        for (name, device) in devices() {
            let halves = load(&device, &golden, &golden.bytes("model.safetensors"), Format::F16).unwrap();
            let (logits, loss, hidden) = forward(&halves, &given);
            let (expected, expected_loss, states) = forward(&rounded(&device, &golden), &given);
            agree(&format!("{case} on {name}: logits"), &logits.data, &expected.data, 1e-6);
            agree(&format!("{case} on {name}: loss"), &[loss.unwrap()], &[expected_loss.unwrap()], 1e-6);
            for (layer, (got, expected)) in hidden.iter().zip(&states).enumerate() {
                agree(&format!("{case} on {name}: layer {layer}"), &got.data, &expected.data, 1e-6);
            }
            // Rounding costs something: numbers that are those of the file were not rounded.
            let stored = load(&device, &golden, &golden.bytes("model.safetensors"), Format::F32).unwrap();
            let (plain, ..) = forward(&stored, &given);
            assert_ne!(plain.data, logits.data, "{case} on {name}");
            agree(&format!("{case} on {name}: logits beside f32"), &logits.data, &plain.data, 5e-3);
        }
    }
}

#[test]
fn text_is_decoded_as_with_rounded_weights() {
    for case in ["gpt2", "llama", "families/gemma3", "t5", "families/marian"] {
        let golden = Golden::open(case);
        for (name, device) in devices() {
            let halves = load(&device, &golden, &golden.bytes("model.safetensors"), Format::F16).unwrap();
            let whole = rounded(&device, &golden);
            let made = [halves, whole].map(|model| {
                pollster::block_on(async {
                    let mut decoder = model.decoder(&[vec![5, 9, 4, 11, 6, 8, 7]]).unwrap();
                    let mut all = Vec::new();
                    for _ in 0..6 {
                        let logits = decoder.logits(&Signal::default()).await.unwrap().remove(0);
                        let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
                        decoder.push(&[best as u32]).unwrap();
                        all.extend(logits);
                    }
                    all
                })
            });
            agree(&format!("{case} on {name}"), &made[0], &made[1], 1e-6);
        }
    }
}

#[test]
fn a_save_is_half_the_file_and_comes_back_with_the_same_bytes() {
    for case in CASES {
        let golden = Golden::open(case);
        let (_, device) = devices().remove(0);
        let file = golden.bytes("model.safetensors");
        let model = load(&device, &golden, &file, Format::F16).unwrap();
        let half = saved(&model);
        let length = |bytes: &[u8]| 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header = Header::parse(&half[8..length(&half)], half.len() as u64).unwrap();
        assert!(header.entries.iter().all(|entry| entry.dtype == griot::checkpoint::Dtype::F16), "{case}");
        assert_eq!(half.len() - length(&half), (file.len() - length(&file)) / 2, "{case}");
        assert_eq!(saved(&load(&device, &golden, &half, Format::F16).unwrap()), half, "{case}");
        let json = model.config_json();
        let dtype = json.get("torch_dtype").or(json.get("dtype"));
        assert_eq!(dtype.and_then(|dtype| dtype.as_str()), Some("float16"), "{case}");
        // Read as f32, the file has the same numbers.
        let given = batch(&golden, "in");
        let wide = load(&device, &golden, &half, Format::F32).unwrap();
        assert_eq!(forward(&wide, &given).0, forward(&model, &given).0, "{case}");
    }
}

#[test]
fn matrices_take_half_the_memory() {
    let golden = Golden::open("gpt2");
    let bytes = golden.bytes("model.safetensors");
    let taken = |format| {
        let device = Device::native();
        let model = load(&device, &golden, &bytes, format).unwrap();
        let inventory = model.placed().store.inventory();
        let matrices: Vec<u64> = inventory.iter().filter(|p| p.shape.len() > 1).map(|p| p.words() as u64).collect();
        (device.ledger().live(), matrices)
    };
    let ((whole, matrices), (half, _)) = (taken(Format::F32), taken(Format::F16));
    // Each begins at a multiple of 64 words.
    let (gone, all) = (whole - half, 2 * matrices.iter().sum::<u64>());
    assert!(gone <= all && gone + 256 * matrices.len() as u64 > all, "{gone} of {all}");
}

#[test]
fn it_does_not_learn_and_says_so() {
    let golden = Golden::open("gpt2");
    for (name, device) in devices() {
        let model = load(&device, &golden, &golden.bytes("model.safetensors"), Format::F16).unwrap();
        let error = pollster::block_on(model.gradients(&batch(&golden, "in"), &Signal::default())).unwrap_err();
        assert!(error.code() == "unsupported" && error.to_string().contains("f16"), "{name}: {error}");
        assert!(model.summary().unwrap().contains("kept as f16"));
    }
}

#[test]
fn weights_that_are_set_are_rounded_and_what_f16_cannot_hold_is_refused() {
    let golden = Golden::open("gpt2");
    let (_, device) = devices().remove(0);
    let model = load(&device, &golden, &golden.bytes("model.safetensors"), Format::F16).unwrap();
    let name = "transformer.wpe.weight".to_owned();
    let read = || pollster::block_on(model.weights(Some(std::slice::from_ref(&name)))).unwrap().remove(0).1;
    let mut table = read();
    table.data[0] = 0.1;
    model.set_weights(&[(name.clone(), table.clone())]).unwrap();
    assert_eq!(read().data[0], format::wide(format::narrow(0.1)));
    // If one does not fit, none is set.
    let other =
        ("transformer.ln_f.weight".to_owned(), Tensor { shape: vec![table.shape[1]], data: vec![7.0; table.shape[1]] });
    table.data[1] = 1e5;
    let error = model.set_weights(&[other.clone(), (name.clone(), table)]).unwrap_err();
    assert!(error.code() == "non-finite" && error.to_string().contains("100000"), "{error}");
    let norm = pollster::block_on(model.weights(Some(&[other.0]))).unwrap().remove(0).1;
    assert!(norm.data.iter().all(|&number| number != 7.0));
}
