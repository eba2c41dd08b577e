//! A stored model with what the reference made of it, and the one way numbers are compared with it.

use std::path::PathBuf;

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

/// One folder of `tests/golden/models`, or of `tests/golden/families`.
pub struct Golden {
    folder: PathBuf,
    /// The folder's name.
    pub name: String,
    /// `config.json`.
    pub config: Value,
    /// `expected.json`.
    pub record: Value,
    expected: Vec<u8>,
    gradients: Vec<u8>,
}

/// A tensor of real numbers.
#[derive(Clone, Debug)]
pub struct Numbers {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

impl Numbers {
    /// Its rows, in double precision; a vector has rows of one number.
    pub fn rows(&self) -> Vec<Vec<f64>> {
        let length = self.shape.get(1).copied().unwrap_or(1);
        self.data.chunks(length).map(|row| row.iter().map(|&n| f64::from(n)).collect()).collect()
    }
}

impl Golden {
    /// A case by its folder under `models`, or as `families/…`.
    pub fn open(case: &str) -> Golden {
        let within = if case.contains('/') { "tests/golden" } else { "tests/golden/models" };
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(within).join(case);
        let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let json = |name: &str| serde_json::from_slice(&bytes(name)).unwrap();
        Golden {
            config: json("config.json"),
            record: json("expected.json"),
            expected: bytes("expected.safetensors"),
            gradients: bytes("grads.safetensors"),
            folder,
            name: case.to_owned(),
        }
    }

    /// A file of the folder.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).unwrap()
    }

    /// Real numbers of `expected.safetensors`.
    pub fn numbers(&self, name: &str) -> Numbers {
        real(&self.expected, name)
    }

    /// Whole numbers of `expected.safetensors`, row-major, with their shape.
    pub fn ids(&self, name: &str) -> (Vec<usize>, Vec<i64>) {
        let file = SafeTensors::deserialize(&self.expected).unwrap();
        let view = file.tensor(name).unwrap();
        assert_eq!(view.dtype(), Dtype::I64, "{name}");
        let data = view.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect();
        (view.shape().to_vec(), data)
    }

    /// Whether `expected.safetensors` holds a tensor.
    pub fn has(&self, name: &str) -> bool {
        SafeTensors::deserialize(&self.expected).unwrap().tensor(name).is_ok()
    }

    /// Whether a stored tensor holds real numbers, not whole ones.
    pub fn is_real(&self, name: &str) -> bool {
        SafeTensors::deserialize(&self.expected).unwrap().tensor(name).unwrap().dtype() == Dtype::F32
    }

    /// The gradient of every parameter, by Hugging Face name.
    pub fn gradients(&self) -> Vec<(String, Numbers)> {
        let file = SafeTensors::deserialize(&self.gradients).unwrap();
        file.names().iter().map(|name| ((*name).to_owned(), real(&self.gradients, name))).collect()
    }
}

fn real(bytes: &[u8], name: &str) -> Numbers {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let view = file.tensor(name).unwrap();
    assert_eq!(view.dtype(), Dtype::F32, "{name}");
    let data = view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    Numbers { shape: view.shape().to_vec(), data }
}

/// The largest difference, relative to `scale`; infinite if a number is not finite.
pub fn worst(got: &[f32], expected: &[f32], scale: f32) -> f32 {
    assert_eq!(got.len(), expected.len(), "sizes differ");
    let mut worst = 0.0f32;
    for (g, e) in got.iter().zip(expected) {
        let off = (g - e).abs() / scale.max(f32::MIN_POSITIVE);
        worst = if off.is_finite() { worst.max(off) } else { f32::INFINITY };
    }
    worst
}

/// The largest absolute value.
pub fn largest(numbers: &[f32]) -> f32 {
    numbers.iter().fold(0.0, |most, n| most.max(n.abs()))
}

/// Fails unless all numbers agree to `tolerance`, relative to the largest expected.
pub fn agree(what: &str, got: &[f32], expected: &[f32], tolerance: f32) {
    let off = worst(got, expected, largest(expected));
    assert!(off <= tolerance, "{what}: off by {off:.2e}, allowed {tolerance:.0e}");
}
