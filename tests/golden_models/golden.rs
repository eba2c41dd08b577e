//! A stored model: its files, and how numbers are compared with them.

use std::fs;
use std::path::PathBuf;

use griot::checkpoint::{Loading, Reader};
use griot::models::{Config, build};
use safetensors::SafeTensors;
use serde_json::Value;

/// A stored case.
pub struct Golden {
    pub name: String,
    pub config: Config,
    pub record: Value,
    /// The parameters' numbers, in the order of the inventory.
    pub weights: Vec<Vec<f32>>,
    expected: Vec<u8>,
    gradients: Vec<u8>,
}

impl Golden {
    pub fn open(name: &str) -> Golden {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/models").join(name);
        let bytes = |file: &str| fs::read(folder.join(file)).unwrap();
        let config = Config::from_json(&serde_json::from_slice(&bytes("config.json")).unwrap()).unwrap();
        let inventory = build(&config).inventory();
        let file = bytes("model.safetensors");
        let mut loading = Loading::new(&config, &inventory).unwrap();
        let mut reader = Reader::new(file.len() as u64);
        let rest = reader.head(&file).unwrap();
        loading.file(reader.header().unwrap()).unwrap();
        assert_eq!(loading.finish().unwrap(), [], "{name}: a head is missing");
        let mut weights: Vec<Vec<f32>> = inventory.iter().map(|p| vec![0.0; p.words()]).collect();
        reader
            .feed(rest, |stretch| {
                let target = loading.target(&stretch.entry.name).unwrap();
                let start = target.offset + stretch.offset as usize;
                weights[target.parameter][start..start + stretch.numbers.len()].copy_from_slice(stretch.numbers);
                Ok(())
            })
            .unwrap();
        reader.finish().unwrap();
        Golden {
            name: name.to_owned(),
            config,
            record: serde_json::from_slice(&bytes("expected.json")).unwrap(),
            weights,
            expected: bytes("expected.safetensors"),
            gradients: bytes("grads.safetensors"),
        }
    }

    /// Shape and whole numbers of an input.
    pub fn ids(&self, name: &str) -> (Vec<usize>, Vec<i64>) {
        let file = SafeTensors::deserialize(&self.expected).unwrap();
        let view = file.tensor(name).unwrap();
        let data = view.data().as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect();
        (view.shape().to_vec(), data)
    }

    pub fn has(&self, name: &str) -> bool {
        SafeTensors::deserialize(&self.expected).unwrap().tensor(name).is_ok()
    }

    pub fn numbers(&self, name: &str) -> Vec<f32> {
        floats(&self.expected, name)
    }

    /// The gradient of a tensor by its foreign name.
    pub fn gradient(&self, name: &str) -> Vec<f32> {
        floats(&self.gradients, name)
    }

    pub fn gradient_names(&self) -> Vec<String> {
        let file = SafeTensors::deserialize(&self.gradients).unwrap();
        let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
        names.sort();
        names
    }

    pub fn loss(&self) -> f32 {
        self.record["loss"].as_f64().unwrap() as f32
    }

    /// Whether a gradient is zero in exact arithmetic, so that what is stored is noise.
    pub fn is_noise(&self, name: &str) -> bool {
        let list = self.record["numerics"]["gradients_zero_in_exact_arithmetic"].as_array().unwrap();
        list.iter().any(|known| known == name)
    }

    /// Fails unless the numbers agree to `tolerance`, relative to the largest expected; `places` picks the positions that count.
    pub fn agree(&self, what: &str, got: &[f32], expected: &[f32], places: Option<&[bool]>, tolerance: f32) {
        assert_eq!(got.len(), expected.len(), "{}: {what}: sizes", self.name);
        let inner = places.map_or(1, |places| got.len() / places.len());
        let counts = |at: usize| places.is_none_or(|places| places[at / inner]);
        let scale = expected.iter().fold(0.0f32, |most, n| most.max(n.abs()));
        let mut worst = 0.0f32;
        for (at, (g, e)) in got.iter().zip(expected).enumerate().filter(|(at, _)| counts(*at)) {
            let off = (g - e).abs() / scale.max(f32::MIN_POSITIVE);
            assert!(off.is_finite(), "{}: {what}: {g} at {at}, expected {e}", self.name);
            worst = worst.max(off);
        }
        assert!(worst <= tolerance, "{}: {what}: off by {worst:.2e}", self.name);
    }
}

fn floats(bytes: &[u8], name: &str) -> Vec<f32> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    file.tensor(name).unwrap().data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}
