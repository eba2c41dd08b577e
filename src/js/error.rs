//! Errors on their way out.
//!
//! In: an [`Error`] or a panic. Out: a plain object `{ code, message, hint?, details }`, which `errors.ts` makes a `GriotError`;
//! for a panic its message, handed to the host before the trap, since nothing may enter the instance after it.

use crate::Error;
use js_sys::{Function, Object, Reflect};
use std::sync::OnceLock;
use wasm_bindgen::prelude::*;

/// The plain object that crosses.
pub fn to_js(error: &Error) -> JsValue {
    let object = Object::new();
    let set = |target: &Object, name: &str, value: JsValue| {
        // Setting a field of a fresh plain object cannot fail.
        let _ = Reflect::set(target, &name.into(), &value);
    };
    set(&object, "code", error.code().into());
    set(&object, "message", error.to_string().into());
    if let Some(hint) = error.hint_text() {
        set(&object, "hint", hint.into());
    }
    let details = Object::new();
    for (name, value) in error.details() {
        set(&details, name, (*value).into());
    }
    set(&object, "details", details.into());
    object.into()
}

/// A result on its way out.
pub fn out<T>(result: crate::Result<T>) -> Result<T, JsValue> {
    result.map_err(|error| to_js(&error))
}

struct Hook(Function);

// SAFETY: the wasm build has one thread, and nothing but the panic hook reads this.
unsafe impl Send for Hook {}
// SAFETY: as above.
unsafe impl Sync for Hook {}

static PANICKED: OnceLock<Hook> = OnceLock::new();

/// Hands the message of a panic to the host.
pub fn set_panic_hook(panicked: Function) {
    if PANICKED.set(Hook(panicked)).is_ok() {
        std::panic::set_hook(Box::new(|info| {
            if let Some(hook) = PANICKED.get() {
                // What the host does with it cannot be acted on here: the next thing is the trap.
                let _ = hook.0.call1(&JsValue::NULL, &info.to_string().into());
            }
        }));
    }
}
