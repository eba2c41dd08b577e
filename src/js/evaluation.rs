//! The model's evaluation: how well it does on data that it does not learn from.
//!
//! In: batches of ids, or documents through the desk, with how rows are made of them. Out: the loss and what the task is judged by.

use super::corpus::{document_of, finished, made_of, size_of};
use super::job::{Desk, Job};
use super::learning::batches;
use super::model::Model;
use super::values::{Plain, options};
use super::yielding::Pace;
use crate::Result;
use crate::data::batch::Batch;
use crate::device::Signal;
use crate::models::Task;
use crate::train::objective::maker;
use crate::train::options::Options;
use wasm_bindgen::prelude::*;

/// The corpus of the call as batches, and the bytes of its texts.
async fn read(desk: &Desk, model: &crate::tasks::Model, options: &Options) -> Result<(Vec<Batch>, usize)> {
    let mut maker = maker(model.config(), model.need_tokenizer()?, options, model.labels())?;
    let (mut kept, pace, mut read) = (maker.kept(), Pace::new(), 0);
    while let Some(value) = desk.document().await {
        let Some(document) = document_of(&value)? else { break };
        read += size_of(&document);
        let Some(document) = made_of(desk, &maker, document, &pace).await? else { break };
        maker.add(document, &mut kept)?;
        desk.progress("tokenize", read as f64, None, true);
        pace.breathe().await;
    }
    let mut batches = Vec::new();
    for rows in finished(&maker, &kept, &pace).await?.chunks(options.batch) {
        batches.push(Batch::of_rows(rows));
        pace.breathe().await;
    }
    Ok((batches, read))
}

#[wasm_bindgen]
impl Model {
    /// Judges the model on batches, or without them on the corpus of the call.
    pub fn evaluate(&self, given: JsValue, data: JsValue) -> Job {
        let model = self.inner.clone();
        Job::new(move |desk| async move {
            let mut options: Options = options(given, "evaluate")?;
            // One pass over what there is.
            options.epochs = Some(1.0);
            options.check()?;
            let texts = data.is_undefined();
            let (batches, bytes) = match texts {
                true => read(&desk, &model, &options).await?,
                false => (batches(data, model.config())?, 0),
            };
            let total = batches.len() as f64;
            let mut between = async |done: usize| {
                desk.progress("evaluate", done as f64, Some(total), false);
                desk.boundary().await;
                Ok(())
            };
            let found = model.evaluate(&batches, &Signal::default(), &mut between).await?;
            let mut plain = Plain::default().with("loss", found.loss).with("tokens", found.tokens as f64);
            if matches!(model.task(), Task::Causal | Task::Masked | Task::Seq2seq) {
                plain = plain.with("perplexity", crate::rng::exp(found.loss));
            }
            if texts && model.task() == Task::Causal && bytes > 0 {
                let bits = found.loss * found.tokens as f64 / std::f64::consts::LN_2;
                plain = plain.with("bitsPerByte", bits / bytes as f64);
            }
            for (name, value) in [("accuracy", found.accuracy), ("f1", found.f1)] {
                if let Some(value) = value {
                    plain = plain.with(name, value);
                }
            }
            Ok(plain.into())
        })
    }
}
