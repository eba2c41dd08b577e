//! The parts around the model in a `tokenizer.json`: normaliser, pre-tokenizer, post-processor, decoder.
//!
//! In: a part's object. Out: the part. A type that is not known is refused by its name.

use super::fields::{Fields, id_of};
use crate::tokenizer::decode::Decoder;
use crate::tokenizer::normalise::precompiled::Precompiled;
use crate::tokenizer::normalise::{Form, Normaliser};
use crate::tokenizer::process::{Part, Processor, Special, find};
use crate::tokenizer::split::pattern::{Pattern, Written};
use crate::tokenizer::split::{Behavior, Prepend, Splitter};
use crate::{Result, bail, ensure};
use serde_json::Value;

/// Reads the parts of a sequence.
fn sequence<'j, T>(fields: &Fields<'j>, field: &'j str, read: fn(&Fields<'j>) -> Result<T>) -> Result<Vec<T>> {
    fields.list(field)?.iter().map(|part| read(&Fields::of(part, field)?)).collect()
}

fn pattern(fields: &Fields<'_>) -> Result<Pattern> {
    let written = fields.object("pattern")?;
    match (written.text_or_none("String")?, written.text_or_none("Regex")?) {
        (Some(text), None) => Pattern::new(Written::Literal(text.to_owned())),
        (None, Some(text)) => Pattern::new(Written::Regex(text.to_owned())),
        _ => bail!(BadFile, "{}: a pattern should be a String or a Regex", fields.name()),
    }
}

/// Reads a normaliser.
pub fn normaliser(fields: &Fields<'_>) -> Result<Normaliser> {
    Ok(match fields.kind()? {
        "NFC" => Normaliser::Form(Form::C),
        "NFD" => Normaliser::Form(Form::D),
        "NFKC" => Normaliser::Form(Form::KC),
        "NFKD" => Normaliser::Form(Form::KD),
        "Lowercase" => Normaliser::Lowercase,
        "StripAccents" => Normaliser::StripAccents,
        "Strip" => {
            Normaliser::Strip { left: fields.flag("strip_left", true)?, right: fields.flag("strip_right", true)? }
        }
        "Replace" => Normaliser::Replace { pattern: pattern(fields)?, content: fields.text("content")?.to_owned() },
        "Prepend" => Normaliser::Prepend(fields.text("prepend")?.to_owned()),
        "Nmt" => Normaliser::Nmt,
        "BertNormalizer" => Normaliser::Bert {
            clean: fields.flag("clean_text", true)?,
            chinese: fields.flag("handle_chinese_chars", true)?,
            strip_accents: fields.flag_or_none("strip_accents")?,
            lowercase: fields.flag("lowercase", true)?,
        },
        "Precompiled" => Normaliser::Precompiled(Precompiled::new(fields.text("precompiled_charsmap")?)?),
        "ByteLevel" => Normaliser::ByteLevel,
        "Sequence" => Normaliser::Sequence(sequence(fields, "normalizers", normaliser)?),
        other => return fields.unknown(other),
    })
}

/// The fields of a ByteLevel part: (prefix space, trim offsets, regex).
fn byte_level(fields: &Fields<'_>) -> Result<(bool, bool, bool)> {
    Ok((fields.flag("add_prefix_space", true)?, fields.flag("trim_offsets", true)?, fields.flag("use_regex", true)?))
}

/// The fields of a Metaspace part: (mark, prepend, split).
fn metaspace(fields: &Fields<'_>) -> Result<(char, Prepend, bool)> {
    let mut prepend = match fields.text_or("prepend_scheme", "always")? {
        "always" => Prepend::Always,
        "first" => Prepend::First,
        "never" => Prepend::Never,
        other => bail!(Unsupported, "{}: prepend_scheme {other:?} is not known", fields.name()),
    };
    if fields.flag_or_none("add_prefix_space")? == Some(false) {
        ensure!(
            fields.value("prepend_scheme").is_none() || prepend == Prepend::Never,
            BadFile,
            "{}: add_prefix_space is false, and prepend_scheme is not never",
            fields.name()
        );
        prepend = Prepend::Never;
    }
    Ok((fields.character("replacement")?, prepend, fields.flag("split", true)?))
}

fn behavior(fields: &Fields<'_>, default: &str) -> Result<Behavior> {
    Ok(match fields.text_or("behavior", default)? {
        "Removed" => Behavior::Removed,
        "Isolated" => Behavior::Isolated,
        "MergedWithPrevious" => Behavior::MergedWithPrevious,
        "MergedWithNext" => Behavior::MergedWithNext,
        "Contiguous" => Behavior::Contiguous,
        "" => bail!(BadFile, "{}: behavior is missing", fields.name()),
        other => bail!(Unsupported, "{}: behavior {other:?} is not known", fields.name()),
    })
}

/// Reads a pre-tokenizer.
pub fn splitter(fields: &Fields<'_>) -> Result<Splitter> {
    Ok(match fields.kind()? {
        "ByteLevel" => {
            let (prefix_space, trim_offsets, regex) = byte_level(fields)?;
            Splitter::ByteLevel { prefix_space, trim_offsets, regex }
        }
        "BertPreTokenizer" => Splitter::Bert,
        "Whitespace" => Splitter::Whitespace,
        "WhitespaceSplit" => Splitter::WhitespaceSplit,
        "Metaspace" => {
            let (mark, prepend, split) = metaspace(fields)?;
            Splitter::Metaspace { mark, prepend, split }
        }
        "Punctuation" => Splitter::Punctuation(behavior(fields, "Isolated")?),
        "Digits" => Splitter::Digits(fields.flag("individual_digits", false)?),
        "Split" => Splitter::Split {
            pattern: pattern(fields)?,
            behavior: behavior(fields, "")?,
            invert: fields.flag("invert", false)?,
        },
        "CharDelimiterSplit" => Splitter::Delimiter(fields.character("delimiter")?),
        "UnicodeScripts" => Splitter::Scripts,
        "FixedLength" => {
            let length = fields.count_or("length", 5)?;
            ensure!(length > 0, BadFile, "{}: FixedLength of 0", fields.name());
            Splitter::FixedLength(length)
        }
        "Sequence" => Splitter::Sequence(sequence(fields, "pretokenizers", splitter)?),
        other => return fields.unknown(other),
    })
}

