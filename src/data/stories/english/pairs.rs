//! Small tasks with their answers, for conversation and for text to text.

use super::super::choose::{capital, of, say, some};
use super::words::{COLOURS, DAYS, NUMBERS, PLACES, THINGS};
use super::{a, other, person};
use crate::rng::Rng;

const OPPOSITES: [(&str, &str); 14] = [
    ("hot", "cold"),
    ("big", "small"),
    ("young", "old"),
    ("fast", "slow"),
    ("early", "late"),
    ("light", "dark"),
    ("wet", "dry"),
    ("happy", "sad"),
    ("full", "empty"),
    ("high", "low"),
    ("open", "closed"),
    ("loud", "quiet"),
    ("strong", "weak"),
    ("near", "far"),
];

const PLURALS: [(&str, &str); 14] = [
    ("mouse", "mice"),
    ("child", "children"),
    ("foot", "feet"),
    ("tooth", "teeth"),
    ("goose", "geese"),
    ("leaf", "leaves"),
    ("knife", "knives"),
    ("sheep", "sheep"),
    ("box", "boxes"),
    ("cherry", "cherries"),
    ("key", "keys"),
    ("wolf", "wolves"),
    ("potato", "potatoes"),
    ("man", "men"),
];

const PASTS: [(&str, &str); 12] = [
    ("runs to", "ran to"),
    ("goes to", "went to"),
    ("walks to", "walked to"),
    ("thinks of", "thought of"),
    ("dreams of", "dreamed of"),
    ("comes from", "came from"),
    ("looks at", "looked at"),
    ("sees", "saw"),
    ("leaves", "left"),
    ("draws", "drew"),
    ("finds", "found"),
    ("likes", "liked"),
];

const COUNTED: [&str; 10] =
    ["marbles", "apples", "coins", "shells", "buttons", "feathers", "nuts", "stamps", "pencils", "plums"];

/// A task and its answer.
pub(in super::super) fn pair(rng: &mut Rng) -> (String, String) {
    match rng.below(9) {
        0 => colour(rng),
        1 => whereabouts(rng),
        2 => sum(rng),
        3 => {
            let (word, opposite) = of(rng, &OPPOSITES);
            let (word, opposite) = if rng.below(2) == 0 { (word, opposite) } else { (opposite, word) };
            (
                say(rng, [format!("What is the opposite of {word}?"), format!("Tell me the opposite of \"{word}\".")]),
                format!("The opposite of {word} is {opposite}."),
            )
        }
        4 => {
            let (one, many) = of(rng, &PLURALS);
            (
                say(rng, [format!("What is the plural of {one}?"), format!("One {one}, two what?")]),
                format!("The plural of {one} is {many}."),
            )
        }
        5 => {
            let (who, place, (now, then)) = (person(rng).name, of(rng, &PLACES).name, of(rng, &PASTS));
            (format!("Put into the past: {who} {now} {place}."), format!("{who} {then} {place}."))
        }
        6 => order(rng),
        7 => older(rng),
        _ => {
            let at = rng.below(7) as usize;
            let after = rng.below(2) == 0;
            let (day, next) = (DAYS[at], DAYS[(at + if after { 1 } else { 6 }) % 7]);
            let word = if after { "after" } else { "before" };
            (format!("Which day comes {word} {day}?"), format!("{next} comes {word} {day}."))
        }
    }
}

fn colour(rng: &mut Rng) -> (String, String) {
    let who = person(rng);
    let [first, second] = some(rng, &THINGS);
    // Only colours: the last two words of the list are none.
    let [one, two] = some(rng, &COLOURS[..10]);
    let (asked, answer) = if rng.below(2) == 0 { (first, one) } else { (second, two) };
    let n = who.name;
    (
        format!(
            "{n} has {} and {}. What colour is the {asked}?",
            a(&format!("{one} {first}")),
            a(&format!("{two} {second}"))
        ),
        say(rng, [format!("The {asked} is {answer}."), format!("{}'s {asked} is {answer}.", n)]),
    )
}

fn whereabouts(rng: &mut Rng) -> (String, String) {
    let one = person(rng);
    let two = other(rng, &[one]);
    let [here, there] = some(rng, &PLACES);
    let (asked, place) = if rng.below(2) == 0 { (one, here) } else { (two, there) };
    (
        format!("{} is {} and {} is {}. Where is {}?", one.name, here.at, two.name, there.at, asked.name),
        format!("{} is {}.", asked.name, place.at),
    )
}

fn sum(rng: &mut Rng) -> (String, String) {
    let who = person(rng);
    let (n, he, things) = (who.name, who.he(), of(rng, &COUNTED));
    let some = 2 + rng.below(5) as usize;
    let more = 2 + rng.below(5) as usize;
    if rng.below(2) == 0 {
        let asked = format!("{n} has {} {things} and finds {} more.", NUMBERS[some], NUMBERS[more]);
        (
            format!("{asked} How many {things} does {he} have now?"),
            format!("{n} has {} {things}.", NUMBERS[some + more]),
        )
    } else {
        let asked = format!("{n} has {} {things} and gives {} away.", NUMBERS[some + more], NUMBERS[more]);
        (format!("{asked} How many {things} are left?"), format!("{} {things} are left.", capital(NUMBERS[some])))
    }
}

fn order(rng: &mut Rng) -> (String, String) {
    let mut words: [&str; 3] = some(rng, &THINGS);
    let asked = words.join(", ");
    words.sort_unstable();
    (format!("Put in alphabetical order: {asked}."), format!("{}.", capital(&words.join(", "))))
}

fn older(rng: &mut Rng) -> (String, String) {
    let one = person(rng);
    let two = other(rng, &[one]);
    let [young, old] = {
        let mut ages: [usize; 2] = some(rng, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        ages.sort_unstable();
        ages
    };
    let (first, second) = if rng.below(2) == 0 { (young, old) } else { (old, young) };
    let (older, younger) = if first > second { (one, two) } else { (two, one) };
    let (word, answer) = if rng.below(2) == 0 { ("older", older) } else { ("younger", younger) };
    (
        format!("{} is {} years old and {} is {}. Who is {word}?", one.name, NUMBERS[first], two.name, NUMBERS[second]),
        format!("{} is {word}.", answer.name),
    )
}
