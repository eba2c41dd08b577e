//! The state of a run: what must be kept beside weights and moments so that going on equals never having stopped.
//!
//! Order, dropout and rates follow from the step's number, the seed and the options; so a few numbers are all. As JSON it is what
//! `training.json` holds. It refuses to know files and devices.

use serde::{Deserialize, Serialize};

use super::options::Options;
use crate::ensure;
use crate::error::{Error, Kind, Result};

/// Of the form below; another number is another form.
const FORMAT: u32 = 1;

/// Where a run stands after a whole step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The form of this.
    pub format: u32,
    /// Steps done.
    pub step: usize,
    /// Steps of the whole run.
    pub total: usize,
    /// Rows, or batches, taken from the data.
    pub cursor: u64,
    /// The base rate.
    pub rate: f64,
    /// Steps without a finite gradient, the last ones in a row.
    pub skipped: usize,
    /// What the run was asked for; its seed among it.
    pub options: Options,
}

impl State {
    /// Before the first step.
    pub fn begin(options: &Options, total: usize, rate: f64) -> State {
        State { format: FORMAT, step: 0, total, cursor: 0, rate, skipped: 0, options: options.clone() }
    }

    /// Reads what [`State::to_json`] wrote; other fields beside it are let be.
    ///
    /// Fails with `bad-file` for what is malformed, `unsupported` for another form.
    pub fn from_json(text: &str) -> Result<State> {
        let wrong = |error: serde_json::Error| Error::new(Kind::BadFile, format!("training.json: {error}"));
        let value: serde_json::Value = serde_json::from_str(text).map_err(wrong)?;
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        ensure!(
            format.is_none_or(|format| format == u64::from(FORMAT)),
            Unsupported,
            "training.json: format {format:?} is not known here"
        );
        let state: State = serde_json::from_value(value).map_err(wrong)?;
        ensure!(state.rate.is_finite() && state.rate >= 0.0, BadFile, "training.json: a rate of {}", state.rate);
        state.options.check()?;
        Ok(state)
    }

    /// The object that `training.json` holds.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Fails with `bad-option` where a run with these options cannot go on from here.
    pub fn fits(&self, options: &Options) -> Result<()> {
        let same = |name: &str, same: bool| -> Result<()> {
            ensure!(same, BadOption, "train: {name}: the run that is to go on had another one");
            Ok(())
        };
        same("optimizer.type", self.options.optimizer.rule == options.optimizer.rule)?;
        same("trainable", self.options.trainable == options.trainable)?;
        same("seed", self.options.seed == options.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nonsense_is_not() {
        let options = Options { steps: Some(20), seed: 7, ..Options::default() };
        let state = State { step: 3, cursor: 24, ..State::begin(&options, 20, 1e-3) };
        let mut json = state.to_json();
        json["files"] = serde_json::json!({"config.json": {"bytes": 3}});
        assert_eq!(State::from_json(&json.to_string()).unwrap(), state);
        assert_eq!(State::from_json("{").unwrap_err().code(), "bad-file");
        assert_eq!(State::from_json("{}").unwrap_err().code(), "bad-file");
        json["format"] = 2.into();
        assert_eq!(State::from_json(&json.to_string()).unwrap_err().code(), "unsupported");
    }

    #[test]
    fn a_run_goes_on_only_as_it_began() {
        let options = Options { steps: Some(20), ..Options::default() };
        let state = State::begin(&options, 20, 1e-3);
        assert!(state.fits(&Options { steps: Some(40), ..options.clone() }).is_ok());
        assert_eq!(state.fits(&Options { seed: 1, ..options.clone() }).unwrap_err().code(), "bad-option");
        let frozen = Options { trainable: Some(vec!["wte".into()]), ..options };
        assert_eq!(state.fits(&frozen).unwrap_err().code(), "bad-option");
    }
}
