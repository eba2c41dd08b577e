//! safetensors as a stream: chunks of bytes of any size in, numbers of one tensor after the other out; and back.
//!
//! Reading: f32, f16 and bf16 become f32 as they pass; no more than the header and a few kilobytes is held. Writing: the header
//! first, its tensors in the order of their names as `save_pretrained` has them, then their numbers piece by piece.
//! Knows bytes, names and shapes. Refuses to know models and where bytes come from.

use super::header::{self, Dtype, Entry, Header};
use crate::error::Result;
use crate::kernels::{Format, format};
use crate::{bail, ensure};

/// Numbers given at once.
const STRETCH: usize = 4096;

/// Takes a file's bytes as they come.
#[derive(Debug)]
pub struct Reader {
    size: u64,
    taken: u64,
    held: Vec<u8>,
    header: Option<Header>,
    /// The tensor that is being read.
    current: usize,
}

/// Numbers of a tensor as they pass.
#[derive(Debug)]
pub struct Stretch<'a> {
    /// Whose they are.
    pub entry: &'a Entry,
    /// Their place in it, in numbers.
    pub offset: u64,
    /// The numbers.
    pub numbers: &'a [f32],
}

impl Reader {
    /// A reader of a file of `size` bytes.
    pub fn new(size: u64) -> Reader {
        Reader { size, taken: 0, held: Vec::new(), header: None, current: 0 }
    }

    /// The header, once its bytes have come.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// How many bytes have been taken.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes bytes until the header is whole, and gives back the rest of them.
    ///
    /// Fails with `bad-file` for a header that is malformed or does not fit the file's size.
    pub fn head<'b>(&mut self, mut bytes: &'b [u8]) -> Result<&'b [u8]> {
        while self.header.is_none() && !bytes.is_empty() {
            let want = match self.held.first_chunk::<8>() {
                None => 8,
                Some(&first) => 8 + header::length(first, self.size)?,
            };
            let (now, rest) = bytes.split_at((want - self.held.len()).min(bytes.len()));
            // The length was checked against the file's size; what is held still grows only with what comes.
            self.held.extend_from_slice(now);
            self.taken += now.len() as u64;
            bytes = rest;
            if want > 8 && self.held.len() == want {
                let json = self.held.get(8..).unwrap_or_default();
                self.header = Some(Header::parse(json, self.size)?);
                self.held = Vec::new();
            } else if want == 8 && self.held.len() == 8 {
                let first = self.held.first_chunk::<8>().copied().unwrap_or_default();
                header::length(first, self.size)?;
            }
        }
        Ok(bytes)
    }

    /// Takes the next bytes of the file and gives the numbers that they complete. Tensors of other types pass unseen.
    pub fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(Stretch<'_>) -> Result<()>) -> Result<()> {
        let mut bytes = self.head(bytes)?;
        let Some(header) = &self.header else { return Ok(()) };
        ensure!(
            bytes.len() as u64 <= self.size - self.taken,
            BadFile,
            "safetensors: more bytes came than the {} of the file",
            self.size
        );
        let mut numbers = [0f32; STRETCH];
        while let Some(entry) = header.entries.get(self.current) {
            let (at, end) = (self.taken, entry.start + entry.bytes);
            if at >= end {
                self.current += 1;
                continue;
            }
            if bytes.is_empty() {
                break;
            }
            let width = entry.dtype.bytes();
            let left = (end - at).min(bytes.len() as u64) as usize;
            if matches!(entry.dtype, Dtype::Other(_)) {
                bytes = bytes.get(left..).unwrap_or_default();
                self.taken += left as u64;
                continue;
            }
            let partial = self.held.len();
            if partial > 0 || left < width {
                // A number that is split between two chunks.
                let (now, rest) = bytes.split_at((width - partial).min(left));
                self.held.extend_from_slice(now);
                self.taken += now.len() as u64;
                bytes = rest;
                if self.held.len() == width {
                    let offset = (self.taken - entry.start) / width as u64 - 1;
                    convert(entry.dtype, &self.held, &mut numbers);
                    self.held.clear();
                    take(Stretch { entry, offset, numbers: numbers.get(..1).unwrap_or_default() })?;
                }
                continue;
            }
            let count = (left / width).min(STRETCH);
            let (now, rest) = bytes.split_at(count * width);
            let offset = (at - entry.start) / width as u64;
            convert(entry.dtype, now, &mut numbers);
            self.taken += now.len() as u64;
            bytes = rest;
            take(Stretch { entry, offset, numbers: numbers.get(..count).unwrap_or_default() })?;
        }
        Ok(())
    }

    /// Says that no more bytes come; fails with `bad-file` if some are missing.
    pub fn finish(&self) -> Result<()> {
        ensure!(
            self.taken == self.size && self.header.is_some(),
            BadFile,
            "safetensors: the file ends after {} of {} bytes",
            self.taken,
            self.size
        );
        Ok(())
    }
}

fn convert(dtype: Dtype, bytes: &[u8], numbers: &mut [f32]) {
    match dtype {
        Dtype::F32 => {
            for (number, four) in numbers.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *number = f32::from_le_bytes(*four);
            }
        }
        Dtype::F16 => {
            for (number, two) in numbers.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *number = format::wide(u16::from_le_bytes(*two));
            }
        }
        Dtype::Bf16 => {
            for (number, two) in numbers.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *number = f32::from_bits(u32::from(u16::from_le_bytes(*two)) << 16);
            }
        }
        Dtype::Other(_) => {}
    }
}

/// The bytes that come before the numbers of a file of f32 or f16 tensors. `tensors` (name, shape) must be in the order of their names.
pub fn write_header(tensors: &[(String, Vec<usize>)], format: Format) -> Result<Vec<u8>> {
    let (dtype, width) = match format {
        Format::F32 => ("F32", 4),
        Format::F16 => ("F16", 2),
    };
    let mut json = String::from(r#"{"__metadata__":{"format":"pt"}"#);
    let mut at = 0u64;
    let mut before: Option<&str> = None;
    for (name, shape) in tensors {
        if before.is_some_and(|before| before >= name.as_str()) {
            bail!(Internal, "safetensors: `{name}` is out of order");
        }
        before = Some(name);
        let bytes = width * shape.iter().map(|&size| size as u64).product::<u64>();
        let (name, shape) = (serde_json::json!(name), serde_json::json!(shape));
        json.push_str(&format!(
            r#",{name}:{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{at},{}]}}"#,
            at + bytes
        ));
        at += bytes;
    }
    json.push('}');
    // The data begins at a multiple of eight.
    while !json.len().is_multiple_of(8) {
        json.push(' ');
    }
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    Ok(bytes)
}

/// Numbers as the bytes of a file.
pub fn to_bytes(numbers: &[f32], format: Format) -> Vec<u8> {
    match format {
        Format::F32 => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        Format::F16 => numbers.iter().flat_map(|&number| format::narrow(number).to_le_bytes()).collect(),
    }
}
