//! The header of a safetensors file: 8 bytes of length, then JSON with each tensor's type, shape and place.
//!
//! Everything is checked against the file's size before anything is made of it: lengths, names, types, shapes, and that the
//! tensors cover the data without gap or overlap, as the format demands. Knows no model.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::error::{Error, Kind, Result};
use crate::order;
use crate::{bail, ensure};

/// No honest header is longer: the format's own limit.
pub const LONGEST: u64 = 100_000_000;
/// No honest file has more tensors.
const MOST: usize = 1 << 20;
/// No honest tensor has more dimensions.
const DIMENSIONS: usize = 8;

/// How the numbers of a tensor are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// 32 bits.
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// Something that holds no weights here (integers, masks), by the size of one number in bytes.
    Other(usize),
}

impl Dtype {
    fn named(name: &str) -> Option<Dtype> {
        Some(match name {
            "F32" => Dtype::F32,
            "F16" => Dtype::F16,
            "BF16" => Dtype::Bf16,
            "BOOL" | "U8" | "I8" | "F8_E4M3" | "F8_E5M2" => Dtype::Other(1),
            "I16" | "U16" => Dtype::Other(2),
            "I32" | "U32" => Dtype::Other(4),
            "I64" | "U64" | "F64" => Dtype::Other(8),
            _ => return None,
        })
    }

    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::Bf16 => 2,
            Dtype::Other(bytes) => bytes,
        }
    }
}

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the file.
    pub name: String,
    /// How its numbers are written.
    pub dtype: Dtype,
    /// Its shape, row-major; empty for a single number.
    pub shape: Vec<usize>,
    /// Its first byte, counted from the file's start.
    pub start: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

impl Entry {
    /// How many numbers it has.
    pub fn words(&self) -> u64 {
        self.bytes / self.dtype.bytes() as u64
    }
}

/// The tensors of a file, in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The tensors, in the order of their bytes.
    pub entries: Vec<Entry>,
    /// Where the data begins.
    pub data: u64,
}

/// The length of the JSON that follows the first eight bytes of a file of `size` bytes.
pub fn length(first: [u8; 8], size: u64) -> Result<usize> {
    let length = u64::from_le_bytes(first);
    ensure!(
        (2..=LONGEST).contains(&length) && length <= size.saturating_sub(8),
        BadFile,
        "safetensors: a header of {length} bytes in a file of {size}"
    );
    Ok(length as usize)
}

impl Header {
    /// Reads the JSON of a header, which begins at byte 8 of a file of `size` bytes.
    pub fn parse(json: &[u8], size: u64) -> Result<Header> {
        let listed: Listed = serde_json::from_slice(json)
            .map_err(|error| Error::new(Kind::BadFile, format!("safetensors: the header is malformed: {error}")))?;
        let data = 8 + json.len() as u64;
        let available = size.saturating_sub(data);
        let mut entries = Vec::new();
        for (name, raw) in listed.0 {
            entries.push(entry(name, raw, data, available)?);
        }
        order::by_key(&mut entries, |entry| (entry.start, entry.bytes));
        let mut at = data;
        for entry in &entries {
            ensure!(
                entry.start == at,
                BadFile,
                "safetensors: `{}` begins at byte {}, the one before ends at {}",
                entry.name,
                entry.start - data,
                at - data
            );
            at += entry.bytes;
        }
        ensure!(
            at == size,
            BadFile,
            "safetensors: the tensors end at byte {at}, the file at byte {size}{}",
            if at > size { ": it is cut short" } else { "" }
        );
        Ok(Header { entries, data })
    }
}

fn entry(name: String, raw: Raw, data: u64, available: u64) -> Result<Entry> {
    let Some(dtype) = Dtype::named(&raw.dtype) else {
        bail!(Unsupported, "safetensors: `{name}` has the type {:.20}, which is not known here", raw.dtype)
    };
    ensure!(raw.shape.len() <= DIMENSIONS, BadFile, "safetensors: `{name}` has {} dimensions", raw.shape.len());
    let numbers = raw.shape.iter().try_fold(1u64, |product, &size| product.checked_mul(size));
    let bytes = numbers.and_then(|numbers| numbers.checked_mul(dtype.bytes() as u64));
    let [from, to] = raw.data_offsets;
    let (Some(bytes), Some(length)) = (bytes, to.checked_sub(from)) else {
        bail!(BadFile, "safetensors: `{name}` of shape {:?} at bytes {from}..{to} is impossible", raw.shape)
    };
    ensure!(
        bytes == length,
        BadFile,
        "safetensors: `{name}` of shape {:?} needs {bytes} bytes and has {length}",
        raw.shape
    );
    ensure!(
        to <= available,
        BadFile,
        "safetensors: `{name}` ends at byte {to} of {available}: the file is cut short or its header lies"
    );
    let shape: Option<Vec<usize>> = raw.shape.iter().map(|&size| usize::try_from(size).ok()).collect();
    let Some(shape) = shape else { bail!(BadFile, "safetensors: `{name}` has the shape {:?}", raw.shape) };
    Ok(Entry { name, dtype, shape, start: data + from, bytes })
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// The object's members in order; names that come twice are refused, which a plain map would hide.
struct Listed(Vec<(String, Raw)>);

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Listed, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
        let mut seen = std::collections::BTreeSet::new();
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                return Err(serde::de::Error::custom(format_args!("the name `{name}` comes twice")));
            }
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if members.len() == MOST {
                return Err(serde::de::Error::custom(format_args!("over {MOST} tensors")));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Listed(members))
    }
}
