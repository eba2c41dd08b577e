//! The story world in English.
//!
//! In: the stream of one story. Out: a tale, a task with its answer, or a sentence whose last word says what `it` is.
//! What is said early in a tale (names, things, colours, places, promises) decides what is said late in it.

mod heard;
mod lost;
mod pairs;
mod pronouns;
mod rescue;
mod words;

use super::choose::of;
use crate::rng::Rng;
use words::{BOYS, COLOURS, DISHES, FOLK, GIRLS, GIVERS, HELPERS, HOMES, PLACES, Person, THINGS, TRAITS};

pub(super) use pairs::pair;
pub(super) use pronouns::pronoun;

/// A tale.
pub(super) fn tale(rng: &mut Rng) -> String {
    match rng.below(6) {
        0 => lost::treasure(rng),
        1 => lost::dish(rng),
        2 => rescue::small_animal(rng),
        3 => rescue::fear(rng),
        4 => heard::coins(rng),
        _ => heard::letter(rng),
    }
}

/// Tales that differ in the words of one plot alone: each word stands in the text, so no two are the same.
pub(super) fn distinct() -> u64 {
    let names = (GIRLS.len() + BOYS.len()) as u64;
    let places = PLACES.len() as u64;
    let hero = names * FOLK.len() as u64 * TRAITS.len() as u64 * HOMES.len() as u64;
    let treasure = COLOURS.len() as u64 * THINGS.len() as u64 * GIVERS.len() as u64;
    let treasures = hero * treasure * HELPERS.len() as u64 * places * (places - 1) * (places - 2);
    treasures + hero * DISHES.len() as u64 * 3
}

/// The one whom a tale is about.
struct Hero {
    who: Person,
    /// With its article: a shy fox.
    kind: String,
}

impl Hero {
    fn new(rng: &mut Rng) -> Hero {
        let who = person(rng);
        let folk = of(rng, &FOLK);
        let folk = match (folk, who.she) {
            ("girl or boy", true) => "girl",
            ("girl or boy", false) => "boy",
            (folk, _) => folk,
        };
        Hero { who, kind: format!("a {} {folk}", of(rng, &TRAITS)) }
    }
}

fn person(rng: &mut Rng) -> Person {
    let she = rng.below(2) == 0;
    Person { name: of(rng, if she { &GIRLS } else { &BOYS }), she }
}

/// Somebody with another name.
fn other(rng: &mut Rng, than: &[Person]) -> Person {
    loop {
        let found = person(rng);
        if than.iter().all(|known| known.name != found.name) {
            return found;
        }
    }
}

/// `a` or `an` before a word.
fn a(word: &str) -> String {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']) && !word.starts_with("uni");
    format!("{} {word}", if vowel { "an" } else { "a" })
}
