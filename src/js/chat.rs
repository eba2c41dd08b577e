//! Who renders chat templates for this instance.
//!
//! In: a function of the host's that takes a request and gives the answer, both JSON. Out: nothing; the tokenizers' room asks it.

use crate::tokenizer::chat;
use crate::{Error, Kind};
use js_sys::Function;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    static ANSWER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Settles who answers; called once per instance.
#[wasm_bindgen]
pub fn provide_chat(answer: Function) {
    ANSWER.set(Some(answer));
    chat::provide(|request| {
        let answer = ANSWER.with_borrow(|answer| Some(answer.as_ref()?.call1(&JsValue::NULL, &request.into())));
        answer
            .and_then(Result::ok)
            .and_then(|answer| answer.as_string())
            .ok_or_else(|| Error::new(Kind::Internal, "chat template: what renders it failed, or was not loaded"))
    });
}
