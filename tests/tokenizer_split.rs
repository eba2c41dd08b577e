//! The splitters written by hand against fancy-regex, on texts made to reach every alternative; expressions for browsers.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "tokenizers/random.rs"]
mod random;

use fancy_regex::Regex;
use griot::tokenizer::aligned::Aligned;
use griot::tokenizer::split::known::Known;
use griot::tokenizer::split::pattern::{Pattern, Written};
use griot::tokenizer::split::translate::{Engine, translate};
use griot::tokenizer::split::{Behavior, Pieces, Prepend, Splitter};
use random::Random;

/// Characters of all the classes that the expressions tell apart, some of them next to each other in Unicode.
const ALPHABET: &[&str] = &[
    "a",
    "b",
    "Z",
    "é",
    "É",
    "ß",
    "я",
    "Я",
    "ǅ",
    "ʰ",
    "中",
    "ا",
    "ⓐ",
    "Ⅷ",
    "ⅷ",
    "1",
    "23",
    "٣",
    "½",
    "²",
    " ",
    " ",
    "  ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "\u{b}",
    "'",
    "'s",
    "'S",
    "'ſ",
    "'re",
    "'LL",
    "'l",
    "’",
    "!",
    "?!",
    "/",
    "-",
    "_",
    "€",
    "+",
    "\u{301}",
    "\u{903}",
    "\u{20dd}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "\0",
    "\u{e000}",
    "\u{10ffff}",
    "😀",
    "𝔘",
    "\u{378}",
];

fn text(random: &mut Random) -> String {
    (0..1 + random.below(14)).map(|_| ALPHABET[random.below(ALPHABET.len())]).collect()
}

fn by_regex<'t>(regex: &Regex, text: &'t str) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let mut before = 0;
    for found in regex.find_iter(text) {
        let found = found.unwrap();
        if before < found.start() {
            pieces.push(&text[before..found.start()]);
        }
        pieces.push(found.as_str());
        before = found.end();
    }
    if before < text.len() {
        pieces.push(&text[before..]);
    }
    pieces
}

#[test]
fn splitters_written_by_hand_do_what_their_expressions_say() {
    for expression in Known::expressions() {
        let regex = Regex::new(expression).unwrap();
        let known = Known::of(expression).unwrap();
        let mut random = Random(0x1234_5678_9abc_def1);
        for _ in 0..20_000 {
            let text = text(&mut random);
            let mut pieces = Vec::new();
            known.split(&text, |start, end| pieces.push(&text[start..end]));
            assert_eq!(pieces, by_regex(&regex, &text), "{text:?} by {expression}");
        }
    }
}

#[test]
fn what_browsers_lack_is_written_out() {
    for (ours, theirs) in [
        (r"\p{L}+|a", r"[\p{L}]+|a"),
        (r"(?i:'S|b)x", r"(?:\u{27}[Ssſ]|[bB])x"),
        (r"a?+b", r"(?:(?=(?<atom1>a?))\k<atom1>)b"),
        (r"\p{Han}{1,3}", r"[\p{Script=Han}]{1,3}"),
        (r"[^\r\n\p{L}]?", r"[^\u{d}\u{a}[\p{L}]]?"),
        (r"[a-c&&[^b]]", r"[[a-c]&&[[^b]]]"),
        (r"(?>x|y)", r"(?:(?=(?<atom1>(?:x|y)))\k<atom1>)"),
    ] {
        assert_eq!(translate(ours, Engine::Browser).unwrap(), theirs);
    }
}

#[test]
fn what_cannot_be_said_is_refused() {
    for source in [r"a\Kb", r"\X", r"(?x) a", r"\g<1>", r"(?<n>a)\k<n>", r"(a)\1"] {
        assert_eq!(translate(source, Engine::Browser).unwrap_err().code(), "unsupported", "{source}");
    }
    for source in ["(a", "a)", "[a", "*a", r"\", "[]"] {
        assert_eq!(translate(source, Engine::Browser).unwrap_err().code(), "bad-file", "{source}");
    }
}

#[test]
fn a_translated_expression_matches_as_the_known_splitter_does() {
    for expression in Known::expressions() {
        let regex = Regex::new(&translate(expression, Engine::Fancy).unwrap()).unwrap();
        let known = Known::of(expression).unwrap();
        let mut random = Random(0x0fed_cba9_8765_4321);
        for _ in 0..2_000 {
            let text = text(&mut random);
            let mut pieces = Vec::new();
            known.split(&text, |start, end| pieces.push(&text[start..end]));
            assert_eq!(pieces, by_regex(&regex, &text), "{text:?} by {expression}");
        }
    }
}

/// A text and its pieces.
type Cut = (String, Vec<String>);

