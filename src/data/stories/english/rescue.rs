//! Two plots of courage: a small animal that pays its rescue back, and a fear that is overcome.

use super::super::choose::{capital, of, say, some, told};
use super::words::{COLOURS, DAYS, FEARS, HELPERS, HOMES, PLACES, SMALL, THINGS, TRAPS};
use super::{Hero, a, other};
use crate::rng::Rng;

/// A small animal is freed, and later shows the way.
pub(super) fn small_animal(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let n = hero.who.name;
    let (he, him, his) = (hero.who.he(), hero.who.him(), hero.who.his());
    let small = other(rng, &[hero.who]);
    let helper = other(rng, &[hero.who, small]);
    let (s, h, h_kind) = (small.name, helper.name, of(rng, &HELPERS));
    let animal = of(rng, &SMALL);
    let (trap, too, tool, freed) = of(rng, &TRAPS);
    let [walk, lost] = some(rng, &PLACES);
    let [day, later] = some(rng, &DAYS);
    let home = of(rng, &HOMES);
    told(vec![
        say(
            rng,
            [
                format!("{n} was {} who lived {home}.", hero.kind),
                format!("This is the story of {n}, {} who lived {home}.", hero.kind),
            ],
        ),
        say(
            rng,
            [
                format!("One {day} {he} was on the way to {} when {he} heard a faint cry.", walk.name),
                format!("On {day}, {}, {he} heard somebody call for help.", walk.at),
            ],
        ),
        say(
            rng,
            [
                format!("There, {trap}, sat a {animal} named {s}."),
                format!("It was {s}, a little {animal}, caught {trap}."),
            ],
        ),
        say(
            rng,
            [
                format!("\"I cannot get out,\" said {s}. \"It is {too} for me.\""),
                format!("\"Help me!\" cried {s}. \"It is {too}, and I am so small.\""),
            ],
        ),
        say(
            rng,
            [
                format!("{n} tried with {his} bare hands, but it did not work."),
                format!("{n} tried once, twice, three times. It was {too} for {him} too."),
            ],
        ),
        say(
            rng,
            [
                format!("\"Wait here, {s},\" said {n}, and ran to fetch {h}, {h_kind}."),
                format!("Then {he} remembered {h}, {h_kind}, and ran as fast as {he} could."),
            ],
        ),
        say(
            rng,
            [
                format!("{h} brought {tool}."),
                format!("Luckily {h} had {tool}."),
                format!("\"For that we need {tool},\" said {h}."),
            ],
        ),
        say(
            rng,
            [
                format!("Together they {freed}, and at last {s} was free."),
                format!("{h} and {n} {freed}. Soon the {animal} was safe."),
            ],
        ),
        say(
            rng,
            [
                format!("\"I will never forget this, {n},\" said {s}."),
                format!("\"One day I will help you too,\" said the {animal}. {n} laughed, because {s} was so small."),
            ],
        ),
        say(
            rng,
            [
                format!("The following {later} {n} went to {}, and night fell before {he} could turn back.", lost.name),
                format!("But on {later} {n} stayed too long {}, and a fog came up.", lost.at),
            ],
        ),
        say(
            rng,
            [
                format!("{} could not find the way home. Then a voice called: \"{n}! Follow me!\"", capital(he)),
                format!(
                    "{} was lost, and {he} was afraid. Suddenly {he} heard a small voice in the dark.",
                    capital(he)
                ),
            ],
        ),
        say(
            rng,
            [
                format!("It was {s}, the {animal} that had been caught {trap}."),
                format!("It was the {animal}! \"You saved me,\" said {s}. \"Now it is my turn.\""),
            ],
        ),
        say(
            rng,
            [
                format!("{s} led {him} all the way from {} to {his} door.", lost.name),
                format!("Step by step {s} showed {him} the way, and before midnight {n} was at home."),
            ],
        ),
        say(
            rng,
            [
                format!("Since then {n} has known that even a small {animal} can be a great friend."),
                format!("\"Small friends can be the best ones,\" {n} told {h} the next morning."),
            ],
        ),
    ])
}

