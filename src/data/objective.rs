//! What is learned from texts and examples: documents in, rows out.
//!
//! Each objective is a file of this room; here is the choice between them, and what they share: the tokenizer, the length of rows, the
//! special tokens. What is drawn anew at each visit (masks, spans) is drawn when a row is taken, by the number of the visit.
//! Knows no model: sizes and names come from whoever does.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::answers;
use super::chat::assistant_spans;
use super::document::{Document, Example};
use super::labels::Labels;
use super::masked::Masking;
use super::row::{IGNORED, Row};
use super::spans::Spans;
use super::windows::Windows;
use crate::error::{Error, Kind, Result};
use crate::rng::Rng;
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::{ChatOptions, ChatTemplate};
use crate::tokenizer::encode::{EncodeOptions, Ids, Strategy, Truncation, Unit};
use crate::tokenizer::encoding::{Detail, Encoding};
use crate::{bail, ensure};

/// The stream of what is drawn for rows, among those of one seed.
const STREAM: u64 = 0x4D41_534B_0000_0000;

/// What is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Objective {
    /// The next token.
    Causal,
    /// Masked tokens.
    Masked,
    /// Corrupted spans.
    Spans,
    /// One text from another.
    Seq2seq,
    /// What a text is.
    Classify,
    /// What each token belongs to.
    Tag,
    /// Where an answer stands.
    Answer,
    /// What the assistant says.
    Chat,
}

/// What rows are made with, beside the texts.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The longest row.
    pub time: usize,
    /// The token that ends a text.
    pub end: Option<u32>,
    /// The token that a decoder begins with.
    pub start: u32,
    /// The number of the first place.
    pub first: u32,
    /// Whether the model tells types apart.
    pub types: bool,
    /// Whether rows may run from one document into the next.
    pub cross: bool,
    /// Of masked tokens.
    pub masking: Masking,
    /// Of corrupted spans.
    pub spans: Spans,
    /// Of what is drawn.
    pub seed: u64,
}

/// Rows of a corpus, as they are held.
#[derive(Clone, Debug)]
pub enum Kept {
    /// Cut from a stream of ids.
    Windows(Windows),
    /// One or more for each example.
    Rows(Vec<Row>, usize),
}

impl Kept {
    /// About how much is held.
    pub fn tokens(&self) -> usize {
        match self {
            Kept::Windows(windows) => windows.tokens(),
            Kept::Rows(_, tokens) => *tokens,
        }
    }

    /// Rows, if nothing more comes.
    pub fn rows(&self) -> usize {
        match self {
            Kept::Windows(windows) => windows.rows(),
            Kept::Rows(rows, _) => rows.len(),
        }
    }

    /// Rows that stay as they are, whatever comes.
    pub fn full_rows(&self) -> usize {
        match self {
            Kept::Windows(windows) => windows.full_rows(),
            Kept::Rows(rows, _) => rows.len(),
        }
    }

    /// Whether there is anything to learn.
    pub fn predicts(&self) -> bool {
        match self {
            Kept::Windows(windows) => windows.predicts(),
            Kept::Rows(rows, _) => !rows.is_empty(),
        }
    }

    /// What comes after row `rows`.
    pub fn after(&self, rows: usize) -> Kept {
        match self {
            Kept::Windows(windows) => Kept::Windows(windows.after(rows)),
            Kept::Rows(..) => Kept::Rows(Vec::new(), 0),
        }
    }

    /// A row.
    pub fn row(&self, index: usize) -> Row {
        match self {
            Kept::Windows(windows) => windows.row(index),
            Kept::Rows(rows, _) => rows.get(index).cloned().unwrap_or_default(),
        }
    }
}

/// Makes rows of documents.
#[derive(Debug)]
pub struct Maker {
    objective: Objective,
    frame: Frame,
    tokenizer: Rc<Tokenizer>,
    labels: Labels,
    mask: u32,
    sentinels: Vec<u32>,
    /// Tokens of a stretch whose spans are corrupted.
    stretch: usize,
    template: Option<(ChatTemplate, ChatOptions)>,
}

