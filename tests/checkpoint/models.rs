//! The stored models: our names and shapes are exactly those of their files, and a save gives back the same bytes.

use std::fs;
use std::path::PathBuf;

use griot::checkpoint::{Header, Loading, Reader, Stretch, saved, to_bytes, write_header};
use griot::kernels::Format;
use griot::models::{Config, build};
use griot::rng::Rng;

pub const MODELS: [&str; 12] = [
    "gpt2",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "smollm",
    "bert-mlm",
    "bert-seqcls",
    "bert-tokcls",
    "bert-qa",
    "distilbert-mlm",
    "t5",
];

pub fn path(model: &str, file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/models").join(model).join(file)
}

pub fn config(model: &str, file: &str) -> Config {
    let value: serde_json::Value = serde_json::from_slice(&fs::read(path(model, file)).unwrap()).unwrap();
    Config::from_json(&value).unwrap()
}

/// The parameters' numbers, read in chunks of any size.
pub fn load(model: &str, chunk: impl Fn(&mut Rng) -> usize) -> (Config, Vec<Vec<f32>>) {
    let config = config(model, "config.json");
    let inventory = build(&config).inventory();
    let bytes = fs::read(path(model, "model.safetensors")).unwrap();
    let mut loading = Loading::new(&config, &inventory).unwrap();
    let mut reader = Reader::new(bytes.len() as u64);
    let mut numbers: Vec<Vec<f32>> = inventory.iter().map(|p| vec![f32::NAN; p.words()]).collect();
    let mut rng = Rng::new(5, 5);
    let mut at = 0;
    let mut judged = false;
    while at < bytes.len() {
        let end = (at + chunk(&mut rng)).min(bytes.len());
        let rest = reader.head(&bytes[at..end]).unwrap();
        if let Some(header) = reader.header().filter(|_| !judged) {
            loading.file(header).unwrap();
            assert_eq!(loading.finish().unwrap(), []);
            judged = true;
        }
        let take = |stretch: Stretch<'_>| {
            let target = loading.target(&stretch.entry.name).unwrap();
            let start = target.offset + stretch.offset as usize;
            numbers[target.parameter][start..start + stretch.numbers.len()].copy_from_slice(stretch.numbers);
            Ok(())
        };
        reader.feed(rest, take).unwrap();
        at = end;
    }
    reader.finish().unwrap();
    (config, numbers)
}

#[test]
fn both_spellings_of_a_config_say_the_same() {
    for model in MODELS {
        let (new, old) = (config(model, "config.json"), config(model, "config.v4.json"));
        assert_eq!(new.family, old.family, "{model}");
        assert_eq!((new.vocab, new.width, new.context, new.task), (old.vocab, old.width, old.context, old.task));
        assert_eq!(new.special, old.special, "{model}");
        let again = Config::from_json(&new.to_json()).unwrap();
        assert_eq!(again, new, "{model}");
    }
}

#[test]
fn what_is_saved_has_exactly_the_names_shapes_and_order_of_the_stored_files() {
    for model in MODELS {
        let config = config(model, "config.json");
        let inventory = build(&config).inventory();
        inventory.check().unwrap();
        let bytes = fs::read(path(model, "model.safetensors")).unwrap();
        let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        let header = Header::parse(&bytes[8..8 + length], bytes.len() as u64).unwrap();
        let stored: Vec<_> = header.entries.iter().map(|e| (e.name.clone(), e.shape.clone())).collect();
        let ours: Vec<_> =
            saved(&config, &inventory).unwrap().into_iter().map(|saved| (saved.name, saved.shape)).collect();
        assert_eq!(ours, stored, "{model}");
    }
}

#[test]
fn a_checkpoint_loaded_and_saved_has_the_same_bytes() {
    for model in MODELS {
        let whole = load(model, |_| usize::MAX / 2).1;
        let (config, numbers) = load(model, |rng| 1 + rng.below(700) as usize);
        assert!(whole.iter().flatten().zip(numbers.iter().flatten()).all(|(a, b)| a.to_bits() == b.to_bits()));
        let inventory = build(&config).inventory();
        let list = saved(&config, &inventory).unwrap();
        let tensors: Vec<_> = list.iter().map(|saved| (saved.name.clone(), saved.shape.clone())).collect();
        let mut file = write_header(&tensors, Format::F32).unwrap();
        for saved in &list {
            file.extend(to_bytes(&numbers[saved.parameter][saved.words.clone()], Format::F32));
        }
        let stored = fs::read(path(model, "model.safetensors")).unwrap();
        let (ours, theirs) =
            (safetensors::SafeTensors::deserialize(&file), safetensors::SafeTensors::deserialize(&stored));
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert_eq!(ours.names().len(), theirs.names().len());
        for (name, tensor) in theirs.iter() {
            let mine = ours.tensor(name).unwrap();
            assert_eq!((mine.shape(), mine.data()), (tensor.shape(), tensor.data()), "{model} {name}");
        }
        assert_eq!(file, stored, "{model}: the whole file");
    }
}
