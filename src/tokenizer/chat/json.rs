//! `tojson` as the reference renders it: Python's `json.dumps(ensure_ascii=False)`.
//!
//! In: a template's value, `indent`, `separators`, `sort_keys`. Out: JSON. Nothing is escaped for HTML.
//! Refuses to write more than it is allowed to.

use super::python;
use crate::order;
use minijinja::value::ValueKind;
use minijinja::{Error as Failure, Value};

/// The layout.
pub(super) struct Layout {
    pub(super) indent: Option<String>,
    pub(super) between: String,
    pub(super) after_key: String,
    pub(super) sort_keys: bool,
    pub(super) ascii: bool,
    pub(super) most: usize,
}

impl Layout {
    pub(super) fn write(&self, value: &Value, out: &mut String, depth: usize) -> Result<(), Failure> {
        if out.len() > self.most || depth > 64 {
            return Err(python::too_large());
        }
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => out.push_str("null"),
            ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => out.push_str(match python::number(value).as_str() {
                "nan" => "NaN",
                "inf" => "Infinity",
                "-inf" => "-Infinity",
                number => number,
            }),
            ValueKind::Seq | ValueKind::Iterable => {
                out.push('[');
                let mut empty = true;
                for item in value.try_iter()? {
                    self.begin(out, &mut empty, depth + 1);
                    self.write(&item, out, depth + 1)?;
                }
                self.end(out, empty, depth, ']');
            }
            ValueKind::Map => {
                let mut keys: Vec<Value> = value.try_iter()?.collect();
                if self.sort_keys {
                    order::naturally(&mut keys);
                }
                out.push('{');
                let mut empty = true;
                for key in keys {
                    self.begin(out, &mut empty, depth + 1);
                    match key.kind() {
                        ValueKind::String => self.string(key.as_str().unwrap_or_default(), out),
                        _ => {
                            out.push('"');
                            self.write(&key, out, depth + 1)?;
                            out.push('"');
                        }
                    }
                    out.push_str(&self.after_key);
                    self.write(&value.get_item(&key)?, out, depth + 1)?;
                }
                self.end(out, empty, depth, '}');
            }
            _ => self.string(value.as_str().unwrap_or(&value.to_string()), out),
        }
        Ok(())
    }

    fn begin(&self, out: &mut String, empty: &mut bool, depth: usize) {
        if !std::mem::replace(empty, false) {
            out.push_str(&self.between);
        }
        self.line(out, depth);
    }

    fn end(&self, out: &mut String, empty: bool, depth: usize, close: char) {
        if !empty {
            self.line(out, depth);
        }
        out.push(close);
    }

    fn line(&self, out: &mut String, depth: usize) {
        if let Some(indent) = &self.indent {
            out.push('\n');
            for _ in 0..depth {
                out.push_str(indent);
            }
        }
    }

    fn string(&self, text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                c if (c as u32) < 32 || (self.ascii && !c.is_ascii()) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
}
