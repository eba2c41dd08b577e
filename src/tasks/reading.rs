//! Texts that are read: how probable each token is, and what a text comes to as one vector.
//!
//! Rows of a batch are as many as are given at once, up to eight; padding changes no number of the rest. `score` of a text longer than the
//! context goes over it in windows that share half; of a masked model it hides one token after the other (Salazar et al. 2020).

use super::batch::{Given, Labels};
use super::model::Model;
use crate::data::batch::SKIPPED;
use crate::device::Signal;
use crate::error::Result;
use crate::models::Task;
use crate::tokenizer::{EncodeOptions, Encoding};
use crate::{bail, ensure};

/// Rows that are read at once.
pub const ROWS: usize = 8;

/// How the states of a text's tokens become one vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// Their mean.
    #[default]
    Mean,
    /// The first one's.
    Cls,
    /// The last one's.
    Last,
}

impl Model {
    /// The tokens of a text or of a pair, with the special ones around them.
    ///
    /// Fails with `context-overflow` if they are more than the model takes.
    pub(super) fn tokens(&self, text: &str, pair: Option<&str>) -> Result<Encoding> {
        let options = EncodeOptions { pair, ..EncodeOptions::default() };
        let encoding = self.need_tokenizer()?.encode(text, &options)?;
        let (length, context) = (encoding.len(), self.config().context);
        ensure!(length > 0, BadInput, "the text is empty, and the tokenizer puts nothing around it");
        ensure!(length <= context, ContextOverflow, [tokens: length, context: context], "the text has {length} tokens, the model's context is {context}");
        Ok(encoding)
    }

    /// A batch of texts, padded on the right to the longest.
    pub(super) fn rows(&self, encodings: &[Encoding]) -> Given {
        let longest = encodings.iter().map(Encoding::len).max().unwrap_or(0);
        let filled = |numbers: &[u32], with: u32| {
            let mut row = numbers.to_vec();
            row.resize(longest, with);
            row
        };
        let pad = self.config().special.pad.unwrap_or(0);
        let two = self.task() == Task::Seq2seq;
        let start = self.config().special.decoder_start.unwrap_or(pad);
        Given {
            input_ids: encodings.iter().map(|one| filled(&one.ids, pad)).collect(),
            attention_mask: Some(encodings.iter().map(|one| filled(&vec![1; one.len()], 0)).collect()),
            type_ids: (self.config().types() > 1)
                .then(|| encodings.iter().map(|one| filled(&one.type_ids, 0)).collect()),
            decoder_ids: two.then(|| vec![vec![start]; encodings.len()]),
            ..Given::default()
        }
    }

    /// The log-probability of each token of a text: of a causal model all but the first, which nothing precedes.
    ///
    /// Fails with `unsupported` for a model that predicts no tokens of the text it reads.
    pub async fn score(&self, text: &str, signal: &Signal) -> Result<Vec<(u32, f64)>> {
        match self.task() {
            Task::Causal => self.score_causal(&self.prompt(text)?, signal).await,
            Task::Masked => self.score_masked(&self.tokens(text, None)?, signal).await,
            task => bail!(Unsupported, "score: a model for `{}` does not predict the tokens of a text", task.name()),
        }
    }

    async fn score_causal(&self, ids: &[u32], signal: &Signal) -> Result<Vec<(u32, f64)>> {
        ensure!(ids.len() > 1, BadInput, "score: a text of one token has none to predict");
        let context = self.config().context;
        let mut found = Vec::with_capacity(ids.len() - 1);
        let mut from = 0;
        while found.len() + 1 < ids.len() {
            let to = (from + context).min(ids.len());
            // What an earlier window has predicted is only read here.
            let known = found.len();
            let label = |at: usize| if at > known { i64::from(ids[at]) } else { SKIPPED };
            let given = Given {
                input_ids: vec![ids[from..to].to_vec()],
                labels: Some(Labels::Tokens(vec![(from..to).map(label).collect()])),
                ..Given::default()
            };
            let terms = self.surprises(&given.batch(self.config())?, signal).await?;
            found.extend((known + 1..to).map(|at| (ids[at], -f64::from(terms.data[at - 1 - from]))));
            ensure!(to < ids.len() || found.len() + 1 == ids.len(), Internal, "score: a window predicted nothing");
            from = to.saturating_sub((context / 2).max(1));
        }
        Ok(found)
    }

    async fn score_masked(&self, encoding: &Encoding, signal: &Signal) -> Result<Vec<(u32, f64)>> {
        let mask = self.mask_token()?;
        let hidden: Vec<usize> = (0..encoding.len()).filter(|&at| encoding.special_mask[at] == 0).collect();
        ensure!(!hidden.is_empty(), BadInput, "score: the text is empty");
        let mut found = Vec::with_capacity(hidden.len());
        for places in hidden.chunks(ROWS) {
            let mut given = self.rows(&vec![encoding.clone(); places.len()]);
            let mut labels = vec![vec![SKIPPED; encoding.len()]; places.len()];
            for (row, &at) in places.iter().enumerate() {
                given.input_ids[row][at] = mask;
                labels[row][at] = i64::from(encoding.ids[at]);
            }
            given.labels = Some(Labels::Tokens(labels));
            let terms = self.surprises(&given.batch(self.config())?, signal).await?;
            for (row, &at) in places.iter().enumerate() {
                found.push((encoding.ids[at], -f64::from(terms.data[row * encoding.len() + at])));
            }
        }
        Ok(found)
    }

    /// The token that stands for a hidden one.
    pub(super) fn mask_token(&self) -> Result<u32> {
        match self.need_tokenizer()?.role("mask") {
            Some((_, id)) => Ok(id),
            None => bail!(BadInput, "the tokenizer has no mask token"),
        }
    }

    /// One vector for each text, (width) numbers; with `normalize` of length 1.
    pub async fn embed(
        &self,
        texts: &[String],
        pooling: Pooling,
        normalize: bool,
        signal: &Signal,
    ) -> Result<Vec<Vec<f32>>> {
        let encodings: Vec<Encoding> = texts.iter().map(|text| self.tokens(text, None)).collect::<Result<_>>()?;
        let mut found = Vec::with_capacity(texts.len());
        for some in encodings.chunks(ROWS) {
            let states = self.states(&self.rows(some).batch(self.config())?, signal).await?;
            let [_, time, width] = states.shape[..] else { bail!(Internal, "embed: states of {:?}", states.shape) };
            for (row, encoding) in some.iter().enumerate() {
                let places = match pooling {
                    Pooling::Mean => 0..encoding.len(),
                    Pooling::Cls => 0..1,
                    Pooling::Last => encoding.len() - 1..encoding.len(),
                };
                let count = places.len() as f64;
                let mut sums = vec![0.0f64; width];
                for at in places {
                    let state = &states.data[(row * time + at) * width..][..width];
                    sums.iter_mut().zip(state).for_each(|(sum, &number)| *sum += f64::from(number) / count);
                }
                let length = sums.iter().map(|n| n * n).sum::<f64>().sqrt();
                let by = if normalize && length > 0.0 { length } else { 1.0 };
                found.push(sums.iter().map(|n| (n / by) as f32).collect());
            }
        }
        Ok(found)
    }
}
