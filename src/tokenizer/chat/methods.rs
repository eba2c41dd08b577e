//! The methods of Python's strings, lists and dictionaries that templates call.
//!
//! In: a value, a method's name, arguments. Out: its result, no larger than `most`. An unknown name is refused by name.

use super::filters;
use super::python::{self, too_large};
use minijinja::value::{Kwargs, ValueKind, from_args};
use minijinja::{Error as Failure, ErrorKind, Value};

pub(super) fn call(value: &Value, method: &str, args: &[Value], most: usize) -> Result<Value, Failure> {
    match (value.as_str(), value.kind()) {
        (Some(text), _) => on_text(text, method, args, most),
        (_, ValueKind::Map) => on_map(value, method, args),
        (_, ValueKind::Seq | ValueKind::Iterable) => on_list(value, method, args),
        _ => Err(unknown(value, method)),
    }
}

fn unknown(value: &Value, method: &str) -> Failure {
    Failure::new(ErrorKind::UnknownMethod, format!("{} has no method named {method}", value.kind()))
}

fn on_text(text: &str, method: &str, args: &[Value], most: usize) -> Result<Value, Failure> {
    let nothing = || from_args::<()>(args);
    let all = |test: fn(char) -> bool| -> Result<Value, Failure> {
        nothing()?;
        Ok((!text.is_empty() && text.chars().all(test)).into())
    };
    let padded = |left: bool, right: bool, default: char| -> Result<String, Failure> {
        let (width, fill): (usize, Option<&str>) = from_args(args)?;
        if width > most {
            return Err(too_large());
        }
        let fill = fill.and_then(|fill| fill.chars().next()).unwrap_or(default);
        let missing = width.saturating_sub(text.chars().count());
        let before = if left && right {
            missing / 2
        } else if left {
            missing
        } else {
            0
        };
        let fill = |count: usize| std::iter::repeat_n(fill, count);
        Ok(fill(before).chain(text.chars()).chain(fill(missing - before)).collect())
    };
    Ok(match method {
        "upper" => nothing().map(|()| text.to_uppercase().into())?,
        "lower" | "casefold" => nothing().map(|()| text.to_lowercase().into())?,
        "strip" => strip(text, args, true, true)?.into(),
        "lstrip" => strip(text, args, true, false)?.into(),
        "rstrip" => strip(text, args, false, true)?.into(),
        "title" => nothing().map(|()| title(text).into())?,
        "capitalize" => {
            nothing()?;
            let mut chars = text.chars();
            let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            (first + &chars.as_str().to_lowercase()).into()
        }
        "swapcase" => {
            nothing()?;
            let swap =
                |c: char| if c.is_uppercase() { c.to_lowercase().to_string() } else { c.to_uppercase().to_string() };
            text.chars().map(swap).collect::<String>().into()
        }
        "startswith" => any_of(args, |part| text.starts_with(part))?,
        "endswith" => any_of(args, |part| text.ends_with(part))?,
        "removeprefix" => from_args(args).map(|(part,): (&str,)| text.strip_prefix(part).unwrap_or(text).into())?,
        "removesuffix" => from_args(args).map(|(part,): (&str,)| text.strip_suffix(part).unwrap_or(text).into())?,
        "replace" => {
            let (from, to, count): (&str, &str, Option<i64>) = from_args(args)?;
            filters::replace(text, from, to, count.and_then(|count| usize::try_from(count).ok()), most)?.into()
        }
        "split" => split(text, args, false)?,
        "rsplit" => split(text, args, true)?,
        "splitlines" => lines(text, args)?,
        "partition" | "rpartition" => {
            let (by,): (&str,) = from_args(args)?;
            let forward = method == "partition";
            let found = if forward { text.split_once(by) } else { text.rsplit_once(by) };
            let parts = match found {
                Some((left, right)) => vec![left, by, right],
                None if forward => vec![text, "", ""],
                None => vec!["", "", text],
            };
            list(parts)
        }
        "join" => from_args(args).and_then(|(list,): (Value,)| filters::join(&list, text, None, most))?.into(),
        "find" => from_args(args).map(|(part,): (&str,)| place(text, text.find(part)).into())?,
        "rfind" => from_args(args).map(|(part,): (&str,)| place(text, text.rfind(part)).into())?,
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(args)?;
            let at = if method == "index" { text.find(part) } else { text.rfind(part) };
            match place(text, at) {
                -1 => return Err(Failure::new(ErrorKind::InvalidOperation, "substring not found")),
                at => at.into(),
            }
        }
        "count" => from_args(args).map(|(part,): (&str,)| text.matches(part).count().into())?,
        "isdigit" | "isdecimal" => all(|c| c.is_ascii_digit())?,
        "isnumeric" => all(char::is_numeric)?,
        "isalpha" => all(char::is_alphabetic)?,
        "isalnum" => all(char::is_alphanumeric)?,
        "isspace" => all(char::is_whitespace)?,
        "isascii" => nothing().map(|()| text.is_ascii().into())?,
        "isupper" => nothing().map(|()| (text.to_uppercase() == text && text.to_lowercase() != text).into())?,
        "islower" => nothing().map(|()| (text.to_lowercase() == text && text.to_uppercase() != text).into())?,
        "ljust" => padded(false, true, ' ')?.into(),
        "rjust" => padded(true, false, ' ')?.into(),
        "center" => padded(true, true, ' ')?.into(),
        "zfill" => padded(true, false, '0')?.into(),
        "format" => format(text, args, most)?.into(),
        _ => return Err(unknown(&Value::from(text), method)),
    })
}

