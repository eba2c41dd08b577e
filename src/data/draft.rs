//! A document on its way to rows, in slices.
//!
//! In: a document, and who makes rows of it. Out: tokens, rows, or tokens with the labels that they are to get. A draft holds the texts of the
//! document; a conversation is written first, a message at a time. A reader reads them, no further than rows show them, and makes
//! the rows. Refuses to know who waits between two slices, and how rows are held.

use std::ops::Range;

use super::answers;
use super::chat::Talk;
use super::document::{Document, Entity, Example, Label};
use super::objective::{Maker, Objective};
use super::row::{IGNORED, Row};
use crate::error::{Error, Kind, Result};
use crate::tokenizer::encode::{Encoder, Ids};
use crate::tokenizer::encoding::Encoding;
use crate::{bail, ensure};

/// A document that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// The tokens of a text.
    Tokens(Vec<u32>),
    /// Rows.
    Rows(Vec<Row>),
    /// A text that is something.
    Labelled(Encoding, Option<Label>),
    /// A text that something stands in.
    Tagged(Encoding, Vec<Entity>),
}

/// The texts of a document, and what else rows are made of.
#[derive(Debug)]
pub struct Draft {
    texts: Vec<String>,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    Nothing,
    Label(Option<Label>),
    Entities(Vec<Entity>),
    /// Where the answer stands in the context, if it does.
    Answer(Option<(u32, u32)>),
    Talk(Talk),
    /// What the assistant says of a conversation that is written.
    Said(Vec<Range<usize>>),
}

impl Draft {
    /// Takes the texts of a document that an objective learns from.
    ///
    /// # Errors
    /// `bad-input` where the document lacks something.
    pub(super) fn new(document: Document, objective: Objective) -> Result<Draft> {
        let (texts, rest) = match objective {
            Objective::Causal | Objective::Masked | Objective::Spans => (vec![text(document)?], Rest::Nothing),
            Objective::Seq2seq => (pair(document.into_example())?, Rest::Nothing),
            Objective::Classify => {
                let example = document.into_example();
                (vec![example.text.unwrap_or_default()], Rest::Label(example.label))
            }
            Objective::Tag => {
                let (text, entities) = tagged(document.into_example())?;
                (vec![text], Rest::Entities(entities))
            }
            Objective::Answer => asked(document.into_example())?,
            Objective::Chat => {
                let Some(messages) = document.into_example().messages else {
                    bail!(BadInput, "train: an example of a chat has messages")
                };
                (Vec::new(), Rest::Talk(Talk::new(messages)?))
            }
        };
        Ok(Draft { texts, rest })
    }

    /// Writes on at what must be written before it can be read; `true`: nothing is left.
    ///
    /// # Errors
    /// As [`Talk::advance`].
    pub fn write(&mut self, maker: &Maker) -> Result<bool> {
        let Rest::Talk(talk) = &mut self.rest else { return Ok(true) };
        let Some((template, options)) = maker.template() else { bail!(Internal, "objective: no chat template") };
        if !talk.advance(template, options)? {
            return Ok(false);
        }
        if let Rest::Talk(talk) = std::mem::replace(&mut self.rest, Rest::Nothing) {
            let (text, said) = talk.finish();
            (self.texts, self.rest) = (vec![text], Rest::Said(said));
        }
        Ok(true)
    }
}

fn text(document: Document) -> Result<String> {
    match document.into_example().text {
        Some(text) => Ok(text),
        None => Err(Error::new(Kind::BadInput, "train: an example without a text, and texts are to be learned")
            .hint("say with `objective` what is to be learned of the examples")),
    }
}

fn pair(example: Example) -> Result<Vec<String>> {
    match example.input.zip(example.output) {
        Some((input, output)) => Ok(vec![input, output]),
        None => Err(Error::new(Kind::BadInput, "train: an example of one text from another has input and output")
            .hint("objective \"spans\" learns from plain texts")),
    }
}

fn tagged(example: Example) -> Result<(String, Vec<Entity>)> {
    let Some((text, entities)) = example.text.zip(example.entities) else {
        bail!(BadInput, "train: an example to tag has a text and entities")
    };
    let length = text.encode_utf16().count();
    if let Some(wrong) = entities.iter().find(|entity| entity.end > length) {
        bail!(BadInput, "train: an entity ends at {}, the text is {length} long", wrong.end);
    }
    Ok((text, entities))
}

