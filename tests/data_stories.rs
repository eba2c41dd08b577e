//! The story world: as many stories as promised, the same for the same seed, and true to grammar where a test can see it.
#![expect(clippy::panic, reason = "a test fails by panicking")]

use griot::data::stories::{Language, Stories, Story, StoryKind, distinct_tales};
use std::collections::HashSet;

const LANGUAGES: [Language; 2] = [Language::English, Language::French];

fn tales(language: Language, seed: u64, count: usize) -> Vec<String> {
    let text = |story| match story {
        Story::Tale(text) => text,
        Story::Pair { .. } => panic!("a tale is a text"),
    };
    Stories::new(language, StoryKind::Tale, seed).take(count).map(text).collect()
}

fn pairs(language: Language, kind: StoryKind, count: usize) -> Vec<(String, String)> {
    let both = |story| match story {
        Story::Pair { input, output } => (input, output),
        Story::Tale(text) => panic!("not a pair: {text}"),
    };
    Stories::new(language, kind, 3).take(count).map(both).collect()
}

#[test]
fn there_are_more_than_a_hundred_million_tales_in_each_language() {
    for language in LANGUAGES {
        assert!(distinct_tales(language) > 100_000_000);
        let told: HashSet<String> = tales(language, 1, 20_000).into_iter().collect();
        assert_eq!(told.len(), 20_000);
    }
}

#[test]
fn the_same_seed_tells_the_same_in_any_order_and_another_seed_does_not() {
    for language in LANGUAGES {
        assert_eq!(tales(language, 7, 20), tales(language, 7, 20));
        assert_ne!(tales(language, 7, 20), tales(language, 8, 20));
        let stories = Stories::new(language, StoryKind::Tale, 7);
        assert_eq!(stories.story(13), stories.clone().nth(13).unwrap());
    }
}

#[test]
fn sentences_begin_with_capitals_end_and_hold_no_gaps() {
    for language in LANGUAGES {
        let mut texts = tales(language, 2, 3000);
        for kind in [StoryKind::Pair, StoryKind::Pronoun] {
            texts.extend(pairs(language, kind, 3000).into_iter().flat_map(|(input, output)| [input, output]));
        }
        for text in texts {
            assert!(!text.contains("  ") && !text.contains(" .") && !text.contains(" ,"), "{text}");
            assert!(!text.contains(['{', '}', '_']), "{text}");
            assert!(text.ends_with(['.', '!', '?', '»', '"']), "{text}");
            let first = text.trim_start_matches(['"', '«', ' ']).chars().next().unwrap();
            assert!(first.is_uppercase(), "{text}");
            // After a full stop comes a capital; after a called-out word the speaker may follow.
            for (at, _) in text.match_indices('.') {
                let rest = text[at + 1..].trim_start_matches(['"', ' ', '«', '»', '—']);
                assert!(rest.chars().next().is_none_or(char::is_uppercase), "{text}");
            }
        }
    }
}

#[test]
fn french_elides_and_contracts() {
    let vowels = ['a', 'e', 'i', 'o', 'u', 'é', 'è', 'ê', 'â', 'œ', 'E', 'A', 'I', 'O', 'É'];
    let mut texts = tales(Language::French, 5, 5000);
    for kind in [StoryKind::Pair, StoryKind::Pronoun] {
        texts
            .extend(pairs(Language::French, kind, 3000).into_iter().map(|(input, output)| format!("{input} {output}")));
    }
    for text in texts {
        let words: Vec<&str> = text.split_whitespace().collect();
        for two in words.windows(2) {
            let small = two[0].trim_start_matches(['(', '«', '—']).to_lowercase();
            let before_vowel = two[1].starts_with(vowels);
            if ["le", "la", "de", "que", "ce", "se", "ne", "je", "me", "te", "sa", "ma", "ta"].contains(&small.as_str())
            {
                // "onze" keeps its article; "la une" does not occur.
                assert!(!before_vowel || two[1].starts_with("onze"), "{} {} in {text}", two[0], two[1]);
            }
            for (wrong, right) in
                [(["de", "le"], "du"), (["de", "les"], "des"), (["à", "le"], "au"), (["à", "les"], "aux")]
            {
                // Before a verb, le and les are pronouns.
                let pronoun = text.contains(&format!("{} {} re", wrong[0], wrong[1]));
                assert!(small != wrong[0] || two[1] != wrong[1] || pronoun, "{right} in {text}");
            }
        }
    }
}

#[test]
fn english_says_an_before_a_vowel() {
    for text in tales(Language::English, 5, 5000) {
        let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        for two in words.windows(2).filter(|two| ["a", "an", "A", "An"].contains(&two[0])) {
            let vowel = two[1].starts_with(['a', 'e', 'i', 'o', 'u']) || two[1] == "honest";
            assert_eq!(two[0].len() == 2, vowel, "{} {} in {text}", two[0], two[1]);
        }
    }
}

#[test]
fn the_two_of_a_pronoun_pair_differ_in_the_end_and_in_the_answer() {
    for language in LANGUAGES {
        let all = pairs(language, StoryKind::Pronoun, 4000);
        for two in all.chunks(2) {
            let sentence = |text: &str| text[..text.find('.').unwrap()].to_string();
            let (one, other) = (sentence(&two[0].0), sentence(&two[1].0));
            let head = |text: &str| {
                let cut = text.rfind(if language == Language::English { " too " } else { " était " }).unwrap();
                text[..cut].to_string()
            };
            assert_eq!(head(&one), head(&other));
            assert_ne!(one, other);
            assert_ne!(two[0].1, two[1].1);
        }
    }
}

#[test]
fn what_is_said_early_comes_back_late() {
    // The last name of a tale was named in its first half, in nearly all tales.
    for language in LANGUAGES {
        let told = tales(language, 11, 1000);
        let kept = told.iter().filter(|text| {
            let names: Vec<&str> = text
                .split(|c: char| !c.is_alphabetic() && c != '-')
                .filter(|word| word.chars().next().is_some_and(char::is_uppercase) && word.len() > 1)
                .filter(|word| text.matches(word).count() > 2)
                .collect();
            names.last().is_some_and(|last| text[..text.floor_char_boundary(text.len() / 2)].contains(last))
        });
        assert!(kept.count() > 850);
    }
}

#[test]
fn names_are_known_or_refused() {
    assert_eq!(Language::of("fr").unwrap(), Language::French);
    assert_eq!(Language::of("de").unwrap_err().code(), "bad-option");
    assert_eq!(StoryKind::of("pair").unwrap(), StoryKind::Pair);
    assert!(StoryKind::of("poem").is_err());
}
