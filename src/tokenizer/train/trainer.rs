//! From texts to a tokenizer, in slices.
//!
//! In: options, then documents. Out: tokens as they are chosen, then a [`Tokenizer`] of the kind's usual parts.
//! Long documents are taken in parts, cut where no splitter looks across, so that neither feeding nor learning ever
//! holds the thread for long.
//! Refuses to know where documents come from and when to pause.

use super::{
    BpeForm, BpeOptions, CharOptions, Learned, Method, Step, Training, UnigramOptions, WordCounts, WordOptions,
    WordPieceOptions, WordPieceScore, split_at_spaces, wordpiece,
};
use crate::error::Result;
use crate::tokenizer::cut::{PART, part_end};
use crate::tokenizer::normalise::Normalising;
use crate::tokenizer::{Bpe, BpeOptions as Merging, Kind, Model, Preset, Tokenizer, Unigram, Vocab, Word, WordPiece};
use crate::{bail, ensure};

/// What to train. The defaults are those of the public API.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// The kind of tokenizer.
    pub kind: Kind,
    /// Tokens in all; unset 8192, for words and characters all that is seen.
    pub vocab_size: Option<usize>,
    /// What is seen less often is not learned; unset 2 for BPE and WordPiece, else 1.
    pub min_frequency: Option<u64>,
    /// The parts around the model; unset gpt2, bert or t5 by kind.
    pub preset: Option<String>,
    /// WordPiece: which pair goes first.
    pub score: WordPieceScore,
    /// Special tokens beside those of the preset.
    pub special_tokens: Vec<String>,
}

impl TrainOptions {
    /// The defaults of a kind.
    pub fn new(kind: Kind) -> Self {
        TrainOptions {
            kind,
            vocab_size: None,
            min_frequency: None,
            preset: None,
            score: WordPieceScore::Count,
            special_tokens: Vec::new(),
        }
    }
}

/// How far a training is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// `count` while documents come in, then `learn`.
    pub phase: &'static str,
    /// Bytes counted; then these and as many again by the time that all tokens are known, so that it never goes back.
    pub done: usize,
    /// Twice the bytes; unknown while documents come in.
    pub total: Option<usize>,
}

/// A training from the first document to the tokenizer.
pub struct Trainer {
    options: TrainOptions,
    preset: Preset,
    method: Method,
    stage: Stage,
    fed: usize,
    /// Whether a long document may be cut at line ends.
    by_lines: bool,
    /// The part that is being normalised, and where it ends.
    normalising: Option<(Normalising, usize)>,
}

enum Stage {
    Feeding(WordCounts),
    Learning(Training),
}

impl Trainer {
    /// Checks the options.
    ///
    /// # Errors
    /// `bad-option` when the preset does not fit the kind, or the score is not for it.
    pub fn new(options: TrainOptions) -> Result<Self> {
        let usual = match options.kind {
            Kind::Bpe => "gpt2",
            Kind::WordPiece => "bert",
            Kind::Unigram => "t5",
            Kind::Word => "word",
            Kind::Char => "char",
        };
        let name = options.preset.as_deref().unwrap_or(usual);
        let fits = match options.kind {
            Kind::Bpe => !matches!(name, "word" | "char"),
            Kind::WordPiece => matches!(name, "bert" | "bert-cased"),
            Kind::Unigram => name == "t5",
            Kind::Word => matches!(name, "word" | "bert" | "bert-cased"),
            Kind::Char => name == "char",
        };
        let mut preset = Preset::of(name)?;
        ensure!(fits, BadOption, "preset: {name} does not go with kind {}", options.kind.name());
        ensure!(
            options.score == WordPieceScore::Count || options.kind == Kind::WordPiece,
            BadOption,
            "score: only kind wordpiece has one, found kind {}",
            options.kind.name()
        );
        for token in &options.special_tokens {
            ensure!(!token.is_empty(), BadOption, "specialTokens: an empty token");
            if !preset.special.contains(token) {
                preset.special.push(token.clone());
            }
        }
        let method = method(&options, name, &preset)?;
        let by_lines = preset.parts.cuts_lines();
        Ok(Trainer {
            options,
            preset,
            method,
            stage: Stage::Feeding(WordCounts::new()),
            fed: 0,
            by_lines,
            normalising: None,
        })
    }

