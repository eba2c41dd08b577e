//! The tokenizer's calls.
//!
//! In: texts, ids, the texts of files. Out: typed arrays and plain objects; positions in UTF-16 code units.

use super::error::out;
use super::job::Job;
use super::values::{Plain, argument, options, plain};
use super::yielding::Pace;
use crate::tokenizer::chat::{ChatOptions, ChatTemplate};
use crate::tokenizer::{Encoding, MergeStep, Padding, Side, Strategy, Truncation};
use crate::{Error, Kind, Result};
use js_sys::{Array, Int32Array, JsString, Uint32Array};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A tokenizer that the host holds.
#[wasm_bindgen]
pub struct Tokenizer {
    pub(super) inner: Rc<crate::tokenizer::Tokenizer>,
}

impl From<crate::tokenizer::Tokenizer> for Tokenizer {
    fn from(inner: crate::tokenizer::Tokenizer) -> Self {
        Tokenizer { inner: Rc::new(inner) }
    }
}

/// The options of `encode`, as they cross.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct EncodeOptions {
    pair: Option<String>,
    add_special_tokens: Option<bool>,
    truncate: Option<Truncate>,
    pad: Option<Pad>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Truncate {
    Length(usize),
    How(TruncateHow),
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TruncateHow {
    length: usize,
    strategy: Option<String>,
    stride: Option<usize>,
    side: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Pad {
    Longest(bool),
    Length(usize),
    How(PadHow),
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct PadHow {
    length: Option<usize>,
    multiple_of: Option<usize>,
    side: Option<String>,
}

fn side(name: &str) -> Result<Side> {
    match name {
        "left" => Ok(Side::Left),
        "right" => Ok(Side::Right),
        _ => Err(Error::new(Kind::BadOption, format!("encode: side {name:?} is neither \"left\" nor \"right\""))),
    }
}

impl EncodeOptions {
    fn resolve(&self) -> Result<crate::tokenizer::EncodeOptions<'_>> {
        let truncate = match &self.truncate {
            None => None,
            Some(Truncate::Length(length)) => Some(Truncation { length: *length, ..Truncation::default() }),
            Some(Truncate::How(how)) => Some(Truncation {
                length: how.length,
                strategy: match how.strategy.as_deref() {
                    None | Some("longest") => Strategy::Longest,
                    Some("first") => Strategy::First,
                    Some("second") => Strategy::Second,
                    Some(other) => {
                        return Err(Error::new(Kind::BadOption, format!("encode: truncation strategy {other:?}")));
                    }
                },
                stride: how.stride.unwrap_or(0),
                side: how.side.as_deref().map_or(Ok(Side::Right), side)?,
            }),
        };
        let pad = match &self.pad {
            None | Some(Pad::Longest(false)) => None,
            Some(Pad::Longest(true)) => Some(Padding::default()),
            Some(Pad::Length(length)) => Some(Padding { length: Some(*length), ..Padding::default() }),
            Some(Pad::How(how)) => Some(Padding {
                length: how.length,
                multiple: how.multiple_of,
                side: how.side.as_deref().map(side).transpose()?,
                token: None,
            }),
        };
        Ok(crate::tokenizer::EncodeOptions {
            pair: self.pair.as_deref(),
            special: self.add_special_tokens.unwrap_or(true),
            truncate,
            pad,
            ..crate::tokenizer::EncodeOptions::default()
        })
    }
}

/// An encoding as it crosses.
fn encoding(encoding: &Encoding) -> JsValue {
    let offsets: Vec<u32> = encoding.offsets.iter().flat_map(|&(start, end)| [start, end]).collect();
    let out = Plain::default()
        .with("ids", Uint32Array::from(&encoding.ids[..]))
        .with("tokens", encoding.tokens.iter().map(|token| JsString::from(token.as_str())).collect::<Array>())
        .with("offsets", Uint32Array::from(&offsets[..]))
        .with("typeIds", Uint32Array::from(&encoding.type_ids[..]))
        .with("attentionMask", Uint32Array::from(&encoding.attention_mask[..]))
        .with("specialMask", Uint32Array::from(&encoding.special_mask[..]))
        .with("wordIds", Int32Array::from(&encoding.word_ids[..]));
    if encoding.overflow.is_empty() {
        return out.into();
    }
    out.with("overflow", encoding.overflow.iter().map(self::encoding).collect::<Array>()).into()
}

/// A step of `explain` as it crosses.
#[derive(Serialize)]
struct Step<'s> {
    word: usize,
    pieces: &'s [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

impl<'s> From<&'s MergeStep> for Step<'s> {
    fn from(step: &'s MergeStep) -> Self {
        let MergeStep { word, pieces, left, right, rank, score } = step;
        Step { word: *word, pieces, left: left.as_deref(), right: right.as_deref(), rank: *rank, score: *score }
    }
}

#[wasm_bindgen]
impl Tokenizer {
    /// Reads the text of a `tokenizer.json`, and of the `tokenizer_config.json` beside it.
    pub fn from_json(json: &str, config: Option<String>) -> Result<Tokenizer, JsValue> {
        let read = || {
            let tokenizer = crate::tokenizer::Tokenizer::from_json(json)?;
            match config {
                Some(config) => tokenizer.with_config(&config),
                None => Ok(tokenizer),
            }
        };
        out(read().map(Tokenizer::from))
    }

    /// Reads a BERT `vocab.txt`.
    pub fn from_vocab_txt(text: &str, config: Option<String>) -> Result<Tokenizer, JsValue> {
        out(crate::tokenizer::Tokenizer::from_vocab_txt(text, config.as_deref()).map(Tokenizer::from))
    }

    /// Reads GPT-2's `vocab.json` and `merges.txt`.
    pub fn from_vocab_and_merges(vocab: &str, merges: &str, config: Option<String>) -> Result<Tokenizer, JsValue> {
        let read = crate::tokenizer::Tokenizer::from_vocab_and_merges(vocab, merges, config.as_deref());
        out(read.map(Tokenizer::from))
    }

    /// The text of a `tokenizer.json`.
    pub fn to_json(&self) -> String {
        self.inner.to_json()
    }

    /// The text of a `tokenizer_config.json`.
    pub fn to_config_json(&self) -> String {
        self.inner.to_config_json()
    }

    /// What is known of it without a call: `{ kind, vocabSize, special }`.
    pub fn about(&self) -> JsValue {
        let special = self.inner.special().into_iter().fold(Plain::default(), |all, (role, token, id)| {
            all.with(&role, Plain::default().with("token", token).with("id", id))
        });
        Plain::default()
            .with("kind", self.inner.kind().name())
            .with("vocabSize", self.inner.vocab_size() as u32)
            .with("special", special)
            .into()
    }

    /// Encodes a text, or a pair.
    pub fn encode(&self, text: &str, given: JsValue) -> Result<JsValue, JsValue> {
        let encode = || {
            let given: EncodeOptions = options(given, "encode")?;
            Ok(encoding(&self.inner.encode(text, &given.resolve()?)?))
        };
        out(encode())
    }

    /// Encodes texts and pairs, and returns to the host between them.
    pub fn encode_batch(&self, texts: JsValue, given: JsValue) -> Job {
        let tokenizer = self.inner.clone();
        Job::new(move |_| async move {
            let texts: Vec<Text> = argument(texts, "encodeBatch")?;
            let given: EncodeOptions = options(given, "encodeBatch")?;
            let mut how = given.resolve()?;
            let pad = how.pad.take();
            let (pace, mut encodings) = (Pace::new(), Vec::with_capacity(texts.len()));
            for text in &texts {
                let (text, pair) = match text {
                    Text::One(text) => (text.as_str(), None),
                    Text::Pair(text, pair) => (text.as_str(), Some(pair.as_str())),
                };
                how.pair = pair;
                encodings.push(tokenizer.encode(text, &how)?);
                pace.breathe().await;
            }
            if let Some(pad) = pad {
                tokenizer.pad(&mut encodings, &pad, &how.detail)?;
            }
            Ok(encodings.iter().map(encoding).collect::<Array>().into())
        })
    }

    /// How many tokens a text has.
    pub fn count(&self, text: &str, special: bool) -> Result<usize, JsValue> {
        out(self.inner.ids(text, special).map(|ids| ids.len()))
    }

    /// The text of ids.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String, JsValue> {
        out(self.inner.decode(ids, skip_special))
    }

    /// The token of an id.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id).map(str::to_owned)
    }

    /// The id of a token.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// All tokens with their ids: a list of texts and one of numbers.
    pub fn vocab(&self) -> Array {
        let vocab = self.inner.vocab();
        let tokens: Array = vocab.iter().map(|(token, _)| JsString::from(token.as_str())).collect();
        let ids: Vec<u32> = vocab.iter().map(|(_, id)| *id).collect();
        Array::of2(&tokens, &Uint32Array::from(&ids[..]))
    }

    /// The text of a conversation, by the template given or the tokenizer's own.
    pub fn chat(&self, messages: JsValue, given: JsValue) -> Result<String, JsValue> {
        let render = || {
            let given: ChatFields = options(given, "applyChatTemplate")?;
            let messages = argument(messages, "applyChatTemplate")?;
            let Some(template) = given.template.as_ref().or(self.inner.parts().chat_template.as_ref()) else {
                let missing = Error::new(Kind::BadOption, "applyChatTemplate: the tokenizer has no template");
                return Err(missing.hint("give one as option \"template\""));
            };
            let special = self.inner.special().into_iter();
            let how = ChatOptions {
                add_generation_prompt: given.add_generation_prompt.unwrap_or(true),
                tools: given.tools,
                variables: special.map(|(role, token, _)| (format!("{role}_token"), token.into())).collect(),
                now: Some(local_seconds()),
                ..ChatOptions::default()
            };
            ChatTemplate::new(template)?.render(&messages, &how)
        };
        out(render())
    }

    /// How each piece of a text is built.
    pub fn explain(&self, text: &str) -> Result<JsValue, JsValue> {
        let explain = || plain(&self.inner.explain(text)?.iter().map(Step::from).collect::<Vec<_>>());
        out(explain())
    }
}

/// The options of `applyChatTemplate`, as they cross.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ChatFields {
    template: Option<String>,
    add_generation_prompt: Option<bool>,
    tools: Option<serde_json::Value>,
}

/// Seconds since 1970 on the reader's own clock.
fn local_seconds() -> i64 {
    let now = js_sys::Date::new_0();
    (now.get_time() / 1000.0 - now.get_timezone_offset() * 60.0) as i64
}

/// A text or a pair of `encodeBatch`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    One(String),
    Pair(String, String),
}
