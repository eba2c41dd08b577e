//! Reading fields of a JSON object, each with the error it deserves.
//!
//! In: an object and the name it goes by in messages. Out: typed fields, or `bad-file` saying which one is wrong and what
//! stands there. A field that is null counts as absent.

use crate::{Result, bail};
use serde_json::{Map, Value};

/// A JSON object being read.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'j> {
    object: &'j Map<String, Value>,
    name: &'j str,
}

impl<'j> Fields<'j> {
    /// An object under a name.
    pub fn new(object: &'j Map<String, Value>, name: &'j str) -> Self {
        Fields { object, name }
    }

    /// A value that must be an object.
    pub fn of(value: &'j Value, name: &'j str) -> Result<Self> {
        match value {
            Value::Object(object) => Ok(Fields { object, name }),
            other => bail!(BadFile, "{name}: expected an object, found {}", shown(other)),
        }
    }

    /// The name for messages.
    pub fn name(&self) -> &'j str {
        self.name
    }

    /// The `type` of a part, which must be there.
    pub fn kind(&self) -> Result<&'j str> {
        self.text("type")
    }

    /// A field, unless it is absent or null.
    pub fn value(&self, field: &str) -> Option<&'j Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    fn required(&self, field: &str) -> Result<&'j Value> {
        match self.value(field) {
            Some(value) => Ok(value),
            None => bail!(BadFile, "{}: {field} is missing", self.name),
        }
    }

    fn wrong<T>(&self, field: &str, expected: &str, found: &Value) -> Result<T> {
        bail!(BadFile, "{}: {field} should be {expected}, found {}", self.name, shown(found))
    }

    /// An object that must be there.
    pub fn object(&self, field: &'j str) -> Result<Fields<'j>> {
        Fields::of(self.required(field)?, field)
    }

    /// An object that may be absent.
    pub fn part(&self, field: &'j str) -> Result<Option<Fields<'j>>> {
        self.value(field).map(|value| Fields::of(value, field)).transpose()
    }

    /// The entries of an object that must be there.
    pub fn entries(&self, field: &str) -> Result<&'j Map<String, Value>> {
        match self.required(field)? {
            Value::Object(object) => Ok(object),
            other => self.wrong(field, "an object", other),
        }
    }

    /// A list that must be there.
    pub fn list(&self, field: &str) -> Result<&'j [Value]> {
        match self.required(field)? {
            Value::Array(list) => Ok(list),
            other => self.wrong(field, "a list", other),
        }
    }

    /// A list, empty if it is absent.
    pub fn list_or_empty(&self, field: &str) -> Result<&'j [Value]> {
        if self.value(field).is_none() { Ok(&[]) } else { self.list(field) }
    }

    /// A text that must be there.
    pub fn text(&self, field: &str) -> Result<&'j str> {
        match self.required(field)? {
            Value::String(text) => Ok(text),
            other => self.wrong(field, "a text", other),
        }
    }

    /// A text that may be absent.
    pub fn text_or_none(&self, field: &str) -> Result<Option<&'j str>> {
        if self.value(field).is_none() { Ok(None) } else { self.text(field).map(Some) }
    }

    /// A text with a default.
    pub fn text_or<'t>(&self, field: &str, default: &'t str) -> Result<&'t str>
    where
        'j: 't,
    {
        Ok(self.text_or_none(field)?.unwrap_or(default))
    }

    /// A single character.
    pub fn character(&self, field: &str) -> Result<char> {
        let text = self.text(field)?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(c),
            _ => bail!(BadFile, "{}: {field} should be one character, found {text:?}", self.name),
        }
    }

    /// A flag with a default.
    pub fn flag(&self, field: &str, default: bool) -> Result<bool> {
        Ok(self.flag_or_none(field)?.unwrap_or(default))
    }

    /// A flag that may be absent.
    pub fn flag_or_none(&self, field: &str) -> Result<Option<bool>> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => self.wrong(field, "true or false", other),
        }
    }

    /// A token's number that must be there.
    pub fn id(&self, field: &str) -> Result<u32> {
        id_of(self.required(field)?, self.name)
    }

    /// A token's number with a default.
    pub fn id_or(&self, field: &str, default: u32) -> Result<u32> {
        self.value(field).map_or(Ok(default), |value| id_of(value, self.name))
    }

    /// A count that must be there.
    pub fn count(&self, field: &str) -> Result<usize> {
        let value = self.required(field)?;
        match value.as_u64().and_then(|count| usize::try_from(count).ok()) {
            Some(count) => Ok(count),
            None => self.wrong(field, "a count", value),
        }
    }

    /// A count with a default.
    pub fn count_or(&self, field: &str, default: usize) -> Result<usize> {
        if self.value(field).is_none() { Ok(default) } else { self.count(field) }
    }

    /// A number that may be absent.
    pub fn number_or_none(&self, field: &str) -> Result<Option<f64>> {
        match self.value(field) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => self.wrong(field, "a number", value),
            },
        }
    }

    /// A part of a type that is not known here.
    pub fn unknown<T>(&self, kind: &str) -> Result<T> {
        bail!(Unsupported, "{} of type {kind:?} is not known", self.name)
    }
}

/// A token's number: whole, and of 32 bits.
pub fn id_of(value: &Value, name: &str) -> Result<u32> {
    match value.as_u64().and_then(|id| u32::try_from(id).ok()).filter(|&id| id < u32::MAX) {
        Some(id) => Ok(id),
        None => bail!(BadFile, "{name}: a token's number should be whole and under 2^32 - 1, found {}", shown(value)),
    }
}

/// A value for a message, not too long.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(object) => format!("an object of {} fields", object.len()),
        Value::String(text) if text.len() > 60 => format!("a text of {} bytes", text.len()),
        other => other.to_string(),
    }
}
