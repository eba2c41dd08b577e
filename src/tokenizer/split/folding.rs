//! Characters as they are written in a translated expression, with the others that they fold with.
//!
//! In: a character, or a range of them, and whether case counts. Out: text that means the same inside a class and outside.
//! Case folds go one character to one. Refuses to know what an expression is.

/// Writes a character so that it means itself, inside a class and outside.
fn push_plain(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphabetic()) {
        out.push(c);
    } else {
        out.push_str(&format!(r"\u{{{:x}}}", c as u32));
    }
}

/// Writes a character, and if case does not count the others that fold with it.
pub(super) fn push_literal(out: &mut String, c: char, folds: bool) {
    push_plain(out, c);
    if folds {
        for other in cases(c) {
            push_plain(out, other);
        }
    }
}

/// Letters of which more than two fold together, or whose cases do not lead back.
const ALIKE: [&str; 21] = [
    "sSſ",
    "kK\u{212a}",
    "åÅ\u{212b}",
    "ßẞ",
    "ǆǅǄ",
    "ǉǈǇ",
    "ǌǋǊ",
    "ǳǲǱ",
    "ṡṠẛ",
    "µμΜ",
    "βΒϐ",
    "εΕϵ",
    "θΘϑϴ",
    "ιΙ\u{345}\u{1fbe}",
    "κΚϰ",
    "πΠϖ",
    "ρΡϱ",
    "σΣς",
    "φΦϕ",
    "ωΩ\u{2126}",
    "вВᲀ",
];

/// The other cases of a character.
pub(super) fn cases(c: char) -> Vec<char> {
    if let Some(group) = ALIKE.iter().find(|group| group.contains(c)) {
        return group.chars().filter(|&other| other != c).collect();
    }
    let single = |mut chars: Box<dyn Iterator<Item = char>>| chars.next().filter(|_| chars.next().is_none());
    let lower = |c: char| single(Box::new(c.to_lowercase()));
    // A letter such as ı has the upper case of another one, and folds with neither.
    let upper = single(Box::new(c.to_uppercase())).filter(|&upper| lower(upper) == Some(c));
    [lower(c), upper].into_iter().flatten().filter(|&other| other != c).collect()
}

/// Writes a range of characters, and if case does not count the others that fold with its letters.
pub(super) fn push_range(out: &mut String, low: char, high: char, folds: bool) {
    if low == high {
        return push_literal(out, low, folds);
    }
    push_plain(out, low);
    out.push('-');
    push_plain(out, high);
    if folds {
        for c in (low..=high).filter(|c| c.is_alphabetic()) {
            cases(c).into_iter().filter(|other| !(low..=high).contains(other)).for_each(|other| push_plain(out, other));
        }
    }
}
