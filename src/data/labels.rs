//! Labels of whole texts and of their tokens: names to numbers, examples to rows.
//!
//! In: examples with labels or entities. Out: rows whose targets, or values, are labels. Names that a config made up (`LABEL_0`) give way
//! to those of the examples, in the order in which they come. Tokens are labelled as Hugging Face's examples do it: `B-` at an
//! entity's first token, `I-` after it, and only the first piece of each word counts.

use super::document::{Entity, Label};
use super::row::{IGNORED, Row};
use crate::error::{Error, Kind, Result};
use crate::tokenizer::encoding::Encoding;
use crate::{bail, ensure};

/// What a classifier's outputs mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// One of them is right.
    One,
    /// Each is right or not.
    Several,
    /// Values to come near.
    Values,
}

/// The names of the outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    names: Vec<String>,
    /// Names made up by a config, not yet given away.
    free: Vec<bool>,
    meaning: Meaning,
}

impl Labels {
    /// The names of a config.
    pub fn new(names: Vec<String>, meaning: Meaning) -> Labels {
        let made_up = names.iter().enumerate().all(|(at, name)| *name == format!("LABEL_{at}"));
        Labels { free: vec![made_up; names.len()], names, meaning }
    }

    /// The names, in the order of the outputs.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of a name; a new name takes the first that is free.
    fn number(&mut self, name: &str) -> Result<u32> {
        if let Some(at) = self.known(name) {
            return Ok(at);
        }
        match self.free.iter().position(|free| *free) {
            Some(at) => {
                name.clone_into(&mut self.names[at]);
                self.free[at] = false;
                Ok(at as u32)
            }
            None if self.free.iter().all(|free| !free) => {
                let (count, names) = (self.names.len(), self.names.join(", "));
                let foreign = format!("train: the label \"{name}\" is none of the model's {count}: {names}");
                let error = Error::new(Kind::BadInput, foreign).detail("labels", count as f64);
                Err(error.hint("say how many in the config's num_labels, or which in its id2label"))
            }
            None => bail!(Internal, "labels: no free number"),
        }
    }

    fn known(&self, name: &str) -> Option<u32> {
        self.names.iter().zip(&self.free).position(|(known, free)| !free && known == name).map(|at| at as u32)
    }

    /// Whether a name can have a number.
    fn has(&self, name: &str) -> bool {
        self.known(name).is_some()
    }

    /// The row of a whole text: its label stands at its first place.
    pub fn classify(&mut self, encoding: Encoding, label: Option<&Label>, first: u32) -> Result<Row> {
        let Some(label) = label else { bail!(BadInput, "train: an example to classify has no label") };
        let mut row = Row::new(encoding.ids, Vec::new(), first);
        row.types = encoding.type_ids;
        ensure!(!row.ids.is_empty(), BadInput, "train: an example to classify has an empty text");
        let count = self.names.len();
        match (self.meaning, label) {
            (Meaning::Values, Label::Number(value)) if count == 1 => row.values = vec![*value as f32],
            (Meaning::Values, _) => bail!(BadInput, "train: a label that is one number is wanted, got {label:?}"),
            (Meaning::One, Label::Number(number)) => {
                let whole = number.fract() == 0.0 && (0.0..count as f64).contains(number);
                ensure!(whole, BadInput, [label: *number, labels: count], "train: the label {number} is none of the numbers below {count}");
                row.targets = vec![IGNORED; row.ids.len()];
                row.targets[0] = *number as u32;
            }
            (Meaning::One, Label::Name(name)) => {
                row.targets = vec![IGNORED; row.ids.len()];
                row.targets[0] = self.number(name)?;
            }
            (Meaning::Several, Label::Names(names)) => {
                row.values = vec![0.0; count];
                for name in names {
                    row.values[self.number(name)? as usize] = 1.0;
                }
            }
            (Meaning::Several, Label::Name(name)) => {
                row.values = vec![0.0; count];
                row.values[self.number(name)? as usize] = 1.0;
            }
            (Meaning::Several, Label::Number(_)) => bail!(BadInput, "train: names of labels are wanted, got a number"),
            (Meaning::One, Label::Names(_)) => {
                return Err(crate::Error::new(
                    crate::Kind::BadInput,
                    "train: one label is wanted for a text, got a list",
                )
                .hint("several labels at once need problem_type \"multi_label_classification\" in the config"));
            }
        }
        Ok(row)
    }

    /// The row of a text whose tokens are labelled by the entities they belong to.
    pub fn tag(&mut self, encoding: Encoding, entities: &[Entity], first: u32) -> Result<Row> {
        for entity in entities {
            ensure!(
                entity.start < entity.end,
                BadInput,
                "train: the entity \"{}\" goes from {} to {}",
                entity.label,
                entity.start,
                entity.end
            );
        }
        let mut targets = vec![IGNORED; encoding.ids.len()];
        let mut last = None;
        for at in 0..encoding.ids.len() {
            let at_word = encoding.word_ids.get(at).copied().unwrap_or(-1);
            let begins = at == 0 || encoding.word_ids.get(at - 1) != Some(&at_word);
            let special = encoding.special_mask.get(at) == Some(&1) || at_word < 0;
            if special || !begins {
                continue;
            }
            let (start, end) = encoding.offsets.get(at).copied().unwrap_or_default();
            let (start, end) = (start as usize, end as usize);
            let of = entities.iter().position(|entity| start < entity.end && entity.start < end.max(start + 1));
            targets[at] = match of {
                None => self.outside()?,
                Some(of) => self.inside(&entities[of].label, last != Some(of))?,
            };
            last = of;
        }
        let mut row = Row::new(encoding.ids, targets, first);
        row.types = encoding.type_ids;
        Ok(row)
    }

