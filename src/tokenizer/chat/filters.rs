//! The filters that differ from minijinja's own: bounded, and as Python has them.
//!
//! In: a template's values. Out: values no larger than `most`. Filters that could build anything of any size from a
//! number, and that no template needs, are taken away.

use super::json::Layout;
use super::python::{self, too_large};
use super::source::KEPT;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error as Failure, ErrorKind, Value};

/// Sets the filters of an environment.
pub(super) fn add(environment: &mut Environment, most: usize) {
    for name in ["batch", "slice", "zip", "chain", "pprint", "format", "urlencode"] {
        environment.remove_filter(name);
    }
    environment.add_filter(KEPT, move |value: Value| match python::size(&value, most) {
        Some(_) => Ok(value),
        None => Err(too_large()),
    });
    environment.add_filter("tojson", move |value: Value, indent: Option<Value>, options: Kwargs| {
        to_json(&value, indent, &options, most)
    });
    environment.add_filter("string", move |value: Value| python::print(&value, most));
    environment.add_filter("join", move |value: Value, between: Option<Value>, options: Kwargs| {
        let attribute: Option<String> = options.get("attribute")?;
        let between = match between {
            Some(between) => Some(between),
            None => options.get("d")?,
        };
        options.assert_all_used()?;
        let between = between.map_or(Ok(String::new()), |between| python::print(&between, most))?;
        join(&value, &between, attribute.as_deref(), most)
    });
    environment.add_filter("replace", move |text: Value, from: Value, to: Value, count: Option<usize>| {
        let text = python::print(&text, most)?;
        replace(&text, &python::print(&from, most)?, &python::print(&to, most)?, count, most)
    });
    environment.add_filter("indent", move |text: Value, width: Option<Value>, first: Option<bool>, options: Kwargs| {
        let text = python::print(&text, most)?;
        let width = match width {
            Some(width) => Some(width),
            None => options.get("width")?,
        };
        let first = match first {
            Some(first) => first,
            None => options.get::<Option<bool>>("first")?.unwrap_or(false),
        };
        let blank = options.get::<Option<bool>>("blank")?.unwrap_or(false);
        options.assert_all_used()?;
        let step = indentation(width, 4)?;
        let mut out = String::new();
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                out.push('\n');
            }
            if if at == 0 { first } else { blank || !line.is_empty() } {
                out.push_str(&step);
            }
            out.push_str(line);
            if out.len() > most {
                return Err(too_large());
            }
        }
        Ok(out)
    });
}

fn indentation(width: Option<Value>, default: usize) -> Result<String, Failure> {
    let Some(width) = width.filter(|width| !width.is_none() && !width.is_undefined()) else {
        return Ok(" ".repeat(default));
    };
    if let Some(text) = width.as_str() {
        return Ok(text.to_string());
    }
    match width.as_usize() {
        Some(width) if width <= 1024 => Ok(" ".repeat(width)),
        _ => Err(Failure::new(ErrorKind::InvalidOperation, "an indent of more than 1024, or no number")),
    }
}

fn to_json(value: &Value, indent: Option<Value>, options: &Kwargs, most: usize) -> Result<String, Failure> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => options.get("indent")?,
    };
    let indent = match indent.filter(|indent| !indent.is_none() && !indent.is_undefined()) {
        Some(indent) => Some(indentation(Some(indent), 0)?),
        None => None,
    };
    let mut layout = Layout {
        between: if indent.is_some() { "," } else { ", " }.into(),
        after_key: ": ".into(),
        indent,
        sort_keys: options.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
        ascii: options.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
        most,
    };
    if let Some(separators) = options.get::<Option<Value>>("separators")?.filter(|pair| !pair.is_none()) {
        let pair: Vec<String> = separators.try_iter()?.take(3).map(|part| part.to_string()).collect();
        let [between, after_key] = pair.as_slice() else {
            return Err(Failure::new(ErrorKind::InvalidOperation, "tojson: separators are two strings"));
        };
        (layout.between, layout.after_key) = (between.clone(), after_key.clone());
    }
    options.assert_all_used()?;
    let mut out = String::new();
    layout.write(value, &mut out, 0)?;
    if out.len() > most { Err(too_large()) } else { Ok(out) }
}

/// Joins printed values.
pub(super) fn join(value: &Value, between: &str, attribute: Option<&str>, most: usize) -> Result<String, Failure> {
    let mut out = String::new();
    if value.is_undefined() {
        return Ok(out);
    }
    for (at, item) in value.try_iter()?.enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        let item = match attribute {
            Some(name) => item.get_attr(name)?,
            None => item,
        };
        out.push_str(&python::print(&item, most)?);
        if out.len() > most || at > most / 16 {
            return Err(too_large());
        }
    }
    Ok(out)
}

/// Replaces up to `count` occurrences.
pub(super) fn replace(text: &str, from: &str, to: &str, count: Option<usize>, most: usize) -> Result<String, Failure> {
    let times = text.matches(from).take(count.unwrap_or(usize::MAX)).count();
    if times.saturating_mul(to.len()).saturating_add(text.len()) > most {
        return Err(too_large());
    }
    Ok(text.replacen(from, to, times))
}