/// Somebody is afraid, goes all the same for a friend's sake, and hands the comfort on.
pub(super) fn fear(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let n = hero.who.name;
    let (he, him, his) = (hero.who.he(), hero.who.him(), hero.who.his());
    let friend = other(rng, &[hero.who]);
    let child = other(rng, &[hero.who, friend]);
    let helper = other(rng, &[hero.who, friend, child]);
    let (f, c, h, h_kind) = (friend.name, child.name, helper.name, of(rng, &HELPERS));
    let (fear, when) = of(rng, &FEARS);
    let (colour, thing) = (of(rng, &COLOURS), of(rng, &THINGS));
    let a_thing = a(&format!("{colour} {thing}"));
    let [place, evening] = some(rng, &PLACES);
    let home = of(rng, &HOMES);
    told(vec![
        say(
            rng,
            [
                format!("{n} was {} who lived {home} and was afraid of {fear}.", hero.kind),
                format!(
                    "There was once {} named {n}, who lived {home}. Only one thing frightened {him}: {fear}.",
                    hero.kind
                ),
            ],
        ),
        say(
            rng,
            [
                format!("{} always hid {when}, and the others laughed.", capital(he)),
                format!("Whenever the others laughed at {him}, {f} did not. {f} was {his} best friend."),
            ],
        ),
        say(
            rng,
            [
                format!("One day {he} told {h}, {h_kind}, about it."),
                format!("{h}, {h_kind}, noticed it and called {him}."),
            ],
        ),
        say(
            rng,
            [
                format!("\"Take this {colour} {thing},\" said {h}. \"Hold it tight when you are afraid of {fear}.\""),
                format!(
                    "{h} gave {him} {a_thing}. \"It cannot take {fear} away,\" said {h}, \"but it can keep you company.\""
                ),
            ],
        ),
        say(
            rng,
            [
                format!("A week later {f} did not come home from {}.", place.name),
                format!(
                    "One evening, {}, everybody asked where {f} was. Somebody had seen {} {}.",
                    evening.at,
                    friend.him(),
                    place.at
                ),
            ],
        ),
        say(
            rng,
            [
                format!("Nobody dared to go. {n} thought of {fear} and trembled."),
                format!("{n} had to go there alone, and {he} knew that {fear} would be waiting for {him}."),
            ],
        ),
        say(
            rng,
            [
                format!("But {he} took the {thing} in {his} hand and went."),
                format!("\"{f} would come for me,\" {he} said, and held the {colour} {thing} tight."),
            ],
        ),
        say(
            rng,
            [
                format!("{f} was sitting {}, {}, with a hurt foot.", place.at, place.spot),
                format!("{} found {f} {}, cold and tired.", capital(he), place.spot),
            ],
        ),
        say(
            rng,
            [
                format!("\"You came, {n}! And what about {fear}?\" \"I forgot to be afraid,\" said {n}."),
                format!("\"Were you not afraid of {fear}?\" asked {f}. \"Yes,\" said {n}, \"but I had my {thing}.\""),
            ],
        ),
        say(
            rng,
            [
                format!("{n} helped {} up, and they walked home slowly, arm in arm.", friend.him()),
                format!("Leaning on {n}, {f} came home before dark."),
            ],
        ),
        say(
            rng,
            [
                format!("Many years later {n} met a child named {c}, who was afraid of {fear}."),
                format!("The next spring a new child, {c}, came to the village and hid {when}."),
            ],
        ),
        say(
            rng,
            [
                format!("{n} gave {c} the {colour} {thing}. \"Hold it tight,\" {he} said."),
                format!("\"I know something that helps,\" said {n}, and put the {thing} into {} hand.", child.his()),
            ],
        ),
        say(rng, [format!("And {h} saw it and smiled."), format!("That is how the {thing} found a new friend.")]),
    ])
}