impl Maker {
    /// Looks up what the objective needs of the tokenizer.
    ///
    /// Fails with `bad-input` where the tokenizer lacks it: a mask token, sentinels, a chat template.
    pub fn new(objective: Objective, frame: Frame, tokenizer: Rc<Tokenizer>, labels: Labels) -> Result<Maker> {
        ensure!(frame.time > 0, Internal, "objective: rows without a place");
        let lacks = |what: &str, hint: &str| Err(Error::new(Kind::BadInput, format!("train: {what}")).hint(hint));
        let mut maker =
            Maker { objective, labels, mask: 0, sentinels: Vec::new(), stretch: 0, template: None, frame, tokenizer };
        let tokenizer = &maker.tokenizer;
        match objective {
            Objective::Masked => match tokenizer.role("mask") {
                Some((_, id)) => maker.mask = id,
                None => return lacks("the tokenizer has no mask token", "train one with preset \"bert\""),
            },
            Objective::Spans => {
                let sentinel = |number: u32| tokenizer.token_to_id(&format!("<extra_id_{number}>"));
                maker.sentinels = (0..).map_while(sentinel).collect();
                if maker.sentinels.is_empty() {
                    return lacks(
                        "the tokenizer has no sentinels",
                        "train one with specialTokens \"<extra_id_0>\", \"<extra_id_1>\" and so on",
                    );
                }
                let Some(stretch) = maker.frame.spans.stretch(maker.frame.time) else {
                    bail!(BadOption, "train: a context of {} has no room for corrupted spans", maker.frame.time)
                };
                maker.stretch = stretch;
            }
            Objective::Chat => {
                let Some(source) = &tokenizer.parts().chat_template else {
                    return lacks("the tokenizer has no chat template", "load one whose tokenizer_config.json has it");
                };
                let names = tokenizer.special().into_iter();
                let variables = names.map(|(role, token, _)| (format!("{role}_token"), token.into())).collect();
                maker.template =
                    Some((ChatTemplate::new(source)?, ChatOptions { variables, ..ChatOptions::default() }));
            }
            _ => {}
        }
        Ok(maker)
    }

    /// The labels, with names that the examples gave them.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Nothing, in the form in which this objective's rows are held.
    pub fn kept(&self) -> Kept {
        match self.objective {
            Objective::Causal => Kept::Windows(Windows::new(self.frame.time, self.frame.cross)),
            _ => Kept::Rows(Vec::new(), 0),
        }
    }

    /// Adds the rows of a document.
    pub fn add(&mut self, document: Document, kept: &mut Kept) -> Result<()> {
        let (rows, tokens) = match kept {
            Kept::Windows(windows) => {
                windows.add(&self.ids(document)?, self.frame.end);
                return Ok(());
            }
            Kept::Rows(rows, tokens) => (rows, tokens),
        };
        let before = rows.len();
        match self.objective {
            Objective::Causal => bail!(Internal, "objective: causal rows are windows"),
            Objective::Masked => self.mask_rows(self.text(&document)?, rows)?,
            Objective::Spans => {
                let ids = self.ids(document)?;
                let stretches = ids.chunks(self.stretch).filter(|stretch| stretch.len() > 1);
                rows.extend(stretches.map(|stretch| Row::new(stretch.to_vec(), Vec::new(), 0)));
            }
            Objective::Seq2seq => rows.push(self.pair(document.into_example())?),
            Objective::Classify => {
                let example = document.into_example();
                let encoding = self.encode(example.text.as_deref().unwrap_or_default(), None)?;
                rows.push(self.labels.classify(encoding, example.label.as_ref(), self.frame.first)?);
            }
            Objective::Tag => {
                let example = document.into_example();
                let Some((text, entities)) = example.text.zip(example.entities) else {
                    bail!(BadInput, "train: an example to tag has a text and entities")
                };
                let length = text.encode_utf16().count();
                if let Some(wrong) = entities.iter().find(|entity| entity.end > length) {
                    bail!(BadInput, "train: an entity ends at {}, the text is {length} long", wrong.end);
                }
                let encoding = self.encode(&text, None)?;
                rows.push(self.labels.tag(encoding, &entities, self.frame.first)?);
            }
            Objective::Answer => rows.extend(self.answers(document.into_example())?),
            Objective::Chat => rows.extend(self.talk(document.into_example())?),
        }
        for row in &mut rows[before..] {
            if !self.frame.types {
                row.types.clear();
            }
            *tokens += row.ids.len() + row.source.len();
        }
        Ok(())
    }

    /// A row as the model takes it at its visit number `visit`: masked or corrupted anew.
    pub fn finish(&self, row: Row, visit: u64) -> Result<Row> {
        let rng = || Rng::new(self.frame.seed, STREAM ^ visit);
        Ok(match self.objective {
            Objective::Masked => {
                let row = self.frame.masking.apply(row, self.mask, self.tokenizer.vocab_size(), &mut rng());
                Row { words: Vec::new(), ..row }
            }
            Objective::Spans => {
                let end = self.needs_end()?;
                let (source, targets) = self.frame.spans.apply(&row.ids, &self.sentinels, end, &mut rng());
                self.written(source, targets)
            }
            _ => row,
        })
    }

