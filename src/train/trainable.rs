//! Which parameters learn: patterns of names, as people write them.
//!
//! In: patterns of Hugging Face's names and a placed model. Out: for each parameter the stretches of its numbers that learn. A pattern
//! with `*` is the whole name, each star any stretch of it (`transformer.h.0.*`); one without is a part of the name (`lm_head`, `.bias`).
//! Checkpoints keep apart what lies together here (query, key and value), so a parameter may learn in parts.
//! It refuses to know how anything is learned.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::checkpoint;
use crate::device::ALIGNMENT;
use crate::error::Result;
use crate::models::Placed;
use crate::nn::{Parameter, Role};
use crate::order;
use crate::{bail, ensure};

/// The stretches that learn, by our name of the parameter; all of everything where there are no patterns.
#[derive(Debug)]
pub struct Learning(Option<BTreeMap<String, Vec<Range<usize>>>>);

impl Learning {
    /// Reads the patterns.
    ///
    /// Fails with `bad-option` for a pattern that stands for nothing, `unsupported` where a part of a matrix begins in the midst of a stretch
    /// that devices cannot divide.
    pub fn new(patterns: Option<&[String]>, placed: &Placed) -> Result<Learning> {
        let Some(patterns) = patterns else { return Ok(Learning(None)) };
        let inventory = placed.store.inventory();
        let all = checkpoint::saved(&placed.config, inventory)?;
        for pattern in patterns {
            let known = all.iter().any(|saved| stands_for(pattern, &saved.name));
            if let (false, Some(first)) = (known, all.first()) {
                bail!(
                    BadOption,
                    "train: trainable: no parameter is named like \"{pattern}\"; one is \"{}\"",
                    first.name
                );
            }
        }
        let mut stretches: BTreeMap<String, Vec<Range<usize>>> = BTreeMap::new();
        for saved in all.iter().filter(|saved| patterns.iter().any(|pattern| stands_for(pattern, &saved.name))) {
            let Some(parameter) = inventory.at(saved.parameter).filter(|one| one.role == Role::Trained) else {
                continue;
            };
            stretches.entry(parameter.name.clone()).or_default().push(saved.words.clone());
        }
        for (name, stretches) in &mut stretches {
            join(stretches);
            let apart = stretches.iter().all(|stretch| stretch.start % ALIGNMENT == 0);
            ensure!(
                apart,
                Unsupported,
                "train: trainable: the parts of `{name}` are too narrow to learn apart; name all or none"
            );
        }
        Ok(Learning(Some(stretches)))
    }

    /// The stretches of a parameter that learn, in order.
    pub fn of(&self, parameter: &Parameter) -> Vec<Range<usize>> {
        match &self.0 {
            Some(stretches) => stretches.get(&parameter.name).cloned().unwrap_or_default(),
            None => std::iter::once(0..parameter.words()).collect(),
        }
    }
}

/// Puts stretches in order and makes one of those that touch.
fn join(stretches: &mut Vec<Range<usize>>) {
    order::by_key(stretches, |stretch| stretch.start);
    stretches.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
}

/// Whether a pattern stands for a name.
fn stands_for(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return name.contains(pattern) };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{join, stands_for};

    #[test]
    fn a_pattern_without_a_star_is_a_part_of_the_name() {
        assert!(stands_for("h.0.", "transformer.h.0.attn.c_attn.bias"));
        assert!(stands_for("lm_head.weight", "lm_head.weight"));
        assert!(!stands_for("h.0.", "transformer.h.10.attn.c_attn.bias"));
    }

    #[test]
    fn a_pattern_with_stars_is_the_whole_name() {
        let name = "transformer.h.0.attn.c_attn.bias";
        for pattern in ["*", "*h.0*", "transformer.h.*", "*.bias", "transformer.*.attn.*.bias", "t*s"] {
            assert!(stands_for(pattern, name), "{pattern}");
        }
        for pattern in ["h.0.*", "*.weight", "transformer.*.mlp.*", "transformer.h.0.attn.c_attn.bias*s", "*bias*bias"]
        {
            assert!(!stands_for(pattern, name), "{pattern}");
        }
    }

    #[test]
    fn stretches_that_touch_are_one() {
        let mut stretches = vec![128..192, 0..64, 64..128, 256..320];
        join(&mut stretches);
        assert_eq!(stretches, [0..192, 256..320]);
    }
}
