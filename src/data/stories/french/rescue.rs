//! Two plots of courage: a small animal that pays its rescue back, and a fear that is overcome.

use super::super::choose::{capital, of, say, some, told};
use super::words::{COLOURS, DAYS, FEARS, HOMES, PLACES, Person, SMALL, THINGS, TRAPS};
use super::{Hero, calling, other, person, they};
use crate::rng::Rng;

/// A small animal is freed, and later shows the way.
pub(super) fn small_animal(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let who = hero.who;
    let (n, il) = (who.name, who.he());
    let animal = of(rng, &SMALL);
    // The animal's name goes with its noun.
    let small = loop {
        let found: Person = person(rng);
        if found.she == animal.she && found.name != who.name {
            break found;
        }
    };
    let helper = other(rng, &[who, small]);
    let (s, h, h_kind) = (small.name, helper.name, calling(rng, helper));
    let (trap, too, tool, freed) = of(rng, &TRAPS);
    let [walk, lost] = some(rng, &PLACES);
    let [day, later] = some(rng, &DAYS);
    let home = of(rng, &HOMES);
    let (petit, e) = (if small.she { "petite" } else { "petit" }, small.e());
    let (seul, perdu) = (if who.she { "Toute seule" } else { "Tout seul" }, if who.she { "perdue" } else { "perdu" });
    let free = if small.she { "libre et toute contente" } else { "libre et tout content" };
    let together = they(who, helper).0;
    told(vec![
        say(
            rng,
            [
                format!("{n} était {} qui habitait {home}.", hero.kind),
                format!("Voici l'histoire {}, {} qui vivait {home}.", who.of(), hero.kind),
            ],
        ),
        say(
            rng,
            [
                format!("Un {day}, en allant {}, {il} entendit un faible cri.", walk.to),
                format!("Un {day}, {}, {il} entendit quelqu'un appeler à l'aide.", walk.at),
            ],
        ),
        say(
            rng,
            [
                format!("Là, {trap}, il y avait {} qui s'appelait {s}.", animal.a()),
                format!(
                    "C'était {s}, {} {petit} {}, coincé{e} {trap}.",
                    if small.she { "une" } else { "un" },
                    animal.word
                ),
            ],
        ),
        say(
            rng,
            [
                format!("« Je ne peux pas sortir, dit {s}. {too} ! »"),
                format!("« Aide-moi ! cria {s}. {too}, et je suis si {petit} ! »"),
            ],
        ),
        say(
            rng,
            [
                format!("{n} essaya à mains nues, mais sans succès."),
                format!("{n} essaya une fois, deux fois, trois fois. {seul}, {il} n'y arrivait pas."),
            ],
        ),
        say(
            rng,
            [
                format!("« Attends-moi, {s} », dit {n}, et {il} courut chercher {h}, {h_kind}."),
                format!("Alors {il} pensa à {h}, {h_kind}, et courut aussi vite que possible."),
            ],
        ),
        say(
            rng,
            [
                format!("{h} apporta {tool}."),
                format!("Par chance, {h} avait {tool}."),
                format!("« Pour cela, il nous faut {tool} », dit {h}."),
            ],
        ),
        say(
            rng,
            [
                format!("Ensemble, {together} {freed}, et {s} fut enfin {free}."),
                format!("{h} et {n} {freed}. Bientôt, {} fut hors de danger.", animal.the()),
            ],
        ),
        say(
            rng,
            [
                format!("« Je n'oublierai jamais cela, {n} », dit {s}."),
                format!(
                    "« Un jour, moi aussi, je t'aiderai », dit {}. {n} sourit, car {s} était si {petit}.",
                    animal.the()
                ),
            ],
        ),
        say(
            rng,
            [
                format!("Le {later} suivant, {n} alla {} et la nuit tomba avant le retour.", lost.to),
                format!("Mais le {later} d'après, {n} resta trop longtemps {}, et le brouillard se leva.", lost.at),
            ],
        ),
        say(
            rng,
            [
                format!("{} ne trouvait plus son chemin. Alors une voix appela : « {n} ! Suis-moi ! »", capital(il)),
                format!(
                    "{} était {perdu} et {il} avait peur. Soudain, {il} entendit une petite voix dans le noir.",
                    capital(il)
                ),
            ],
        ),
        say(
            rng,
            [
                format!("C'était {s}, {} qui avait été coincé{e} {trap}.", animal.the()),
                format!("C'était {} ! « Tu m'as sauvé{e}, dit {s}. Maintenant, c'est mon tour. »", animal.the()),
            ],
        ),
        say(
            rng,
            [
                format!("{s} marcha devant, et {n} arriva sans peine à la maison."),
                format!("Pas à pas, {s} lui montra la route, et avant minuit {n} était chez {}.", who.him()),
            ],
        ),
        say(
            rng,
            [
                format!("Depuis, {n} sait que même {} peut être d'un grand secours.", animal.a()),
                format!("« Les petits amis sont parfois les plus grands », dit {n} à {h} le lendemain."),
            ],
        ),
    ])
}

