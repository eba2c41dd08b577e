//! The story world in French.
//!
//! In: the stream of one story. Out: a tale, a task with its answer, or a sentence whose last word says what « il » is.
//! Articles, elisions, possessives, participles and pronouns follow the gender of their nouns, which the words carry.

mod heard;
mod lost;
mod pairs;
mod pronouns;
mod rescue;
mod words;

use super::choose::of;
use crate::rng::Rng;
use words::{BOYS, COLOURS, FOLK, GIRLS, GIVERS, HELPERS, HOMES, Noun, PLACES, Person, THINGS, TRAITS};

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
    hero * treasure * HELPERS.len() as u64 * places * (places - 1) * (places - 2)
}

/// The one whom a tale is about.
struct Hero {
    who: Person,
    /// With its article: une lapine curieuse.
    kind: String,
}

impl Hero {
    fn new(rng: &mut Rng) -> Hero {
        let who = person(rng);
        let (him, her) = of(rng, &FOLK);
        let noun = Noun { word: if who.she { her } else { him }, she: who.she };
        Hero { who, kind: format!("{} {}", noun.a(), of(rng, &TRAITS).with(noun)) }
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

/// What a helper is, with its article.
fn calling(rng: &mut Rng, helper: Person) -> &'static str {
    let (him, her) = of(rng, &HELPERS);
    if helper.she { her } else { him }
}

/// Two together: ils, elles; tous, toutes; amis, amies.
fn they(one: Person, two: Person) -> (&'static str, &'static str, &'static str) {
    match one.she && two.she {
        true => ("elles", "Toutes", "amies"),
        false => ("ils", "Tous", "amis"),
    }
}
