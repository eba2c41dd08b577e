//! Writing a `tokenizer.json`.
//!
//! In: a tokenizer. Out: the JSON that Hugging Face's library reads and encodes the same with. Merges are written as
//! pairs, vocabularies in the order of their numbers.

use crate::tokenizer::decode::Decoder;
use crate::tokenizer::model::Model;
use crate::tokenizer::normalise::{Form, Normaliser};
use crate::tokenizer::process::{Part, Processor};
use crate::tokenizer::split::pattern::{Pattern, Written};
use crate::tokenizer::split::{Behavior, Prepend, Splitter};
use crate::tokenizer::vocab::Vocab;
use crate::tokenizer::{Side, Strategy, Tokenizer};
use serde_json::{Map, Value, json};

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
        json!({ "direction": side(truncation.side), "max_length": truncation.length, "strategy": strategy,
            "stride": truncation.stride })
    });
    let padding = parts.padding.as_ref().map(|(padding, pad)| {
        let strategy = padding.length.map_or(json!("BatchLongest"), |length| json!({ "Fixed": length }));
        json!({ "strategy": strategy, "direction": side(pad.side), "pad_to_multiple_of": padding.multiple,
            "pad_id": pad.id, "pad_type_id": pad.type_id, "pad_token": pad.token })
    });
    let added: Vec<Value> = tokenizer
        .added()
        .tokens()
        .iter()
        .map(|token| {
            json!({ "id": token.id, "content": token.content, "single_word": token.single_word,
                "lstrip": token.lstrip, "rstrip": token.rstrip, "normalized": token.normalized,
                "special": token.special })
        })
        .collect();
    json!({
        "version": "1.0",
        "truncation": truncation,
        "padding": padding,
        "added_tokens": added,
        "normalizer": parts.normaliser.as_ref().map(normaliser),
        "pre_tokenizer": parts.splitter.as_ref().map(splitter),
        "post_processor": parts.processor.as_ref().map(processor),
        "decoder": parts.decoder.as_ref().map(decoder),
        "model": model(tokenizer.model()),
    })
}

fn vocab(vocab: &Vocab) -> Value {
    Value::Object(vocab.iter().map(|(token, id)| (token.to_owned(), Value::from(id))).collect())
}

fn model(model: &Model) -> Value {
    match model {
        Model::Bpe(model) => {
            let options = model.options();
            let name = |id| model.vocab().token(id).unwrap_or_default();
            let merges: Vec<Value> =
                model.merges().iter().map(|&(left, right)| json!([name(left), name(right)])).collect();
            json!({ "type": "BPE", "dropout": options.dropout, "unk_token": options.unk,
                "continuing_subword_prefix": options.prefix, "end_of_word_suffix": options.suffix,
                "fuse_unk": options.fuse_unk, "byte_fallback": options.byte_fallback,
                "ignore_merges": options.ignore_merges, "vocab": vocab(model.vocab()), "merges": merges })
        }
        Model::WordPiece(model) => json!({ "type": "WordPiece", "unk_token": model.unk(),
            "continuing_subword_prefix": model.prefix(), "max_input_chars_per_word": model.max_chars(),
            "vocab": vocab(model.vocab()) }),
        Model::Unigram(model) => {
            let pieces: Vec<Value> = model.pieces().iter().map(|(piece, score)| json!([piece, score])).collect();
            json!({ "type": "Unigram", "unk_id": model.unk(), "vocab": pieces, "byte_fallback": model.byte_fallback() })
        }
        Model::Word(model) => json!({ "type": "WordLevel", "vocab": vocab(model.vocab()), "unk_token": model.unk() }),
    }
}

fn pattern(pattern: &Pattern) -> Value {
    match pattern.written() {
        Written::Literal(text) => json!({ "String": text }),
        Written::Regex(text) => json!({ "Regex": text }),
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
            json!({ "type": name })
        }
        Normaliser::Lowercase => json!({ "type": "Lowercase" }),
        Normaliser::StripAccents => json!({ "type": "StripAccents" }),
        Normaliser::Strip { left, right } => json!({ "type": "Strip", "strip_left": left, "strip_right": right }),
        Normaliser::Replace { pattern: what, content } => {
            json!({ "type": "Replace", "pattern": pattern(what), "content": content })
        }
        Normaliser::Prepend(prefix) => json!({ "type": "Prepend", "prepend": prefix }),
        Normaliser::Nmt => json!({ "type": "Nmt" }),
        Normaliser::Bert { clean, chinese, strip_accents, lowercase } => {
            json!({ "type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
                "strip_accents": strip_accents, "lowercase": lowercase })
        }
        Normaliser::Precompiled(table) => {
            json!({ "type": "Precompiled", "precompiled_charsmap": table.written() })
        }
        Normaliser::ByteLevel => json!({ "type": "ByteLevel" }),
        Normaliser::Sequence(list) => {
            json!({ "type": "Sequence", "normalizers": list.iter().map(normaliser).collect::<Vec<_>>() })
        }
    }
}

