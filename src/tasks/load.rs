//! A model from its files: headers are judged first, then numbers go to the device as they pass.
//!
//! Comes in: `config.json`, for each safetensors file its size and then its bytes in chunks of any size. Goes out: a model. Nothing is held
//! but the current stretch; a file that is wrong leaves nothing behind.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::model::Model;
use crate::checkpoint::{Loading as Judge, Reader, Target};
use crate::device::Device;
use crate::error::{Context, Result};
use crate::kernels::Format;
use crate::models::{Config, Task};
use crate::{bail, ensure};

/// A model on its way.
#[derive(Debug)]
pub struct Loading {
    model: Model,
    /// Files whose header has been judged.
    headers: Vec<(String, u64)>,
    fresh: Vec<(usize, usize)>,
    current: Option<(usize, Reader)>,
    parsed: Vec<crate::checkpoint::Header>,
    judged: bool,
    /// Where each tensor goes, by its foreign name.
    targets: HashMap<String, Target>,
    /// Heads that the config ties, although the files have them: their names, and of what they should be copies.
    copies: Vec<(String, Target)>,
    /// What has passed of those and of their originals.
    sums: HashMap<String, u64>,
    /// The caller wants another head than the files' own.
    other_head: bool,
}

/// Goes on with the sum over a tensor's numbers, in their order.
fn add(sum: &mut u64, numbers: &[f32]) {
    for number in numbers {
        *sum = (sum.rotate_left(5) ^ u64::from(number.to_bits())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Loading {
    /// Takes the config, before any weight. `task` and `context` replace what the config says; matrices are kept in `format`.
    pub async fn new(
        device: Rc<Device>,
        config: &Value,
        generation: Option<Value>,
        (task, context): (Option<Task>, Option<usize>),
        format: Format,
    ) -> Result<Loading> {
        let mut config = Config::from_json(config)?;
        let own = config.task;
        if let Some(task) = task {
            config = config.with_task(task)?;
        }
        let other_head = config.task != own;
        if let Some(context) = context {
            config = config.with_context(context)?;
        }
        let model = Model::awaiting(device, config, generation, format).await?;
        Ok(Loading {
            model,
            headers: Vec::new(),
            fresh: Vec::new(),
            current: None,
            parsed: Vec::new(),
            judged: false,
            targets: HashMap::new(),
            copies: Vec::new(),
            sums: HashMap::new(),
            other_head,
        })
    }

    /// Announces a file by its size and the bytes of its header (the first eight bytes say how many those are).
    pub fn header(&mut self, name: &str, size: u64, bytes: &[u8]) -> Result<()> {
        let mut reader = Reader::new(size);
        reader.head(bytes).context(|| name.to_owned())?;
        let Some(header) = reader.header() else { bail!(BadFile, "{name}: the file ends within its header") };
        self.parsed.push(header.clone());
        self.headers.push((name.to_owned(), size));
        Ok(())
    }

    /// How many files were announced.
    pub fn files(&self) -> usize {
        self.headers.len()
    }

    /// All headers have come: judges them together.
    ///
    /// Fails with `bad-file`, naming tensors that are missing, unknown or of another shape than the config says.
    pub fn judge(&mut self) -> Result<()> {
        let placed = self.model.placed();
        let mut judge = Judge::new(&placed.config, placed.store.inventory())?;
        if self.other_head {
            judge.expect_other_head();
        }
        for (header, (name, _)) in self.parsed.iter().zip(&self.headers) {
            judge.file(header).context(|| name.clone())?;
        }
        self.fresh = judge.finish()?;
        let names = self.parsed.iter().flat_map(|header| &header.entries).map(|entry| &entry.name);
        self.copies = names.clone().filter_map(|name| Some((name.clone(), judge.original(name)?))).collect();
        self.targets = names.filter_map(|name| Some((name.clone(), judge.target(name)?))).collect();
        let summed = |name: &String| {
            let original = self.targets.get(name).is_some_and(|to| self.copies.iter().any(|copy| copy.1 == *to));
            original || self.copies.iter().any(|copy| copy.0 == *name)
        };
        let entries = self.parsed.iter().flat_map(|header| &header.entries);
        self.sums = entries.filter(|entry| summed(&entry.name)).map(|entry| (entry.name.clone(), 0)).collect();
        self.judged = true;
        Ok(())
    }

    /// Takes the next bytes of file `index`, from its first byte on.
    pub fn feed(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        ensure!(self.judged, Internal, "load: the headers have not been judged");
        let Some((name, size)) = self.headers.get(index).cloned() else {
            bail!(Internal, "load: there is no file {index}")
        };
        if self.current.as_ref().is_none_or(|(at, _)| *at != index) {
            self.close()?;
            self.current = Some((index, Reader::new(size)));
        }
        let Some((_, reader)) = &mut self.current else { return Ok(()) };
        let placed = self.model.placed();
        let fed = reader.feed(bytes, |stretch| {
            if let Some(sum) = self.sums.get_mut(&stretch.entry.name) {
                add(sum, stretch.numbers);
            }
            match self.targets.get(&stretch.entry.name) {
                Some(to) => placed.write(to.parameter, to.offset + stretch.offset as usize, stretch.numbers),
                None => Ok(()),
            }
        });
        fed.context(|| name)
    }

    fn close(&mut self) -> Result<()> {
        if let Some((index, reader)) = self.current.take() {
            let name = self.headers.get(index).map_or("", |(name, _)| name);
            reader.finish().context(|| name.to_owned())?;
        }
        Ok(())
    }

    /// All bytes have come. A head that the files lack begins from `seed`.
    ///
    /// Fails with `bad-file` where the files have a head of its own and the config ties it to the tokens.
    pub fn finish(mut self, seed: u64) -> Result<Model> {
        self.close()?;
        for (copy, to) in &self.copies {
            let of = self.targets.iter().find(|(_, target)| *target == to).map_or("", |(name, _)| name);
            ensure!(
                self.sums.get(copy) == self.sums.get(of),
                BadFile,
                "`{copy}` differs from `{of}`, and the config says with `tie_word_embeddings` that they are one"
            );
        }
        for &(parameter, part) in &self.fresh {
            self.model.placed().begin(parameter, part, seed)?;
        }
        Ok(self.model)
    }
}
