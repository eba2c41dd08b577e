//! The stored Unicode tables against fancy-regex's: every scalar value, every general category, every script.
//!
//! With GRIOT_WRITE_TABLES=1 this file is also the script that makes the tables: runs of (class, length in LEB128).
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fancy_regex::Regex;
use std::path::Path;

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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tokenizer/unicode").join(file);
    let runs = runs(classes);
    if std::env::var_os("GRIOT_WRITE_TABLES").is_some() {
        std::fs::write(&path, &runs).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == runs, "{file} is not what fancy-regex says");
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
