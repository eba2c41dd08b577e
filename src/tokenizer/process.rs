//! After the model: special tokens around one text or a pair.
//!
//! In: the encodings of one or two texts. Out: one encoding, by the template of the tokenizer. Named after Hugging Face's
//! post-processors.

use super::bytes;
use super::encoding::{Detail, Encoding};
use crate::{Result, ensure};

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first text (0) or the second (1), with the type of its tokens.
    Text {
        /// Which of the two.
        index: usize,
        /// The type of its tokens.
        type_id: u32,
    },
    /// A special token, by its place in the template's list.
    Special {
        /// The name under which the template lists it.
        name: String,
        /// The type of its tokens.
        type_id: u32,
    },
}

/// A special token of a template; it may stand for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Special {
    /// The name in the template.
    pub name: String,
    /// The tokens' numbers.
    pub ids: Vec<u32>,
    /// The tokens as text.
    pub tokens: Vec<String>,
}

/// A post-processor, by the names of Hugging Face's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Processor {
    /// Takes the spaces off the offsets of byte-level tokens, if `trim_offsets`.
    ByteLevel {
        /// The splitter put a space before the text.
        prefix_space: bool,
        /// Whether to do anything.
        trim_offsets: bool,
        /// Of no effect; kept for the file.
        regex: bool,
    },
    /// Special tokens where a template says.
    Template {
        /// For one text.
        single: Vec<Part>,
        /// For two.
        pair: Vec<Part>,
        /// The special tokens.
        specials: Vec<Special>,
    },
    /// `[CLS] A [SEP] B [SEP]`.
    Bert {
        /// The token at the end of a text.
        sep: (String, u32),
        /// The token at the start.
        cls: (String, u32),
    },
    /// `<s> A </s></s> B </s>`.
    Roberta {
        /// The token at the end of a text.
        sep: (String, u32),
        /// The token at the start.
        cls: (String, u32),
        /// Takes the spaces off offsets.
        trim_offsets: bool,
        /// The splitter put a space before the text.
        prefix_space: bool,
    },
    /// One after the other.
    Sequence(Vec<Processor>),
}

impl Processor {
    /// How many special tokens are put in.
    pub fn added(&self, pair: bool) -> usize {
        match self {
            Processor::ByteLevel { .. } => 0,
            Processor::Template { single, pair: double, specials } => (if pair { double } else { single })
                .iter()
                .map(|part| match part {
                    Part::Text { .. } => 0,
                    Part::Special { name, .. } => find(specials, name).map_or(0, |special| special.ids.len()),
                })
                .sum(),
            Processor::Bert { .. } => 2 + pair as usize,
            Processor::Roberta { .. } => 2 + 2 * pair as usize,
            Processor::Sequence(processors) => processors.iter().map(|processor| processor.added(pair)).sum(),
        }
    }

    /// What is to be taken off the offsets of each text before the texts are set in their templates, in order.
    pub fn trims(&self, special: bool) -> Vec<Trim> {
        let mut all = Vec::new();
        self.list_trims(special, &mut [false; 2], &mut all);
        all
    }

    fn list_trims(&self, special: bool, behind: &mut [bool; 2], all: &mut Vec<Trim>) {
        match self {
            Processor::ByteLevel { prefix_space, trim_offsets: true, .. } => {
                all.push(Trim { prefix_space: *prefix_space, behind: *behind });
            }
            Processor::Roberta { prefix_space, trim_offsets, .. } => {
                if *trim_offsets {
                    all.push(Trim { prefix_space: *prefix_space, behind: *behind });
                }
                *behind = [special || behind[0], special || behind[1]];
            }
            Processor::Bert { .. } => behind[0] |= special,
            Processor::Sequence(processors) => processors.iter().for_each(|one| one.list_trims(special, behind, all)),
            Processor::ByteLevel { .. } | Processor::Template { .. } => {}
        }
    }

