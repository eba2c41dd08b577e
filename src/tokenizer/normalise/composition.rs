//! What characters are made of, and which two make one.
//!
//! In: characters. Out: their whole decompositions, canonical and compatible, their combining classes, what two compose to, and
//! whether a text can stay as it is in a normal form (Unicode annex 15). The tables beside this file are runs of classes and a
//! list of decompositions; `tests/tokenizer_unicode.rs` made them, and compares all that is here with the crate unicode-normalization,
//! whose own tables weigh five times as much in the wasm.
//! Refuses to know ranges of the original and whole texts.

use super::Form;
use crate::order;
use crate::tokenizer::unicode::Classes;
use std::sync::OnceLock;

/// What a form may not contain; a mark that may join the character before it.
const NOT_C: u8 = 1;
const NOT_D: u8 = 2;
const NOT_KC: u8 = 4;
const NOT_KD: u8 = 8;
const JOINS: u8 = 16;

/// Hangul syllables are computed (Unicode, 3.12).
const SYLLABLES: std::ops::Range<u32> = 0xac00..0xd7a4;
const LEADING: std::ops::Range<u32> = 0x1100..0x1113;
const VOWELS: std::ops::Range<u32> = 0x1161..0x1176;
/// Before the first trailing consonant stands the place of none.
const TRAILING: u32 = 0x11a7;
const TRAILS: u32 = 28;

/// One decomposition: of which character, and where its characters lie.
#[derive(Debug)]
struct Entry {
    of: char,
    start: u32,
    end: u32,
}

#[derive(Debug)]
struct Tables {
    classes: Classes,
    flags: Classes,
    canonical: Vec<Entry>,
    /// Only where they are not the canonical ones.
    compatible: Vec<Entry>,
    chars: Vec<char>,
    /// What two make, in the order of the two.
    pairs: Vec<((char, char), char)>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(Tables::unfold)
}

impl Tables {
    /// Unfolds entries of (code since the last one, length · 4 + kind, each character as what it differs by from the one in
    /// its place before); kind 0: canonical and composed again, 1: canonical and left decomposed, 2: compatible.
    fn unfold() -> Self {
        let mut flags = vec![0u8; 0x110000];
        let (mut canonical, mut compatible, mut chars) = (Vec::new(), Vec::new(), Vec::new());
        let (mut pairs, mut composed) = (Vec::new(), Vec::new());
        let mut code = 0;
        let mut last = [0i32; 32];
        let mut bytes = include_bytes!("decompositions.bin").iter().copied();
        while let Some(step) = number(&mut bytes) {
            code += step;
            let head = number(&mut bytes).unwrap_or(0);
            let start = chars.len() as u32;
            for place in last.iter_mut().take(head as usize / 4) {
                let zigzag = number(&mut bytes).unwrap_or(0);
                *place += (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32);
                chars.extend(char::from_u32(*place as u32));
            }
            let Some(of) = char::from_u32(code) else { continue };
            let entry = Entry { of, start, end: chars.len() as u32 };
            let made_of = &chars[start as usize..];
            flags[code as usize] |= match head % 4 {
                0 => NOT_D | NOT_KD,
                1 => NOT_C | NOT_D | NOT_KC | NOT_KD,
                _ => NOT_KC | NOT_KD,
            };
            if head % 4 == 0 {
                composed.push((made_of.to_vec(), of));
            }
            if head % 4 == 2 { compatible.push(entry) } else { canonical.push(entry) }
        }
        order::naturally(&mut composed);
        for (made_of, of) in &composed {
            // The last one joins what those before it make.
            let Some((&second, before)) = made_of.split_last() else { continue };
            let whole = || composed.binary_search_by(|(made_of, _)| made_of.as_slice().cmp(before)).ok();
            let first = if let [first] = before { Some(*first) } else { whole().map(|at| composed[at].1) };
            if let Some(first) = first {
                pairs.push(((first, second), *of));
                flags[second as usize] |= JOINS;
            }
        }
        order::naturally(&mut pairs);
        flags[SYLLABLES.start as usize..SYLLABLES.end as usize].fill(NOT_D | NOT_KD);
        flags[VOWELS.start as usize..VOWELS.end as usize].fill(JOINS);
        flags[TRAILING as usize + 1..(TRAILING + TRAILS) as usize].fill(JOINS);
        let classes = Classes::unfold(include_bytes!("classes.bin"), |class| class);
        Tables { classes, flags: Classes::of_all(&flags), canonical, compatible, chars, pairs }
    }

