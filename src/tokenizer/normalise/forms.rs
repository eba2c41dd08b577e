//! Unicode's normal forms, with the change that each new character makes.
//!
//! In: text. Out: NFC, NFD, NFKC or NFKD (Unicode annex 15). The first character of a decomposition replaces the
//! composed one, the others are put in; a composition replaces all that it joins. Marks put into canonical order take
//! their changes with them.

use super::composition::{class, compose, decompose_canonical, decompose_compatible, stays};
use crate::order;
use crate::tokenizer::aligned::{Aligned, Change};

/// A normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Canonical composition.
    C,
    /// Canonical decomposition.
    D,
    /// Compatibility composition.
    KC,
    /// Compatibility decomposition.
    KD,
}

/// A character, and how many old ones it takes the place of: 1 is put in, 0 one for one, -n one and n more.
type Changed = (char, isize);

impl Form {
    /// Puts the text into this form.
    pub fn apply(self, text: &mut Aligned<'_>) {
        let old = text.text();
        if old.is_ascii() {
            return;
        }
        if stays(old, self) {
            return;
        }
        let mut changed = self.decompose(old);
        if matches!(self, Form::C | Form::KC) {
            changed = recompose(changed);
        }
        text.transform(
            0,
            changed.into_iter().map(|(c, change)| {
                (c, if change > 0 { Change::Insert } else { Change::Replace(change.unsigned_abs()) })
            }),
        );
    }

    fn decompose(self, text: &str) -> Vec<Changed> {
        let mut out: Vec<Changed> = Vec::with_capacity(text.len());
        // Where the run of marks begins that may still change their order.
        let mut marks = 0;
        let mut classes: Vec<u8> = Vec::new();
        for c in text.chars() {
            if c.is_ascii() {
                sort_marks(&mut out, marks, &mut classes);
                out.push((c, 0));
                marks = out.len();
                continue;
            }
            let mut change = 0;
            let mut push = |d: char| {
                let class = class(d);
                if class == 0 {
                    sort_marks(&mut out, marks, &mut classes);
                    out.push((d, change));
                    marks = out.len();
                } else {
                    out.push((d, change));
                    classes.push(class);
                }
                change = 1;
            };
            match self {
                Form::C | Form::D => decompose_canonical(c, &mut push),
                Form::KC | Form::KD => decompose_compatible(c, &mut push),
            }
        }
        sort_marks(&mut out, marks, &mut classes);
        out
    }
}

/// Puts the marks from `start` on into the order of their classes, equal ones as they stand.
fn sort_marks(out: &mut [Changed], start: usize, classes: &mut Vec<u8>) {
    if !classes.is_sorted()
        && let Some(run) = out.get_mut(start..)
    {
        order::by_key(run, |&(c, _)| class(c));
    }
    classes.clear();
}

fn recompose(decomposed: Vec<Changed>) -> Vec<Changed> {
    let mut out = Vec::with_capacity(decomposed.len());
    let mut starter: Option<Changed> = None;
    let mut marks: Vec<Changed> = Vec::new();
    let mut last_class: Option<u8> = None;
    for (c, change) in decomposed {
        let class = class(c);
        let Some(first) = starter else {
            if class == 0 {
                starter = Some((c, change));
            } else {
                out.push((c, change));
            }
            continue;
        };
        let blocked = last_class.is_some_and(|last| last >= class);
        if let Some(composed) = compose(first.0, c).filter(|_| !blocked) {
            starter = Some((composed, first.1 + change - 1));
        } else if class == 0 {
            out.push(first);
            out.append(&mut marks);
            starter = Some((c, change));
            last_class = None;
        } else {
            marks.push((c, change));
            last_class = Some(class);
        }
    }
    out.extend(starter);
    out.append(&mut marks);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn the_forms_are_those_of_the_standard() {
        let text = "Ä\u{301}ạ̈\u{323}\u{307} ﬁ 각 ｶﾞ Ω \u{1d15e} \u{344}x";
        let formed = |form: Form| {
            let mut aligned = Aligned::new(text, 0, true);
            form.apply(&mut aligned);
            aligned.text().to_owned()
        };
        assert_eq!(formed(Form::C), text.nfc().collect::<String>());
        assert_eq!(formed(Form::D), text.nfd().collect::<String>());
        assert_eq!(formed(Form::KC), text.nfkc().collect::<String>());
        assert_eq!(formed(Form::KD), text.nfkd().collect::<String>());
    }

    #[test]
    fn a_composed_character_begins_where_its_base_stood() {
        let mut aligned = Aligned::new("xe\u{301}y", 0, true);
        Form::C.apply(&mut aligned);
        assert_eq!((aligned.text(), aligned.source(1, 3), aligned.source(3, 4)), ("xéy", (1, 2), (4, 5)));
    }
}
