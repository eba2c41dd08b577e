//! Conversations that go on: the calls of a session.
//!
//! In: the session's number, chosen by the caller, and the whole conversation each time. Out: a report for each piece, then the whole with
//! what the conversation has become. A number that is not known is a session that has read nothing yet: its model was made again.

use super::generation::{Telling, conversed};
use super::job::Job;
use super::model::Model;
use super::tokenizer::ChatFields;
use super::values::{Plain, argument, options};
use crate::Result;
use crate::device::Signal;
use crate::generate::settings::Choices;
use crate::tasks::{Prompt, Session, fit};
use js_sys::Array;
use serde::Deserialize;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// The sessions of a model, by the caller's numbers.
pub(super) type Sessions = Rc<RefCell<BTreeMap<u32, Rc<Session>>>>;

/// A conversation as it crosses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversation {
    messages: Vec<Value>,
    /// How many of them are new.
    fresh: usize,
    /// Roles were given, so that a template must write them.
    roles: bool,
    /// What does not fit is left out, and not refused.
    slides: bool,
}

fn session(sessions: &Sessions, model: &crate::tasks::Model, number: u32) -> Result<Rc<Session>> {
    let known = sessions.borrow().get(&number).cloned();
    match known {
        Some(session) => Ok(session),
        None => {
            let fresh = Rc::new(Session::new(model)?);
            sessions.borrow_mut().insert(number, fresh.clone());
            Ok(fresh)
        }
    }
}

/// What the model reads of messages: as the template writes them, or, where there is none and nobody spoke of roles, their bare text.
fn written(model: &crate::tasks::Model, messages: &[Value], roles: bool, asks: bool) -> Result<Prompt> {
    let tokenizer = model.need_tokenizer()?;
    if tokenizer.parts().chat_template.is_none() && !roles {
        let content = |message: &Value| message.get("content").and_then(Value::as_str).map(str::to_owned);
        let text: String = messages.iter().filter_map(content).collect();
        return Ok(Prompt { ids: model.prompt(&text)?, text: Some(text) });
    }
    conversed(&tokenizer, &Value::from(messages), ChatFields::asking(asks), "session")
}

#[wasm_bindgen]
impl Model {
    /// A session that has read these messages: `{ used, window }` in tokens.
    pub fn open_session(&self, number: u32, messages: JsValue) -> Job {
        let (model, sessions) = (self.inner.clone(), self.sessions.clone());
        Job::new(move |_| async move {
            let messages: Vec<Value> = argument(messages, "session")?;
            let session = session(&sessions, &model, number)?;
            let window = model.config().context;
            let mut used = 0;
            let has_template = model.need_tokenizer()?.parts().chat_template.is_some();
            let read = (!messages.is_empty()).then(|| written(&model, &messages, true, false));
            let prompt = match read {
                None => None,
                // Some templates write no conversation that has no question yet; it is then read with its first.
                Some(Err(_)) if has_template => None,
                Some(prompt) => Some(prompt?),
            };
            if let Some(prompt) = prompt {
                let all = fit(&messages, messages.len(), window, None, |_| Ok(prompt.clone()))?;
                used = all.prompt.ids.len();
                if used > 0 {
                    session.read(&model, &all.prompt.ids, &Signal::default()).await?;
                }
            }
            Ok(Plain::default().with("used", used as u32).with("window", window as u32).into())
        })
    }

    /// Goes on after a conversation: a report for each piece, then the whole, and in `session` what the conversation has become.
    pub fn prompt_session(&self, number: u32, conversation: JsValue, given: JsValue, stops: Vec<String>) -> Job {
        let (model, sessions) = (self.inner.clone(), self.sessions.clone());
        Job::new(move |desk| async move {
            let choices: Choices = options(given, "prompt")?;
            let settings = model.settings(&choices)?;
            let Conversation { messages, fresh, roles, slides } = argument(conversation, "prompt")?;
            let session = session(&sessions, &model, number)?;
            let window = model.config().context;
            let room = slides.then(|| settings.max_tokens.min(window / 2));
            let fitting = fit(&messages, fresh, window, room, |messages| written(&model, messages, roles, true))?;
            let (left_out, length) = (fitting.left_out, fitting.prompt.text.as_ref().map_or(0, String::len));
            let telling = Telling::new(desk, model.tokenizer(), settings.logprobs);
            let (emit, pulse) = (async |piece| telling.emit(piece).await, async || telling.pulse().await);
            let signal = Signal::default();
            let (told, _) = session.prompt(&model, fitting.prompt, &settings, &stops, &signal, emit, pulse).await?;
            let answer = told.text.get(if settings.echo { length } else { 0 }..).unwrap_or_default();
            let places = Array::of2(&(left_out.start as u32).into(), &(left_out.end as u32).into());
            let state = Plain::default()
                .with("answer", answer)
                .with("leftOut", places)
                .with("used", (told.prompt_tokens + told.tokens) as u32);
            Ok(telling.whole(&told).with("session", JsValue::from(state)).into())
        })
    }

    /// A second session that has read what the first has.
    pub fn fork_session(&self, number: u32, other: u32) -> Job {
        let (model, sessions) = (self.inner.clone(), self.sessions.clone());
        Job::new(move |_| async move {
            let first = session(&sessions, &model, number)?;
            let second = Rc::new(first.fork().await?);
            sessions.borrow_mut().insert(other, second);
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Frees what a session has read.
    pub fn close_session(&self, number: u32) -> Job {
        let sessions = self.sessions.clone();
        Job::new(move |_| async move {
            let session = sessions.borrow_mut().remove(&number);
            if let Some(session) = session {
                session.free().await;
            }
            Ok(JsValue::UNDEFINED)
        })
    }
}