    fn found(&self, entries: &[Entry], c: char) -> Option<&[char]> {
        let entry = entries.get(entries.binary_search_by_key(&c, |entry| entry.of).ok()?)?;
        self.chars.get(entry.start as usize..entry.end as usize)
    }
}

/// A number in LEB128.
fn number(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes.next()?;
        value |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return Some(value);
        }
    }
}

/// The canonical combining class.
pub(super) fn class(c: char) -> u8 {
    tables().classes.of(c)
}

/// Gives a character's whole canonical decomposition, or itself.
pub(super) fn decompose_canonical(c: char, put: impl FnMut(char)) {
    decompose(c, NOT_D, put);
}

/// Gives a character's whole compatible decomposition, or itself.
pub(super) fn decompose_compatible(c: char, put: impl FnMut(char)) {
    decompose(c, NOT_KD, put);
}

fn decompose(c: char, flag: u8, mut put: impl FnMut(char)) {
    let code = u32::from(c);
    if c.is_ascii() || tables().flags.of(c) & flag == 0 {
        put(c);
    } else if SYLLABLES.contains(&code) {
        let syllable = code - SYLLABLES.start;
        let lead = LEADING.start + syllable / (VOWELS.len() as u32 * TRAILS);
        let vowel = VOWELS.start + syllable / TRAILS % VOWELS.len() as u32;
        let trail = TRAILING + syllable % TRAILS;
        let all = [lead, vowel, trail];
        all.into_iter().filter(|&code| code != TRAILING).filter_map(char::from_u32).for_each(put);
    } else {
        let tables = tables();
        let compatible = if flag == NOT_KD { tables.found(&tables.compatible, c) } else { None };
        match compatible.or_else(|| tables.found(&tables.canonical, c)) {
            Some(chars) => chars.iter().copied().for_each(put),
            None => put(c),
        }
    }
}

/// The character that two make, if they make one.
pub(super) fn compose(first: char, second: char) -> Option<char> {
    let (a, b) = (u32::from(first), u32::from(second));
    if LEADING.contains(&a) && VOWELS.contains(&b) {
        let syllable = (a - LEADING.start) * VOWELS.len() as u32 + (b - VOWELS.start);
        return char::from_u32(SYLLABLES.start + syllable * TRAILS);
    }
    if SYLLABLES.contains(&a)
        && (a - SYLLABLES.start).is_multiple_of(TRAILS)
        && (TRAILING + 1..TRAILING + TRAILS).contains(&b)
    {
        return char::from_u32(a + b - TRAILING);
    }
    let pairs = &tables().pairs;
    pairs.binary_search_by_key(&(first, second), |pair| pair.0).ok().map(|at| pairs[at].1)
}

/// Whether a text surely has a form already. No is no answer: it may have it all the same.
pub(super) fn stays(text: &str, form: Form) -> bool {
    let not = match form {
        Form::C => NOT_C | JOINS,
        Form::D => NOT_D,
        Form::KC => NOT_KC | JOINS,
        Form::KD => NOT_KD,
    };
    let tables = tables();
    let mut last = 0;
    text.chars().all(|c| {
        if c.is_ascii() {
            last = 0;
            return true;
        }
        let class = tables.classes.of(c);
        let in_order = last <= class || class == 0;
        last = class;
        in_order && tables.flags.of(c) & not == 0
    })
}
