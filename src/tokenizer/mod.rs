//! Text to ids and back.
//!
//! In: a text. Out: the numbers of its tokens, and from numbers the text again. A tokenizer is a row of parts: added
//! tokens are cut out, the rest is normalised, split into pieces, each piece goes through the model, and a processor sets
//! special tokens around; a decoder leads back. Each part has its file and does exactly what Hugging Face's part of that
//! name does. Knows no tensor.

pub mod added; // added tokens, found in the raw text
pub mod normalise; // text -> the form that the vocabulary knows
pub mod split; // text -> pieces
pub mod model; // piece -> tokens
pub mod process; // tokens -> tokens with special ones around
pub mod decode; // tokens -> text
pub mod count; // words -> how often each was seen
pub mod cut; // where a long text may be cut
mod walk; // a text through all of it, in slices
pub mod encode; // all of it in order
pub mod stream; // decoding while tokens arrive
pub mod explain; // how each piece was built
pub mod presets; // the parts of well-known tokenizers
pub mod file; // from and to Hugging Face's files

// -- what they stand on --
pub mod encoding; // the result: ids and what belongs to them
pub mod aligned; // text that remembers where it came from
pub mod vocab; // tokens <-> numbers
pub mod bytes; // bytes <-> their symbols
mod truncate; // tokens -> as many as may be
mod places; // bytes -> the unit that offsets are counted in
pub mod unicode; // classes of characters

pub use added::{AddedToken, AddedTokens};
pub use decode::Decoder;
pub use encode::{EncodeOptions, Encoder, Padding, Strategy, Truncation, Unit};
pub use encoding::{Detail, Encoding, Pad, Side};
pub use explain::MergeStep;
pub use model::{Bpe, BpeOptions, Model, Unigram, Word, WordPiece};
pub use normalise::Normaliser;
pub use presets::Preset;
pub use process::Processor;
pub use split::Splitter;
pub use stream::StreamDecoder;
pub use vocab::Vocab;

use crate::order;
use aligned::Aligned;

/// What a tokenizer is, for those who use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Byte pair encoding.
    Bpe,
    /// BERT's longest match.
    WordPiece,
    /// SentencePiece's best path.
    Unigram,
    /// Whole words.
    Word,
    /// Single characters.
    Char,
}

impl Kind {
    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Bpe => "bpe",
            Kind::WordPiece => "wordpiece",
            Kind::Unigram => "unigram",
            Kind::Word => "word",
            Kind::Char => "char",
        }
    }
}

/// The parts of a tokenizer, put together or still to be.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// First: the text's form.
    pub normaliser: Option<Normaliser>,
    /// Then: its pieces.
    pub splitter: Option<Splitter>,
    /// After the model: special tokens.
    pub processor: Option<Processor>,
    /// The way back.
    pub decoder: Option<Decoder>,
    /// Tokens beside the model's.
    pub added: Vec<AddedToken>,
    /// What a file says about truncation; kept for the file, of no effect on its own.
    pub truncation: Option<Truncation>,
    /// What a file says about padding; its token is the one that padding takes.
    pub padding: Option<(Padding, Pad)>,
    /// Special tokens by what they are for: `bos`, `eos`, `unk`, `pad`, `cls`, `sep`, `mask`.
    pub roles: Vec<(String, String)>,
    /// The chat template that came with the tokenizer.
    pub chat_template: Option<String>,
    /// Chat templates beside that one, by name.
    pub named_templates: Vec<(String, String)>,
}

/// A tokenizer.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    parts: Parts,
    model: Model,
    added: AddedTokens,
}

impl Tokenizer {
    /// Puts a tokenizer together.
    ///
    /// # Errors
    /// `bad-file` when an added token cannot be normalised.
    pub fn new(mut parts: Parts, model: Model) -> crate::Result<Self> {
        let mut failed = None;
        let tokens = std::mem::take(&mut parts.added);
        let failure = std::cell::RefCell::new(&mut failed);
        let added = AddedTokens::new(tokens, |text| {
            let mut aligned = Aligned::new(text, 0, false);
            if let Some(Err(error)) = parts.normaliser.as_ref().map(|normaliser| normaliser.apply(&mut aligned)) {
                **failure.borrow_mut() = Some(error);
            }
            aligned.text().to_owned()
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(Tokenizer { parts, model, added }),
        }
    }

    /// The parts around the model; the added tokens are in [`Tokenizer::added`].
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The added tokens.
    pub fn added(&self) -> &AddedTokens {
        &self.added
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match &self.model {
            Model::Bpe(model) if model.merges().is_empty() && !model.takes_bytes() => Kind::Char,
            Model::Bpe(_) => Kind::Bpe,
            Model::WordPiece(_) => Kind::WordPiece,
            Model::Unigram(_) => Kind::Unigram,
            Model::Word(_) => Kind::Word,
        }
    }

    /// The number of a token.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.added.id(token).or_else(|| self.model.vocab().id(token))
    }

    /// The token with a number.
    pub fn id_to_token(&self, id: u32) -> Option<&str> {
        self.added.by_id(id).map(|token| token.content.as_str()).or_else(|| self.model.token(id))
    }

    /// All tokens with their numbers, by number; an added token stands in front of the model's of the same text.
    pub fn vocab(&self) -> Vec<(String, u32)> {
        let added = self.added.tokens().iter().map(|token| (token.content.clone(), token.id));
        let model = self.model.vocab().iter().filter(|(token, _)| self.added.id(token).is_none());
        let mut all: Vec<(String, u32)> = model.map(|(token, id)| (token.to_owned(), id)).chain(added).collect();
        order::by_key(&mut all, |entry| entry.1);
        all
    }

    /// How many tokens there are, added ones included.
    pub fn vocab_size(&self) -> usize {
        let known = |token: &&AddedToken| self.model.vocab().id(&token.content).is_none();
        self.model.size() + self.added.tokens().iter().filter(known).count()
    }

    /// The special tokens: (what it is for, token, number). One without a known purpose goes by its own text.
    pub fn special(&self) -> Vec<(String, String, u32)> {
        let mut all: Vec<(String, String, u32)> = Vec::new();
        for (role, token) in &self.parts.roles {
            if let Some(id) = self.token_to_id(token) {
                all.push((role.clone(), token.clone(), id));
            }
        }
        for token in self.added.tokens().iter().filter(|token| token.special) {
            if all.iter().any(|(_, known, _)| *known == token.content) {
                continue;
            }
            let role = presets::role_of(&token.content).filter(|role| all.iter().all(|(name, ..)| name != role));
            all.push((role.unwrap_or(&token.content).to_owned(), token.content.clone(), token.id));
        }
        all
    }

    /// The chat template for a conversation: the one that `given` names, else `given` itself; where nothing is given the one for tools, if there
    /// are any and it is there, else the tokenizer's own.
    pub fn chat_template<'t>(&'t self, given: Option<&'t str>, tools: bool) -> Option<&'t str> {
        let named = |name: &str| {
            let found = self.parts.named_templates.iter().find(|(known, _)| known == name);
            found.map(|(_, template)| template.as_str())
        };
        let own = self.parts.chat_template.as_deref();
        match given {
            Some(given) => named(given).or(own.filter(|_| given == "default")).or(Some(given)),
            None => named("tool_use").filter(|_| tools).or(own),
        }
    }

    /// The special token for a purpose, such as `bos` or `pad`.
    pub fn role(&self, name: &str) -> Option<(String, u32)> {
        self.special().into_iter().find(|(role, ..)| role == name).map(|(_, token, id)| (token, id))
    }
}