    fn text<'d>(&self, document: &'d Document) -> Result<&'d str> {
        match document.text() {
            Some(text) => Ok(text),
            None => Err(Error::new(Kind::BadInput, "train: an example without a text, and texts are to be learned")
                .hint("say with `objective` what is to be learned of the examples")),
        }
    }

    /// The tokens of a text, read in slices; none where this objective learns no texts as they are.
    ///
    /// # Errors
    /// As [`Tokenizer::ids`].
    pub fn read<'m>(&'m self, document: &'m Document) -> Result<Option<Ids<'m>>> {
        match (self.objective, document.text()) {
            (Objective::Causal | Objective::Spans, Some(text)) => self.tokenizer.begin_ids(text, false).map(Some),
            _ => Ok(None),
        }
    }

    fn ids(&self, document: Document) -> Result<Vec<u32>> {
        match document {
            Document::Tokens(ids) => Ok(ids),
            document => self.tokenizer.ids(self.text(&document)?, false),
        }
    }

    fn needs_end(&self) -> Result<u32> {
        match self.frame.end {
            Some(end) => Ok(end),
            None => bail!(BadInput, "train: neither the config nor the tokenizer has an end token, and one is needed"),
        }
    }

    /// A text or a pair, cut to parts that fit.
    fn encode(&self, text: &str, pair: Option<&str>) -> Result<Encoding> {
        let truncate = match pair {
            // As the usual 128 of 384.
            Some(_) => Truncation {
                length: self.frame.time,
                strategy: Strategy::Second,
                stride: self.frame.time / 3,
                ..Truncation::default()
            },
            None => Truncation { length: self.frame.time, ..Truncation::default() },
        };
        let detail = Detail { offsets: true };
        let overflow = pair.is_some() || self.objective == Objective::Masked;
        let options = EncodeOptions { pair, truncate: Some(truncate), overflow, detail, ..EncodeOptions::default() };
        self.tokenizer.encode(text, &options)
    }

    fn mask_rows(&self, text: &str, rows: &mut Vec<Row>) -> Result<()> {
        let mut encoding = self.encode(text, None)?;
        let others = std::mem::take(&mut encoding.overflow);
        for part in std::iter::once(encoding).chain(others) {
            let special = |at: usize| part.special_mask.get(at) == Some(&1);
            let words: Vec<i32> = part
                .word_ids
                .iter()
                .enumerate()
                .map(|(at, &word)| if special(at) { -1 } else { word.max(0) })
                .collect();
            if words.iter().any(|&word| word >= 0) {
                rows.push(Row { words, ..Row::new(part.ids, Vec::new(), self.frame.first) });
            }
        }
        Ok(())
    }

    fn pair(&self, example: Example) -> Result<Row> {
        let Some((input, output)) = example.input.zip(example.output) else {
            return Err(Error::new(Kind::BadInput, "train: an example of one text from another has input and output")
                .hint("objective \"spans\" learns from plain texts"));
        };
        let end = self.needs_end()?;
        let ended = |text: &str| -> Result<Vec<u32>> {
            let mut ids = self.tokenizer.ids(text, true)?;
            if ids.last() == Some(&end) {
                ids.pop();
            }
            ids.truncate(self.frame.time - 1);
            ids.push(end);
            Ok(ids)
        };
        Ok(self.written(ended(&input)?, ended(&output)?))
    }

    /// The row of an encoder's ids and of what its decoder is to write.
    fn written(&self, source: Vec<u32>, targets: Vec<u32>) -> Row {
        let before = targets.iter().copied().take(targets.len().saturating_sub(1));
        let ids = std::iter::once(self.frame.start).chain(before).collect();
        Row { source, ..Row::new(ids, targets, 0) }
    }

    fn answers(&self, example: Example) -> Result<Vec<Row>> {
        let Example { question: Some(question), context: Some(context), answer, start, .. } = example else {
            bail!(BadInput, "train: an example to answer has question, context, answer and start")
        };
        let answer = match (answer, start) {
            (Some(answer), Some(start)) if !answer.is_empty() => {
                let mut units = context.encode_utf16().skip(start);
                let stands = answer.encode_utf16().all(|unit| units.next() == Some(unit));
                ensure!(stands, BadInput, "train: the answer \"{answer}\" does not stand at {start} in its context");
                Some((start as u32, (start + answer.encode_utf16().count()) as u32))
            }
            (Some(answer), _) if answer.is_empty() => None,
            _ => bail!(BadInput, "train: an example to answer has question, context, answer and start"),
        };
        Ok(answers::rows(self.encode(&question, Some(&context))?, answer, self.frame.first))
    }

    fn talk(&self, example: Example) -> Result<Option<Row>> {
        let Some(messages) = &example.messages else { bail!(BadInput, "train: an example of a chat has messages") };
        let Some((template, options)) = &self.template else { bail!(Internal, "objective: no chat template") };
        let (text, spans) = assistant_spans(template, messages, options)?;
        let detail = Detail { offsets: true };
        let how = EncodeOptions { special: false, unit: Unit::Bytes, detail, ..EncodeOptions::default() };
        let encoding = self.tokenizer.encode(&text, &how)?;
        let said = |at: usize| {
            let (from, to) = encoding.offsets.get(at).copied().unwrap_or_default();
            to > from && spans.iter().any(|span| span.contains(&(from as usize)))
        };
        let target = |at: usize| if said(at) { encoding.ids.get(at).copied().unwrap_or(IGNORED) } else { IGNORED };
        let count = encoding.ids.len().min(self.frame.time);
        let targets: Vec<u32> = (1..=count).map(target).collect();
        // Cut off before the first answer: nothing is left to learn.
        let learns = targets.iter().any(|&target| target != IGNORED);
        Ok(learns.then(|| Row::new(encoding.ids[..count].to_vec(), targets, self.frame.first)))
    }
}
