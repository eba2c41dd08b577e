//! The parts of well-known tokenizers, for training new ones of their kind.
//!
//! In: a name. Out: normaliser, splitter, decoder, special tokens and their template, to be put around a model.

use super::added::AddedToken;
use super::aligned::Aligned;
use super::decode::Decoder;
use super::model::Model;
use super::normalise::{Form, Normaliser};
use super::process::{Part, Processor, Special};
use super::split::known::LLAMA3;
use super::split::pattern::{Pattern, Written};
use super::split::{Behavior, Pieces, Prepend, Splitter};
use super::{Parts, Tokenizer};
use crate::{Result, bail};

/// The mark that SentencePiece writes for a space.
pub const MARK: char = '▁';

/// Everything of a tokenizer but its model.
#[derive(Clone, Debug)]
pub struct Preset {
    /// The parts; the processor is made when the ids of the special tokens are known.
    pub parts: Parts,
    /// The special tokens, in the order in which a trainer gives them the first ids.
    pub special: Vec<String>,
    /// The unknown token, where the model has one.
    pub unk: Option<&'static str>,
    /// Whether special tokens come after the vocabulary rather than before it.
    pub special_last: bool,
    single: &'static str,
    pair: &'static str,
}

impl Preset {
    /// The preset of a name: `gpt2`, `llama3`, `llama2`, `bert`, `bert-cased`, `t5`, or for words and characters
    /// `word` and `char`.
    ///
    /// # Errors
    /// `bad-option` for another name.
    pub fn of(name: &str) -> Result<Self> {
        let byte_level = |regex| Splitter::ByteLevel { prefix_space: false, trim_offsets: true, regex };
        let byte_decoder = || Some(Decoder::ByteLevel { prefix_space: true, trim_offsets: true, regex: true });
        let mut parts = Parts::default();
        let (special, unk, single, pair): (&[&str], _, _, _) = match name {
            "gpt2" => {
                parts.splitter = Some(byte_level(true));
                parts.processor = Some(Processor::ByteLevel { prefix_space: true, trim_offsets: false, regex: true });
                parts.decoder = byte_decoder();
                (&["<|endoftext|>"], None, "", "")
            }
            "llama3" => {
                parts.splitter = Some(Splitter::Sequence(vec![
                    Splitter::Split {
                        pattern: Pattern::new(Written::Regex(LLAMA3.into()))?,
                        behavior: Behavior::Isolated,
                        invert: false,
                    },
                    byte_level(false),
                ]));
                parts.processor = Some(Processor::ByteLevel { prefix_space: true, trim_offsets: false, regex: true });
                parts.decoder = byte_decoder();
                const SPECIAL: [&str; 5] =
                    ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"];
                (&SPECIAL, None, "<|begin_of_text|> A", "<|begin_of_text|> A <|begin_of_text|>:1 B:1")
            }
            "llama2" => {
                let marks = Pattern::new(Written::Literal(" ".into()))?;
                parts.normaliser = Some(Normaliser::Sequence(vec![
                    Normaliser::Prepend(MARK.into()),
                    Normaliser::Replace { pattern: marks, content: MARK.into() },
                ]));
                parts.decoder = Some(Decoder::Sequence(vec![
                    Decoder::Replace { pattern: Pattern::new(Written::Literal(MARK.into()))?, content: " ".into() },
                    Decoder::ByteFallback,
                    Decoder::Fuse,
                    Decoder::Strip { content: ' ', start: 1, stop: 0 },
                ]));
                (&["<unk>", "<s>", "</s>"], Some("<unk>"), "<s> A", "<s> A <s>:1 B:1")
            }
            "bert" | "bert-cased" => {
                parts.normaliser = Some(Normaliser::Bert {
                    clean: true,
                    chinese: true,
                    strip_accents: None,
                    lowercase: name == "bert",
                });
                parts.splitter = Some(Splitter::Bert);
                parts.decoder = Some(Decoder::WordPiece { prefix: "##".into(), cleanup: true });
                const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
                (&SPECIAL, Some("[UNK]"), "[CLS] A [SEP]", "[CLS] A [SEP] B:1 [SEP]:1")
            }
            "t5" => {
                parts.normaliser = Some(Normaliser::Form(Form::KC));
                parts.splitter = Some(Splitter::Metaspace { mark: MARK, prepend: Prepend::Always, split: true });
                parts.decoder = Some(Decoder::Metaspace { mark: MARK, prepend: Prepend::Always, split: true });
                (&["<pad>", "</s>", "<unk>"], Some("<unk>"), "A </s>", "A </s> B </s>")
            }
            "word" => {
                parts.splitter = Some(Splitter::Whitespace);
                (&["[UNK]", "[PAD]", "[BOS]", "[EOS]"], Some("[UNK]"), "[BOS] A [EOS]", "A B:1")
            }
            "char" => {
                parts.splitter = Some(Splitter::Split {
                    pattern: Pattern::new(Written::Regex(r"[\s\S]".into()))?,
                    behavior: Behavior::Isolated,
                    invert: false,
                });
                parts.decoder = Some(Decoder::Fuse);
                (&["<pad>", "<s>", "</s>", "<unk>"], Some("<unk>"), "<s> A </s>", "<s> A </s> B </s>")
            }
            _ => bail!(
                BadOption,
                "preset: expected gpt2, llama3, llama2, bert, bert-cased, t5, word or char, found {name:?}"
            ),
        };
        let special = special.iter().map(|token| (*token).to_owned()).collect();
        Ok(Preset { parts, special, unk, special_last: name == "llama3", single, pair })
    }

