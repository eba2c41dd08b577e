//! Two plots of something missing: a treasure that is found where it was left, a dish that lacks one thing.

use super::super::choose::{capital, of, say, some, sometimes, told};
use super::words::{COLOURS, DECOYS, DISHES, GIVERS, HOMES, PLACES, TASKS, THINGS, TREATS, WEATHERS, que};
use super::{Hero, calling, other, they};
use crate::rng::Rng;

/// A treasure is lost, and found where its owner had played.
pub(super) fn treasure(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let who = hero.who;
    let (n, il, lui) = (who.name, who.he(), who.him());
    let helper = other(rng, &[who]);
    let (h, h_kind) = (helper.name, calling(rng, helper));
    let (ils, tous, amis) = they(who, helper);
    let home = of(rng, &HOMES);
    let thing = of(rng, &THINGS);
    let colour = of(rng, &COLOURS).with(thing);
    let giver = of(rng, &GIVERS);
    let [lost, first, second] = some(rng, &PLACES);
    let [decoy, nothing] = some(rng, &DECOYS);
    let treat = of(rng, &TREATS);
    let (the, a, own, my) = (thing.the(), thing.a(), thing.own('s'), thing.own('m'));
    let (his_giver, my_giver) = (giver.own('s'), giver.own('m'));
    let (le, e) = (thing.it(), thing.e());
    let happy = if who.she { "heureuse" } else { "heureux" };
    told(vec![
        say(
            rng,
            [
                format!("Il était une fois {} qui s'appelait {n} et qui vivait {home}.", hero.kind),
                format!("{n} était {} qui habitait {home}.", hero.kind),
                format!("Il y avait, {home}, {} du nom {}.", hero.kind, who.of()),
            ],
        ),
        say(
            rng,
            [
                format!("Son trésor, c'était {a} {colour}, un cadeau de {his_giver}."),
                format!(
                    "Pour son anniversaire, {his_giver} lui avait donné {a} {colour}, et {il} ne s'en séparait jamais."
                ),
                format!("{} avait {a} {colour} que {his_giver} avait fait{e} pour {lui}.", capital(il)),
            ],
        ),
        say(
            rng,
            [
                format!("Un matin, {n} joua {} jusqu'à midi.", lost.at),
                format!("Un matin, {il} alla jouer {} et y resta jusqu'à l'heure du déjeuner.", lost.at),
                format!("Un jour, {n} passa toute la matinée {}.", lost.at),
            ],
        ),
        say(
            rng,
            [
                format!("Mais en rentrant à la maison, {il} vit que {the} avait disparu !"),
                format!("De retour à la maison, {il} chercha {own} et ne {le} trouva pas."),
                format!("L'après-midi, {il} s'aperçut que {the} {colour} n'était plus là."),
            ],
        ),
        say(
            rng,
            [
                format!("{n} courut d'abord {}, mais il n'y avait là {}.", first.to, que(decoy)),
                format!("{} chercha d'abord {} et ne trouva {}.", capital(il), first.at, que(decoy)),
            ],
        ),
        say(
            rng,
            [
                format!("Ensuite {il} regarda {} et y trouva {nothing}, mais pas {own}.", second.at),
                format!("Puis {il} alla {}. Il y avait {nothing}, mais {the} n'y était pas.", second.to),
            ],
        ),
        say(
            rng,
            [
                format!("{n} s'assit et se mit à pleurer."),
                format!("{n} ne savait plus que faire."),
                format!("« Je ne {le} reverrai jamais », dit {n}."),
            ],
        ),
        say(
            rng,
            [
                format!("C'est alors qu'arriva {h}, {h_kind}. « Pourquoi es-tu si triste ? »"),
                format!("En chemin, {il} rencontra {h}, {h_kind}. « Que se passe-t-il ? » demanda {h}."),
            ],
        ),
        say(
            rng,
            [
                format!("« J'ai perdu {my} {colour}, répondit {n}. C'est {my_giver} qui me l'avait donné{e}. »"),
                format!("« {} {colour} a disparu, dit {n}. C'était un cadeau de {my_giver}. »", capital(&my)),
            ],
        ),
        say(
            rng,
            [
                format!(
                    "« Où as-tu joué ce matin ? » demanda {h}. {n} réfléchit un instant. « {} ! »",
                    capital(lost.at)
                ),
                format!("« Souviens-toi, dit {h}. Où étais-tu avant midi ? — {} ! » s'écria {n}.", capital(lost.at)),
            ],
        ),
        say(
            rng,
            [
                format!("Ensemble, {ils} coururent {}, et là, {}, {ils} virent {the} {colour}.", lost.to, lost.spot),
                format!(
                    "{tous} deux retournèrent {}. Et qu'y avait-il, {} ? {} {colour} !",
                    lost.to,
                    lost.spot,
                    capital(&the)
                ),
            ],
        ),
        say(
            rng,
            [
                format!("{n} était si {happy} qu'{il} donna {treat} à {h}."),
                format!("« Merci, {h} ! » dit {n}, et {ils} partagèrent {treat}."),
            ],
        ),
        say(
            rng,
            [
                format!("Depuis ce jour, {n} regarde toujours derrière {lui} avant de partir."),
                format!("Et quand {his_giver} vint en visite, {n} avait toujours {own} {colour}."),
                format!("{n} et {h} devinrent {amis}, et {the} ne fut plus jamais perdu{e}."),
            ],
        ),
    ])
}

