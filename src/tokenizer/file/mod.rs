//! Files of tokenizers, in Hugging Face's formats: `tokenizer.json` both ways, and the older `vocab.txt`, `vocab.json`
//! with `merges.txt`, and `tokenizer_config.json`.
//!
//! In: the text of a file. Out: a tokenizer, or the text again. A part that is not known is refused by its name; numbers
//! are checked before they are used. Knows no file system.

mod fields;
mod legacy;
mod model;
mod object;
mod parts;
mod write;

use super::process::Processor;
use super::{AddedToken, Model, Pad, Padding, Parts, Side, Strategy, Tokenizer, Truncation};
use crate::{Context, Result, bail, ensure};
use fields::Fields;
use serde_json::Value;
use std::collections::HashMap;

impl Tokenizer {
    /// Reads the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// `bad-file` when it is not one, `unsupported` when it has a part that is not known here.
    pub fn from_json(text: &str) -> Result<Self> {
        let json: Value = match serde_json::from_str(text) {
            Ok(json) => json,
            Err(error) => bail!(BadFile, "tokenizer.json: {error}"),
        };
        Tokenizer::from_value(&json).context(|| "tokenizer.json")
    }

    fn from_value(json: &Value) -> Result<Self> {
        let file = Fields::of(json, "the file")?;
        if let Some(version) = file.text_or_none("version")? {
            ensure!(version == "1.0", Unsupported, "version {version:?}, only 1.0 is known");
        }
        let model = model::read(&file.object("model")?)?;
        let part = |name| file.part(name);
        let mut parts = Parts {
            normaliser: part("normalizer")?.map(|part| parts::normaliser(&part)).transpose()?,
            splitter: part("pre_tokenizer")?.map(|part| parts::splitter(&part)).transpose()?,
            processor: part("post_processor")?.map(|part| parts::processor(&part)).transpose()?,
            decoder: part("decoder")?.map(|part| parts::decoder(&part)).transpose()?,
            truncation: part("truncation")?.map(|part| truncation(&part)).transpose()?,
            padding: part("padding")?.map(|part| padding(&part)).transpose()?,
            ..Parts::default()
        };
        for token in file.list_or_empty("added_tokens")? {
            let token = Fields::of(token, "added_tokens")?;
            parts.added.push(added_token(&token, token.id("id")?)?);
        }
        parts.added = numbered(parts.added, &model);
        Tokenizer::new(parts, model)
    }

    /// The text of a `tokenizer.json` that says what this tokenizer is.
    pub fn to_json(&self) -> String {
        write::tokenizer(self).to_string()
    }
}

fn added_token(token: &Fields<'_>, id: u32) -> Result<AddedToken> {
    Ok(AddedToken {
        id,
        content: token.text("content")?.to_owned(),
        single_word: token.flag("single_word", false)?,
        lstrip: token.flag("lstrip", false)?,
        rstrip: token.flag("rstrip", false)?,
        normalized: token.flag("normalized", true)?,
        special: token.flag("special", false)?,
    })
}

/// Added tokens with the numbers that the reference gives them, whatever a file says: the model's where it has the token, else the next
/// one after the model's and those before. Of two of one text the later one counts, under the number of the first.
fn numbered(tokens: Vec<AddedToken>, model: &Model) -> Vec<AddedToken> {
    let (mut all, mut places): (Vec<AddedToken>, HashMap<String, usize>) = Default::default();
    let mut next = model.size() as u32;
    for mut token in tokens.into_iter().filter(|token| !token.content.is_empty()) {
        if let Some(known) = places.get(&token.content).and_then(|&place| all.get_mut(place)) {
            token.id = known.id;
            *known = token;
            continue;
        }
        token.id = model.vocab().id(&token.content).unwrap_or(next);
        next = next.max(token.id + 1);
        places.insert(token.content.clone(), all.len());
        all.push(token);
    }
    all
}

fn side(fields: &Fields<'_>) -> Result<Side> {
    match fields.text_or_none("direction")? {
        None | Some("Right") => Ok(Side::Right),
        Some("Left") => Ok(Side::Left),
        Some(other) => bail!(BadFile, "{}: direction {other:?} is neither Left nor Right", fields.name()),
    }
}

fn truncation(fields: &Fields<'_>) -> Result<Truncation> {
    let strategy = match fields.text_or_none("strategy")? {
        None | Some("LongestFirst") => Strategy::Longest,
        Some("OnlyFirst") => Strategy::First,
        Some("OnlySecond") => Strategy::Second,
        Some(other) => bail!(Unsupported, "truncation: strategy {other:?}"),
    };
    let stride = fields.count_or("stride", 0)?;
    Ok(Truncation { length: fields.count("max_length")?, strategy, stride, side: side(fields)? })
}

fn padding(fields: &Fields<'_>) -> Result<(Padding, Pad)> {
    let length = match fields.value("strategy") {
        None => None,
        Some(Value::String(name)) if name == "BatchLongest" => None,
        Some(Value::Object(fixed)) => Some(Fields::new(fixed, "padding").count("Fixed")?),
        Some(other) => bail!(Unsupported, "padding: strategy {other}"),
    };
    let multiple = match fields.value("pad_to_multiple_of") {
        None => None,
        Some(_) => Some(fields.count("pad_to_multiple_of")?),
    };
    let pad = Pad {
        id: fields.id_or("pad_id", 0)?,
        type_id: fields.id_or("pad_type_id", 0)?,
        token: fields.text_or("pad_token", "[PAD]")?.to_owned(),
        side: side(fields)?,
    };
    Ok((Padding { length, multiple, side: None, token: None }, pad))
}

/// The template that older tokenizers of a kind imply: `[CLS] A [SEP]` and the like.
fn bert_processor(cls: (&str, Option<u32>), sep: (&str, Option<u32>)) -> Option<Processor> {
    Some(Processor::Bert { cls: (cls.0.to_owned(), cls.1?), sep: (sep.0.to_owned(), sep.1?) })
}
