//! What is learned from texts and examples: documents in, rows out.
//!
//! Each objective is a file of this room; here is the choice between them, and what they share: the tokenizer, the length of rows, the
//! special tokens. What is drawn anew at each visit (masks, spans) is drawn when a row is taken, by the number of the visit.
//! Knows no model: sizes and names come from whoever does.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::document::Document;
use super::draft::{Draft, Read, Reader};
use super::labels::Labels;
use super::masked::Masking;
use super::row::{IGNORED, Row};
use super::spans::Spans;
use super::windows::Windows;
use crate::error::{Error, Kind, Result};
use crate::rng::Rng;
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::{ChatOptions, ChatTemplate};
use crate::tokenizer::encode::{EncodeOptions, Unit};
use crate::tokenizer::encoding::Detail;
use crate::{bail, ensure};

/// Bytes of a text that are read at a time.
const SLICE: usize = 1 << 14;

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
    options: EncodeOptions<'static>,
}

impl Maker {
    /// Looks up what the objective needs of the tokenizer.
    ///
    /// Fails with `bad-input` where the tokenizer lacks it: a mask token, sentinels, a chat template.
    pub fn new(objective: Objective, frame: Frame, tokenizer: Rc<Tokenizer>, labels: Labels) -> Result<Maker> {
        ensure!(frame.time > 0, Internal, "objective: rows without a place");
        let lacks = |what: &str, hint: &str| Err(Error::new(Kind::BadInput, format!("train: {what}")).hint(hint));
        let detail = Detail { offsets: matches!(objective, Objective::Tag | Objective::Answer | Objective::Chat) };
        let unit = if objective == Objective::Chat { Unit::Bytes } else { Unit::Utf16 };
        let mut maker = Maker {
            objective,
            labels,
            mask: 0,
            sentinels: Vec::new(),
            stretch: 0,
            template: None,
            options: EncodeOptions { detail, unit, ..EncodeOptions::default() },
            frame,
            tokenizer,
        };
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

    /// What ids of a row say, to be looked at: a dot stands where nothing is predicted.
    pub fn spoken(&self, ids: &[u32]) -> String {
        let name = |&id: &u32| if id == IGNORED { "·" } else { self.tokenizer.spoken(id) };
        ids.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    /// Nothing, in the form in which this objective's rows are held.
    pub fn kept(&self) -> Kept {
        match self.objective {
            Objective::Causal => Kept::Windows(Windows::new(self.frame.time, self.frame.cross)),
            _ => Kept::Rows(Vec::new(), 0),
        }
    }

    /// A document whose texts are to be read.
    ///
    /// # Errors
    /// `bad-input` where it lacks what the objective learns from.
    pub fn draft(&self, document: Document) -> Result<Draft> {
        Draft::new(document, self.objective)
    }

    /// Begins to read a draft that is written.
    ///
    /// # Errors
    /// As [`Tokenizer::begin`].
    pub fn begin<'m>(&'m self, draft: &'m Draft) -> Result<Reader<'m>> {
        Reader::new(self, draft)
    }

    /// Reads a document without a pause.
    ///
    /// # Errors
    /// As [`Maker::draft`] and [`Tokenizer::encode`].
    pub fn read(&self, document: Document) -> Result<Read> {
        let mut draft = self.draft(document)?;
        while !draft.write(self)? {}
        let mut reader = self.begin(&draft)?;
        while !reader.advance(SLICE)? {}
        reader.finish()
    }

    /// Adds the rows of a document that was read.
    ///
    /// # Errors
    /// `bad-input` for labels that the model does not have.
    pub fn add(&mut self, read: Read, kept: &mut Kept) -> Result<()> {
        let (rows, tokens) = match (kept, &read) {
            (Kept::Windows(windows), Read::Tokens(ids)) => {
                windows.add(ids, self.frame.end);
                return Ok(());
            }
            (Kept::Rows(rows, tokens), _) => (rows, tokens),
            (Kept::Windows(_), _) => bail!(Internal, "objective: windows are cut from tokens"),
        };
        let before = rows.len();
        match read {
            Read::Tokens(_) => bail!(Internal, "objective: tokens are for windows"),
            Read::Rows(made) => rows.extend(made),
            Read::Labelled(text, label) => rows.push(self.labels.classify(text, label.as_ref(), self.frame.first)?),
            Read::Tagged(text, entities) => rows.push(self.labels.tag(text, &entities, self.frame.first)?),
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

    /// What is learned.
    pub(super) fn objective(&self) -> Objective {
        self.objective
    }

    /// What rows are made with.
    pub(super) fn frame(&self) -> &Frame {
        &self.frame
    }

    /// What texts are read with.
    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// How texts are read where more than ids is wanted of them.
    pub(super) fn options(&self) -> &EncodeOptions<'static> {
        &self.options
    }

    /// What conversations are written with.
    pub(super) fn template(&self) -> Option<&(ChatTemplate, ChatOptions)> {
        self.template.as_ref()
    }

    /// Tokens of a stretch whose spans are corrupted.
    pub(super) fn stretch(&self) -> usize {
        self.stretch
    }

    /// How many tokens of a text are read at most: no more are ever shown of it.
    pub(super) fn enough(&self) -> usize {
        match self.objective {
            Objective::Seq2seq | Objective::Classify | Objective::Tag => self.frame.time,
            // The last token of a row predicts the one after it.
            Objective::Chat => self.frame.time + 1,
            _ => usize::MAX,
        }
    }

    fn needs_end(&self) -> Result<u32> {
        match self.frame.end {
            Some(end) => Ok(end),
            None => bail!(BadInput, "train: neither the config nor the tokenizer has an end token, and one is needed"),
        }
    }

    /// The ids of a text, cut to fit and ended.
    pub(super) fn ended(&self, mut ids: Vec<u32>) -> Result<Vec<u32>> {
        let end = self.needs_end()?;
        if ids.last() == Some(&end) {
            ids.pop();
        }
        ids.truncate(self.frame.time - 1);
        ids.push(end);
        Ok(ids)
    }

    /// The row of an encoder's ids and of what its decoder is to write.
    pub(super) fn written(&self, source: Vec<u32>, targets: Vec<u32>) -> Row {
        let before = targets.iter().copied().take(targets.len().saturating_sub(1));
        let ids = std::iter::once(self.frame.start).chain(before).collect();
        Row { source, ..Row::new(ids, targets, 0) }
    }
}
