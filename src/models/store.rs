//! Where each parameter lies: an inventory and a device's limits in, arenas and slices out.
//!
//! Weights lie in a few arenas, each parameter from a multiple of 64 words on, those that decay first. Gradients, and moments
//! beside them, lie in arenas of their own, which repeat the order of what is trained; what is frozen has none. So a
//! whole model is updated by a few launches, one for each [`Run`].
//! Gives sizes and slices; whoever allocates decides about devices.

use std::ops::Range;

use crate::device::{ALIGNMENT, Limits, Slice};
use crate::ensure;
use crate::error::{Error, Kind, Result};
use crate::graph::Graph;
use crate::kernels::Format;
use crate::nn::{Inventory, Parameter, Role, Weights};
use crate::order;

/// The places of all parameters.
#[derive(Clone, Debug)]
pub struct Store {
    inventory: Inventory,
    homes: Vec<Slice>,
    arenas: Vec<usize>,
    limit: usize,
    format: Format,
}

/// The places of all gradients, for one choice of what is trained.
#[derive(Clone, Debug)]
pub struct Gradients {
    homes: Vec<Option<Slice>>,
    arenas: Vec<usize>,
    first: usize,
}

/// A stretch of weights whose gradients lie in the same order without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The weights.
    pub weight: Slice,
    /// Their gradients; moments lie at the same place in arenas of the same sizes.
    pub gradient: Slice,
    /// Whether weight decay applies.
    pub decay: bool,
}

impl Store {
    /// Places the parameters of `inventory`, matrices in `format`; weight arenas take the table places from 0 on.
    ///
    /// Fails with `out-of-memory` if one parameter is larger than the largest buffer.
    pub fn new(inventory: Inventory, format: Format, limits: Limits) -> Result<Store> {
        inventory.check()?;
        let limit = limits.buffer_words - limits.buffer_words % ALIGNMENT;
        let mut order: Vec<usize> = (0..inventory.len()).collect();
        let class = |index: &usize| match inventory.at(*index) {
            Some(p) if p.role != Role::Trained => 2,
            Some(p) if p.decay => 0,
            _ => 1,
        };
        order::by_key(&mut order, class);
        let mut homes = vec![Slice { buffer: 0, offset: 0, words: 0 }; inventory.len()];
        let mut arenas: Vec<usize> = Vec::new();
        for index in order {
            let Some((parameter, home)) = inventory.at(index).zip(homes.get_mut(index)) else { continue };
            let words = kept(parameter, format).words(parameter.words());
            *home = place(&mut arenas, limit, words, &parameter.name)?;
        }
        Ok(Store { inventory, homes, arenas, limit, format })
    }

    /// How matrices are kept; with f16 the numbers of all else are rounded to f16 too, and kept as f32.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How the numbers of parameter `index` lie.
    pub fn format_of(&self, index: usize) -> Format {
        self.inventory.at(index).map_or(Format::F32, |parameter| kept(parameter, self.format))
    }

    /// What is placed.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The sizes of the weight arenas, in words.
    pub fn arenas(&self) -> &[usize] {
        &self.arenas
    }

    /// Where parameter `index` lies.
    pub fn home(&self, index: usize) -> Option<Slice> {
        self.homes.get(index).copied()
    }

    /// Fails with `unsupported` if the weights are kept as f16, which do not learn.
    pub fn learns(&self) -> Result<()> {
        if self.format == Format::F32 {
            return Ok(());
        }
        let error = Error::new(Kind::Unsupported, "training and gradients: the weights are kept as f16");
        Err(error.hint("load the model with dtype \"f32\""))
    }

