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

/// The other cases of a character.
pub(super) fn cases(c: char) -> Vec<char> {
    let single = |mut chars: Box<dyn Iterator<Item = char>>| chars.next().filter(|_| chars.next().is_none());
    let mut others: Vec<char> = Vec::new();
    others.extend(single(Box::new(c.to_lowercase())));
    others.extend(single(Box::new(c.to_uppercase())));
    others.extend(match c {
        's' | 'S' => Some('ſ'),
        'k' | 'K' => Some('\u{212a}'),
        _ => None,
    });
    others.retain(|&other| other != c);
    others.dedup();
    others
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
        for c in (low..=high).filter(char::is_ascii_alphabetic) {
            cases(c).into_iter().for_each(|other| push_plain(out, other));
        }
    }
}
