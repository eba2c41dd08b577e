//! The `model` of a `tokenizer.json`.
//!
//! In: the object. Out: the model. Merges are read as pairs and as lines "a b"; a file from before models named their
//! type is told by its fields.

use super::fields::{Fields, id_of, shown};
use crate::tokenizer::model::{Bpe, BpeOptions, Model, Unigram, Word, WordPiece};
use crate::tokenizer::vocab::Vocab;
use crate::{Result, bail};
use serde_json::Value;

/// Reads a model.
pub fn read(fields: &Fields<'_>) -> Result<Model> {
    let kind = match fields.text_or_none("type")? {
        Some(kind) => kind,
        None if fields.value("merges").is_some() => "BPE",
        None if matches!(fields.value("vocab"), Some(Value::Array(_))) => "Unigram",
        None if fields.value("continuing_subword_prefix").is_some() => "WordPiece",
        None => "WordLevel",
    };
    match kind {
        "BPE" => bpe(fields).map(Model::Bpe),
        "WordPiece" => {
            let unk = fields.text_or("unk_token", "[UNK]")?;
            let prefix = fields.text_or("continuing_subword_prefix", "##")?;
            let most = fields.count_or("max_input_chars_per_word", 100)?;
            Ok(Model::WordPiece(WordPiece::new(vocab(fields)?, unk, prefix, most)))
        }
        "WordLevel" => Ok(Model::Word(Word::new(vocab(fields)?, fields.text_or("unk_token", "<unk>")?))),
        "Unigram" => unigram(fields).map(Model::Unigram),
        other => fields.unknown(other),
    }
}

fn vocab(fields: &Fields<'_>) -> Result<Vocab> {
    let entries = fields.entries("vocab")?;
    let tokens = entries.iter().map(|(token, id)| Ok((token.as_str(), id_of(id, "vocab")?)));
    Vocab::new(tokens.collect::<Result<Vec<_>>>()?)
}

fn bpe(fields: &Fields<'_>) -> Result<Bpe> {
    let vocab = vocab(fields)?;
    let mut merges = Vec::new();
    // The head line of a merges.txt has been seen in old files.
    let headed = |merge: &&Value| merge.as_str().is_some_and(|line| line.starts_with("#version"));
    for (rank, merge) in fields.list("merges")?.iter().filter(|merge| !headed(merge)).enumerate() {
        let pair = match merge {
            Value::String(line) => line.split_once(' '),
            Value::Array(pair) => match pair.as_slice() {
                [Value::String(left), Value::String(right)] => Some((left.as_str(), right.as_str())),
                _ => None,
            },
            _ => None,
        };
        let Some((left, right)) = pair else {
            bail!(BadFile, "model: merge {rank} should be two tokens, found {}", shown(merge));
        };
        merges.push(pair_of(&vocab, left, right, rank)?);
    }
    // An empty affix is none at all.
    let affix = |name| Ok(fields.text_or_none(name)?.filter(|text| !text.is_empty()).map(str::to_owned));
    let options = BpeOptions {
        unk: fields.text_or_none("unk_token")?.map(str::to_owned),
        prefix: affix("continuing_subword_prefix")?,
        suffix: affix("end_of_word_suffix")?,
        fuse_unk: fields.flag("fuse_unk", false)?,
        byte_fallback: fields.flag("byte_fallback", false)?,
        ignore_merges: fields.flag("ignore_merges", false)?,
        dropout: fields.number_or_none("dropout")?,
    };
    Bpe::new(vocab, merges, options)
}

/// The ids of a merge's two tokens.
pub fn pair_of(vocab: &Vocab, left: &str, right: &str, rank: usize) -> Result<(u32, u32)> {
    match (vocab.id(left), vocab.id(right)) {
        (Some(left), Some(right)) => Ok((left, right)),
        _ => bail!(BadFile, "model: merge {rank} of {left:?} and {right:?} names a token that the vocabulary lacks"),
    }
}

fn unigram(fields: &Fields<'_>) -> Result<Unigram> {
    let mut pieces = Vec::new();
    for (id, piece) in fields.list("vocab")?.iter().enumerate() {
        let entry = match piece {
            Value::Array(entry) => match entry.as_slice() {
                [Value::String(text), score] => score.as_f64().map(|score| (text.clone(), score)),
                _ => None,
            },
            _ => None,
        };
        let Some(entry) = entry else {
            bail!(BadFile, "model: piece {id} should be a text and a score, found {}", shown(piece));
        };
        pieces.push(entry);
    }
    let unk = match fields.value("unk_id") {
        None => None,
        Some(_) => Some(fields.count("unk_id")?),
    };
    Unigram::new(pieces, unk, fields.flag("byte_fallback", false)?)
}
