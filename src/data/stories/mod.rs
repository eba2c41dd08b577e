//! The story world: small true-to-grammar texts without end, to learn from before one brings one's own.
//!
//! In: a language, a kind, a seed, a number. Out: that story, always the same one (each has its own random stream).
//! Tales hold together over their length: names, things, colours, places and promises come back, so that a model with a
//! long memory can tell what one with three words cannot. Pairs are questions with answers. Pronouns come in twos that
//! differ in the last word, and with it in what the pronoun means.
//! Refuses to know about tokens.

mod choose;
mod english;
mod french;

use crate::bail;
use crate::error::Result;
use crate::rng::Rng;

/// The stream of the story world among those of one seed.
const STREAM: u64 = 0x5354_4F52_5945_5300;

/// A language that stories are told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
    /// The language of `en` or `fr`.
    ///
    /// # Errors
    /// `bad-option` for another name.
    pub fn of(name: &str) -> Result<Self> {
        match name {
            "en" => Ok(Language::English),
            "fr" => Ok(Language::French),
            _ => bail!(BadOption, "language: expected en or fr, found {name:?}"),
        }
    }
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoryKind {
    /// A tale of about a dozen sentences.
    Tale,
    /// A task and its answer.
    Pair,
    /// A sentence with a pronoun, and what the pronoun means.
    Pronoun,
}

impl StoryKind {
    /// The kind of `tale`, `pair` or `pronoun`.
    ///
    /// # Errors
    /// `bad-option` for another name.
    pub fn of(name: &str) -> Result<Self> {
        match name {
            "tale" => Ok(StoryKind::Tale),
            "pair" => Ok(StoryKind::Pair),
            "pronoun" => Ok(StoryKind::Pronoun),
            _ => bail!(BadOption, "kind: expected tale, pair or pronoun, found {name:?}"),
        }
    }
}

/// A story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Story {
    /// A text.
    Tale(String),
    /// A question and its answer.
    Pair {
        /// What is asked.
        input: String,
        /// What is right.
        output: String,
    },
}

impl Story {
    /// The tale, or what is asked.
    pub fn into_text(self) -> String {
        match self {
            Story::Tale(text) | Story::Pair { input: text, .. } => text,
        }
    }
}

/// Stories without end; the same seed tells the same.
#[derive(Clone, Debug)]
pub struct Stories {
    language: Language,
    kind: StoryKind,
    seed: u64,
    next: u64,
}

impl Stories {
    /// Begins at the first story.
    pub fn new(language: Language, kind: StoryKind, seed: u64) -> Self {
        Stories { language, kind, seed, next: 0 }
    }

    /// The story of a number, whatever was told before.
    pub fn story(&self, number: u64) -> Story {
        // The two of a pronoun pair share their stream.
        let (stream, second) = match self.kind {
            StoryKind::Pronoun => (number / 2, number % 2 == 1),
            _ => (number, false),
        };
        let mut rng = Rng::new(self.seed, STREAM ^ stream);
        let french = self.language == Language::French;
        let (input, output) = match self.kind {
            StoryKind::Tale if french => return Story::Tale(french::tale(&mut rng)),
            StoryKind::Tale => return Story::Tale(english::tale(&mut rng)),
            StoryKind::Pair if french => french::pair(&mut rng),
            StoryKind::Pair => english::pair(&mut rng),
            StoryKind::Pronoun => {
                let [one, two] = if french { french::pronoun(&mut rng) } else { english::pronoun(&mut rng) };
                if second { two } else { one }
            }
        };
        Story::Pair { input, output }
    }
}

impl Iterator for Stories {
    type Item = Story;

    fn next(&mut self) -> Option<Story> {
        let story = self.story(self.next);
        self.next += 1;
        Some(story)
    }
}

/// How many different tales there are at least, by the words of one plot alone.
pub fn distinct_tales(language: Language) -> u64 {
    match language {
        Language::English => english::distinct(),
        Language::French => french::distinct(),
    }
}
