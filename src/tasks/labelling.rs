//! What a model says of a text: the tokens under its masks, its class, its entities, the answer that stands in it.
//!
//! Places in texts are UTF-16 code units. An entity is a run of words, each labelled by its first piece; `B-` begins one and `I-` goes on
//! with one of its kind, `O` is none. An answer lies within the context; a context too long for the model is read in parts that overlap.

use std::ops::Range;

use super::model::Model;
use super::reading::ROWS;
use crate::device::Signal;
use crate::error::Result;
use crate::generate::sampler::best;
use crate::kernels::processors::softmax;
use crate::models::{Problem, Task};
use crate::order;
use crate::tokenizer::{EncodeOptions, Encoding, Side, Strategy, Truncation};
use crate::{bail, ensure};

/// What may stand under a mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Filling {
    /// The token's id.
    pub id: u32,
    /// Its probability.
    pub p: f64,
    /// The whole text with it.
    pub text: String,
}

/// A piece of a text: an entity with its label, or an answer without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The piece.
    pub text: String,
    /// What it is; empty for an answer.
    pub label: String,
    /// How probable.
    pub p: f64,
    /// Where it starts, in UTF-16 code units.
    pub start: usize,
    /// One past its end.
    pub end: usize,
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&n| f64::from(n)).collect()
}

/// A piece of a text by UTF-16 places, without the spaces at its ends.
fn cut(units: &[u16], start: usize, end: usize) -> (String, usize, usize) {
    let blank = |at: usize| units.get(at).is_some_and(|&unit| unit < 0x80 && (unit as u8).is_ascii_whitespace());
    let (mut start, mut end) = (start.min(units.len()), end.min(units.len()));
    while start < end && blank(start) {
        start += 1;
    }
    while start < end && blank(end - 1) {
        end -= 1;
    }
    (String::from_utf16_lossy(units.get(start..end).unwrap_or_default()), start, end)
}

impl Model {
    fn must_be(&self, task: Task, call: &str) -> Result<()> {
        let own = self.task();
        ensure!(
            own == task,
            Unsupported,
            "{call}: is for models of the task `{}`, this one's is `{}`",
            task.name(),
            own.name()
        );
        Ok(())
    }

    /// For each mask token of the text the `top` most probable tokens.
    pub async fn fill(&self, text: &str, top: usize, signal: &Signal) -> Result<Vec<Vec<Filling>>> {
        self.must_be(Task::Masked, "fill")?;
        let (mask, tokenizer) = (self.mask_token()?, self.need_tokenizer()?);
        let encoding = self.tokens(text, None)?;
        let masks: Vec<usize> = (0..encoding.len()).filter(|&at| encoding.ids[at] == mask).collect();
        if masks.is_empty() {
            let token = tokenizer.id_to_token(mask).unwrap_or_default();
            bail!(BadInput, "fill: the text has no mask token; it is {token}")
        }
        let batch = self.rows(std::slice::from_ref(&encoding)).batch(self.config())?;
        let logits = self.pass(&batch, Default::default(), signal).await?.logits;
        let vocab = logits.shape[2];
        let mut found = Vec::with_capacity(masks.len());
        for &at in &masks {
            let scores = wide(&logits.data[at * vocab..(at + 1) * vocab]);
            let (p, _) = softmax(&scores);
            let filling = |id: usize| {
                let mut ids = encoding.ids.clone();
                ids[at] = id as u32;
                // Without what the template put around the text.
                let own = |&at: &usize| encoding.special_mask[at] == 0 || encoding.ids[at] == mask;
                let ids: Vec<u32> = (0..ids.len()).filter(own).map(|at| ids[at]).collect();
                Ok(Filling { id: id as u32, p: p[id], text: tokenizer.decode(&ids, false)? })
            };
            found.push(best(&scores, top).into_iter().map(filling).collect::<Result<_>>()?);
        }
        Ok(found)
    }

    /// For each text the `top` labels with their probabilities, the most probable first; of a regression the numbers themselves.
    pub async fn classify(&self, texts: &[String], top: usize, signal: &Signal) -> Result<Vec<Vec<(String, f64)>>> {
        self.must_be(Task::Classify, "classify")?;
        let encodings: Vec<Encoding> = texts.iter().map(|text| self.tokens(text, None)).collect::<Result<_>>()?;
        let (labels, problem) = (self.labels(), self.config().problem);
        let mut found = Vec::with_capacity(texts.len());
        for some in encodings.chunks(ROWS) {
            let batch = self.rows(some).batch(self.config())?;
            let logits = self.pass(&batch, Default::default(), signal).await?.logits;
            for row in logits.data.chunks(labels.len()) {
                let scores = wide(row);
                let p = match problem {
                    Some(Problem::MultiLabel) => scores.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
                    Some(Problem::Regression) => scores.clone(),
                    None if labels.len() == 1 => scores.clone(),
                    _ => softmax(&scores).0,
                };
                found.push(best(&scores, top).into_iter().map(|at| (labels[at].clone(), p[at])).collect());
            }
        }
        Ok(found)
    }

