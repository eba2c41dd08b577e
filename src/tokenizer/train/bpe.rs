//! BPE training (Sennrich et al. 2016), in the three forms that are in use.
//!
//! In: word counts. Out: a [`Learned`] vocabulary with its merges.
//! * bytes (GPT-2, LLaMA-3): special tokens, the 256 byte symbols in the order of their code points, merges;
//! * characters: special tokens, the characters seen in the order of their code points, merges;
//! * sentencepiece (LLaMA-2): special tokens, `<0x00>`…`<0xFF>`, pieces as they were learned, then the characters by
//!   frequency; its merges are all ways to part a piece in two known ones.
//!
//! Refuses to know about pipelines.

use super::learn::{self, Learner, Preference};
use super::names::Names;
use super::{Learned, Step};
use crate::ensure;
use crate::error::Result;
use crate::order;
use crate::tokenizer::bytes;
use crate::tokenizer::count::WordCounts;
use std::collections::{BTreeMap, HashMap};

/// The form of a byte-pair vocabulary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BpeForm {
    /// Over the bytes of raw words.
    Bytes,
    /// Over characters.
    Chars,
    /// As sentencepiece trains it: over the characters that cover this share of the text, bytes for the rest.
    Sentencepiece {
        /// The share of all characters that get a token of their own.
        coverage: f32,
    },
}

/// How BPE is trained.
#[derive(Clone, Debug)]
pub struct BpeOptions {
    /// Bytes, characters or sentencepiece's way.
    pub form: BpeForm,
    /// Tokens in all, the special ones counted.
    pub vocab_size: usize,
    /// Pairs seen less often are not merged.
    pub min_frequency: u64,
    /// The first ids.
    pub special_tokens: Vec<String>,
}

/// A BPE training under way.
pub(super) struct BpeTrainer {
    learner: Learner,
    form: BpeForm,
    specials: usize,
    /// Characters by falling frequency (sentencepiece).
    chars: Vec<char>,
}

impl BpeTrainer {
    pub(super) fn new(words: WordCounts, options: &BpeOptions) -> Result<Self> {
        let mut names = Names::default();
        for token in &options.special_tokens {
            names.intern(token);
        }
        let specials = names.len();
        let chars = match options.form {
            BpeForm::Bytes => bytes::alphabet(),
            BpeForm::Chars => {
                let mut seen: Vec<char> = char_counts(&words).into_keys().collect();
                order::naturally(&mut seen);
                seen
            }
            BpeForm::Sentencepiece { coverage } => covering(char_counts(&words), coverage),
        };
        let alphabet: HashMap<char, u32> =
            chars.iter().map(|&c| (c, names.intern(c.encode_utf8(&mut [0; 4])))).collect();
        let byte_ids: Vec<u32> = match options.form {
            BpeForm::Bytes => (0..=255u8).map(|byte| alphabet[&bytes::symbol(byte)]).collect(),
            _ => Vec::new(),
        };
        // Byte tokens take room in the vocabulary, but are never merged.
        let reserved = if matches!(options.form, BpeForm::Sentencepiece { .. }) { 256 } else { 0 };
        let target = options.vocab_size.saturating_sub(reserved);
        let floor = names.len() + reserved;
        ensure!(
            options.vocab_size >= floor,
            BadOption,
            "vocabSize: {} is less than the {floor} special tokens and symbols of this text",
            options.vocab_size
        );
        let places = words.bytes() + words.len();
        let mut ranked = words.into_ranked();
        let mut feed = |sink: &mut dyn learn::WordSink| -> Result<()> {
            while let Some((word, count)) = ranked.next_word() {
                match options.form {
                    BpeForm::Bytes => sink.word(&mut word.bytes().map(|byte| Some(byte_ids[byte as usize])), count)?,
                    _ => sink.word(&mut word.chars().map(|c| alphabet.get(&c).copied()), count)?,
                }
            }
            Ok(())
        };
        let (preference, again) = match options.form {
            BpeForm::Sentencepiece { .. } => (Preference::CountThenText, false),
            _ => (Preference::Count, true),
        };
        let engine = learn::engine(&mut feed, &names, places, options.vocab_size, preference, options.min_frequency)?;
        let learner = Learner::new(names, engine, "", specials, again, target);
        Ok(BpeTrainer { learner, form: options.form, specials, chars })
    }

    pub(super) fn advance(&mut self, budget: &mut usize, steps: &mut Vec<Step>) -> Result<bool> {
        self.learner.advance(budget, steps)
    }

    pub(super) fn learner(&self) -> &Learner {
        &self.learner
    }

    pub(super) fn finish(self) -> Learned {
        let merges = self.learner.merges;
        let names = self.learner.names.into_names();
        match self.form {
            BpeForm::Sentencepiece { .. } => lay_out(names, self.specials, &self.chars),
            _ => Learned { vocab: names, merges, scores: Vec::new() },
        }
    }
}

/// How often each character was seen.
pub(super) fn char_counts(words: &WordCounts) -> BTreeMap<char, u64> {
    let mut counts = BTreeMap::new();
    let mut ascii = [0u64; 128];
    for (word, count) in words.iter() {
        for c in word.chars() {
            match ascii.get_mut(c as usize) {
                Some(sum) => *sum += count,
                None => *counts.entry(c).or_insert(0) += count,
            }
        }
    }
    counts.extend((0u8..).zip(ascii).filter(|entry| entry.1 > 0).map(|(byte, sum)| (char::from(byte), sum)));
    counts
}

/// The most frequent characters that make up `coverage` of the text, the most frequent first, ties by code point.
pub(super) fn covering(counts: BTreeMap<char, u64>, coverage: f32) -> Vec<char> {
    let total: u64 = counts.values().sum();
    let mut counts: Vec<(char, u64)> = counts.into_iter().collect();
    order::by_key(&mut counts, |&(c, count)| (std::cmp::Reverse(count), c));
    let mut covered = 0;
    let mut chars = Vec::new();
    for (c, count) in counts {
        if (covered as f64 / total as f64) as f32 >= coverage {
            break;
        }
        covered += count;
        chars.push(c);
    }
    chars
}

/// Sentencepiece's order of ids, and the merges that its vocabulary implies.
fn lay_out(names: Vec<String>, specials: usize, chars: &[char]) -> Learned {
    let pieces = specials + chars.len();
    let mut vocab: Vec<String> = names.get(..specials).unwrap_or_default().to_vec();
    vocab.extend((0..=255u8).map(|byte| format!("<0x{byte:02X}>")));
    vocab.extend(names.get(pieces..).unwrap_or_default().iter().cloned());
    vocab.extend(chars.iter().map(char::to_string));
    let ids: HashMap<&str, u32> = vocab.iter().enumerate().map(|(id, name)| (name.as_str(), id as u32)).collect();
    let mut merges = Vec::new();
    for piece in vocab.get(specials + 256..).unwrap_or_default() {
        // The longest left part first.
        for (at, _) in piece.char_indices().skip(1).collect::<Vec<_>>().into_iter().rev() {
            let (left, right) = piece.split_at(at);
            if let (Some(&left), Some(&right)) = (ids.get(left), ids.get(right)) {
                merges.push((left, right));
            }
        }
    }
    Learned { vocab, merges, scores: Vec::new() }
}