/// Somebody is afraid, goes all the same for a friend's sake, and hands the comfort on.
pub(super) fn fear(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let who = hero.who;
    let (n, il) = (who.name, who.he());
    let friend = other(rng, &[who]);
    let child = other(rng, &[who, friend]);
    let helper = other(rng, &[who, friend, child]);
    let (f, c, h, h_kind) = (friend.name, child.name, helper.name, calling(rng, helper));
    let (of_fear, fear, when) = of(rng, &FEARS);
    let thing = of(rng, &THINGS);
    let colour = of(rng, &COLOURS).with(thing);
    let (the, a, this, own, my) = (thing.the(), thing.a(), thing.this(), thing.own('s'), thing.own('m'));
    let (le, place, home) = (thing.it(), of(rng, &PLACES), of(rng, &HOMES));
    let (ils, _, _) = they(who, friend);
    let best = if friend.she { "sa meilleure amie" } else { "son meilleur ami" };
    let seul = if who.she { "toute seule" } else { "tout seul" };
    let (blesse, e) = (if friend.she { "blessée" } else { "blessé" }, friend.e());
    let (old, un) =
        (if child.she { "une enfant" } else { "un enfant" }, if child.she { "une nouvelle" } else { "un nouvel" });
    told(vec![
        say(
            rng,
            [
                format!("{n} était {} qui vivait {home} et qui avait peur {of_fear}.", hero.kind),
                format!(
                    "Il était une fois {} du nom {}, qui vivait {home}. {} n'avait peur que d'une chose : {fear}.",
                    hero.kind,
                    who.of(),
                    capital(il)
                ),
            ],
        ),
        say(
            rng,
            [
                format!("{} se cachait toujours {when}, et les autres riaient.", capital(il)),
                format!("Les autres se moquaient, mais pas {f}, {best}."),
            ],
        ),
        say(
            rng,
            [format!("Un jour, {il} en parla à {h}, {h_kind}."), format!("{h}, {h_kind}, s'en aperçut et l'appela.")],
        ),
        say(
            rng,
            [
                format!("« Prends {this} {colour}, dit {h}. Serre-{le} fort quand tu auras peur {of_fear}. »"),
                format!(
                    "{h} lui donna {a} {colour}. « Cela ne chasse pas la peur, dit {h}, mais cela tient compagnie. »"
                ),
            ],
        ),
        say(
            rng,
            [
                format!("Une semaine plus tard, {f}, qui jouait {}, ne rentra pas.", place.at),
                format!("Un soir, tout le monde demandait où était {f}. On l'avait vu{e} {}.", place.at),
            ],
        ),
        say(
            rng,
            [
                format!("Personne n'osait y aller. {n} pensait à sa peur {of_fear} et tremblait."),
                format!("{n} devait y aller {seul}, et {il} savait que là-bas {fear} l'attendait."),
            ],
        ),
        say(
            rng,
            [
                format!("Mais {il} prit {own} dans sa main et partit."),
                format!("« {f} viendrait pour moi », se dit {n}, et {il} serra {the} {colour}."),
            ],
        ),
        say(
            rng,
            [
                format!("{f} était là, {}, le pied blessé.", place.spot),
                format!("{} trouva {f} {}, {blesse} et frigorifié{e}.", capital(il), place.spot),
            ],
        ),
        say(
            rng,
            [
                format!("« Tu es venu{}, {n} ! Et ta peur {of_fear} ? — Je l'ai oubliée », dit {n}.", who.e()),
                format!("« Tu n'as pas eu peur {of_fear} ? demanda {f}. — Si, dit {n}, mais j'avais {my}. »"),
            ],
        ),
        say(
            rng,
            [
                format!("{n} aida {f} à se lever, et {ils} rentrèrent lentement, bras dessus, bras dessous."),
                format!("En s'appuyant sur {n}, {f} put rentrer avant la nuit noire."),
            ],
        ),
        say(
            rng,
            [
                format!("Bien des années plus tard, {n} rencontra {c}, {old} qui avait peur {of_fear}."),
                format!("Au printemps suivant arriva au village {un} élève, {c}, qui se cachait {when}."),
            ],
        ),
        say(
            rng,
            [
                format!("{n} lui donna {the} {colour}. « Serre-{le} fort », dit-{il}."),
                format!("« J'ai ce qu'il te faut », dit {n}, et {il} mit {the} dans la main {}.", child.of()),
            ],
        ),
        say(
            rng,
            [
                format!("{h}, qui avait tout vu, souriait."),
                format!("{n} n'en avait plus besoin : {il} n'avait plus peur {of_fear}."),
            ],
        ),
    ])
}
