//! Two plots of something missing: a treasure that is found where it was left, a dish that lacks one thing.

use super::super::choose::{capital, of, say, some, sometimes, told};
use super::words::{COLOURS, DECOYS, DISHES, GIVERS, HELPERS, HOMES, PLACES, TASKS, THINGS, TREATS, WEATHERS};
use super::{Hero, a, other};
use crate::rng::Rng;

/// A treasure is lost, and found where its owner had played.
pub(super) fn treasure(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let n = hero.who.name;
    let (he, him, his) = (hero.who.he(), hero.who.him(), hero.who.his());
    let helper = other(rng, &[hero.who]);
    let (h, h_kind) = (helper.name, of(rng, &HELPERS));
    let (home, colour, thing) = (of(rng, &HOMES), of(rng, &COLOURS), of(rng, &THINGS));
    let giver = of(rng, &GIVERS);
    let [lost, first, second] = some(rng, &PLACES);
    let [decoy, nothing] = some(rng, &DECOYS);
    let treat = of(rng, &TREATS);
    let a_thing = a(&format!("{colour} {thing}"));
    told(vec![
        say(
            rng,
            [
                format!("Once upon a time there was {} named {n}, who lived {home}.", hero.kind),
                format!("{n} was {} who lived {home}.", hero.kind),
                format!("There once lived, {home}, {} called {n}.", hero.kind),
            ],
        ),
        say(
            rng,
            [
                format!("{} dearest treasure was {a_thing}, a present from {his} {giver}.", capital(his)),
                format!(
                    "On {his} birthday {his} {giver} had given {him} {a_thing}, and {he} never went anywhere without it."
                ),
                format!("{} had {a_thing} that {his} {giver} had made for {him}.", capital(he)),
            ],
        ),
        say(
            rng,
            [
                format!("One morning {n} played {} until the bells rang for lunch.", lost.at),
                format!("One morning {he} went to {} to play, and {he} stayed there until {he} was hungry.", lost.name),
                format!("One day {n} spent the whole morning {}.", lost.at),
            ],
        ),
        say(
            rng,
            [
                format!("But when {he} came home, the {thing} was gone!"),
                format!("Back at home, {he} looked for the {thing} and could not find it."),
                format!("In the afternoon {he} noticed that the {colour} {thing} was missing."),
            ],
        ),
        say(
            rng,
            [
                format!("{n} ran to {}, but {he} saw only {decoy} there.", first.name),
                format!("First {he} searched {}. {} found nothing but {decoy}.", first.at, capital(he)),
            ],
        ),
        say(
            rng,
            [
                format!("Then {he} looked {}, and there {he} found {nothing}, but no {thing}.", second.at),
                format!("Then {he} went to {}. {} saw {nothing} there, but no {thing}.", second.name, capital(he)),
            ],
        ),
        say(
            rng,
            [
                format!("{n} sat down and began to cry."),
                format!("{n} did not know what to do."),
                format!("\"I will never see it again,\" said {n}."),
            ],
        ),
        say(
            rng,
            [
                format!("Just then {h}, {h_kind}, came along. \"Why are you so sad?\""),
                format!("There {he} met {h}, {h_kind}. \"What is the matter?\" asked {h}."),
            ],
        ),
        say(
            rng,
            [
                format!("\"I have lost my {colour} {thing},\" said {n}. \"My {giver} gave it to me.\""),
                format!("\"My {thing} is gone, the {colour} one from my {giver},\" {he} answered."),
            ],
        ),
        say(
            rng,
            [
                format!(
                    "\"Where did you play this morning?\" asked {h}. {n} thought for a moment. \"{}!\"",
                    capital(lost.at)
                ),
                format!(
                    "\"Think back,\" said {h}. \"Where were you before lunch?\" \"{}!\" cried {n}.",
                    capital(lost.at)
                ),
            ],
        ),
        say(
            rng,
            [
                format!("They hurried to {} together, and there, {}, lay the {colour} {thing}.", lost.name, lost.spot),
                format!(
                    "So the two of them went to {}. And what lay there, {}? The {colour} {thing}!",
                    lost.name, lost.spot
                ),
            ],
        ),
        say(
            rng,
            [
                format!("{n} was so happy that {he} gave {h} some {treat}."),
                format!("\"Thank you, {h}!\" said {n}, and they shared some {treat}."),
            ],
        ),
        say(
            rng,
            [
                format!("Since that day {n} looks twice before leaving {}.", lost.name),
                format!("And when {his} {giver} came to visit, {n} still had the {thing}."),
                format!("From then on {n} and {h} were friends, and the {thing} never got lost again."),
            ],
        ),
    ])
}