    fn outside(&mut self) -> Result<u32> {
        self.number("O")
    }

    /// The number of an entity's token: its first, or a later one.
    fn inside(&mut self, label: &str, begins: bool) -> Result<u32> {
        let (begin, inner) = (format!("B-{label}"), format!("I-{label}"));
        match (self.has(&begin), self.has(&inner), self.has(label)) {
            (true, true, _) => self.number(if begins { &begin } else { &inner }),
            (true, false, _) if begins => self.number(&begin),
            (false, true, _) => self.number(&inner),
            (false, false, true) => self.number(label),
            _ => {
                // Both at once, so that the numbers do not hang on which comes first.
                let (first, later) = (self.number(&begin)?, self.number(&inner)?);
                Ok(if begins { first } else { later })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(ids: &[u32], offsets: &[(u32, u32)], word_ids: &[i32]) -> Encoding {
        Encoding {
            ids: ids.to_vec(),
            offsets: offsets.to_vec(),
            word_ids: word_ids.to_vec(),
            special_mask: word_ids.iter().map(|&word| u32::from(word < 0)).collect(),
            ..Encoding::default()
        }
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn made_up(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("LABEL_{at}")).collect()
    }

    /// `[CLS] Ada Love ##lace in Paris [SEP]`.
    fn sentence() -> Encoding {
        words(
            &[1, 10, 11, 12, 13, 14, 2],
            &[(0, 0), (0, 3), (4, 8), (8, 12), (13, 15), (16, 21), (0, 0)],
            &[-1, 0, 1, 1, 2, 3, -1],
        )
    }

    fn entity(start: usize, end: usize, label: &str) -> Entity {
        Entity { start, end, label: label.to_owned() }
    }

    #[test]
    fn the_first_piece_of_each_word_has_its_entity_s_label() {
        let mut labels = Labels::new(names(&["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), Meaning::One);
        let row = labels.tag(sentence(), &[entity(0, 12, "PER"), entity(16, 21, "LOC")], 0).unwrap();
        assert_eq!(row.targets, [IGNORED, 1, 2, IGNORED, 0, 3, IGNORED]);
    }

    #[test]
    fn names_that_were_made_up_give_way_in_the_order_of_the_examples() {
        let mut labels = Labels::new(made_up(3), Meaning::One);
        let row = labels.tag(sentence(), &[entity(16, 21, "LOC")], 0).unwrap();
        assert_eq!(row.targets, [IGNORED, 0, 0, IGNORED, 0, 1, IGNORED]);
        assert_eq!(labels.names(), ["O", "B-LOC", "I-LOC"]);
        let more = labels.tag(sentence(), &[entity(0, 12, "PER")], 0);
        assert_eq!(more.unwrap_err().code(), "bad-input");
        let mut plain = Labels::new(names(&["O", "LOC"]), Meaning::One);
        assert_eq!(plain.tag(sentence(), &[entity(16, 21, "LOC")], 0).unwrap().targets[5], 1);
    }

    #[test]
    fn labels_of_texts_are_numbers_names_or_lists_of_names() {
        let mut one = Labels::new(made_up(2), Meaning::One);
        let mut label = |label: Label| one.classify(sentence(), Some(&label), 0);
        assert_eq!(label(Label::Name("gai".into())).unwrap().targets[..2], [0, IGNORED]);
        assert_eq!(label(Label::Name("triste".into())).unwrap().targets[0], 1);
        assert_eq!(label(Label::Name("gai".into())).unwrap().targets[0], 0);
        assert_eq!(label(Label::Number(1.0)).unwrap().targets[0], 1);
        assert_eq!(label(Label::Number(2.0)).unwrap_err().code(), "bad-input");
        assert_eq!(label(Label::Name("autre".into())).unwrap_err().code(), "bad-input");
        assert_eq!(label(Label::Names(Vec::new())).unwrap_err().code(), "bad-input");
        assert_eq!(one.classify(sentence(), None, 0).unwrap_err().code(), "bad-input");
        assert_eq!(one.names(), ["gai", "triste"]);

        let mut several = Labels::new(names(&["a", "b", "c"]), Meaning::Several);
        let row = several.classify(sentence(), Some(&Label::Names(names(&["c", "a"]))), 0).unwrap();
        assert_eq!((row.values, row.targets.len()), (vec![1.0, 0.0, 1.0], 0));
        let mut value = Labels::new(names(&["score"]), Meaning::Values);
        assert_eq!(value.classify(sentence(), Some(&Label::Number(2.5)), 0).unwrap().values, [2.5]);
    }
}
