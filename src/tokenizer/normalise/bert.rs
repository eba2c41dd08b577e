//! BERT's normaliser: cleaning, spaces around Chinese characters, accents off, lower case.
//!
//! In: text with its ranges. Out: what the four steps would give one after the other. Each of them changes characters where they stand, whatever stands
//! around, but for one thing: decomposing puts combining characters in order. So all is done in one pass, character by
//! character, unless the text has a combining character that stays when accents go; then step by step.

use super::composition::{class, decompose_canonical};
use super::{Form, lowercase};
use crate::tokenizer::aligned::{Aligned, Change};
use crate::tokenizer::unicode;

/// What the normaliser does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bert {
    /// Drops controls, makes all white space spaces.
    pub(super) clean: bool,
    /// Sets Chinese characters between spaces.
    pub(super) chinese: bool,
    /// Drops accents.
    pub(super) strip_accents: bool,
    /// Lower case.
    pub(super) lower: bool,
}

/// The blocks that BERT takes for Chinese.
fn is_chinese(c: char) -> bool {
    matches!(c as u32,
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x2A6DF | 0x2A700..=0x2B73F
        | 0x2B740..=0x2B81F | 0x2B920..=0x2CEAF | 0x2F800..=0x2FA1F)
}

fn is_control(c: char) -> bool {
    !matches!(c, '\t' | '\n' | '\r') && unicode::is_other(c)
}

fn is_dropped(c: char) -> bool {
    c == '\0' || c == '\u{fffd}' || is_control(c)
}

fn spaced(c: char) -> char {
    if c.is_whitespace() { ' ' } else { c }
}

impl Bert {
    pub(super) fn apply(self, text: &mut Aligned<'_>) {
        if text.text().is_ascii() && !(self.clean && text.text().bytes().any(|byte| is_control(char::from(byte)))) {
            let changes =
                |byte: u8| (self.lower && byte.is_ascii_uppercase()) || (self.clean && matches!(byte, 9 | 10 | 13));
            if text.text().bytes().any(changes) {
                let changed = text.text().bytes().map(|byte| char::from(self.ascii(byte))).collect();
                text.overwrite(changed);
            }
        } else if !self.at_once(text) {
            self.step_by_step(text);
        }
    }

    /// A character of ASCII that is not dropped.
    fn ascii(self, byte: u8) -> u8 {
        let byte = if self.clean && byte.is_ascii_whitespace() { b' ' } else { byte };
        if self.lower { byte.to_ascii_lowercase() } else { byte }
    }

    /// All in one pass; `false`: it cannot be, and nothing is changed.
    fn at_once(self, text: &mut Aligned<'_>) -> bool {
        let old = text.text();
        let mut edit = text.edit(old.len() + old.len() / 16 + 16);
        let mut at = 0;
        while let Some(rest) = old.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = |byte: u8| byte.is_ascii() && !(self.clean && (byte < 32 || byte == 127));
            let run = rest.bytes().position(|byte| !plain(byte)).unwrap_or(rest.len());
            edit.map_ascii(at + run, |byte| self.ascii(byte));
            at += run;
            let Some(c) = rest.get(run..).and_then(|rest| rest.chars().next()) else { break };
            at += c.len_utf8();
            if self.clean && is_dropped(c) {
                edit.skip(1);
                continue;
            }
            let mut change = Change::Replace(0);
            let mut put = |c: char| {
                edit.push(c, std::mem::replace(&mut change, Change::Insert));
            };
            let c = if self.clean { spaced(c) } else { c };
            let chinese = self.chinese && is_chinese(c);
            if chinese {
                put(' ');
            }
            let mut stays = true;
            let mut low = |c: char| if self.lower { c.to_lowercase().for_each(&mut put) } else { put(c) };
            if self.strip_accents {
                decompose_canonical(c, |d| {
                    if !unicode::is_nonspacing_mark(d) {
                        stays &= class(d) == 0;
                        low(d);
                    }
                });
            } else {
                low(c);
            }
            if !stays {
                return false;
            }
            if chinese {
                put(' ');
            }
            if change != Change::Insert {
                edit.skip(1); // all of it was marks
            }
        }
        let edited = edit.finish();
        text.accept(edited);
        true
    }

    fn step_by_step(self, text: &mut Aligned<'_>) {
        if self.clean {
            text.filter_map(|c| !is_dropped(c), spaced);
        }
        if self.chinese && text.text().chars().any(is_chinese) {
            let mut edit = text.edit(text.text().len() + 16);
            for c in text.text().chars() {
                if is_chinese(c) {
                    edit.push(' ', Change::Replace(0));
                    edit.push(c, Change::Insert);
                    edit.push(' ', Change::Insert);
                } else {
                    edit.push(c, Change::Replace(0));
                }
            }
            let edited = edit.finish();
            text.accept(edited);
        }
        if self.strip_accents {
            Form::D.apply(text);
            text.filter_map(|c| !unicode::is_nonspacing_mark(c), |c| c);
        }
        if self.lower {
            lowercase(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Changed = (String, Vec<(u32, u32)>);

    fn changed(text: &str, change: impl Fn(&mut Aligned<'_>)) -> Changed {
        let mut aligned = Aligned::new(text, 3, true);
        change(&mut aligned);
        let spans = aligned.text().char_indices().map(|(at, c)| aligned.source(at, at + c.len_utf8())).collect();
        (aligned.text().to_owned(), spans)
    }

    fn all() -> impl Iterator<Item = Bert> {
        (0..16).map(|bits| Bert {
            clean: bits & 1 > 0,
            chinese: bits & 2 > 0,
            strip_accents: bits & 4 > 0,
            lower: bits & 8 > 0,
        })
    }

    #[test]
    fn every_character_changes_at_once_as_step_by_step() {
        for bert in all() {
            let mut taken = 0;
            for c in ('\0'..=char::MAX).filter(|&c| (c as u32) < 0x3200 || (c as u32).is_multiple_of(7)) {
                let text = format!("aÉ{c}\u{301}{c}B");
                let whole = std::cell::Cell::new(false);
                let at_once = changed(&text, |text| whole.set(bert.at_once(text)));
                if whole.get() {
                    taken += 1;
                    assert_eq!(at_once, changed(&text, |text| bert.step_by_step(text)), "{c:?} {bert:?}");
                }
            }
            assert!(taken > 150_000, "{taken}");
        }
    }

    proptest! {
        #[test]
        fn any_text_changes_at_once_as_step_by_step(text in "([a-zÀ-ÿA-Z]|\\PC|\\p{M}|[\u{0}-\u{1f}İﬁ각Å漢豈]|[ \t\r\n\u{85}\u{a0}\u{3000}\u{200b}]){0,40}") {
            for bert in all() {
                let applied = changed(&text, |text| bert.apply(text));
                prop_assert_eq!(applied, changed(&text, |text| bert.step_by_step(text)), "{:?}", bert);
            }
        }
    }
}
