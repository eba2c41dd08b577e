//! The tokenizer's calls.
//!
//! In: texts, ids, the texts of files. Out: typed arrays and plain objects; positions in UTF-16 code units.

use super::error::out;
use super::job::Job;
use super::values::{Plain, argument, options, plain};
use super::yielding::Pace;
use crate::tokenizer::chat::{ChatOptions, ChatTemplate};
use crate::tokenizer::{Detail, MergeStep, Padding, Side, Strategy, Truncation};
use crate::{Error, Kind, Result};
use js_sys::{Array, JsString, Uint32Array};
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
    fn resolve(&self) -> Result<crate::tokenizer::EncodeOptions<'static>> {
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
            special: self.add_special_tokens.unwrap_or(true),
            truncate,
            pad,
            ..crate::tokenizer::EncodeOptions::default()
        })
    }
}

/// Bytes of text between two looks at the clock.
const SLICE: usize = 1 << 14;

/// A text or a pair of `encode` and `encodeBatch`.
fn text_and_pair(given: &JsValue) -> Result<(String, Option<String>)> {
    let pair = |given: &JsValue| {
        let pair: &Array = given.dyn_ref()?;
        Some((pair.get(0).as_string()?, Some(pair.get(1).as_string()?)))
    };
    let text = given.as_string().map(|text| (text, None)).or_else(|| pair(given));
    text.ok_or_else(|| Error::new(Kind::BadInput, "encode: a text is neither a string nor a pair of strings"))
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

    /// Encodes texts and pairs; what comes is told in [`super::encodings`].
    pub fn encode(&self, texts: Array, given: JsValue) -> Job {
        let tokenizer = self.inner.clone();
        Job::new(move |desk| async move {
            let given: EncodeOptions = options(given, "encode")?;
            let mut how = given.resolve()?;
            let pad = how.pad.take();
            let pace = Pace::new();
            let (mut encodings, total) = (Vec::with_capacity(texts.length() as usize), f64::from(texts.length()));
            for (at, text) in texts.iter().enumerate() {
                let (text, pair) = text_and_pair(&text)?;
                let bytes = (text.len() + pair.as_ref().map_or(0, String::len)).max(1) as f64;
                let how = crate::tokenizer::EncodeOptions { pair: pair.as_deref(), ..how.clone() };
                let mut encoder = tokenizer.begin(&text, &how)?;
                while !encoder.advance(SLICE)? {
                    if pace.is_due() {
                        desk.progress("encode", at as f64 + encoder.position() as f64 / bytes, Some(total), false);
                        pace.breathe().await;
                    }
                }
                encodings.push(encoder.finish()?);
                if pace.is_due() {
                    desk.progress("encode", (at + 1) as f64, Some(total), false);
                    pace.breathe().await;
                }
            }
            if let Some(pad) = pad {
                tokenizer.pad(&mut encodings, &pad, &how.detail)?;
            }
            let crossed = super::encodings::crossed(&tokenizer, &encodings, &pace).await;
            desk.progress("encode", total, Some(total), false);
            Ok(crossed)
        })
    }

    /// How many tokens a text has.
    pub fn count(&self, text: String, special: bool) -> Job {
        let tokenizer = self.inner.clone();
        Job::new(move |_| async move {
            let detail = Detail { offsets: false };
            let how = crate::tokenizer::EncodeOptions { special, detail, ..crate::tokenizer::EncodeOptions::default() };
            let (pace, mut encoder) = (Pace::new(), tokenizer.begin(&text, &how)?);
            while !encoder.advance(SLICE)? {
                pace.breathe().await;
            }
            Ok((encoder.finish()?.len() as f64).into())
        })
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
            let given = options(given, "applyChatTemplate")?;
            conversation(&self.inner, &argument(messages, "applyChatTemplate")?, given, "applyChatTemplate")
        };
        out(render())
    }

    /// How each piece of a text is built.
    pub fn explain(&self, text: &str) -> Result<JsValue, JsValue> {
        let explain = || plain(&self.inner.explain(text)?.iter().map(Step::from).collect::<Vec<_>>());
        out(explain())
    }
}

/// The text of a conversation.
pub(super) fn conversation(
    tokenizer: &crate::tokenizer::Tokenizer,
    messages: &serde_json::Value,
    given: ChatFields,
    call: &str,
) -> crate::Result<String> {
    let Some(template) = tokenizer.chat_template(given.template.as_deref(), given.tools.is_some()) else {
        let missing = Error::new(Kind::BadOption, format!("{call}: the tokenizer has no template"));
        return Err(missing.hint("give one as option \"template\" of applyChatTemplate"));
    };
    let special = tokenizer.special().into_iter();
    let how = ChatOptions {
        add_generation_prompt: given.add_generation_prompt.unwrap_or(true),
        tools: given.tools,
        variables: special.map(|(role, token, _)| (format!("{role}_token"), token.into())).collect(),
        now: Some(local_seconds()),
        ..ChatOptions::default()
    };
    ChatTemplate::new(template)?.render(messages, &how)
}

/// The options of `applyChatTemplate`, as they cross.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct ChatFields {
    template: Option<String>,
    add_generation_prompt: Option<bool>,
    tools: Option<serde_json::Value>,
}

impl ChatFields {
    /// The defaults, but for whether the model is asked to answer.
    pub(super) fn asking(asks: bool) -> ChatFields {
        ChatFields { add_generation_prompt: Some(asks), ..ChatFields::default() }
    }
}

/// Seconds since 1970 on the reader's own clock.
fn local_seconds() -> i64 {
    let now = js_sys::Date::new_0();
    (now.get_time() / 1000.0 - now.get_timezone_offset() * 60.0) as i64
}