/// A dish needs three things; for the third, work must be done.
pub(super) fn dish(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let n = hero.who.name;
    let (he, him, his) = (hero.who.he(), hero.who.him(), hero.who.his());
    let friend = other(rng, &[hero.who]);
    let helper = other(rng, &[hero.who, friend]);
    let (f, h, h_kind) = (friend.name, helper.name, of(rng, &HELPERS));
    let (dish, parts, portion) = of(rng, &DISHES);
    let [one, two, missing] = some(rng, &parts);
    let (task, done, matter) = of(rng, &TASKS);
    let (weather, arrived) = of(rng, &WEATHERS);
    let place = of(rng, &PLACES);
    let home = of(rng, &HOMES);
    let none = missing.trim_start_matches("a ");
    told(vec![
        say(
            rng,
            [
                format!(
                    "Tomorrow was {f}'s birthday, and {n}, {} who lived {home}, wanted to make {dish} for {}.",
                    hero.kind,
                    friend.him()
                ),
                format!(
                    "{n} was {} who lived {home}. {} best friend was called {f}, and {f} loved {dish}.",
                    hero.kind,
                    capital(his)
                ),
            ],
        ),
        say(
            rng,
            [
                format!("For {dish} one needs {one}, {two} and {missing}."),
                format!("\"I need {one}, {two} and {missing},\" said {n}."),
            ],
        ),
        say(
            rng,
            [
                format!("{} found {one} and {two} in the kitchen, but no {none}.", capital(he)),
                format!("In the kitchen there was plenty of everything but {none}."),
            ],
        ),
        say(
            rng,
            [
                format!("The shop was closed, so {he} went to see {h}, {h_kind} who lived {}.", place.at),
                format!("So {n} set out for {}, where {h} lived, {h_kind}.", place.name),
            ],
        ),
        weather.to_string(),
        format!("{n} arrived {arrived}."),
        say(
            rng,
            [
                format!("\"Could you give me some {none}?\" {he} asked. \"It is for {f}.\""),
                format!("\"I am making {dish} for {f},\" {he} said, \"and I have no {none}.\""),
            ],
        ),
        say(
            rng,
            [
                format!("\"Gladly,\" said {h}, \"but first you must {task}.\""),
                format!("\"Yes, if you {task},\" answered {h}. \"I am too busy today.\""),
            ],
        ),
        say(
            rng,
            [format!("It took a long time, but {n} {done}."), format!("{n} did not complain. {} {done}.", capital(he))],
        ),
        say(
            rng,
            [
                format!("{h} looked at {matter} and was pleased. \"Here you are: {missing}, as I promised.\""),
                format!("\"Well done!\" said {h}, and gave {him} {missing}."),
            ],
        ),
        say(
            rng,
            [
                format!("{n} ran home and made the {dish} that very evening."),
                format!("That evening the whole house smelled of {dish}."),
            ],
        ),
        say(
            rng,
            [
                format!("The next day {f} tasted it and smiled. \"This is the best {dish} in the world!\""),
                format!("When {f} came in and saw the {dish}, {} clapped {} hands.", friend.he(), friend.his()),
            ],
        ),
        match sometimes(rng, 5) {
            true => {
                format!(
                    "And there was a big {portion} left for {h}, because without {h} there would have been no {none}."
                )
            }
            false => format!("{n} kept the last {portion} for {h}, and carried it back to {}.", place.name),
        },
    ])
}