/// What Oniguruma itself answers: expressions, texts, and the pieces they are cut into.
fn stored() -> Vec<(String, Vec<Cut>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/splits/oniguruma.json");
    let stored: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let expressions = stored["expressions"].as_array().unwrap();
    let of = |one: &serde_json::Value| {
        (one["regex"].as_str().unwrap().to_owned(), serde_json::from_value(one["cases"].clone()).unwrap())
    };
    expressions.iter().map(of).collect()
}

/// Clusters of characters, one case that folds to two characters, and a count that goes down cannot be had.
const NOT_HAD: [&str; 4] = [r"\X", r"\Y", "(?i)straße|été|я", "a{2,1}?"];

#[test]
fn expressions_cut_as_oniguruma_cuts() {
    let mut wrong = Vec::new();
    for (expression, cases) in stored() {
        if NOT_HAD.contains(&expression.as_str()) {
            continue;
        }
        let pattern = match Pattern::new(Written::Regex(expression.clone())) {
            Ok(pattern) => pattern,
            Err(error) => {
                wrong.push(format!("{expression}: {error}"));
                continue;
            }
        };
        for (text, pieces) in cases {
            let mut covered = Vec::new();
            pattern.cover(&text, &mut covered).unwrap();
            let ours: Vec<&str> =
                covered.iter().map(|&(start, end, _)| &text[start..end]).filter(|p| !p.is_empty()).collect();
            if ours != pieces {
                wrong.push(format!("{expression}: {text:?}\n   ours {ours:?}\n theirs {pieces:?}"));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every splitter that can be cut somewhere, and some that cannot.
fn splitters() -> Vec<Splitter> {
    let known = |expression: &str| Splitter::Split {
        pattern: Pattern::new(Written::Regex(expression.to_owned())).unwrap(),
        behavior: Behavior::Isolated,
        invert: false,
    };
    let bytes = |regex, prefix_space| Splitter::ByteLevel { prefix_space, trim_offsets: true, regex };
    let marks = |prepend| Splitter::Metaspace { mark: '▁', prepend, split: true };
    let mut all: Vec<Splitter> = Known::expressions().into_iter().map(known).collect();
    all.extend(Known::expressions().map(|expression| Splitter::Sequence(vec![known(expression), bytes(false, false)])));
    all.extend([
        bytes(true, false),
        bytes(true, true),
        Splitter::Bert,
        Splitter::Whitespace,
        Splitter::WhitespaceSplit,
        marks(Prepend::Always),
        marks(Prepend::First),
        known(r"\d+|x"),
        Splitter::Sequence(vec![Splitter::WhitespaceSplit, marks(Prepend::Always)]),
        Splitter::Sequence(vec![Splitter::WhitespaceSplit, marks(Prepend::First)]),
        Splitter::Sequence(vec![Splitter::Whitespace, Splitter::Digits(true), bytes(false, true)]),
        Splitter::Sequence(vec![Splitter::Bert, Splitter::Punctuation(Behavior::MergedWithPrevious)]),
    ]);
    all
}

/// The pieces of a part of a text, with where in the text they come from.
fn pieces(splitter: &Splitter, text: &str, (from, to): (usize, usize)) -> Vec<(String, (u32, u32))> {
    let mut pieces = Pieces::new(Aligned::new(&text[from..to], from, true));
    splitter.split(&mut pieces, false).unwrap();
    let piece = |&cut: &(u32, u32)| (pieces.slice(cut).to_owned(), pieces.text.source(cut.0 as usize, cut.1 as usize));
    pieces.cuts.iter().map(piece).collect()
}

#[test]
fn a_text_cut_where_a_splitter_says_has_the_pieces_of_the_whole() {
    let (mut random, mut uncut) = (Random(0x9e37_79b9_7f4a_7c15), Vec::new());
    for splitter in splitters() {
        let mut cuts = 0;
        for _ in 0..3000 {
            let text = text(&mut random);
            let whole = pieces(&splitter, &text, (0, text.len()));
            let (mut parts, mut from) = (Vec::new(), 0);
            while from < text.len() {
                let to = splitter.end_after(&text, from, from + 1 + random.below(8));
                parts.extend(pieces(&splitter, &text, (from, to)));
                cuts += usize::from(to < text.len());
                from = to;
            }
            assert_eq!(parts, whole, "{text:?} by {splitter:?}");
        }
        if cuts < 1000 {
            assert_eq!(cuts, 0, "{splitter:?}");
            uncut.push(splitter);
        }
    }
    // All that are written by hand are cut, but where the text's beginning counts; marks and a foreign expression are not.
    assert_eq!(uncut.len(), 5, "{uncut:#?}");
}
