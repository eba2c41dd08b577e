//! A whole run over texts or examples that are at hand, for a program that serves nobody else meanwhile.
//!
//! Comes in: documents, options. Goes out: new weights; on the way each step's report, to one who may use the model before the next step.
//! The corpus is held whole. One that is not, or that is measured with, is given to a [`Trainer`] document by document.

use super::generate::Flow;
use super::model::Model;
use crate::data::document::Document;
use crate::data::supply::{Reading, Supply};
use crate::device::Signal;
use crate::error::Result;
use crate::train::objective::maker;
use crate::train::options::Options;
use crate::train::{Report, Source, Trainer};

/// The base rate of a model that was created here, and of one that was loaded.
const RATES: (f64, f64) = (1e-3, 5e-5);

impl Model {
    /// The learning rate where the options give none.
    pub fn base_rate(&self) -> f64 {
        if self.created() { RATES.0 } else { RATES.1 }
    }

    /// Learns from documents until the options' steps or epochs are done, or `hear` has heard enough.
    ///
    /// Fails as [`Trainer::new`] and [`Trainer::advance`], and with `bad-input` for a document that the objective cannot learn from.
    pub async fn learn(
        &self,
        documents: impl IntoIterator<Item = Document>,
        options: &Options,
        signal: &Signal,
        mut hear: impl AsyncFnMut(Report) -> Result<Flow>,
    ) -> Result<()> {
        options.check()?;
        let maker = maker(self.config(), self.need_tokenizer()?, options, self.labels())?;
        let reading = Reading {
            block: usize::MAX,
            again: true,
            shuffle: options.shuffle,
            seed: options.seed.into(),
            count: options.epochs.is_some(),
            set_aside: false,
        };
        let mut supply = Supply::new(maker, reading);
        for document in documents {
            let read = supply.maker().read(document)?;
            supply.give(Some(read))?;
        }
        supply.give(None)?;
        let (placed, source) = (self.placed().clone(), Source::Rows(Box::new(supply)));
        let mut trainer =
            Trainer::new(placed, options.clone(), source, self.base_rate(), self.training(), false).await?;
        while let Some(report) = trainer.advance(signal).await? {
            if hear(report).await? == Flow::End {
                break;
            }
        }
        if let Some(supply) = trainer.supply() {
            self.name_labels(supply.maker().labels().names());
        }
        Ok(())
    }
}
