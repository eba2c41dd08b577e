//! Plain values on their way in and out.
//!
//! In: what TypeScript hands over, already checked by name and kind. Out: Rust's structures, and back: typed arrays, plain objects.
//! What does not fit is `bad-option` or `bad-input`, in serde's words.

use crate::{Error, Kind, Result};
use js_sys::{Object, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

/// Options; an unknown field or a wrong kind is `bad-option`.
pub fn options<T: DeserializeOwned + Default>(value: JsValue, call: &str) -> Result<T> {
    if value.is_undefined() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(value).map_err(|error| misfit(Kind::BadOption, call, &error))
}

/// An argument; a wrong kind is `bad-input`.
pub fn argument<T: DeserializeOwned>(value: JsValue, call: &str) -> Result<T> {
    serde_wasm_bindgen::from_value(value).map_err(|error| misfit(Kind::BadInput, call, &error))
}

/// What does not fit, in serde's words; the conversion puts the name of JavaScript's class before them.
fn misfit(kind: Kind, call: &str, error: &serde_wasm_bindgen::Error) -> Error {
    let words = error.to_string();
    Error::new(kind, format!("{call}: {}", words.strip_prefix("Error: ").unwrap_or(&words)))
}

/// A structure as a plain object; maps as objects, absent fields left out.
pub fn plain<T: Serialize + ?Sized>(value: &T) -> Result<JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| Error::new(Kind::Internal, format!("a result cannot cross: {error}")))
}

/// A plain object, field by field.
#[derive(Default)]
pub struct Plain(Object);

impl Plain {
    /// With one more field.
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<JsValue>) -> Self {
        // Setting a field of a fresh plain object cannot fail.
        let _ = Reflect::set(&self.0, &name.into(), &value.into());
        self
    }
}

impl From<Plain> for JsValue {
    fn from(plain: Plain) -> Self {
        plain.0.into()
    }
}
