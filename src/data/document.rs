//! What a corpus is made of: texts, and examples of what is to be learned.
//!
//! Comes in as a caller gives it, or as a line of a `.jsonl` file. Offsets count UTF-16 code units. Refuses to know objectives.

use serde::Deserialize;
use serde_json::Value;

use super::stories::Story;

/// A text, or an example.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Document {
    /// A text.
    Text(String),
    /// An example.
    Example(Box<Example>),
}

/// The fields that an example may have; which of them it must have is the objective's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Example {
    /// A text.
    pub text: Option<String>,
    /// What the text is.
    pub label: Option<Label>,
    /// What stands where in the text.
    pub entities: Option<Vec<Entity>>,
    /// What is asked.
    pub question: Option<String>,
    /// Where the answer is to be found.
    pub context: Option<String>,
    /// The answer, word for word.
    pub answer: Option<String>,
    /// Where it begins in the context.
    pub start: Option<usize>,
    /// What is given.
    pub input: Option<String>,
    /// What is to be made of it.
    pub output: Option<String>,
    /// A conversation.
    pub messages: Option<Value>,
}

/// What a text is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// The number of a label, or a value.
    Number(f64),
    /// One of several.
    Name(String),
    /// Those that are there.
    Names(Vec<String>),
}

/// A stretch of a text with its label.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Entity {
    /// Its first code unit.
    pub start: usize,
    /// One past its last.
    pub end: usize,
    /// What it is.
    pub label: String,
}

impl From<Story> for Document {
    /// A tale is a text; a task is an example of one text made of another.
    fn from(story: Story) -> Document {
        match story {
            Story::Tale(text) => Document::Text(text),
            Story::Pair { input, output } => {
                let example = Example { input: Some(input), output: Some(output), ..Example::default() };
                Document::Example(Box::new(example))
            }
        }
    }
}

impl Document {
    /// The text of a text, or of an example that has one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Document::Text(text) => Some(text),
            Document::Example(example) => example.text.as_deref(),
        }
    }

    /// The example; a text is one without anything else.
    pub fn into_example(self) -> Example {
        match self {
            Document::Text(text) => Example { text: Some(text), ..Example::default() },
            Document::Example(example) => *example,
        }
    }
}
