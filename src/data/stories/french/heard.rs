//! Two plots of sharing: coins that are enough only together, and a letter that asks for something.

use super::super::choose::{capital, of, say, some, told};
use super::words::{COLOURS, DAYS, HOMES, NUMBERS, PLACES, THINGS, TREATS};
use super::{Hero, calling, other, they};
use crate::rng::Rng;

/// Two want the same thing and have half the money each.
pub(super) fn coins(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let who = hero.who;
    let (n, il) = (who.name, who.he());
    let friend = other(rng, &[who]);
    let seller = other(rng, &[who, friend]);
    let (f, s, s_kind) = (friend.name, seller.name, calling(rng, seller));
    let thing = of(rng, &THINGS);
    let colour = of(rng, &COLOURS).with(thing);
    let mine = 2 + rng.below(5) as usize;
    let yours = 2 + rng.below(5) as usize;
    let (price, mine, yours) = (NUMBERS[mine + yours], NUMBERS[mine], NUMBERS[yours]);
    let [shop, quarrel] = some(rng, &PLACES);
    let [first, second] = some(rng, &DAYS);
    let (home, treat) = (of(rng, &HOMES), of(rng, &TREATS));
    let (the, a, this, e) = (thing.the(), thing.a(), thing.this(), thing.e());
    let (ils, tous, _) = they(who, friend);
    let neighbour = if friend.she { "sa voisine" } else { "son voisin" };
    let (le, it_is) = (thing.it(), thing.he());
    told(vec![
        say(
            rng,
            [
                format!("{n} était {} qui vivait {home}, tout près de chez {f}.", hero.kind),
                format!("{n}, {}, habitait {home}. {f} était {neighbour}.", hero.kind),
            ],
        ),
        say(
            rng,
            [
                format!("Un jour, {s}, {s_kind}, vendait {a} {colour} {}.", shop.at),
                format!("{}, {s}, {s_kind}, avait dressé un petit étal où l'on voyait {a} {colour}.", capital(shop.at)),
            ],
        ),
        format!("{} coûtait {price} pièces.", capital(it_is)),
        say(
            rng,
            [
                format!("{n} avait très envie {}, mais {il} n'avait que {mine} pièces.", of_the(&the)),
                format!("« Je veux {this} {colour} », dit {n}. Mais dans sa poche, il n'y avait que {mine} pièces."),
            ],
        ),
        say(
            rng,
            [
                format!("{f} {le} voulait aussi, et {f} avait {yours} pièces."),
                format!("« Non, c'est moi qui {le} veux », dit {f}, qui avait {yours} pièces."),
            ],
        ),
        say(
            rng,
            [
                format!("{} se disputèrent en marchant et se retrouvèrent {}.", capital(ils), quarrel.at),
                format!("La dispute continua {}, jusqu'à la fatigue.", quarrel.at),
            ],
        ),
        say(
            rng,
            [
                format!("Alors {n} se mit à compter. « Tu as {yours} pièces et j'en ai {mine}. Cela fait {price} ! »"),
                format!(
                    "Soudain, {f} s'arrêta. « {} et {yours} font {price} », dit-{} lentement.",
                    capital(mine),
                    friend.he()
                ),
            ],
        ),
        say(
            rng,
            [
                format!("{tous} deux retournèrent en courant {}, où {s} rangeait déjà.", shop.to),
                format!("Hors d'haleine, {ils} revinrent {}. {s} était encore là.", shop.to),
            ],
        ),
        say(
            rng,
            [
                format!("« Voici {price} pièces », dirent-{ils} ensemble, et {s} leur tendit {the} {colour}."),
                format!(
                    "{} posèrent {price} pièces sur la table, et {the} fut à {}.",
                    capital(ils),
                    if ils == "elles" { "elles" } else { "eux" }
                ),
            ],
        ),
        say(
            rng,
            [
                format!("« {} sera à toi le {first} et à moi le {second} », dit {n}.", capital(it_is)),
                format!("On décida {} l'aurait le {first} et {n} le {second}.", friend.that()),
            ],
        ),
        say(
            rng,
            [
                format!("Ainsi, chaque {second}, on voit {n} avec {the}, et chaque {first}, on voit {f}."),
                format!(
                    "Et c'est ce qui arriva : le {first}, {f} avait {the} {colour}, et le {second}, c'était le tour {}.",
                    who.of()
                ),
            ],
        ),
        say(
            rng,
            [
                format!("Les autres jours, {ils} en profitent ensemble et partagent {treat}."),
                format!("Partagé{e}, {the} {colour} leur plut deux fois plus."),
            ],
        ),
    ])
}

