//! `model.safetensors.index.json`: which file holds which tensor, for checkpoints in several files.
//!
//! Names of files are taken only if they are plain: no folder, nothing that leaves the place.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bail;
use crate::ensure;
use crate::error::{Error, Kind, Result};

/// The name of the index beside the shards.
pub const INDEX: &str = "model.safetensors.index.json";
/// The name of the only file of a checkpoint that has no shards.
pub const SINGLE: &str = "model.safetensors";

/// The files of a checkpoint and what each must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// By file: the names of its tensors.
    pub files: BTreeMap<String, Vec<String>>,
}

impl Index {
    /// Reads the text of an index.
    pub fn parse(text: &[u8]) -> Result<Index> {
        let value: Value = serde_json::from_slice(text)
            .map_err(|error| Error::new(Kind::BadFile, format!("{INDEX}: malformed: {error}")))?;
        let Some(Value::Object(map)) = value.get("weight_map") else {
            bail!(BadFile, "{INDEX}: there is no `weight_map`")
        };
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (tensor, file) in map {
            let Some(file) = file.as_str() else { bail!(BadFile, "{INDEX}: `{tensor}` lies in {file}") };
            let plain = file.ends_with(".safetensors") && !file.contains(['/', '\\', ':']) && !file.starts_with('.');
            ensure!(plain, BadFile, "{INDEX}: `{tensor}` lies in `{file}`, which is no plain safetensors name");
            files.entry(file.to_owned()).or_default().push(tensor.clone());
        }
        ensure!(!files.is_empty(), BadFile, "{INDEX}: it names no file");
        Ok(Index { files })
    }
}