/// A token with its number, written as a pair.
fn token_pair(fields: &Fields<'_>, field: &str) -> Result<(String, u32)> {
    match fields.list(field)? {
        [Value::String(token), id] => Ok((token.clone(), id_of(id, fields.name())?)),
        _ => bail!(BadFile, "{}: {field} should be a token and its number", fields.name()),
    }
}

fn template(fields: &Fields<'_>, field: &str, specials: &[Special]) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for part in fields.list(field)? {
        let part = Fields::of(part, field)?;
        if let Some(text) = part.part("Sequence")? {
            let index = match text.text("id")? {
                "A" => 0,
                "B" => 1,
                other => bail!(BadFile, "template: sequence {other:?} is neither A nor B"),
            };
            parts.push(Part::Text { index, type_id: text.id_or("type_id", 0)? });
        } else if let Some(special) = part.part("SpecialToken")? {
            let name = special.text("id")?.to_owned();
            ensure!(find(specials, &name).is_some(), BadFile, "template: special token {name:?} is not listed");
            parts.push(Part::Special { name, type_id: special.id_or("type_id", 0)? });
        } else {
            bail!(BadFile, "template: a part should be a Sequence or a SpecialToken");
        }
    }
    Ok(parts)
}

/// Reads a post-processor.
pub fn processor(fields: &Fields<'_>) -> Result<Processor> {
    Ok(match fields.kind()? {
        "ByteLevel" => {
            let (prefix_space, trim_offsets, regex) = byte_level(fields)?;
            Processor::ByteLevel { prefix_space, trim_offsets, regex }
        }
        "BertProcessing" => Processor::Bert { sep: token_pair(fields, "sep")?, cls: token_pair(fields, "cls")? },
        "RobertaProcessing" => Processor::Roberta {
            sep: token_pair(fields, "sep")?,
            cls: token_pair(fields, "cls")?,
            trim_offsets: fields.flag("trim_offsets", true)?,
            prefix_space: fields.flag("add_prefix_space", true)?,
        },
        "TemplateProcessing" => {
            let mut specials = Vec::new();
            for (name, special) in fields.entries("special_tokens")? {
                let special = Fields::of(special, "special_tokens")?;
                let ids = special.list("ids")?.iter().map(|id| id_of(id, "template")).collect::<Result<Vec<_>>>()?;
                let tokens: Vec<String> =
                    special.list("tokens")?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                ensure!(tokens.len() == ids.len(), BadFile, "template: {name:?} has not as many tokens as numbers");
                specials.push(Special { name: name.clone(), ids, tokens });
            }
            let single = template(fields, "single", &specials)?;
            let pair = template(fields, "pair", &specials)?;
            let has = |list: &[Part], wanted| {
                list.iter().any(|part| matches!(part, Part::Text { index, .. } if *index == wanted))
            };
            ensure!(!has(&single, 1), BadFile, "template: the one for a single text names a second one");
            ensure!(
                pair.is_empty() || (has(&pair, 0) && has(&pair, 1)),
                BadFile,
                "template: the one for pairs must name both texts"
            );
            Processor::Template { single, pair, specials }
        }
        "Sequence" => Processor::Sequence(sequence(fields, "processors", processor)?),
        other => return fields.unknown(other),
    })
}

/// Reads a decoder.
pub fn decoder(fields: &Fields<'_>) -> Result<Decoder> {
    Ok(match fields.kind()? {
        "ByteLevel" => {
            let (prefix_space, trim_offsets, regex) = byte_level(fields)?;
            Decoder::ByteLevel { prefix_space, trim_offsets, regex }
        }
        "WordPiece" => Decoder::WordPiece {
            prefix: fields.text_or("prefix", "##")?.to_owned(),
            cleanup: fields.flag("cleanup", true)?,
        },
        "Metaspace" => {
            let (mark, prepend, split) = metaspace(fields)?;
            Decoder::Metaspace { mark, prepend, split }
        }
        "BPEDecoder" => Decoder::Bpe(fields.text_or("suffix", "</w>")?.to_owned()),
        "ByteFallback" => Decoder::ByteFallback,
        "Fuse" => Decoder::Fuse,
        "Strip" => Decoder::Strip {
            content: fields.character("content")?,
            start: fields.count("start")?,
            stop: fields.count("stop")?,
        },
        "Replace" => Decoder::Replace { pattern: pattern(fields)?, content: fields.text("content")?.to_owned() },
        "CTC" => Decoder::Ctc {
            pad: fields.text_or("pad_token", "<pad>")?.to_owned(),
            delimiter: fields.text_or("word_delimiter_token", "|")?.to_owned(),
            cleanup: fields.flag("cleanup", true)?,
        },
        "Sequence" => Decoder::Sequence(sequence(fields, "decoders", decoder)?),
        other => return fields.unknown(other),
    })
}
