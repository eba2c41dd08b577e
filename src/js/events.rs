//! What happens to devices, told to the host when it happens.
//!
//! In: events of the device room, from wherever they come. Out: calls of the function that the host installed, with a name of
//! the public API and a plain object. It refuses to know who listens.

use super::values::Plain;
use crate::device::Event;
use js_sys::Function;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    static EAR: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Keeps the function that hears.
pub fn set_ear(ear: Function) {
    EAR.set(Some(ear));
}

/// Tells the host.
pub fn tell(event: &Event) {
    let (name, field, value) = match event {
        Event::Lost(reason) => ("devicelost", "reason", reason),
        Event::Recovered(device) => ("recovered", "name", device),
        Event::Fallback(reason) => ("fallback", "reason", reason),
    };
    let detail = JsValue::from(Plain::default().with(field, value.as_str()));
    if let Some(ear) = EAR.with_borrow(Clone::clone) {
        // The host only posts a message; it throws nothing.
        let _ = ear.call2(&JsValue::NULL, &name.into(), &detail);
    }
}