/// A dish needs three things; for the third, work must be done.
pub(super) fn dish(rng: &mut Rng) -> String {
    let hero = Hero::new(rng);
    let who = hero.who;
    let (n, il) = (who.name, who.he());
    let friend = other(rng, &[who]);
    let helper = other(rng, &[who, friend]);
    let (f, h, h_kind) = (friend.name, helper.name, calling(rng, helper));
    let (dish, parts, portion) = of(rng, &DISHES);
    let [one, two, missing] = some(rng, &parts);
    let (task, done, matter) = of(rng, &TASKS);
    let (weather, arrived) = of(rng, &WEATHERS);
    let (place, home) = (of(rng, &PLACES), of(rng, &HOMES));
    let happy = if helper.she { "contente" } else { "content" };
    let best = if dish.she { "la meilleure" } else { "le meilleur" };
    let busy = if helper.she { "occupée" } else { "occupé" };
    let best_friend = if friend.she { "Sa meilleure amie" } else { "Son meilleur ami" };
    told(vec![
        say(
            rng,
            [
                format!(
                    "Le lendemain, c'était l'anniversaire {}, et {n}, {} qui vivait {home}, voulait faire {} pour {}.",
                    friend.of(),
                    hero.kind,
                    dish.a(),
                    friend.him()
                ),
                format!(
                    "{n} était {} qui vivait {home}. {best_friend} s'appelait {f} et adorait {}.",
                    hero.kind,
                    dish.the()
                ),
            ],
        ),
        say(
            rng,
            [
                format!("Pour faire {}, il faut {}, {} et {}.", dish.a(), one.some, two.some, missing.some),
                format!("« Il me faut {}, {} et {} », dit {n}.", one.some, two.some, missing.some),
            ],
        ),
        say(
            rng,
            [
                format!("Dans la cuisine, {il} trouva {} et {}, mais pas {}.", one.some, two.some, missing.of),
                format!(
                    "Il y avait {} et {} dans le placard, mais il n'y avait plus {}.",
                    one.some, two.some, missing.of
                ),
            ],
        ),
        say(
            rng,
            [
                format!("L'épicerie était fermée. {n} alla donc voir {h}, {h_kind} qui habitait {}.", place.at),
                format!("Alors {n} se mit en route pour aller voir {h}, {h_kind} qui vivait {}.", place.at),
            ],
        ),
        weather.to_string(),
        format!("{n} arriva {arrived}."),
        say(
            rng,
            [
                format!("« Peux-tu me donner {} ? demanda-t-{il}. C'est pour {f}. »", missing.some),
                format!("« Je fais {} pour {f}, dit-{il}, et je n'ai plus {}. »", dish.a(), missing.of),
            ],
        ),
        say(
            rng,
            [
                format!("« Volontiers, dit {h}, mais il faut d'abord {task}. »"),
                format!("« Oui, si tu veux bien {task}, répondit {h}. Je suis trop {busy} aujourd'hui. »"),
            ],
        ),
        say(
            rng,
            [format!("Ce fut long, mais {n} {done}."), format!("{n} ne se plaignit pas. {} {done}.", capital(il))],
        ),
        say(
            rng,
            [
                format!("{h} regarda {matter} et fut {happy}. « Tiens, voici {}, comme promis. »", missing.some),
                format!("« Bravo ! » dit {h}, et {} lui donna {}.", helper.he(), missing.some),
            ],
        ),
        say(
            rng,
            [
                format!("{n} rentra vite et fit {} le soir même.", dish.the()),
                format!("Ce soir-là, {} cuisait et toute la maison sentait bon.", dish.the()),
            ],
        ),
        say(
            rng,
            [
                format!("Le lendemain, {f} goûta et sourit. « C'est {best} {} du monde ! »", dish.word),
                format!("Quand {f} entra et vit {}, {} battit des mains.", dish.the(), friend.he()),
            ],
        ),
        match sometimes(rng, 5) {
            true => format!("Il resta une belle {portion} pour {h}, car sans {h} il n'y aurait pas eu {}.", missing.of),
            false => format!("{n} garda la dernière {portion} pour {h} et la lui apporta {}.", place.at),
        },
    ])
}
