//! Writing a `tokenizer.json`.
//!
//! In: a tokenizer. Out: the JSON that Hugging Face's library reads and encodes the same with. Merges are written as
//! pairs, vocabularies in the order of their numbers.

use super::object::object;
use crate::tokenizer::decode::Decoder;
use crate::tokenizer::model::Model;
use crate::tokenizer::normalise::{Form, Normaliser};
use crate::tokenizer::process::{Part, Processor};
use crate::tokenizer::split::pattern::{Pattern, Written};
use crate::tokenizer::split::{Behavior, Prepend, Splitter};
use crate::tokenizer::vocab::Vocab;
use crate::tokenizer::{Side, Strategy, Tokenizer};
use serde_json::{Map, Value};

/// The whole file.
pub fn tokenizer(tokenizer: &Tokenizer) -> Value {
    let parts = tokenizer.parts();
    let side = |side| if side == Side::Left { "Left" } else { "Right" };
    let truncation = parts.truncation.map(|truncation| {
        let strategy = match truncation.strategy {
            Strategy::Longest => "LongestFirst",
            Strategy::First => "OnlyFirst",
            Strategy::Second => "OnlySecond",
        };
        object!("direction": side(truncation.side), "max_length": truncation.length, "strategy": strategy,
            "stride": truncation.stride)
    });
    let padding = parts.padding.as_ref().map(|(padding, pad)| {
        let strategy = padding.length.map_or(Value::from("BatchLongest"), |length| object!("Fixed": length));
        object!("strategy": strategy, "direction": side(pad.side), "pad_to_multiple_of": padding.multiple,
            "pad_id": pad.id, "pad_type_id": pad.type_id, "pad_token": &pad.token)
    });
    let added: Vec<Value> = tokenizer
        .added()
        .tokens()
        .iter()
        .map(|token| {
            object!("id": token.id, "content": &token.content, "single_word": token.single_word,
                "lstrip": token.lstrip, "rstrip": token.rstrip, "normalized": token.normalized,
                "special": token.special)
        })
        .collect();
    object!("version": "1.0",
        "truncation": truncation,
        "padding": padding,
        "added_tokens": added,
        "normalizer": parts.normaliser.as_ref().map(normaliser),
        "pre_tokenizer": parts.splitter.as_ref().map(splitter),
        "post_processor": parts.processor.as_ref().map(processor),
        "decoder": parts.decoder.as_ref().map(decoder),
        "model": model(tokenizer.model()))
}

fn vocab(vocab: &Vocab) -> Value {
    Value::Object(vocab.iter().map(|(token, id)| (token.to_owned(), Value::from(id))).collect())
}

fn model(model: &Model) -> Value {
    match model {
        Model::Bpe(model) => {
            let options = model.options();
            let name = |id| model.vocab().token(id).unwrap_or_default();
            let merges: Vec<Value> = model
                .merges()
                .iter()
                .map(|&(left, right)| Value::from([name(left), name(right)].map(Value::from).to_vec()))
                .collect();
            object!("type": "BPE", "dropout": options.dropout, "unk_token": options.unk.as_deref(),
                "continuing_subword_prefix": options.prefix.as_deref(), "end_of_word_suffix": options.suffix.as_deref(),
                "fuse_unk": options.fuse_unk, "byte_fallback": options.byte_fallback,
                "ignore_merges": options.ignore_merges, "vocab": vocab(model.vocab()), "merges": merges)
        }
        Model::WordPiece(model) => object!("type": "WordPiece", "unk_token": model.unk(),
            "continuing_subword_prefix": model.prefix(), "max_input_chars_per_word": model.max_chars(),
            "vocab": vocab(model.vocab())),
        Model::Unigram(model) => {
            let pieces: Vec<Value> = model
                .pieces()
                .iter()
                .map(|(piece, score)| Value::Array(vec![piece.as_str().into(), (*score).into()]))
                .collect();
            object!("type": "Unigram", "unk_id": model.unk(), "vocab": pieces, "byte_fallback": model.byte_fallback())
        }
        Model::Word(model) => object!("type": "WordLevel", "vocab": vocab(model.vocab()), "unk_token": model.unk()),
    }
}

/// A token with its number.
fn numbered((token, id): &(String, u32)) -> Value {
    Value::Array(vec![token.as_str().into(), (*id).into()])
}

fn list<T: Clone + Into<Value>>(list: &[T]) -> Value {
    list.iter().cloned().map(Into::into).collect()
}

fn pattern(pattern: &Pattern) -> Value {
    match pattern.written() {
        Written::Literal(text) => object!("String": text),
        Written::Regex(text) => object!("Regex": text),
    }
}

fn normaliser(part: &Normaliser) -> Value {
    match part {
        Normaliser::Form(form) => {
            let name = match form {
                Form::C => "NFC",
                Form::D => "NFD",
                Form::KC => "NFKC",
                Form::KD => "NFKD",
            };
            object!("type": name)
        }
        Normaliser::Lowercase => object!("type": "Lowercase"),
        Normaliser::StripAccents => object!("type": "StripAccents"),
        Normaliser::Strip { left, right } => object!("type": "Strip", "strip_left": left, "strip_right": right),
        Normaliser::Replace { pattern: what, content } => {
            object!("type": "Replace", "pattern": pattern(what), "content": content)
        }
        Normaliser::Prepend(prefix) => object!("type": "Prepend", "prepend": prefix),
        Normaliser::Nmt => object!("type": "Nmt"),
        Normaliser::Bert { clean, chinese, strip_accents, lowercase } => {
            object!("type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
                "strip_accents": *strip_accents, "lowercase": lowercase)
        }
        Normaliser::Precompiled(table) => {
            object!("type": "Precompiled", "precompiled_charsmap": table.written())
        }
        Normaliser::ByteLevel => object!("type": "ByteLevel"),
        Normaliser::Sequence(list) => {
            object!("type": "Sequence", "normalizers": list.iter().map(normaliser).collect::<Vec<_>>())
        }
    }
}