    /// Puts the preset's parts around a model; special tokens that the vocabulary lacks get the ids after it.
    ///
    /// # Errors
    /// `bad-file` when the special tokens cannot be set up.
    pub fn assemble(mut self, model: Model) -> Result<Tokenizer> {
        let mut next = model.vocab().iter().map(|(_, id)| id + 1).max().unwrap_or(0);
        let mut ids = Vec::new();
        for token in &self.special {
            let id = model.vocab().id(token).unwrap_or_else(|| {
                next += 1;
                next - 1
            });
            ids.push((token.clone(), id));
            let content = token.clone();
            self.parts.added.push(AddedToken { id, content, special: true, ..AddedToken::default() });
        }
        if !self.single.is_empty() {
            let (single, pair) = (template(self.single), template(self.pair));
            let used = |name: &str| {
                single
                    .iter()
                    .chain(&pair)
                    .any(|part| matches!(part, Part::Special { name: known, .. } if known == name))
            };
            let specials = ids
                .iter()
                .filter(|(token, _)| used(token))
                .map(|(token, id)| Special { name: token.clone(), ids: vec![*id], tokens: vec![token.clone()] })
                .collect();
            let template = Processor::Template { single, pair, specials };
            self.parts.processor = Some(match self.parts.processor.take() {
                Some(first) => Processor::Sequence(vec![first, template]),
                None => template,
            });
        }
        Tokenizer::new(self.parts, model)
    }
}

/// A template written as `[CLS] A [SEP] B:1 [SEP]:1`; the number is the type.
fn template(written: &str) -> Vec<Part> {
    let part = |word: &str| {
        let (name, type_id) = word.rsplit_once(":1").map_or((word, 0), |(name, _)| (name, 1));
        match name {
            "A" | "B" => Part::Text { index: (name == "B") as usize, type_id },
            _ => Part::Special { name: name.to_owned(), type_id },
        }
    };
    written.split(' ').map(part).collect()
}

/// What a special token of a well-known spelling is for.
pub fn role_of(token: &str) -> Option<&'static str> {
    Some(match token {
        "[PAD]" | "<pad>" | "<|pad|>" | "<|finetune_right_pad_id|>" => "pad",
        "[UNK]" | "<unk>" => "unk",
        "[CLS]" => "cls",
        "[SEP]" => "sep",
        "[MASK]" | "<mask>" => "mask",
        "<s>" | "[BOS]" | "<bos>" | "<|begin_of_text|>" => "bos",
        "</s>" | "[EOS]" | "<eos>" | "<|endoftext|>" | "<|end_of_text|>" => "eos",
        _ => return None,
    })
}

impl Parts {
    /// Calls back with the pieces of a text, normalised and split, in order; added tokens are not looked for.
    ///
    /// Byte-level pieces are plain text here; their symbols are their bytes ([`super::bytes`]).
    ///
    /// # Errors
    /// `bad-input` when a splitter gives up.
    pub fn pieces(&self, text: &str, piece: &mut dyn FnMut(&str)) -> Result<()> {
        let mut aligned = Aligned::new(text, 0, false);
        if let Some(normaliser) = &self.normaliser {
            normaliser.apply(&mut aligned)?;
        }
        self.pieces_of(aligned, piece)
    }

    /// As [`Parts::pieces`], of a text that is normalised.
    pub fn pieces_of(&self, text: Aligned<'_>, piece: &mut dyn FnMut(&str)) -> Result<()> {
        let mut pieces = Pieces::new(text);
        if let Some(splitter) = &self.splitter {
            splitter.split(&mut pieces, true)?;
        }
        pieces.cuts.iter().for_each(|&cut| piece(pieces.slice(cut)));
        Ok(())
    }

    /// Whether the pieces are byte-level: their symbols are bytes.
    pub fn byte_level(&self) -> bool {
        fn ends_in_bytes(splitter: &Splitter) -> bool {
            match splitter {
                Splitter::ByteLevel { .. } => true,
                Splitter::Sequence(splitters) => splitters.last().is_some_and(ends_in_bytes),
                _ => false,
            }
        }
        self.splitter.as_ref().is_some_and(ends_in_bytes)
    }
}
