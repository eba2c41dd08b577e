//! How Python prints values.
//!
//! In: a template's value. Out: `str(value)`: `True`, `None`, `[1, 'a']`, `1e+16`.
//! Refuses to print more than it is allowed to, or deeper than 64 levels.

use minijinja::value::ValueKind;
use minijinja::{Error as Failure, ErrorKind, Value};

const DEEPEST: usize = 64;

/// A failure of size.
pub(super) fn too_large() -> Failure {
    Failure::new(ErrorKind::InvalidOperation, "a value is too large or too deep")
}

/// `str(value)`, of at most `most` bytes.
pub(super) fn print(value: &Value, most: usize) -> Result<String, Failure> {
    let mut out = String::new();
    match value.as_str() {
        Some(text) => out.push_str(text),
        None => represent(value, &mut out, most, 0)?,
    }
    if out.len() > most { Err(too_large()) } else { Ok(out) }
}

fn represent(value: &Value, out: &mut String, most: usize, depth: usize) -> Result<(), Failure> {
    if out.len() > most || depth > DEEPEST {
        return Err(too_large());
    }
    match value.kind() {
        ValueKind::Undefined => {}
        ValueKind::None => out.push_str("None"),
        ValueKind::Bool => out.push_str(if value.is_true() { "True" } else { "False" }),
        ValueKind::Number => out.push_str(&number(value)),
        ValueKind::String => quote(value.as_str().unwrap_or_default(), out),
        ValueKind::Seq | ValueKind::Iterable => {
            let (open, close) = if value.is_tuple() { ('(', ')') } else { ('[', ']') };
            out.push(open);
            let mut count = 0;
            for item in value.try_iter()? {
                if count > 0 {
                    out.push_str(", ");
                }
                represent(&item, out, most, depth + 1)?;
                count += 1;
            }
            if value.is_tuple() && count == 1 {
                out.push(',');
            }
            out.push(close);
        }
        ValueKind::Map => {
            out.push('{');
            for (at, key) in value.try_iter()?.enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                represent(&key, out, most, depth + 1)?;
                out.push_str(": ");
                represent(&value.get_item(&key)?, out, most, depth + 1)?;
            }
            out.push('}');
        }
        _ => out.push_str(&value.to_string()),
    }
    Ok(())
}

/// A string as Python writes it in its source.
fn quote(text: &str, out: &mut String) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == mark => out.extend(['\\', c]),
            c if (c as u32) < 32 || c as u32 == 127 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(mark);
}

/// A number as Python prints it.
pub(super) fn number(value: &Value) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    match f64::try_from(value.clone()) {
        Ok(float) => self::float(float),
        Err(_) => value.to_string(),
    }
}

/// The shortest digits that read back as the same number; exponents below -4 and from 16 on.
fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { plain + ".0" }
}

/// The size of a value in bytes, or nothing when it exceeds `most` or is nested too deep.
pub(super) fn size(value: &Value, most: usize) -> Option<usize> {
    let mut left = most;
    spend(value, &mut left, 0).then_some(most - left)
}

fn spend(value: &Value, left: &mut usize, depth: usize) -> bool {
    let own = 16 + value.as_str().map_or(0, str::len);
    if own > *left || depth > DEEPEST {
        return false;
    }
    *left -= own;
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => match value.try_iter() {
            Ok(mut items) => items.all(|item| spend(&item, left, depth + 1)),
            Err(_) => true,
        },
        ValueKind::Map => match value.try_iter() {
            Ok(mut keys) => keys.all(|key| {
                spend(&key, left, depth + 1) && value.get_item(&key).is_ok_and(|item| spend(&item, left, depth + 1))
            }),
            Err(_) => true,
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (1.5, "1.5"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (-0.0, "-0.0"),
            (1.25e-7, "1.25e-07"),
            (f64::INFINITY, "inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(float(value), expected);
        }
    }

    #[test]
    fn nested_values_print_as_in_python() {
        let value = Value::from(minijinja::value::Serde(serde_json::json!({"b": [1, "it's", null, true], "a": "x"})));
        assert_eq!(print(&value, 100).unwrap(), r#"{'b': [1, "it's", None, True], 'a': 'x'}"#);
        assert!(print(&value, 10).is_err());
    }
}
