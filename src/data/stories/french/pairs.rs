//! Small tasks with their answers, for conversation and for text to text.

use super::super::choose::{capital, of, say, some};
use super::words::{COLOURS, DAYS, NUMBERS, PLACES, THINGS, elides};
use super::{other, person};
use crate::rng::Rng;

const OPPOSITES: [(&str, &str); 14] = [
    ("chaud", "froid"),
    ("grand", "petit"),
    ("jeune", "vieux"),
    ("rapide", "lent"),
    ("clair", "sombre"),
    ("mouillé", "sec"),
    ("gai", "triste"),
    ("plein", "vide"),
    ("haut", "bas"),
    ("ouvert", "fermé"),
    ("fort", "faible"),
    ("lourd", "léger"),
    ("large", "étroit"),
    ("facile", "difficile"),
];

const PLURALS: [(&str, &str); 14] = [
    ("un cheval", "des chevaux"),
    ("un œil", "des yeux"),
    ("un bateau", "des bateaux"),
    ("un genou", "des genoux"),
    ("un journal", "des journaux"),
    ("un nez", "des nez"),
    ("un chou", "des choux"),
    ("un travail", "des travaux"),
    ("une souris", "des souris"),
    ("un feu", "des feux"),
    ("un clou", "des clous"),
    ("une noix", "des noix"),
    ("un animal", "des animaux"),
    ("un oiseau", "des oiseaux"),
];

const FEMININES: [(&str, &str); 12] = [
    ("un acteur", "une actrice"),
    ("un boulanger", "une boulangère"),
    ("un chat", "une chatte"),
    ("un loup", "une louve"),
    ("un voisin", "une voisine"),
    ("un lion", "une lionne"),
    ("un danseur", "une danseuse"),
    ("un roi", "une reine"),
    ("un oncle", "une tante"),
    ("un frère", "une sœur"),
    ("un berger", "une bergère"),
    ("un coq", "une poule"),
];

/// The same in the present and in the perfect, with avoir, so that nothing agrees.
const PERFECTS: [(&str, &str); 10] = [
    ("chante", "a chanté"),
    ("dort", "a dormi"),
    ("court", "a couru"),
    ("joue", "a joué"),
    ("lit", "a lu"),
    ("attend", "a attendu"),
    ("dessine", "a dessiné"),
    ("mange", "a mangé"),
    ("rit", "a ri"),
    ("travaille", "a travaillé"),
];

/// What is counted; all feminine, so that `une` fits.
const COUNTED: [&str; 8] = ["billes", "pommes", "pièces", "plumes", "noix", "prunes", "perles", "images"];

/// A task and its answer.
pub(in super::super) fn pair(rng: &mut Rng) -> (String, String) {
    match rng.below(10) {
        0 => colour(rng),
        1 => whereabouts(rng),
        2 => sum(rng),
        3 => {
            let (word, opposite) = of(rng, &OPPOSITES);
            let (word, opposite) = if rng.below(2) == 0 { (word, opposite) } else { (opposite, word) };
            let of_word = if elides(word) { format!("d'{word}") } else { format!("de {word}") };
            (
                say(
                    rng,
                    [format!("Quel est le contraire {of_word} ?"), format!("Donne-moi le contraire de « {word} ».")],
                ),
                format!("Le contraire {of_word}, c'est {opposite}."),
            )
        }
        4 => {
            let (one, many) = of(rng, &PLURALS);
            (
                say(rng, [format!("Mets au pluriel : {one}."), format!("Quel est le pluriel de « {one} » ?")]),
                format!("{}.", capital(many)),
            )
        }
        5 => {
            let (him, her) = of(rng, &FEMININES);
            (format!("Mets au féminin : {him}."), format!("{}.", capital(her)))
        }
        6 => {
            let (who, place, (now, then)) = (person(rng).name, of(rng, &PLACES).at, of(rng, &PERFECTS));
            (format!("Mets au passé composé : {who} {now} {place}."), format!("{who} {then} {place}."))
        }
        7 => order(rng),
        8 => older(rng),
        _ => {
            let at = rng.below(7) as usize;
            let after = rng.below(2) == 0;
            let (day, next) = (DAYS[at], DAYS[(at + if after { 1 } else { 6 }) % 7]);
            let word = if after { "après" } else { "avant" };
            (format!("Quel jour vient {word} {day} ?"), format!("{} vient {word} {day}.", capital(next)))
        }
    }
}

fn colour(rng: &mut Rng) -> (String, String) {
    let who = person(rng);
    let [first, second] = some(rng, &THINGS);
    let [one, two] = some(rng, &COLOURS);
    let (asked, answer) = if rng.below(2) == 0 { (first, one) } else { (second, two) };
    (
        format!(
            "{} a {} {} et {} {}. Comment est {} ?",
            who.name,
            first.a(),
            one.with(first),
            second.a(),
            two.with(second),
            asked.the()
        ),
        say(
            rng,
            [
                format!("{} est {}.", capital(&asked.the()), answer.with(asked)),
                format!("{} {} est {}.", capital(&asked.the()), who.of(), answer.with(asked)),
            ],
        ),
    )
}

fn whereabouts(rng: &mut Rng) -> (String, String) {
    let one = person(rng);
    let two = other(rng, &[one]);
    let [here, there] = some(rng, &PLACES);
    let (asked, place) = if rng.below(2) == 0 { (one, here) } else { (two, there) };
    (
        format!("{} est {} et {} est {}. Où est {} ?", one.name, here.at, two.name, there.at, asked.name),
        format!("{} est {}.", asked.name, place.at),
    )
}

fn sum(rng: &mut Rng) -> (String, String) {
    let who = person(rng);
    let (n, il, things) = (who.name, who.he(), of(rng, &COUNTED));
    let of_things = if elides(things) { format!("d'{things}") } else { format!("de {things}") };
    let some = 2 + rng.below(5) as usize;
    let more = 2 + rng.below(5) as usize;
    if rng.below(2) == 0 {
        let asked = format!("{n} a {} {things} et en trouve {} de plus.", NUMBERS[some], NUMBERS[more]);
        (
            format!("{asked} Combien {of_things} a-t-{il} maintenant ?"),
            format!("{n} a {} {things}.", NUMBERS[some + more]),
        )
    } else {
        let asked = format!("{n} a {} {things} et en donne {}.", NUMBERS[some + more], NUMBERS[more]);
        (format!("{asked} Combien lui en reste-t-il ?"), format!("Il lui reste {} {things}.", NUMBERS[some]))
    }
}

fn order(rng: &mut Rng) -> (String, String) {
    // Accents would ask for a collation; these words have none that matters.
    let plain: Vec<&str> = THINGS.iter().map(|thing| thing.word).filter(|word| !word.starts_with('é')).collect();
    let mut words: [&str; 3] = some(rng, &plain);
    let asked = words.join(", ");
    words.sort_unstable();
    (format!("Range par ordre alphabétique : {asked}."), format!("{}.", capital(&words.join(", "))))
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
    let (most, answer) = if rng.below(2) == 0 { (true, older) } else { (false, younger) };
    let word = match (most, answer.she) {
        (true, true) => "la plus âgée",
        (true, false) => "le plus âgé",
        (false, _) => "plus jeune",
    };
    let asked = if most { "Qui est le plus âgé ?" } else { "Qui est le plus jeune ?" };
    let said = if most { word.to_string() } else { format!("{} {word}", if answer.she { "la" } else { "le" }) };
    (
        format!("{} a {} ans et {} a {} ans. {asked}", one.name, NUMBERS[first], two.name, NUMBERS[second]),
        format!("{} est {said}.", answer.name),
    )
}
