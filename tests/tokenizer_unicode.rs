//! The stored Unicode tables against fancy-regex's: every scalar value, every general category, every script; and
//! what normal forms are made of against unicode-normalization.
//!
//! With GRIOT_WRITE_TABLES=1 this file is also the script that makes the tables: runs of (class, length in LEB128).
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fancy_regex::Regex;
use griot::tokenizer::aligned::Aligned;
use griot::tokenizer::normalise::{Form, Normaliser};
use std::collections::BTreeSet;
use std::path::Path;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical, decompose_compatible};

const CATEGORIES: [&str; 30] = [
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
    "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
];

/// The scripts, in the order of the stored table; 0 is none.
const SCRIPTS: [&str; 164] = [
    "",
    "Adlam",
    "Ahom",
    "AnatolianHieroglyphs",
    "Arabic",
    "Armenian",
    "Avestan",
    "Balinese",
    "Bamum",
    "BassaVah",
    "Batak",
    "Bengali",
    "Bhaiksuki",
    "Bopomofo",
    "Brahmi",
    "Braille",
    "Buginese",
    "Buhid",
    "CanadianAboriginal",
    "Carian",
    "CaucasianAlbanian",
    "Chakma",
    "Cham",
    "Cherokee",
    "Common",
    "Coptic",
    "Cuneiform",
    "Cypriot",
    "Cyrillic",
    "Deseret",
    "Devanagari",
    "Duployan",
    "EgyptianHieroglyphs",
    "Elbasan",
    "Ethiopic",
    "Georgian",
    "Glagolitic",
    "Gothic",
    "Grantha",
    "Greek",
    "Gujarati",
    "Gurmukhi",
    "Han",
    "Hangul",
    "Hanunoo",
    "Hatran",
    "Hebrew",
    "Hiragana",
    "ImperialAramaic",
    "Inherited",
    "InscriptionalPahlavi",
    "InscriptionalParthian",
    "Javanese",
    "Kaithi",
    "Kannada",
    "Katakana",
    "KayahLi",
    "Kharoshthi",
    "Khmer",
    "Khojki",
    "Khudawadi",
    "Lao",
    "Latin",
    "Lepcha",
    "Limbu",
    "LinearA",
    "LinearB",
    "Lisu",
    "Lycian",
    "Lydian",
    "Mahajani",
    "Malayalam",
    "Mandaic",
    "Manichaean",
    "Marchen",
    "MeeteiMayek",
    "MendeKikakui",
    "MeroiticCursive",
    "MeroiticHieroglyphs",
    "Miao",
    "Modi",
    "Mongolian",
    "Mro",
    "Multani",
    "Myanmar",
    "Nabataean",
    "NewTaiLue",
    "Newa",
    "Nko",
    "Ogham",
    "OlChiki",
    "OldHungarian",
    "OldItalic",
    "OldNorthArabian",
    "OldPermic",
    "OldPersian",
    "OldSouthArabian",
    "OldTurkic",
    "Oriya",
    "Osage",
    "Osmanya",
    "PahawhHmong",
    "Palmyrene",
    "PauCinHau",
    "PhagsPa",
    "Phoenician",
    "PsalterPahlavi",
    "Rejang",
    "Runic",
    "Samaritan",
    "Saurashtra",
    "Sharada",
    "Shavian",
    "Siddham",
    "SignWriting",
    "Sinhala",
    "SoraSompeng",
    "Sundanese",
    "SylotiNagri",
    "Syriac",
    "Tagalog",
    "Tagbanwa",
    "TaiLe",
    "TaiTham",
    "TaiViet",
    "Takri",
    "Tamil",
    "Tangut",
    "Telugu",
    "Thaana",
    "Thai",
    "Tibetan",
    "Tifinagh",
    "Tirhuta",
    "Ugaritic",
    "Vai",
    "WarangCiti",
    "Yi",
    "CyproMinoan",
    "Tangsa",
    "Toto",
    "Vithkuqi",
    "OldUyghur",
    "Kawi",
    "NagMundari",
    "Elymaic",
    "Nandinagari",
    "NyiakengPuachueHmong",
    "Wancho",
    "Chorasmian",
    "DivesAkuru",
    "KhitanSmallScript",
    "Yezidi",
    "Dogra",
    "GunjalaGondi",
    "Makasar",
    "Medefaidrin",
    "HanifiRohingya",
    "Sogdian",
    "OldSogdian",
    "MasaramGondi",
    "Nushu",
    "Soyombo",
    "ZanabazarSquare",
];

fn classes(names: &[&str], property: &str) -> Vec<u8> {
    let mut classes = vec![0u8; 0x110000];
    let all: String = (0..0x110000).filter_map(char::from_u32).collect();
    for (index, name) in names.iter().enumerate().skip(1) {
        if *name == "Cs" {
            continue; // surrogates are no scalar values
        }
        let regex = Regex::new(&format!(r"\p{{{property}{name}}}+")).unwrap();
        for found in regex.find_iter(&all) {
            for c in found.unwrap().as_str().chars() {
                classes[c as usize] = index as u8;
            }
        }
    }
    classes
}

