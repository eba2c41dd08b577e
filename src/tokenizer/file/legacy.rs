//! The files from before `tokenizer.json`, and the configuration beside it.
//!
//! In: the texts of `vocab.txt` (BERT), or `vocab.json` with `merges.txt` (GPT-2), and of `tokenizer_config.json`. Out: a
//! tokenizer with the parts of that model, its special tokens and its chat template.

use super::fields::{Fields, id_of};
use super::{added_token, bert_processor, model::pair_of, numbered};
use crate::tokenizer::model::{Bpe, BpeOptions, Model, WordPiece};
use crate::tokenizer::presets::Preset;
use crate::tokenizer::vocab::Vocab;
use crate::tokenizer::{AddedToken, Normaliser, Parts, Tokenizer};
use crate::{Context, Result, bail, order};
use serde_json::{Value, json};

/// What `tokenizer_config.json` calls special tokens, and what we do.
const ROLES: [(&str, &str); 7] = [
    ("bos_token", "bos"),
    ("eos_token", "eos"),
    ("unk_token", "unk"),
    ("pad_token", "pad"),
    ("cls_token", "cls"),
    ("sep_token", "sep"),
    ("mask_token", "mask"),
];

impl Tokenizer {
    /// Reads a BERT `vocab.txt`: one token per line, its number the line's. Lower case unless the configuration says not.
    ///
    /// # Errors
    /// `bad-file` when a file is not what it should be.
    pub fn from_vocab_txt(text: &str, config: Option<&str>) -> Result<Self> {
        let settings = config.map(parse).transpose()?.unwrap_or_else(|| Value::Object(Default::default()));
        let settings = Fields::of(&settings, "tokenizer_config.json")?;
        let vocab = Vocab::from_list(text.lines().map(str::trim_end))?;
        let lowercase = settings.flag("do_lower_case", true)?;
        let preset = Preset::of("bert")?;
        let mut parts = preset.parts;
        parts.normaliser = Some(Normaliser::Bert {
            clean: true,
            chinese: settings.flag("tokenize_chinese_chars", true)?,
            strip_accents: settings.flag_or_none("strip_accents")?,
            lowercase,
        });
        let name = |field, default| settings.value(field).and_then(content).unwrap_or(default);
        let (unk, cls, sep) = (name("unk_token", "[UNK]"), name("cls_token", "[CLS]"), name("sep_token", "[SEP]"));
        parts.processor = bert_processor((cls, vocab.id(cls)), (sep, vocab.id(sep)));
        for token in [name("pad_token", "[PAD]"), unk, cls, sep, name("mask_token", "[MASK]")] {
            parts.added.extend(vocab.id(token).map(|id| AddedToken {
                id,
                content: token.to_owned(),
                special: true,
                ..AddedToken::default()
            }));
        }
        let model = Model::WordPiece(WordPiece::new(vocab, unk, "##", 100));
        finish(parts, model, config)
    }

    /// Reads GPT-2's `vocab.json` and `merges.txt`.
    ///
    /// # Errors
    /// `bad-file` when a file is not what it should be.
    pub fn from_vocab_and_merges(vocab: &str, merges: &str, config: Option<&str>) -> Result<Self> {
        let entries: Value = match serde_json::from_str(vocab) {
            Ok(entries) => entries,
            Err(error) => bail!(BadFile, "vocab.json: {error}"),
        };
        let Value::Object(entries) = &entries else { bail!(BadFile, "vocab.json: expected an object") };
        let tokens = entries.iter().map(|(token, id)| Ok((token.as_str(), id_of(id, "vocab.json")?)));
        let vocab = Vocab::new(tokens.collect::<Result<Vec<_>>>()?)?;
        let mut pairs = Vec::new();
        for line in merges.lines().filter(|line| !line.starts_with("#version") && !line.is_empty()) {
            let Some((left, right)) = line.split_once(' ') else {
                bail!(BadFile, "merges.txt: expected two tokens, found {line:?}");
            };
            pairs.push(pair_of(&vocab, left, right, pairs.len()).context(|| "merges.txt")?);
        }
        let mut parts = Preset::of("gpt2")?.parts;
        let end = "<|endoftext|>";
        parts.added.extend(vocab.id(end).map(|id| AddedToken {
            id,
            content: end.to_owned(),
            special: true,
            ..AddedToken::default()
        }));
        finish(parts, Model::Bpe(Bpe::new(vocab, pairs, BpeOptions::default())?), config)
    }