    /// Counts a whole document.
    ///
    /// # Errors
    /// As [`Trainer::feed_part`].
    pub fn feed(&mut self, document: &str) -> Result<()> {
        let mut from = 0;
        while from < document.len() {
            from = self.feed_part(document, from)?;
        }
        Ok(())
    }

    /// Counts a part of a document from byte `from` on, or comes nearer to it; gives where to go on, with the same document while that is
    /// not its end.
    ///
    /// # Errors
    /// `bad-input` after learning has begun, or when the splitter gives up; `out-of-memory`.
    pub fn feed_part(&mut self, document: &str, from: usize) -> Result<usize> {
        let Stage::Feeding(words) = &mut self.stage else {
            bail!(BadInput, "tokenizer training: a document came after learning had begun");
        };
        let (mut normalising, end) = match self.normalising.take() {
            Some(under_way) => under_way,
            None => (Normalising::default(), part_end(document, from, self.by_lines)),
        };
        let Some(mut text) = document.get(from..end) else {
            bail!(BadInput, "tokenizer training: no character begins at byte {from} of {}", document.len());
        };
        let sentencepiece = matches!(&self.method, Method::Bpe(BpeOptions { form: BpeForm::Sentencepiece { .. }, .. }));
        // The normaliser writes the mark for the space that a part begins with.
        if sentencepiece && from > 0 {
            text = text.strip_prefix(' ').unwrap_or(text);
        }
        let (parts, mut budget) = (&self.preset.parts, 2 * PART);
        if let Some(normaliser) = &parts.normaliser
            && !normalising.advance(normaliser, text, (0, false), &mut budget)?
        {
            self.normalising = Some((normalising, end));
            return Ok(from);
        }
        let normalised = normalising.finish(text, (0, false));
        let mut failed = Ok(());
        let mut add = |word: &str| {
            if let Err(error) = words.add(word, 1) {
                failed = Err(error);
            }
        };
        match sentencepiece {
            true => parts.pieces_of(normalised, &mut |piece| split_at_spaces(piece, &mut add))?,
            false => parts.pieces_of(normalised, &mut add)?,
        }
        failed?;
        self.fed += end - from;
        Ok(end)
    }

    /// Learns for about `budget` units of some ten nanoseconds; gives the tokens chosen, and whether it is done.
    /// The first call ends the feeding.
    ///
    /// # Errors
    /// `bad-input` when nothing was fed; `bad-option` when the vocabulary cannot hold the alphabet; `out-of-memory`.
    pub fn advance(&mut self, budget: usize) -> Result<(Vec<Step>, bool)> {
        if let Stage::Feeding(words) = &mut self.stage {
            ensure!(!words.is_empty(), BadInput, "tokenizer training: no text was given");
            let words = std::mem::take(words);
            self.stage = Stage::Learning(Training::new(words, &self.method)?);
            return Ok((Vec::new(), false));
        }
        match &mut self.stage {
            Stage::Learning(training) => training.advance(budget),
            Stage::Feeding(_) => Ok((Vec::new(), false)),
        }
    }

    /// The words counted so far, in the order in which they were first seen; none once learning has begun.
    pub fn counted(&self) -> impl Iterator<Item = (&str, u64)> {
        let words = match &self.stage {
            Stage::Feeding(words) => Some(words),
            Stage::Learning(_) => None,
        };
        words.into_iter().flat_map(WordCounts::iter)
    }