fn runs(classes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < classes.len() {
        let mut end = at;
        while end < classes.len() && classes[end] == classes[at] {
            end += 1;
        }
        out.push(classes[at]);
        let mut length = end - at;
        while length >= 0x80 {
            out.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        at = end;
    }
    out
}

fn check(file: &str, classes: &[u8]) {
    check_bytes(file, &runs(classes));
}

fn check_bytes(file: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tokenizer/unicode").join(file);
    if std::env::var_os("GRIOT_WRITE_TABLES").is_some() {
        std::fs::write(&path, bytes).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == bytes, "{file} is not what the oracle says");
}

#[test]
fn the_stored_categories_are_those_of_the_regex_engine() {
    check("categories.bin", &classes(&CATEGORIES, "gc="));
}

#[test]
fn the_stored_scripts_are_those_of_the_regex_engine() {
    // The table of Hugging Face's library is that of Unicode 9: what came later is of no script there.
    let old = classes(&["", "9.0"], "age=");
    let mut scripts = classes(&SCRIPTS, "sc=");
    scripts.iter_mut().zip(old).for_each(|(script, old)| *script *= old);
    // Four characters have changed their script since.
    for (code, name) in [(0x589, "Common"), (0x61c, "Common"), (0x953, "Devanagari"), (0x954, "Devanagari")] {
        scripts[code] = SCRIPTS.iter().position(|script| *script == name).unwrap() as u8;
    }
    check("scripts.bin", &scripts);
}

#[test]
fn the_stored_ages_are_those_of_the_regex_engine() {
    // 0: newer than Unicode 9 or unassigned, 1: of Unicode 9, 2: older.
    check("ages.bin", &classes(&["", "9.0", "8.0"], "age="));
}

fn leb(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn decomposed(c: char, compatible: bool) -> Vec<char> {
    let mut chars = Vec::new();
    if compatible {
        decompose_compatible(c, |d| chars.push(d));
    } else {
        decompose_canonical(c, |d| chars.push(d));
    }
    chars
}

#[test]
fn the_stored_decompositions_are_those_of_unicode_normalization() {
    let (mut out, mut before, mut last) = (Vec::new(), 0, [0i32; 32]);
    let mut put = |c: char, kind: u32, chars: &[char]| {
        leb(&mut out, u32::from(c) - before);
        before = u32::from(c);
        leb(&mut out, chars.len() as u32 * 4 + kind);
        for (place, &d) in last.iter_mut().zip(chars) {
            let step = d as i32 - *place;
            leb(&mut out, ((step << 1) ^ (step >> 31)) as u32);
            *place = d as i32;
        }
    };
    for c in ('\0'..=char::MAX).filter(|c| !('가'..='힣').contains(c)) {
        let (canonical, compatible) = (decomposed(c, false), decomposed(c, true));
        if canonical != [c] {
            put(c, u32::from(!std::iter::once(c).nfc().eq([c])), &canonical);
        }
        if compatible != canonical {
            put(c, 2, &compatible);
        }
    }
    check_bytes("../normalise/decompositions.bin", &out);
}

#[test]
fn the_stored_combining_classes_are_those_of_unicode_normalization() {
    let classes: Vec<u8> =
        (0..0x110000).map(|code| char::from_u32(code).map_or(0, canonical_combining_class)).collect();
    check("../normalise/classes.bin", &classes);
}

/// Every character, and every two of which the first composes with anything and the second with anything.
#[test]
fn normal_forms_are_those_of_unicode_normalization() {
    let mut texts: Vec<String> = ('\u{80}'..=char::MAX).map(String::from).collect();
    let (mut firsts, mut seconds) = (BTreeSet::new(), BTreeSet::new());
    for c in '\0'..=char::MAX {
        let chars = decomposed(c, false);
        if let [first, .., second] = chars[..] {
            firsts.extend([c, first]);
            seconds.insert(second);
        }
    }
    firsts.retain(|c| !('가'..='힣').contains(c) || u32::from(*c) % 97 == 0);
    for first in firsts {
        texts.push(seconds.iter().flat_map(|&second| [first, second, '-', first, 'x', second, '.']).collect());
    }
    for text in texts {
        let forms: [(Form, String); 4] = [
            (Form::C, text.nfc().collect()),
            (Form::D, text.nfd().collect()),
            (Form::KC, text.nfkc().collect()),
            (Form::KD, text.nfkd().collect()),
        ];
        for (form, expected) in forms {
            let mut made = Aligned::new(&text, 0, false);
            Normaliser::Form(form).apply(&mut made).unwrap();
            assert_eq!(made.text(), expected, "{form:?} of {text:?}");
        }
    }
}
