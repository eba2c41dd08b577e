//! A small model on each device, a corpus for it, and a run to its end.

use std::rc::Rc;

use griot::data::document::Document;
use griot::data::stories::{Language, Stories, Story, StoryKind};
use griot::data::supply::{Reading, Supply, Want};
use griot::device::{Device, Host, Ledger, Options as Opening, Signal};
use griot::tasks::{Flow, Model};
use griot::tokenizer::train::{TrainOptions, train};
use griot::tokenizer::{Kind, Tokenizer};
use griot::train::objective::maker;
use griot::train::options::Options;
use griot::train::{Report, Source, Trainer};
use pollster::block_on;
use serde_json::{Value, json};

/// The devices of this machine; one that is missing is named.
pub fn devices() -> Vec<(&'static str, Rc<Device>)> {
    let mut found = vec![("cpu", cpu())];
    match block_on(Device::gpu(Host::native(), Ledger::new(None), &Opening::default())) {
        Ok(gpu) => found.push(("gpu", Rc::new(gpu))),
        Err(error) => eprintln!("skipped: no GPU adapter here ({error})"),
    }
    found
}

pub fn cpu() -> Rc<Device> {
    Device::native()
}

/// Tales in French.
pub fn tales(count: usize) -> Vec<String> {
    Stories::new(Language::French, StoryKind::Tale, 5).map(Story::into_text).take(count).collect()
}

pub fn tokenizer(texts: &[String]) -> Rc<Tokenizer> {
    let options = TrainOptions { vocab_size: Some(400), ..TrainOptions::new(Kind::Bpe) };
    Rc::new(train(texts.iter().map(String::as_str), options).unwrap())
}

/// A small GPT-2, with dropout.
pub fn config() -> Value {
    json!({ "model_type": "gpt2", "vocab_size": 400, "n_positions": 32, "n_embd": 32, "n_layer": 2, "n_head": 2,
        "embd_pdrop": 0.1, "attn_pdrop": 0.1, "resid_pdrop": 0.1 })
}

pub fn model(device: &Rc<Device>, config: &Value, tokenizer: &Rc<Tokenizer>) -> Model {
    let model = block_on(Model::create(device.clone(), config, 1)).unwrap();
    model.set_tokenizer(Some(tokenizer.clone())).unwrap();
    model
}

/// A corpus as a host would read it.
pub struct Corpus {
    pub documents: Vec<Document>,
    pub at: usize,
    /// How often it was begun.
    pub passes: usize,
    pub block: usize,
    pub again: bool,
}

impl Corpus {
    pub fn of(documents: Vec<Document>) -> Corpus {
        Corpus { documents, at: 0, passes: 1, block: 1 << 20, again: true }
    }

    pub fn texts(texts: &[String]) -> Corpus {
        Corpus::of(texts.iter().cloned().map(Document::Text).collect())
    }

    pub fn next(&mut self, want: Want) -> Option<Document> {
        if want == Want::Again {
            (self.at, self.passes) = (0, self.passes + 1);
        }
        self.at += 1;
        self.documents.get(self.at - 1).cloned()
    }

    /// A supply whose first row can be taken.
    pub fn supply(&mut self, model: &Model, options: &Options) -> griot::Result<Supply> {
        let maker = maker(model.config(), model.tokenizer().unwrap(), options, model.labels())?;
        let reading = Reading {
            block: self.block,
            again: self.again,
            shuffle: options.shuffle,
            seed: options.seed.into(),
            count: options.epochs.is_some(),
            set_aside: false,
        };
        let mut supply = Supply::new(maker, reading);
        while let Some(want) = supply.wants() {
            let read = self.next(want).map(|document| supply.maker().read(document)).transpose()?;
            supply.give(read)?;
        }
        Ok(supply)
    }
}

/// A run that begins, or goes on.
pub fn begin(model: &Model, options: &Options, corpus: &mut Corpus, goes_on: bool) -> griot::Result<Trainer> {
    let source = Source::Rows(Box::new(corpus.supply(model, options)?));
    block_on(Trainer::new(model.placed().clone(), options.clone(), source, 1e-3, model.training(), goes_on))
}

/// Takes steps until `until` are done, or the run is over.
pub fn run(trainer: &mut Trainer, corpus: &mut Corpus, until: usize) -> griot::Result<Vec<Report>> {
    let mut reports = Vec::new();
    while reports.last().is_none_or(|last: &Report| last.step < until) {
        while let Some(want) = trainer.wants()? {
            let maker = trainer.supply().unwrap().maker();
            let read = corpus.next(want).map(|document| maker.read(document)).transpose()?;
            trainer.give(read)?;
        }
        match block_on(trainer.advance(&Signal::default()))? {
            Some(report) => reports.push(report),
            None => break,
        }
    }
    Ok(reports)
}

/// A whole run over texts.
pub fn learn(model: &Model, options: &Options, texts: &[String]) -> Vec<Report> {
    let mut reports = Vec::new();
    let hear = async |report| {
        reports.push(report);
        Ok(Flow::On)
    };
    block_on(model.learn(texts.iter().cloned().map(Document::Text), options, &Signal::default(), hear)).unwrap();
    reports
}

/// All weights, as bits.
pub fn weights(model: &Model) -> Vec<Vec<u32>> {
    let all = block_on(model.weights(None)).unwrap();
    all.into_iter().map(|(_, tensor)| tensor.data.into_iter().map(f32::to_bits).collect()).collect()
}