    /// Places the gradients of the parameters that `trained` names; gradient arenas take the table places after the weights'.
    ///
    /// Fails with `bad-option` if nothing is trained, with `unsupported` if the weights are kept as f16.
    pub fn gradients(&self, trained: impl Fn(&Parameter) -> bool) -> Result<Gradients> {
        self.learns()?;
        let mut order: Vec<usize> = (0..self.inventory.len()).collect();
        order::by_key(&mut order, |&index| self.homes.get(index).map(|home| (home.buffer, home.offset)));
        let mut homes = vec![None; self.inventory.len()];
        let mut arenas = Vec::new();
        for index in order {
            let Some((parameter, home)) = self.inventory.at(index).zip(homes.get_mut(index)) else { continue };
            if parameter.role == Role::Trained && trained(parameter) {
                let mut slice = place(&mut arenas, self.limit, parameter.words(), &parameter.name)?;
                slice.buffer += self.arenas.len();
                *home = Some(slice);
            }
        }
        ensure!(!arenas.is_empty(), BadOption, "training: no parameter is trainable");
        Ok(Gradients { homes, arenas, first: self.arenas.len() })
    }

    /// Puts the weights into a graph, trainable where they have a gradient.
    pub fn weights(&self, graph: &mut Graph, gradients: Option<&Gradients>) -> Weights {
        let mut weights = Weights::default();
        for (index, (parameter, &home)) in self.inventory.iter().zip(&self.homes).enumerate() {
            let gradient = gradients.and_then(|gradients| gradients.home(index));
            let tensor = match gradient {
                None => graph.frozen(&parameter.name, &parameter.shape, home, kept(parameter, self.format)),
                gradient => graph.weight(&parameter.name, &parameter.shape, home, gradient),
            };
            weights.insert(&parameter.name, tensor, gradient.is_some());
        }
        weights
    }

    /// The words of the numbers `range` of parameter `index`, as they lie in its arena. Words that others share in are taken whole.
    pub fn part(&self, index: usize, range: Range<usize>) -> Option<Slice> {
        let (home, format) = (self.home(index)?, self.format_of(index));
        let words = range.start / format.in_word()..format.words(range.end);
        let inside = words.start <= words.end && words.end <= home.words;
        inside.then(|| Slice { offset: home.offset + words.start, words: words.len(), ..home })
    }

    /// The stretches an optimiser updates. `learns` says for each parameter which of its numbers learn, `decays` whether weight decay applies.
    pub fn runs(
        &self,
        gradients: &Gradients,
        learns: impl Fn(&Parameter) -> Vec<Range<usize>>,
        decays: impl Fn(&Parameter) -> bool,
    ) -> Vec<Run> {
        let mut pieces: Vec<Run> = Vec::new();
        for (index, parameter) in self.inventory.iter().enumerate() {
            if let (Some(weight), Some(gradient)) = (self.home(index), gradients.home(index)) {
                let cut = |home: Slice, words: &Range<usize>| Slice {
                    offset: home.offset + words.start,
                    words: words.len(),
                    ..home
                };
                let decay = decays(parameter);
                let runs = learns(parameter).into_iter();
                pieces.extend(runs.map(|words| Run {
                    weight: cut(weight, &words),
                    gradient: cut(gradient, &words),
                    decay,
                }));
            }
        }
        order::by_key(&mut pieces, |run| (run.weight.buffer, run.weight.offset));
        let mut runs: Vec<Run> = Vec::new();
        for piece in pieces {
            if let Some(last) = runs.last_mut() {
                let gap = piece.weight.offset.wrapping_sub(last.weight.offset);
                let joined = last.decay == piece.decay
                    && last.weight.buffer == piece.weight.buffer
                    && last.gradient.buffer == piece.gradient.buffer
                    && gap == last.weight.words.next_multiple_of(ALIGNMENT)
                    && piece.gradient.offset.wrapping_sub(last.gradient.offset) == gap;
                if joined {
                    last.weight.words = gap + piece.weight.words;
                    last.gradient.words = gap + piece.gradient.words;
                    continue;
                }
            }
            runs.push(piece);
        }
        runs
    }
}

impl Gradients {
    /// The sizes of the gradient arenas, in words; moments need as many of the same sizes.
    pub fn arenas(&self) -> &[usize] {
        &self.arenas
    }

    /// The table place of the first gradient arena.
    pub fn first(&self) -> usize {
        self.first
    }

    /// Where the gradient of parameter `index` lies; none if it is frozen.
    pub fn home(&self, index: usize) -> Option<Slice> {
        self.homes.get(index).copied().flatten()
    }
}