    /// The entities of a text, in order.
    pub async fn tag(&self, text: &str, signal: &Signal) -> Result<Vec<Span>> {
        self.must_be(Task::Tag, "tag")?;
        let encoding = self.tokens(text, None)?;
        let batch = self.rows(std::slice::from_ref(&encoding)).batch(self.config())?;
        let logits = self.pass(&batch, Default::default(), signal).await?.logits;
        let labels = self.labels();
        let label = |at: usize| {
            let (p, _) = softmax(&wide(&logits.data[at * labels.len()..(at + 1) * labels.len()]));
            let best = best(&p, 1).first().copied().unwrap_or(0);
            (labels[best].as_str(), p[best])
        };
        let units: Vec<u16> = text.encode_utf16().collect();
        let spans: Vec<_> = words(&encoding).into_iter().map(|(at, start, end)| (label(at), start, end)).collect();
        Ok(entities(&spans, &units))
    }

    /// The `top` most probable answers to a question within a context.
    pub async fn answer(&self, question: &str, context: &str, top: usize, signal: &Signal) -> Result<Vec<Span>> {
        self.must_be(Task::Answer, "answer")?;
        let tokenizer = self.need_tokenizer()?;
        let asked = tokenizer.ids(question, false)?.len();
        let around = tokenizer.encode("", &EncodeOptions { pair: Some(""), ..EncodeOptions::default() })?.len();
        let length = self.config().context;
        ensure!(
            asked + around < length,
            ContextOverflow,
            [tokens: asked + around, context: length],
            "answer: the question has {asked} tokens, the model's context is {length}"
        );
        let stride = (length - asked - around) / 2;
        let truncate = Truncation { length, strategy: Strategy::Second, stride, side: Side::Right };
        let options = EncodeOptions { pair: Some(context), truncate: Some(truncate), ..EncodeOptions::default() };
        let mut whole = tokenizer.encode(question, &options)?;
        let rest = std::mem::take(&mut whole.overflow);
        let parts: Vec<Encoding> = std::iter::once(whole).chain(rest).collect();
        let mut spans: Vec<(f64, usize, usize)> = Vec::new();
        for some in parts.chunks(ROWS) {
            let batch = self.rows(some).batch(self.config())?;
            let logits = self.pass(&batch, Default::default(), signal).await?.logits;
            let time = logits.shape[1];
            for (part, logits) in some.iter().zip(logits.data.chunks(2 * time)) {
                spans.extend(candidates(part, logits, asked, top));
            }
        }
        order::by(&mut spans, |a, b| b.0.total_cmp(&a.0));
        let units: Vec<u16> = context.encode_utf16().collect();
        let mut found: Vec<Span> = Vec::new();
        for (p, start, end) in spans {
            let (text, start, end) = cut(&units, start, end);
            let known = found.iter().any(|span| (span.start, span.end) == (start, end));
            if found.len() < top && !known && !text.is_empty() {
                found.push(Span { text, label: String::new(), p, start, end });
            }
        }
        Ok(found)
    }
}

/// The words of an encoding: the place of the first piece, and where the word lies in the text.
fn words(encoding: &Encoding) -> Vec<(usize, usize, usize)> {
    let mut words: Vec<(usize, usize, usize)> = Vec::new();
    let mut last = None;
    for at in (0..encoding.len()).filter(|&at| encoding.special_mask[at] == 0) {
        let (start, end) = encoding.offsets[at];
        let word = encoding.word_ids[at];
        match words.last_mut() {
            Some(open) if word >= 0 && last == Some(word) => open.2 = end as usize,
            _ => words.push((at, start as usize, end as usize)),
        }
        last = Some(word);
    }
    words
}