fn asked(example: Example) -> Result<(Vec<String>, Rest)> {
    let Example { question: Some(question), context: Some(context), answer: Some(answer), start, .. } = example else {
        bail!(BadInput, "train: an example to answer has question, context, answer and start")
    };
    let place = match start {
        _ if answer.is_empty() => None,
        Some(start) => {
            let mut units = context.encode_utf16().skip(start);
            let stands = answer.encode_utf16().all(|unit| units.next() == Some(unit));
            ensure!(stands, BadInput, "train: the answer \"{answer}\" does not stand at {start} in its context");
            Some((start as u32, (start + answer.encode_utf16().count()) as u32))
        }
        None => bail!(BadInput, "train: an example to answer has question, context, answer and start"),
    };
    Ok((vec![question, context], Rest::Answer(place)))
}

/// A draft that is being read.
pub struct Reader<'m> {
    maker: &'m Maker,
    draft: &'m Draft,
    stage: Stage<'m>,
    /// What is read: the ids of the texts where nothing else is wanted of them, or all about them.
    ids: Vec<Vec<u32>>,
    texts: Vec<Encoding>,
    /// The stretches of what is read that rows are made of.
    stretches: Vec<(usize, usize)>,
    rows: Vec<Row>,
}

enum Stage<'m> {
    Ids(Box<Ids<'m>>),
    Text(Box<Encoder<'m>>),
    /// So many stretches are rows.
    Rows(usize),
}

impl<'m> Reader<'m> {
    /// Begins with the first text.
    pub(super) fn new(maker: &'m Maker, draft: &'m Draft) -> Result<Reader<'m>> {
        let mut reader = Reader {
            maker,
            draft,
            stage: Stage::Rows(0),
            ids: Vec::new(),
            texts: Vec::new(),
            stretches: Vec::new(),
            rows: Vec::new(),
        };
        reader.turn()?;
        Ok(reader)
    }

    /// Reads on over about `budget` bytes, or makes rows of about as many tokens; `true`: all is done.
    ///
    /// # Errors
    /// As [`crate::tokenizer::Tokenizer::encode`].
    pub fn advance(&mut self, budget: usize) -> Result<bool> {
        let enough = self.maker.enough();
        let done = match &mut self.stage {
            Stage::Ids(ids) => ids.advance(budget)? || ids.tokens() >= enough,
            Stage::Text(text) => text.advance(budget)? || text.tokens() >= enough,
            Stage::Rows(next) => {
                let (mut next, mut tokens) = (*next, 0);
                while let Some(&(from, to)) = self.stretches.get(next).filter(|_| tokens < budget) {
                    let row = self.row(from, to)?;
                    self.rows.extend(row);
                    (next, tokens) = (next + 1, tokens + to - from);
                }
                self.stage = Stage::Rows(next);
                return Ok(next == self.stretches.len());
            }
        };
        if done {
            self.turn()?;
        }
        Ok(false)
    }

    /// Takes what is read of a text and begins with the next, or with the rows.
    fn turn(&mut self) -> Result<()> {
        let maker = self.maker;
        match std::mem::replace(&mut self.stage, Stage::Rows(0)) {
            Stage::Ids(ids) => self.ids.push(ids.finish()?),
            Stage::Text(text) => self.texts.extend(text.texts()),
            Stage::Rows(_) => {}
        }
        if let Some(text) = self.draft.texts.get(self.ids.len() + self.texts.len()) {
            self.stage = match maker.objective() {
                Objective::Causal | Objective::Spans => Stage::Ids(Box::new(maker.tokenizer().begin_ids(text, false)?)),
                Objective::Seq2seq => Stage::Ids(Box::new(maker.tokenizer().begin_ids(text, true)?)),
                _ => Stage::Text(Box::new(maker.tokenizer().begin(text, maker.options())?)),
            };
            return Ok(());
        }
        let (tokenizer, time) = (maker.tokenizer(), maker.frame().time);
        self.stretches = match maker.objective() {
            Objective::Spans => {
                let count = self.ids.first().map_or(0, Vec::len);
                let stretches = (0..count).step_by(maker.stretch()).map(|at| (at, count.min(at + maker.stretch())));
                stretches.filter(|(from, to)| to - from > 1).collect()
            }
            Objective::Masked => tokenizer.stretches(&self.texts, time, 0)?,
            // As the usual 128 of 384.
            Objective::Answer => tokenizer.stretches(&self.texts, time, time / 3)?,
            _ => Vec::new(),
        };
        Ok(())
    }

    /// The row of a stretch, if anything can be learned there.
    fn row(&self, from: usize, to: usize) -> Result<Option<Row>> {
        let first = self.maker.frame().first;
        Ok(match (self.maker.objective(), &self.draft.rest) {
            (Objective::Spans, _) => {
                let ids = self.ids.first().and_then(|ids| ids.get(from..to)).unwrap_or_default();
                Some(Row::new(ids.to_vec(), Vec::new(), 0))
            }
            (_, Rest::Answer(answer)) => Some(answers::row(self.joined(from, to)?, *answer, first)),
            _ => {
                let part = self.joined(from, to)?;
                let word = |(&word, &special): (&i32, &u32)| if special == 1 { -1 } else { word.max(0) };
                let words: Vec<i32> = part.word_ids.iter().zip(&part.special_mask).map(word).collect();
                let learns = words.iter().any(|&word| word >= 0);
                learns.then(|| Row { words, ..Row::new(part.ids, Vec::new(), first) })
            }
        })
    }

    /// A stretch of the last text, with the texts before it and special tokens around them.
    fn joined(&self, from: usize, to: usize) -> Result<Encoding> {
        let Some((last, before)) = self.texts.split_last() else { bail!(Internal, "objective: nothing was read") };
        let mut texts = before.to_vec();
        texts.push(last.part(from, to));
        self.maker.tokenizer().join(texts, true, self.maker.options().detail)
    }

    /// What came of the document.
    ///
    /// # Errors
    /// As [`crate::tokenizer::Tokenizer::encode`].
    pub fn finish(self) -> Result<Read> {
        let (maker, time) = (self.maker, self.maker.frame().time);
        let beginning = || -> Result<Encoding> {
            let stretches = maker.tokenizer().stretches(&self.texts, time, 0)?;
            let (from, to) = stretches.first().copied().unwrap_or_default();
            self.joined(from, to)
        };
        Ok(match (&self.draft.rest, maker.objective()) {
            (Rest::Label(label), _) => Read::Labelled(beginning()?, label.clone()),
            (Rest::Entities(entities), _) => Read::Tagged(beginning()?, entities.clone()),
            (Rest::Said(said), _) => {
                let joined = maker.tokenizer().join(self.texts, false, maker.options().detail)?;
                Read::Rows(talk(joined, said, maker).into_iter().collect())
            }
            (_, Objective::Causal) => Read::Tokens(self.ids.into_iter().next().unwrap_or_default()),
            (_, Objective::Seq2seq) => {
                let mut ids = self.ids.into_iter();
                let mut next = || maker.ended(ids.next().unwrap_or_default());
                let (source, targets) = (next()?, next()?);
                Read::Rows(vec![maker.written(source, targets)])
            }
            _ => Read::Rows(self.rows),
        })
    }
}

/// The row of a conversation, if anything of it is learned before it is cut off.
fn talk(encoding: Encoding, said: &[Range<usize>], maker: &Maker) -> Option<Row> {
    let frame = maker.frame();
    let is_said = |at: usize| {
        let (from, to) = encoding.offsets.get(at).copied().unwrap_or_default();
        to > from && said.iter().any(|span| span.contains(&(from as usize)))
    };
    let target = |at: usize| if is_said(at) { encoding.ids.get(at).copied().unwrap_or(IGNORED) } else { IGNORED };
    let count = encoding.ids.len().min(frame.time);
    let targets: Vec<u32> = (1..=count).map(target).collect();
    let learns = targets.iter().any(|&target| target != IGNORED);
    learns.then(|| Row::new(encoding.ids[..count].to_vec(), targets, frame.first))
}