/// How the numbers of a parameter lie, where matrices are kept in `format`.
fn kept(parameter: &Parameter, format: Format) -> Format {
    if parameter.halves { format } else { Format::F32 }
}

fn place(arenas: &mut Vec<usize>, limit: usize, words: usize, name: &str) -> Result<Slice> {
    ensure!(
        words <= limit,
        OutOfMemory,
        [needed: words * 4, limit: limit * 4],
        "`{name}` needs {} bytes in one buffer, the device allows {}",
        words * 4,
        limit * 4
    );
    let need = words.next_multiple_of(ALIGNMENT);
    if arenas.last().is_none_or(|used| used + need > limit) {
        arenas.push(0);
    }
    let buffer = arenas.len() - 1;
    match arenas.last_mut() {
        Some(used) => {
            let offset = *used;
            *used += need;
            Ok(Slice { buffer, offset, words })
        }
        None => crate::bail!(Internal, "no arena"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Class;
    use crate::nn::Init;

    const LIMITS: Limits = Limits { binding_words: 1 << 20, buffer_words: 1024, class: Class::Cpu };

    fn whole(parameter: &crate::nn::Parameter) -> Vec<Range<usize>> {
        std::iter::once(0..parameter.words()).collect()
    }

    fn inventory() -> Inventory {
        let mut list = Inventory::new();
        list.add("table", &[10, 30], Init::normal(0.02));
        list.add("norm", &[30], Init::Constant(1.0));
        list.untrained("angles", &[70], Init::Zeros, Role::Fixed);
        list.add("matrix", &[20, 30], Init::normal(0.02));
        list.add("bias", &[20], Init::Zeros);
        list
    }

    #[test]
    fn arenas_are_split_at_the_limit_and_nothing_overlaps() {
        let store = Store::new(inventory(), Format::F32, LIMITS).unwrap();
        assert!(store.arenas().iter().all(|&words| words <= 1024) && store.arenas().len() == 2);
        let mut taken: Vec<Slice> = (0..5).map(|index| store.home(index).unwrap()).collect();
        taken.sort_by_key(|slice| (slice.buffer, slice.offset));
        for pair in taken.windows(2) {
            let apart = pair[0].buffer < pair[1].buffer || pair[0].offset + pair[0].words <= pair[1].offset;
            assert!(apart && pair[1].offset % ALIGNMENT == 0, "{pair:?}");
        }
    }

    #[test]
    fn whole_training_is_one_run_for_each_arena_and_decay() {
        let store = Store::new(inventory(), Format::F32, Limits { buffer_words: 1 << 20, ..LIMITS }).unwrap();
        let gradients = store.gradients(|_| true).unwrap();
        let runs = store.runs(&gradients, whole, |parameter| parameter.decay);
        assert_eq!(runs.len(), 2, "{runs:?}");
        assert_eq!(runs.iter().map(|run| run.decay).collect::<Vec<_>>(), [true, false]);
        assert_eq!(gradients.home(2), None);
        assert_eq!(gradients.first(), 1);
    }

    #[test]
    fn frozen_parameters_have_no_gradient_and_split_no_neighbours_apart() {
        let store = Store::new(inventory(), Format::F32, Limits { buffer_words: 1 << 20, ..LIMITS }).unwrap();
        let gradients = store.gradients(|parameter| parameter.name != "table").unwrap();
        assert_eq!(gradients.home(0), None);
        let runs = store.runs(&gradients, whole, |_| false);
        assert_eq!(runs.len(), 1, "{runs:?}");
        assert_eq!(runs[0].gradient.offset, 0);
        assert_eq!(store.gradients(|_| false).unwrap_err().code(), "bad-option");
    }

    #[test]
    fn a_parameter_over_the_largest_buffer_is_refused_by_name() {
        let mut list = Inventory::new();
        list.add("huge", &[64, 64], Init::Zeros);
        let error = Store::new(list, Format::F32, LIMITS).unwrap_err();
        assert!(error.code() == "out-of-memory" && error.to_string().contains("huge"), "{error:?}");
    }
}
