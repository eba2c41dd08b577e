//! The template's source made fit for minijinja, and bounded.
//!
//! In: Jinja as models ship it. Out: the same with `{% generation %}` as a block that marks its beginning and its end, every value that is kept by
//! `set`, or comes in as a macro's argument, passed through the filter `kept` that refuses what is too large,
//! and the measures that bound the rest. Works on tags alone; text stays as it is.
//! Refuses to know what expressions mean.

/// A prepared template.
pub(super) struct Prepared {
    pub(super) source: String,
    /// Characters in tags that can join or repeat values.
    pub(super) operators: usize,
    /// The longest run of text between tags.
    pub(super) longest_text: usize,
    /// Whether it marks what the assistant says.
    pub(super) generation: bool,
}

/// The filter that bounds what is kept.
pub(super) const KEPT: &str = "__kept";

/// The function that notes how much has been printed; it says yes.
pub(super) const MARK: &str = "__mark";

pub(super) fn prepare(source: &str) -> Prepared {
    let mut out = String::with_capacity(source.len() + source.len() / 8);
    let (mut operators, mut longest_text, mut generation) = (0, 0, false);
    let mut rest = source;
    while let Some((at, opening)) = next_tag(rest) {
        longest_text = longest_text.max(at);
        let (text, tag) = rest.split_at(at);
        out.push_str(text);
        let end = match opening {
            "{#" => tag.find("#}").map_or(tag.len(), |end| end + 2),
            "{{" => end_of_tag(tag, "}}"),
            _ => end_of_tag(tag, "%}"),
        };
        let (tag, after) = tag.split_at(end);
        rest = after;
        operators += if opening == "{#" { 0 } else { count_operators(tag) };
        if opening != "{%" {
            out.push_str(tag);
            continue;
        }
        let (open, inner, close) = parts(tag);
        let (word, arguments) = inner.split_at(inner.find(|c: char| !c.is_alphanumeric()).unwrap_or(inner.len()));
        match word {
            "generation" => {
                generation = true;
                out.push_str(&format!("{open} if {MARK}() {close}"));
            }
            "endgeneration" => out.push_str(&format!("{open} if {MARK}() %}}{{% endif %}}{{% endif {close}")),
            "set" => out.push_str(&format!("{open} {} {close}", keep_set(arguments))),
            "macro" => {
                out.push_str(tag);
                for name in parameters(arguments) {
                    out.push_str(&format!("{{% set {name} = {name}|{KEPT} {close}"));
                }
            }
            "raw" => {
                out.push_str(tag);
                let end = end_of_raw(rest);
                longest_text = longest_text.max(end);
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            }
            _ => out.push_str(tag),
        }
    }
    longest_text = longest_text.max(rest.len());
    out.push_str(rest);
    Prepared { source: out, operators, longest_text, generation }
}

fn next_tag(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(1)).find_map(|at| match bytes.get(at..at + 2) {
        Some(b"{{") => Some((at, "{{")),
        Some(b"{%") => Some((at, "{%")),
        Some(b"{#") => Some((at, "{#")),
        _ => None,
    })
}

/// Calls `see` with each byte that stands outside a string; it says whether to go on.
fn outside_strings(text: &str, mut see: impl FnMut(usize, u8) -> bool) {
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if byte == b'\\' => escaped = true,
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None => {
                if !see(at, byte) {
                    return;
                }
            }
        }
    }
}

fn end_of_tag(tag: &str, closing: &str) -> usize {
    let mut end = tag.len();
    // A dictionary's own brace must not close `{{ {"a": {}} }}`.
    let mut depth = 0usize;
    outside_strings(tag, |at, byte| {
        if at < 2 {
            return true;
        }
        let closes = tag.get(at..).is_some_and(|rest| rest.starts_with(closing));
        if closes && depth == 0 {
            end = at + 2;
            return false;
        }
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        true
    });
    end
}

fn end_of_raw(text: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("{%")) {
        let at = from + at;
        let inner = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
        if inner.starts_with("endraw") {
            return at;
        }
        from = at + 2;
    }
    text.len()
}

/// A tag's opening with its trim mark, its inside, its closing.
fn parts(tag: &str) -> (&str, &str, &str) {
    let open = if tag.get(2..3).is_some_and(|mark| mark == "-" || mark == "+") { 3 } else { 2 };
    let close = match tag.strip_suffix("%}") {
        Some(head) if head.len() > open && head.ends_with(['-', '+']) => 3,
        Some(_) => 2,
        None => 0,
    };
    let end = tag.len().saturating_sub(close).max(open);
    (&tag[..open], tag[open..end].trim(), &tag[end..])
}

fn count_operators(tag: &str) -> usize {
    let mut count = 0;
    outside_strings(tag, |_, byte| {
        count += usize::from(matches!(byte, b'~' | b'+' | b'*' | b'%' | b'('));
        true
    });
    count
}

/// The inside of a `set` tag with its value, or its captured text, filtered.
fn keep_set(arguments: &str) -> String {
    let mut equals = None;
    let mut depth = 0usize;
    outside_strings(arguments, |at, byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'|' if depth == 0 => return false,
            b'=' if depth == 0 => {
                equals = Some(at);
                return false;
            }
            _ => {}
        }
        true
    });
    match equals {
        Some(at) => {
            let (target, value) = arguments.split_at(at);
            format!("set{target}= ({})|{KEPT}", value[1..].trim())
        }
        None => format!("set{arguments}|{KEPT}"),
    }
}

/// The names of a macro's parameters.
fn parameters(arguments: &str) -> Vec<&str> {
    let Some(open) = arguments.find('(') else { return Vec::new() };
    let list = &arguments[open + 1..];
    let mut names = Vec::new();
    let mut depth = 0usize;
    let mut start = 0;
    outside_strings(list, |at, byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b',' if depth == 0 => {
                names.push(&list[start..at]);
                start = at + 1;
            }
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            b')' => {
                names.push(&list[start..at]);
                return false;
            }
            _ => {}
        }
        true
    });
    let names = names.into_iter().map(|name| name.split('=').next().unwrap_or("").trim());
    names.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_rewritten_and_text_is_not() {
        let cases = [
            ("{%- set a = b ~ 'x=%}' -%}t", "{%- set a = (b ~ 'x=%}')|__kept -%}t"),
            ("{% set ns.a, b = 1, 2 %}", "{% set ns.a, b = (1, 2)|__kept %}"),
            ("{% set a %}x{% endset %}", "{% set a|__kept %}x{% endset %}"),
            ("{% set a | upper %}x{% endset %}", "{% set a | upper|__kept %}x{% endset %}"),
            (
                "{% macro f(a, b='(,', c=[1, 2]) -%}x",
                "{% macro f(a, b='(,', c=[1, 2]) -%}{% set a = a|__kept -%}{% set b = b|__kept -%}{% set c = c|__kept -%}x",
            ),
            ("{%- generation -%}a{%- endgeneration %}", "{%- if __mark() -%}a{%- if __mark() %}{% endif %}{% endif %}"),
            ("{% raw %}{% set a = 1 %}{{{% endraw %}b", "{% raw %}{% set a = 1 %}{{{% endraw %}b"),
            ("{# {% set a = 1 %} #}{{ {'a': {}} }}", "{# {% set a = 1 %} #}{{ {'a': {}} }}"),
            ("{% broken", "{% broken"),
        ];
        for (source, expected) in cases {
            assert_eq!(prepare(source).source, expected);
        }
    }
}