    /// Takes special tokens and the chat template from the text of a `tokenizer_config.json`.
    ///
    /// # Errors
    /// `bad-file` when it is not one.
    pub fn with_config(self, text: &str) -> Result<Self> {
        let json = parse(text)?;
        let config = Fields::of(&json, "tokenizer_config.json")?;
        let Tokenizer { mut parts, model, added } = self;
        parts.added = added.tokens().to_vec();
        for (field, role) in ROLES {
            if let Some(token) = config.value(field).and_then(content) {
                parts.roles.retain(|(known, _)| known != role);
                parts.roles.push((role.to_owned(), token.to_owned()));
            }
        }
        let mut listed = Vec::new();
        if let Some(Value::Object(tokens)) = config.value("added_tokens_decoder") {
            for (id, token) in tokens {
                let Ok(id) = id.parse::<u32>() else { bail!(BadFile, "tokenizer_config.json: token number {id:?}") };
                listed.push(added_token(&Fields::of(token, "added_tokens_decoder")?, id)?);
            }
        }
        order::by_key(&mut listed, |token| token.id);
        parts.added.extend(listed);
        parts.added = numbered(parts.added, &model);
        match config.value("chat_template") {
            Some(Value::String(template)) => parts.chat_template = Some(template.clone()),
            // Several templates under names.
            Some(Value::Array(list)) => {
                for entry in list {
                    let entry = Fields::of(entry, "chat_template")?;
                    let (name, template) = (entry.text("name")?.to_owned(), entry.text("template")?.to_owned());
                    match name.as_str() {
                        "default" => parts.chat_template = Some(template),
                        _ => parts.named_templates.push((name, template)),
                    }
                }
            }
            _ => {}
        }
        Tokenizer::new(parts, model)
    }

    /// The text of a `tokenizer_config.json` with the special tokens and the chat template.
    pub fn to_config_json(&self) -> String {
        let mut config = serde_json::Map::new();
        for (role, token, _) in self.special() {
            if let Some((field, _)) = ROLES.iter().find(|(_, known)| *known == role) {
                config.insert((*field).to_owned(), Value::from(token));
            }
        }
        let Parts { chat_template: own, named_templates: named, .. } = &self.parts;
        let template = own.as_ref().map(|template| Value::from(template.as_str()));
        let templates = if named.is_empty() {
            template
        } else {
            let own = template.map(|template| json!({ "name": "default", "template": template }));
            let named = named.iter().map(|(name, template)| json!({ "name": name, "template": template }));
            Some(Value::Array(own.into_iter().chain(named).collect()))
        };
        config.extend(templates.map(|templates| ("chat_template".to_owned(), templates)));
        config.insert("tokenizer_class".to_owned(), Value::from("PreTrainedTokenizerFast"));
        Value::Object(config).to_string()
    }
}

fn parse(text: &str) -> Result<Value> {
    match serde_json::from_str(text) {
        Ok(json) => Ok(json),
        Err(error) => bail!(BadFile, "tokenizer_config.json: {error}"),
    }
}

/// The text of a token that is written as itself or as an object.
fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token.get("content").and_then(Value::as_str))
}

fn finish(parts: Parts, model: Model, config: Option<&str>) -> Result<Tokenizer> {
    let tokenizer = Tokenizer::new(parts, model)?;
    match config {
        Some(text) => tokenizer.with_config(text),
        None => Ok(tokenizer),
    }
}