    /// Bytes that the vocabulary takes so far, beside what is held for the words.
    pub fn vocabulary_bytes(&self) -> usize {
        match &self.stage {
            Stage::Feeding(_) => 0,
            Stage::Learning(training) => training.bytes().1,
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        match &self.stage {
            Stage::Feeding(_) => Progress { phase: "count", done: self.fed, total: None },
            Stage::Learning(training) => {
                let (done, total) = training.progress();
                let share = done as f64 / total.max(1) as f64;
                let done = self.fed + (self.fed as f64 * share.min(1.0)) as usize;
                Progress { phase: "learn", done, total: Some(2 * self.fed) }
            }
        }
    }

    /// Makes the tokenizer of what was learned so far; stopped early, it is a smaller one, down to what there is before any text.
    ///
    /// # Errors
    /// As [`Trainer::advance`], but for `bad-input`.
    pub fn finish(self) -> Result<Tokenizer> {
        let learned = match self.stage {
            Stage::Learning(training) => training.finish(),
            Stage::Feeding(words) => Training::new(words, &self.method)?.finish(),
        };
        let unk = self.preset.unk;
        let Learned { vocab, merges, scores } = learned;
        if self.options.kind == Kind::Unigram {
            let unk = unk.and_then(|unk| vocab.iter().position(|token| token == unk));
            let pieces = vocab.into_iter().zip(scores).collect();
            return self.preset.assemble(Model::Unigram(Unigram::new(pieces, unk, false)?));
        }
        let vocab = Vocab::from_list(vocab)?;
        let model = match (self.options.kind, &self.method) {
            (Kind::Bpe, Method::Bpe(options)) => {
                let sentencepiece = matches!(options.form, BpeForm::Sentencepiece { .. });
                let merging = Merging {
                    unk: unk.filter(|_| options.form != BpeForm::Bytes).map(String::from),
                    fuse_unk: sentencepiece,
                    byte_fallback: sentencepiece,
                    ignore_merges: self.options.preset.as_deref() == Some("llama3"),
                    ..Merging::default()
                };
                Model::Bpe(Bpe::new(vocab, merges, merging)?)
            }
            (Kind::WordPiece, _) => {
                Model::WordPiece(WordPiece::new(vocab, unk.unwrap_or_default(), wordpiece::PREFIX, 100))
            }
            (Kind::Word, _) => Model::Word(Word::new(vocab, unk.unwrap_or_default())),
            _ => {
                let merging = Merging { unk: unk.map(String::from), ..Merging::default() };
                Model::Bpe(Bpe::new(vocab, Vec::new(), merging)?)
            }
        };
        self.preset.assemble(model)
    }
}

/// Trains a tokenizer in one go.
///
/// # Errors
/// As [`Trainer::new`], [`Trainer::feed`], [`Trainer::advance`].
pub fn train<'a>(documents: impl IntoIterator<Item = &'a str>, options: TrainOptions) -> Result<Tokenizer> {
    let mut trainer = Trainer::new(options)?;
    for document in documents {
        trainer.feed(document)?;
    }
    while !trainer.advance(usize::MAX)?.1 {}
    trainer.finish()
}

fn method(options: &TrainOptions, preset_name: &str, preset: &Preset) -> Result<Method> {
    let vocab_size = options.vocab_size.unwrap_or(8192);
    let special_tokens = if preset.special_last { Vec::new() } else { preset.special.clone() };
    // Special tokens that come after the vocabulary take their room all the same.
    let after = if preset.special_last { preset.special.len() } else { 0 };
    ensure!(
        vocab_size > preset.special.len() && vocab_size < 1 << 31,
        BadOption,
        "vocabSize: expected more than the {} special tokens, found {vocab_size}",
        preset.special.len()
    );
    let min = |usual| options.min_frequency.unwrap_or(usual);
    Ok(match options.kind {
        Kind::Bpe => Method::Bpe(BpeOptions {
            form: match (preset_name, preset.parts.byte_level()) {
                (_, true) => BpeForm::Bytes,
                ("llama2", _) => BpeForm::Sentencepiece { coverage: 0.9995 },
                _ => BpeForm::Chars,
            },
            vocab_size: vocab_size - after,
            min_frequency: min(2),
            special_tokens,
        }),
        Kind::WordPiece => Method::WordPiece(WordPieceOptions {
            vocab_size,
            min_frequency: min(2),
            special_tokens,
            score: options.score,
        }),
        Kind::Word => {
            Method::Word(WordOptions { vocab_size: options.vocab_size, min_frequency: min(1), special_tokens })
        }
        Kind::Char => {
            Method::Char(CharOptions { vocab_size: options.vocab_size, min_frequency: min(1), special_tokens })
        }
        Kind::Unigram => Method::Unigram(UnigramOptions {
            vocab_size,
            min_frequency: min(1),
            special_tokens,
            coverage: 1.0,
            sentencepiece: false,
        }),
    })
}