fn list(parts: Vec<&str>) -> Value {
    parts.into_iter().map(Value::from).collect()
}

/// A byte position as characters, -1 where there is none.
fn place(text: &str, at: Option<usize>) -> i64 {
    at.and_then(|at| text.get(..at)).map_or(-1, |head| head.chars().count() as i64)
}

fn strip<'a>(text: &'a str, args: &[Value], left: bool, right: bool) -> Result<&'a str, Failure> {
    let (set,): (Option<Value>,) = from_args(args)?;
    let set = set.as_ref().and_then(|set| set.as_str());
    let goes = |c: char| set.map_or(c.is_whitespace(), |set| set.contains(c));
    let text = if left { text.trim_start_matches(goes) } else { text };
    Ok(if right { text.trim_end_matches(goes) } else { text })
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn any_of(args: &[Value], test: impl Fn(&str) -> bool) -> Result<Value, Failure> {
    let (part,): (Value,) = from_args(args)?;
    if let Some(part) = part.as_str() {
        return Ok(test(part).into());
    }
    for part in part.try_iter()? {
        if part.as_str().is_some_and(&test) {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn split(text: &str, args: &[Value], from_right: bool) -> Result<Value, Failure> {
    let (by, most, options): (Option<Value>, Option<i64>, Kwargs) = from_args(args)?;
    let by = match by {
        Some(by) => Some(by),
        None => options.get("sep")?,
    };
    let most = match most {
        Some(most) => Some(most),
        None => options.get("maxsplit")?,
    };
    options.assert_all_used()?;
    let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX - 1);
    let by = by.filter(|by| !by.is_none() && !by.is_undefined());
    let mut parts: Vec<&str> = match by.as_ref().and_then(|by| by.as_str()) {
        Some("") => return Err(Failure::new(ErrorKind::InvalidOperation, "empty separator")),
        Some(by) if from_right => text.rsplitn(most + 1, by).collect(),
        Some(by) => text.splitn(most + 1, by).collect(),
        None => at_spaces(text, most, from_right),
    };
    if from_right {
        parts.reverse();
    }
    Ok(list(parts))
}

/// Parts between runs of white space; from the right they come in reverse.
fn at_spaces(text: &str, most: usize, from_right: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let cut = match (parts.len() < most, from_right) {
            (false, _) => None,
            (_, true) => rest.rsplit_once(char::is_whitespace).map(|(head, part)| (part, head.trim_end())),
            (_, false) => rest.split_once(char::is_whitespace).map(|(part, tail)| (part, tail.trim_start())),
        };
        let (part, left) = cut.unwrap_or((rest, ""));
        parts.push(part);
        rest = left;
    }
    parts
}

fn lines(text: &str, args: &[Value]) -> Result<Value, Failure> {
    let (keep,): (Option<bool>,) = from_args(args)?;
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let length = if rest.get(at..).is_some_and(|tail| tail.starts_with("\r\n")) { 2 } else { 1 };
        let end = if keep.unwrap_or(false) { at + length } else { at };
        lines.push(rest.get(..end).unwrap_or_default());
        rest = rest.get(at + length..).unwrap_or_default();
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    Ok(list(lines))
}

/// `str.format` with `{}`, `{0}` and `{name}`; format specifications are refused.
fn format(text: &str, args: &[Value], most: usize) -> Result<String, Failure> {
    let (list, named): (&[Value], Option<Kwargs>) = match args.split_last() {
        Some((last, head)) if last.is_kwargs() => (head, Some(Kwargs::try_from(last.clone())?)),
        _ => (args, None),
    };
    let mut out = String::new();
    let mut next = 0;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at..).unwrap_or_default();
        if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
            out.push_str(tail.get(..1).unwrap_or_default());
            rest = after;
            continue;
        }
        let field = tail.strip_prefix('{').and_then(|tail| tail.split_once('}'));
        let Some((name, after)) = field.filter(|(name, _)| !name.contains([':', '!', '{'])) else {
            return Err(Failure::new(ErrorKind::InvalidOperation, "format: only {}, {0} and {name} are known"));
        };
        let value = if name.is_empty() {
            next += 1;
            list.get(next - 1).cloned()
        } else if let Ok(index) = name.parse::<usize>() {
            list.get(index).cloned()
        } else {
            named.as_ref().and_then(|named| named.get::<Value>(name).ok())
        };
        let Some(value) = value else {
            return Err(Failure::new(ErrorKind::InvalidOperation, format!("format: no value for {{{name}}}")));
        };
        out.push_str(&python::print(&value, most)?);
        if out.len() > most {
            return Err(too_large());
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn on_map(value: &Value, method: &str, args: &[Value]) -> Result<Value, Failure> {
    let keys = || -> Result<Vec<Value>, Failure> {
        from_args::<()>(args)?;
        Ok(value.try_iter()?.collect())
    };
    Ok(match method {
        "get" => {
            let (key, default): (Value, Option<Value>) = from_args(args)?;
            let found = value.get_item(&key).ok().filter(|found| !found.is_undefined());
            found.or(default).unwrap_or_else(|| Value::from(()))
        }
        "keys" => keys()?.into(),
        "values" => keys()?.iter().map(|key| value.get_item(key)).collect::<Result<Vec<_>, _>>()?.into(),
        "items" => {
            let pair = |key: Value| value.get_item(&key).map(|item| Value::from(vec![key, item]));
            keys()?.into_iter().map(pair).collect::<Result<Vec<_>, _>>()?.into()
        }
        "copy" => from_args::<()>(args).map(|()| value.clone())?,
        _ => return Err(unknown(value, method)),
    })
}

fn on_list(value: &Value, method: &str, args: &[Value]) -> Result<Value, Failure> {
    Ok(match method {
        "count" => from_args(args)
            .and_then(|(item,): (Value,)| Ok(value.try_iter()?.filter(|other| *other == item).count()))?
            .into(),
        "index" => {
            let (item,): (Value,) = from_args(args)?;
            match value.try_iter()?.position(|other| other == item) {
                Some(at) => at.into(),
                None => return Err(Failure::new(ErrorKind::InvalidOperation, "the list has no such item")),
            }
        }
        "copy" => from_args::<()>(args).map(|()| value.clone())?,
        _ => return Err(unknown(value, method)),
    })
}