    /// Sets the texts in their template: one or two encodings to a list whose joining is the result.
    ///
    /// # Errors
    /// `unsupported` for a sequence of processors in which a second one would see more than two texts.
    pub fn apply(&self, mut texts: Vec<Encoding>, special: bool, detail: &Detail) -> Result<Vec<Encoding>> {
        match self {
            Processor::ByteLevel { .. } => Ok(texts),
            Processor::Template { single, pair, specials } => {
                let template = match texts.len() {
                    1 => single,
                    2 => pair,
                    count => {
                        crate::bail!(
                            Unsupported,
                            "post-processor: a template after another one would see {count} texts"
                        )
                    }
                };
                let mut out = Vec::with_capacity(template.len());
                for part in template {
                    match part {
                        Part::Text { index, type_id } => {
                            let again =
                                |part: &&Part| matches!(part, Part::Text { index: other, .. } if other == index);
                            let Some(text) = texts.get_mut(*index) else {
                                crate::bail!(BadInput, "post-processor: the template for one text names a second one");
                            };
                            // A text that stands in the template once, as it mostly does, is not copied.
                            let once = template.iter().filter(again).count() == 1;
                            let mut text = if once { std::mem::take(text) } else { text.clone() };
                            // Not those of the parts that were cut off: they keep the text's number, as in the reference.
                            text.type_ids.fill(*type_id);
                            out.push(text);
                        }
                        Part::Special { name, type_id } if special => {
                            if let Some(found) = find(specials, name) {
                                out.push(Encoding::special(&found.ids, &found.tokens, *type_id, detail));
                            }
                        }
                        Part::Special { .. } => {}
                    }
                }
                Ok(out)
            }
            Processor::Bert { sep, cls } => Ok(if special { wrap(texts, cls, sep, None, detail) } else { texts }),
            Processor::Roberta { sep, cls, .. } => {
                texts.iter_mut().for_each(|text| text.type_ids.fill(0));
                Ok(if special { wrap(texts, cls, sep, Some(sep), detail) } else { texts })
            }
            Processor::Sequence(processors) => {
                for processor in processors {
                    ensure!(!texts.is_empty(), Unsupported, "post-processor: nothing is left for the next one");
                    texts = processor.apply(texts, special, detail)?;
                }
                Ok(texts)
            }
        }
    }
}

/// A special token of a template by its name.
pub fn find<'s>(specials: &'s [Special], name: &str) -> Option<&'s Special> {
    specials.iter().find(|special| special.name == name)
}

/// Sets the first text between `cls` and `sep`, the others between `before` and `sep`; there are as many texts as before, and
/// what stood in one is text to the next processor, special tokens included.
fn wrap(
    texts: Vec<Encoding>,
    cls: &(String, u32),
    sep: &(String, u32),
    before: Option<&(String, u32)>,
    detail: &Detail,
) -> Vec<Encoding> {
    let wrapped = texts.into_iter().enumerate().map(|(index, mut text)| {
        // BERT's and RoBERTa's own processors number the types 0, 1 and 0, 0.
        let type_id = u32::from(before.is_none() && index > 0);
        let token =
            |(token, id): &(String, u32)| Encoding::special(&[*id], std::slice::from_ref(token), type_id, detail);
        text.each(&mut |text| {
            text.special_mask.fill(0);
            if before.is_some() {
                text.type_ids.fill(0);
            }
        });
        let mut all = (if index == 0 { Some(cls) } else { before }).map(token).unwrap_or_default();
        all.append(text);
        all.append(token(sep));
        all
    });
    wrapped.collect()
}

/// What a token's number says.
pub type Spoken<'s> = &'s dyn Fn(u32) -> &'s str;

/// Spaces that a processor takes off offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// The splitter put a space before the text.
    prefix_space: bool,
    /// Whether an earlier processor has put a special token before the first text, and before the second.
    behind: [bool; 2],
}

impl Trim {
    /// Takes leading and trailing spaces off the offsets, which count characters, of each token of the text with this index.
    pub fn apply(self, text: &mut Encoding, index: usize, token: Spoken<'_>) {
        let begins = !self.behind.get(index).is_some_and(|&behind| behind);
        let mut written = text.written.iter().peekable();
        for (index, (offset, &id)) in text.offsets.iter_mut().zip(&text.ids).enumerate() {
            let token = match written.next_if(|entry| entry.0 as usize == index) {
                Some((_, written)) => written,
                None => token(id),
            };
            let space = |c: &char| *c == bytes::symbol(b' ') || c.is_whitespace();
            let mut leading = token.chars().take_while(space).count() as u32;
            let trailing = token.chars().rev().take_while(space).count() as u32;
            if leading > 0 {
                let first = (index == 0 && begins) || offset.0 == 0;
                if first && self.prefix_space && leading == 1 {
                    leading = 0; // the space that the splitter put there
                }
                offset.0 = (offset.0 + leading).min(offset.1);
            }
            if trailing > 0 && offset.1 >= trailing {
                offset.1 = (offset.1 - trailing).max(offset.0);
            }
        }
    }
}