fn byte_level(prefix_space: bool, trim_offsets: bool, regex: bool) -> Value {
    object!("type": "ByteLevel", "add_prefix_space": prefix_space, "trim_offsets": trim_offsets, "use_regex": regex)
}

fn metaspace(mark: &char, prepend: Prepend, split: bool) -> Value {
    let scheme = match prepend {
        Prepend::Always => "always",
        Prepend::First => "first",
        Prepend::Never => "never",
    };
    object!("type": "Metaspace", "replacement": mark, "prepend_scheme": scheme, "split": split)
}

fn behavior(behavior: Behavior) -> &'static str {
    match behavior {
        Behavior::Removed => "Removed",
        Behavior::Isolated => "Isolated",
        Behavior::MergedWithPrevious => "MergedWithPrevious",
        Behavior::MergedWithNext => "MergedWithNext",
        Behavior::Contiguous => "Contiguous",
    }
}

fn splitter(part: &Splitter) -> Value {
    match part {
        Splitter::ByteLevel { prefix_space, trim_offsets, regex } => byte_level(*prefix_space, *trim_offsets, *regex),
        Splitter::Bert => object!("type": "BertPreTokenizer"),
        Splitter::Whitespace => object!("type": "Whitespace"),
        Splitter::WhitespaceSplit => object!("type": "WhitespaceSplit"),
        Splitter::Metaspace { mark, prepend, split } => metaspace(mark, *prepend, *split),
        Splitter::Punctuation(how) => object!("type": "Punctuation", "behavior": behavior(*how)),
        Splitter::Digits(single) => object!("type": "Digits", "individual_digits": single),
        Splitter::Split { pattern: what, behavior: how, invert } => {
            object!("type": "Split", "pattern": pattern(what), "behavior": behavior(*how), "invert": invert)
        }
        Splitter::Delimiter(delimiter) => object!("type": "CharDelimiterSplit", "delimiter": delimiter),
        Splitter::Scripts => object!("type": "UnicodeScripts"),
        Splitter::FixedLength(length) => object!("type": "FixedLength", "length": length),
        Splitter::Sequence(list) => {
            object!("type": "Sequence", "pretokenizers": list.iter().map(splitter).collect::<Vec<_>>())
        }
    }
}

fn processor(part: &Processor) -> Value {
    match part {
        Processor::ByteLevel { prefix_space, trim_offsets, regex } => byte_level(*prefix_space, *trim_offsets, *regex),
        Processor::Bert { sep, cls } => object!("type": "BertProcessing", "sep": numbered(sep), "cls": numbered(cls)),
        Processor::Roberta { sep, cls, trim_offsets, prefix_space } => {
            object!("type": "RobertaProcessing", "sep": numbered(sep), "cls": numbered(cls), "trim_offsets": trim_offsets,
                "add_prefix_space": prefix_space)
        }
        Processor::Template { single, pair, specials } => {
            let template = |parts: &[Part]| -> Vec<Value> {
                parts
                    .iter()
                    .map(|part| match part {
                        Part::Text { index, type_id } => {
                            object!("Sequence": object!("id": if *index == 0 { "A" } else { "B" }, "type_id": type_id))
                        }
                        Part::Special { name, type_id } => {
                            object!("SpecialToken": object!("id": name, "type_id": type_id))
                        }
                    })
                    .collect()
            };
            let specials: Map<String, Value> = specials
                .iter()
                .map(|special| {
                    let value =
                        object!("id": &special.name, "ids": list(&special.ids), "tokens": list(&special.tokens));
                    (special.name.clone(), value)
                })
                .collect();
            object!("type": "TemplateProcessing", "single": template(single), "pair": template(pair),
                "special_tokens": Value::Object(specials))
        }
        Processor::Sequence(list) => {
            object!("type": "Sequence", "processors": list.iter().map(processor).collect::<Vec<_>>())
        }
    }
}

fn decoder(part: &Decoder) -> Value {
    match part {
        Decoder::ByteLevel { prefix_space, trim_offsets, regex } => byte_level(*prefix_space, *trim_offsets, *regex),
        Decoder::WordPiece { prefix, cleanup } => object!("type": "WordPiece", "prefix": prefix, "cleanup": cleanup),
        Decoder::Metaspace { mark, prepend, split } => metaspace(mark, *prepend, *split),
        Decoder::Bpe(suffix) => object!("type": "BPEDecoder", "suffix": suffix),
        Decoder::ByteFallback => object!("type": "ByteFallback"),
        Decoder::Fuse => object!("type": "Fuse"),
        Decoder::Strip { content, start, stop } => {
            object!("type": "Strip", "content": content, "start": start, "stop": stop)
        }
        Decoder::Replace { pattern: what, content } => {
            object!("type": "Replace", "pattern": pattern(what), "content": content)
        }
        Decoder::Ctc { pad, delimiter, cleanup } => {
            object!("type": "CTC", "pad_token": pad, "word_delimiter_token": delimiter, "cleanup": cleanup)
        }
        Decoder::Sequence(list) => {
            object!("type": "Sequence", "decoders": list.iter().map(decoder).collect::<Vec<_>>())
        }
    }
}
