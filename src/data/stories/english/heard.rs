//! Two plots of sharing: coins that are enough only together, and a letter that asks for something.

use super::super::choose::{capital, of, say, some, told};
use super::words::{COLOURS, DAYS, HELPERS, HOMES, NUMBERS, PLACES, THINGS, TREATS};
use super::{Hero, a, other};
use crate::rng::Rng;

/// Two want the same thing and have half the money each.
pub(super) fn coins(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let n = hero.who.name;
    let (he, his) = (hero.who.he(), hero.who.his());
    let friend = other(rng, &[hero.who]);
    let seller = other(rng, &[hero.who, friend]);
    let (f, s, s_kind) = (friend.name, seller.name, of(rng, &HELPERS));
    let (colour, thing) = (of(rng, &COLOURS), of(rng, &THINGS));
    let a_thing = a(&format!("{colour} {thing}"));
    let mine = 2 + rng.below(5) as usize;
    let yours = 2 + rng.below(5) as usize;
    let (price, mine, yours) = (NUMBERS[mine + yours], NUMBERS[mine], NUMBERS[yours]);
    let [shop, quarrel] = some(rng, &PLACES);
    let [first, second] = some(rng, &DAYS);
    let (home, treat) = (of(rng, &HOMES), of(rng, &TREATS));
    told(vec![
        say(
            rng,
            [
                format!("{n} was {} who lived {home}, next to {f}.", hero.kind),
                format!("{n}, {}, lived {home}. {f} lived in the house next door.", hero.kind),
            ],
        ),
        say(
            rng,
            [
                format!("One day {s}, {s_kind}, was selling {a_thing} {}.", shop.at),
                format!("{}, {s}, {s_kind}, had put up a little stall, and on it lay {a_thing}.", capital(shop.at)),
            ],
        ),
        format!("It cost {price} coins."),
        say(
            rng,
            [
                format!("{n} wanted the {thing} very much, but {he} had only {mine} coins."),
                format!(
                    "\"I want that {colour} {thing},\" said {n}. But in {his} pocket there were just {mine} coins."
                ),
            ],
        ),
        say(
            rng,
            [
                format!("{f} wanted it too, and {f} had {yours} coins."),
                format!("\"No, I want it,\" said {f}, who had {yours} coins."),
            ],
        ),
        say(
            rng,
            [
                format!("They quarrelled all the way to {}.", quarrel.name),
                format!("They began to quarrel, and they went on {}, until both were tired.", quarrel.at),
            ],
        ),
        say(
            rng,
            [
                format!("Then {n} began to count. \"You have {yours} coins and I have {mine}. That makes {price}!\""),
                format!(
                    "Suddenly {f} stopped. \"{} and {yours} make {price},\" {} said slowly.",
                    capital(mine),
                    friend.he()
                ),
            ],
        ),
        say(
            rng,
            [
                format!("They ran back to {}, where {s} was already packing up.", shop.name),
                format!("Out of breath, they came back to {}. {s} was still there.", shop.name),
            ],
        ),
        say(
            rng,
            [
                format!("\"Here are {price} coins,\" they said together, and {s} handed them the {colour} {thing}."),
                format!("They put {price} coins on the table, and the {thing} was theirs."),
            ],
        ),
        say(
            rng,
            [
                format!("\"It is yours on {first} and mine on {second},\" said {n}."),
                format!("They agreed that {f} would have it on {first} and {n} on {second}."),
            ],
        ),
        say(
            rng,
            [
                format!(
                    "So every {second} you can see {n} with the {thing}, and every {first} you can see {f} with it."
                ),
                format!("And so it was: on {first} {f} had the {colour} {thing}, and on {second} it was {n}'s turn."),
            ],
        ),
        say(
            rng,
            [
                format!("On all the other days they play with it together and eat {treat}."),
                format!("\"With {treat} it is even better,\" said {s}, and {s} was right."),
            ],
        ),
    ])
}

/// A letter without a name asks for a thing at a place; who wrote it?
pub(super) fn letter(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let n = hero.who.name;
    let (he, him, his) = (hero.who.he(), hero.who.him(), hero.who.his());
    let writer = other(rng, &[hero.who]);
    let helper = other(rng, &[hero.who, writer]);
    let (w, h, h_kind) = (writer.name, helper.name, of(rng, &HELPERS));
    let (colour, thing) = (of(rng, &COLOURS), of(rng, &THINGS));
    let a_thing = a(&format!("{colour} {thing}"));
    let [found, meeting] = some(rng, &PLACES);
    let day = of(rng, &DAYS);
    let (home, treat) = (of(rng, &HOMES), of(rng, &TREATS));
    told(vec![
        say(
            rng,
            [
                format!("{n}, {}, lived {home} and often felt alone.", hero.kind),
                format!("{n} was {}. {} lived {home} and had nobody to play with.", hero.kind, capital(he)),
            ],
        ),
        say(
            rng,
            [
                format!("One morning {he} found a letter {}, {}.", found.at, found.spot),
                format!("One morning, {}, there lay a letter, {}.", found.at, found.spot),
            ],
        ),
        say(
            rng,
            [
                format!("\"Please bring {a_thing} to {} on {day},\" it said. There was no name.", meeting.name),
                format!("Nobody had signed it. It said only: \"On {day} come to {}. I need {a_thing}.\"", meeting.name),
            ],
        ),
        say(
            rng,
            [
                format!("{n} had no {thing}, so {he} asked {h}, {h_kind}."),
                format!("Where could {he} find one? {} went to {h}, {h_kind}.", capital(he)),
            ],
        ),
        say(
            rng,
            [
                format!("\"{} {thing}?\" said {h}. \"Yes, I have one. But bring it back.\"", capital(&a(colour))),
                format!("{h} searched for a long time and at last pulled {a_thing} out of a drawer."),
            ],
        ),
        say(
            rng,
            [
                format!("On {day} {n} was at the right place much too early."),
                format!("{day} came, and {n} went to {} with the {thing} in {his} bag.", meeting.name),
            ],
        ),
        say(
            rng,
            [
                format!("Somebody was already waiting there, {}.", meeting.spot),
                format!("There, {}, sat somebody whom {he} had never seen.", meeting.spot),
            ],
        ),
        say(
            rng,
            [
                format!("\"I am {w},\" said the stranger. \"I wrote the letter. Did you bring the {thing}?\""),
                format!("\"Good day, I am {w}. The letter was mine. Is that the {colour} {thing}?\""),
            ],
        ),
        say(
            rng,
            [
                format!("\"But why {a_thing}?\" asked {n}."),
                format!("{n} held out the {thing}. \"What do you need it for?\""),
            ],
        ),
        say(
            rng,
            [
                format!("\"I did not need it,\" said {w}. \"I needed somebody who would come.\""),
                format!("{w} laughed. \"For nothing at all. I only wanted to find a friend.\""),
            ],
        ),
        say(
            rng,
            [
                format!("{n} was surprised at first, but then {he} laughed as well."),
                format!("That was just what {n} had been looking for too."),
            ],
        ),
        say(
            rng,
            [
                format!("In the evening they brought the {colour} {thing} back to {h}, who gave them {treat}."),
                format!("They returned the {thing} to {h}, and {h} invited {him} and {w} to eat {treat}."),
            ],
        ),
        say(
            rng,
            [
                format!("Since then {n} and {w} have met {} every {day}.", meeting.at),
                format!("And every {day} you can find {w} and {n} {}.", meeting.at),
            ],
        ),
    ])
}