/// Runs of labels into entities: what each is, and the places it takes.
pub(super) fn runs<'l>(labels: &[&'l str]) -> Vec<(&'l str, Range<usize>)> {
    let mut found: Vec<(&'l str, Range<usize>)> = Vec::new();
    for (at, label) in labels.iter().enumerate().filter(|(_, label)| **label != "O") {
        let begun = label.strip_prefix("B-");
        let kind = begun.or_else(|| label.strip_prefix("I-")).unwrap_or(label);
        match found.last_mut() {
            Some((open, places)) if begun.is_none() && *open == kind && places.end == at => places.end = at + 1,
            _ => found.push((kind, at..at + 1)),
        }
    }
    found
}

/// Labelled words, each with its probability and where it lies, into entities.
fn entities(words: &[((&str, f64), usize, usize)], units: &[u16]) -> Vec<Span> {
    let labels: Vec<&str> = words.iter().map(|((label, _), ..)| *label).collect();
    let entity = |(kind, places): (&str, Range<usize>)| {
        let words = &words[places];
        let p = words.iter().map(|((_, p), ..)| p).sum::<f64>() / words.len() as f64;
        let (start, end) = (words[0].1, words[words.len() - 1].2);
        let (text, start, end) = cut(units, start, end);
        Span { text, label: kind.to_owned(), p, start, end }
    };
    runs(&labels).into_iter().map(entity).collect()
}

/// The most probable spans of one part: probability, and where they lie in the context. `logits` are (time, 2).
fn candidates(part: &Encoding, logits: &[f32], asked: usize, top: usize) -> Vec<(f64, usize, usize)> {
    let own = (0..part.len()).filter(|&at| part.special_mask[at] == 0);
    let places: Vec<usize> = own.skip(asked).filter(|&at| part.offsets[at].0 < part.offsets[at].1).collect();
    let side = |side: usize| {
        let scores: Vec<f64> = places.iter().map(|&at| f64::from(logits[2 * at + side])).collect();
        softmax(&scores).0
    };
    let (starts, ends) = (side(0), side(1));
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (start, p) in starts.iter().enumerate() {
        // The best ends for each start are enough for the best of all.
        let later = best(&ends[start..], top);
        pairs.extend(later.into_iter().map(|more| (p * ends[start + more], start, start + more)));
    }
    order::by(&mut pairs, |a, b| b.0.total_cmp(&a.0));
    pairs.truncate(top);
    let place = |at: usize| part.offsets[places[at]];
    pairs.into_iter().map(|(p, start, end)| (p, place(start).0 as usize, place(end).1 as usize)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[(&str, usize, usize)], text: &str) -> Vec<(String, String)> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let words: Vec<_> = labels.iter().map(|&(label, start, end)| ((label, 0.5), start, end)).collect();
        entities(&words, &units).into_iter().map(|span| (span.label, span.text)).collect()
    }

    #[test]
    fn words_of_one_kind_make_one_entity_until_another_begins() {
        let text = "Ana Maria vit à Paris, Lyon";
        let labels =
            [("B-PER", 0, 3), ("I-PER", 4, 9), ("O", 10, 13), ("O", 14, 15), ("I-LOC", 16, 21), ("B-LOC", 23, 27)];
        let expected = [("PER", "Ana Maria"), ("LOC", "Paris"), ("LOC", "Lyon")];
        assert_eq!(of(&labels, text), expected.map(|(label, text)| (label.to_owned(), text.to_owned())));
        assert_eq!(of(&[("I-A", 0, 3), ("I-B", 4, 9)], text).len(), 2);
        assert_eq!(of(&[("A", 0, 3), ("A", 4, 9)], text), [("A".to_owned(), "Ana Maria".to_owned())]);
    }

    #[test]
    fn a_piece_of_text_is_cut_by_code_units_without_its_spaces() {
        let units: Vec<u16> = "é 😀 b ".encode_utf16().collect();
        assert_eq!(cut(&units, 1, 5), ("😀".to_owned(), 2, 4));
        assert_eq!(cut(&units, 5, 90), ("b".to_owned(), 5, 6));
    }

    #[test]
    fn an_answer_never_ends_before_it_starts_nor_lies_in_the_question() {
        let part = Encoding {
            ids: vec![0; 6],
            special_mask: vec![1, 0, 1, 0, 0, 1],
            offsets: vec![(0, 0), (0, 3), (0, 0), (0, 2), (3, 5), (0, 0)],
            ..Encoding::default()
        };
        // The question and the end of a row are the most probable, and the last start comes with the first end.
        let logits = [9.0, 9.0, 9.0, 9.0, 0.0, 0.0, 1.0, 3.0, 2.0, 1.0, 9.0, 9.0];
        let found = candidates(&part, &logits, 1, 3);
        let places: Vec<(usize, usize)> = found.iter().map(|&(_, start, end)| (start, end)).collect();
        assert_eq!(places, [(0, 2), (3, 5), (0, 5)]);
        let (s, e) = (softmax(&[1.0, 2.0]).0, softmax(&[3.0, 1.0]).0);
        assert!((found[0].0 - s[0] * e[0]).abs() < 1e-12);
    }
}
