//! JSON objects being written.
//!
//! In: names and values that are borrowed, or values that are whole already. Out: an object. One function makes them all: the lists of
//! a hundred objects, each unrolled where it stands, were most of what writing a tokenizer weighed.

use serde_json::{Map, Value};

/// A value of a field.
pub enum Said<'a> {
    Nothing,
    Flag(bool),
    Count(u64),
    Number(f64),
    Text(&'a str),
    Whole(Value),
}

macro_rules! said {
    ($($from:ty: |$value:ident| $said:expr),+ $(,)?) => {
        $(impl<'a> From<$from> for Said<'a> {
            fn from($value: $from) -> Self {
                $said
            }
        })+
    };
}

said! {
    bool: |flag| Said::Flag(flag),
    &bool: |flag| Said::Flag(*flag),
    u32: |count| Said::Count(count.into()),
    &u32: |count| Said::Count((*count).into()),
    usize: |count| Said::Count(count as u64),
    &usize: |count| Said::Count(*count as u64),
    f64: |number| Said::Number(number),
    &'a str: |text| Said::Text(text),
    &'a String: |text| Said::Text(text),
    &char: |c| Said::Whole(String::from(*c).into()),
    Value: |value| Said::Whole(value),
    Vec<Value>: |list| Said::Whole(Value::Array(list)),
}

impl<'a, T: Into<Said<'a>>> From<Option<T>> for Said<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Said::Nothing, Into::into)
    }
}

/// An object of these fields, in this order; takes what is whole.
#[inline(never)]
pub fn written(fields: &mut [(&'static str, Said<'_>)]) -> Value {
    let mut object = Map::new();
    for (name, said) in fields {
        let value = match std::mem::replace(said, Said::Nothing) {
            Said::Nothing => Value::Null,
            Said::Flag(flag) => flag.into(),
            Said::Count(count) => count.into(),
            Said::Number(number) => number.into(),
            Said::Text(text) => text.into(),
            Said::Whole(value) => value,
        };
        object.insert((*name).to_owned(), value);
    }
    Value::Object(object)
}

/// An object: `object!("type": "Strip", "strip_left": left)`.
macro_rules! object {
    ($($name:literal: $value:expr),+ $(,)?) => {
        $crate::tokenizer::file::object::written(&mut [$(($name, $crate::tokenizer::file::object::Said::from($value))),+])
    };
}
pub(super) use object;