fn byte_level(prefix_space: bool, trim_offsets: bool, regex: bool) -> Value {
    json!({ "type": "ByteLevel", "add_prefix_space": prefix_space, "trim_offsets": trim_offsets, "use_regex": regex })
}

fn metaspace(mark: char, prepend: Prepend, split: bool) -> Value {
    let scheme = match prepend {
        Prepend::Always => "always",
        Prepend::First => "first",
        Prepend::Never => "never",
    };
    json!({ "type": "Metaspace", "replacement": mark, "prepend_scheme": scheme, "split": split })
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
        Splitter::Bert => json!({ "type": "BertPreTokenizer" }),
        Splitter::Whitespace => json!({ "type": "Whitespace" }),
        Splitter::WhitespaceSplit => json!({ "type": "WhitespaceSplit" }),
        Splitter::Metaspace { mark, prepend, split } => metaspace(*mark, *prepend, *split),
        Splitter::Punctuation(how) => json!({ "type": "Punctuation", "behavior": behavior(*how) }),
        Splitter::Digits(single) => json!({ "type": "Digits", "individual_digits": single }),
        Splitter::Split { pattern: what, behavior: how, invert } => {
            json!({ "type": "Split", "pattern": pattern(what), "behavior": behavior(*how), "invert": invert })
        }
        Splitter::Delimiter(delimiter) => json!({ "type": "CharDelimiterSplit", "delimiter": delimiter }),
        Splitter::Scripts => json!({ "type": "UnicodeScripts" }),
        Splitter::FixedLength(length) => json!({ "type": "FixedLength", "length": length }),
        Splitter::Sequence(list) => {
            json!({ "type": "Sequence", "pretokenizers": list.iter().map(splitter).collect::<Vec<_>>() })
        }
    }
}

fn processor(part: &Processor) -> Value {
    match part {
        Processor::ByteLevel { prefix_space, trim_offsets, regex } => byte_level(*prefix_space, *trim_offsets, *regex),
        Processor::Bert { sep, cls } => json!({ "type": "BertProcessing", "sep": sep, "cls": cls }),
        Processor::Roberta { sep, cls, trim_offsets, prefix_space } => {
            json!({ "type": "RobertaProcessing", "sep": sep, "cls": cls, "trim_offsets": trim_offsets,
                "add_prefix_space": prefix_space })
        }
        Processor::Template { single, pair, specials } => {
            let template = |parts: &[Part]| -> Vec<Value> {
                parts
                    .iter()
                    .map(|part| match part {
                        Part::Text { index, type_id } => {
                            json!({ "Sequence": { "id": if *index == 0 { "A" } else { "B" }, "type_id": type_id } })
                        }
                        Part::Special { name, type_id } => {
                            json!({ "SpecialToken": { "id": name, "type_id": type_id } })
                        }
                    })
                    .collect()
            };
            let specials: Map<String, Value> = specials
                .iter()
                .map(|special| {
                    let value = json!({ "id": special.name, "ids": special.ids, "tokens": special.tokens });
                    (special.name.clone(), value)
                })
                .collect();
            json!({ "type": "TemplateProcessing", "single": template(single), "pair": template(pair),
                "special_tokens": specials })
        }
        Processor::Sequence(list) => {
            json!({ "type": "Sequence", "processors": list.iter().map(processor).collect::<Vec<_>>() })
        }
    }
}

fn decoder(part: &Decoder) -> Value {
    match part {
        Decoder::ByteLevel { prefix_space, trim_offsets, regex } => byte_level(*prefix_space, *trim_offsets, *regex),
        Decoder::WordPiece { prefix, cleanup } => json!({ "type": "WordPiece", "prefix": prefix, "cleanup": cleanup }),
        Decoder::Metaspace { mark, prepend, split } => metaspace(*mark, *prepend, *split),
        Decoder::Bpe(suffix) => json!({ "type": "BPEDecoder", "suffix": suffix }),
        Decoder::ByteFallback => json!({ "type": "ByteFallback" }),
        Decoder::Fuse => json!({ "type": "Fuse" }),
        Decoder::Strip { content, start, stop } => {
            json!({ "type": "Strip", "content": content, "start": start, "stop": stop })
        }
        Decoder::Replace { pattern: what, content } => {
            json!({ "type": "Replace", "pattern": pattern(what), "content": content })
        }
        Decoder::Ctc { pad, delimiter, cleanup } => {
            json!({ "type": "CTC", "pad_token": pad, "word_delimiter_token": delimiter, "cleanup": cleanup })
        }
        Decoder::Sequence(list) => {
            json!({ "type": "Sequence", "decoders": list.iter().map(decoder).collect::<Vec<_>>() })
        }
    }
}