/// du, de la, de l' from the noun with its article
fn of_the(the: &str) -> String {
    the.strip_prefix("le ").map_or(format!("de {the}"), |word| format!("du {word}"))
}

/// A letter without a name asks for a thing at a place; who wrote it?
pub(super) fn letter(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let who = hero.who;
    let (n, il) = (who.name, who.he());
    let writer = other(rng, &[who]);
    let helper = other(rng, &[who, writer]);
    let (w, h, h_kind) = (writer.name, helper.name, calling(rng, helper));
    let thing = of(rng, &THINGS);
    let colour = of(rng, &COLOURS).with(thing);
    let [found, meeting] = some(rng, &PLACES);
    let day = of(rng, &DAYS);
    let (home, treat) = (of(rng, &HOMES), of(rng, &TREATS));
    let (the, a) = (thing.the(), thing.a());
    let (ils, _, _) = they(who, writer);
    let (seul, surpris) = (if who.she { "seule" } else { "seul" }, if who.she { "surprise" } else { "surpris" });
    let inconnu = if writer.she { "l'inconnue" } else { "l'inconnu" };
    let friend = if writer.she { "une amie" } else { "un ami" };
    told(vec![
        say(
            rng,
            [
                format!("{n}, {}, vivait {home} et se sentait souvent {seul}.", hero.kind),
                format!("{n} était {}. {} vivait {home} et n'avait personne avec qui jouer.", hero.kind, capital(il)),
            ],
        ),
        say(
            rng,
            [
                format!("Un matin, {il} trouva une lettre {}, {}.", found.at, found.spot),
                format!("Un matin, {}, une lettre attendait, {}.", found.at, found.spot),
            ],
        ),
        say(
            rng,
            [
                format!("« Apporte {a} {colour} {} {day} », disait la lettre. Il n'y avait pas de nom.", meeting.to),
                format!(
                    "Personne ne l'avait signée. On y lisait seulement : « Viens {day} {}. J'ai besoin d'{a} {colour}. »",
                    meeting.at
                ),
            ],
        ),
        say(
            rng,
            [
                format!("{n} n'avait rien de tel et demanda à {h}, {h_kind}."),
                format!("Où trouver cela ? {} alla voir {h}, {h_kind}.", capital(il)),
            ],
        ),
        say(
            rng,
            [
                format!(
                    "« {} {colour} ? dit {h}. Oui, j'en ai {}. Mais il faudra me {} rendre. »",
                    capital(&a),
                    if thing.she { "une" } else { "un" },
                    thing.it()
                ),
                format!("{h} chercha longtemps et sortit enfin {a} {colour} d'un tiroir."),
            ],
        ),
        say(
            rng,
            [
                format!("Le {day}, {n} arriva beaucoup trop tôt au rendez-vous."),
                format!("Le {day} venu, {n} alla {} avec {the} dans son sac.", meeting.to),
            ],
        ),
        say(
            rng,
            [
                format!("Quelqu'un attendait déjà, {}.", meeting.spot),
                format!("Là, {}, il y avait quelqu'un {} n'avait jamais vu.", meeting.spot, who.that()),
            ],
        ),
        say(
            rng,
            [
                format!("« Je m'appelle {w}, dit {inconnu}. C'est moi qui ai écrit la lettre. As-tu {the} ? »"),
                format!("« Bonjour, je suis {w}. La lettre, c'était moi. Est-ce bien {} {colour} ? »", the),
            ],
        ),
        say(
            rng,
            [
                format!("« Mais pourquoi {a} {colour} ? » demanda {n}."),
                format!("{n} tendit {the}. « Qu'est-ce que tu veux en faire ? »"),
            ],
        ),
        say(
            rng,
            [
                format!("« Je n'en avais pas besoin, dit {w}. J'avais besoin de quelqu'un qui vienne. »"),
                format!(
                    "{w} se mit à rire. « Rien du tout. Je voulais seulement trouver {}. »",
                    if who.she { "une amie" } else { "un ami" }
                ),
            ],
        ),
        say(
            rng,
            [
                format!("{n} fut d'abord {surpris}, puis {il} rit aussi."),
                format!("C'était justement ce que cherchait {n} : {friend}."),
            ],
        ),
        say(
            rng,
            [
                format!("Le soir, {ils} rapportèrent {the} {colour} à {h}, qui leur offrit {treat}."),
                format!("{} rendirent {the} à {h}, et {h} partagea {treat} avec {n} et {w}.", capital(ils)),
            ],
        ),
        say(
            rng,
            [
                format!("Depuis, {n} et {w} se retrouvent {} tous les {day}s.", meeting.at),
                format!("Et chaque {day}, on peut voir {w} et {n} {}.", meeting.at),
            ],
        ),
    ])
}
