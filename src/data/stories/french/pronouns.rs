//! Sentences whose last word says what « il » or « elle » is.
//!
//! Both nouns of a sentence have one gender, so that only the meaning of the last word decides: la fille n'a pas pu
//! traverser la rue, elle était fatiguée, ou en travaux.

use super::super::choose::{capital, of};
use crate::rng::Rng;

struct Schema {
    she: bool,
    subjects: &'static [&'static str],
    verb: &'static str,
    objects: &'static [&'static str],
    /// What only the subject can be.
    of_subject: &'static [&'static str],
    /// What only the object can be.
    of_object: &'static [&'static str],
}

const SCHEMAS: [Schema; 10] = [
    Schema {
        she: true,
        subjects: &[
            "la fille",
            "la vieille dame",
            "la voisine",
            "la factrice",
            "la chienne",
            "la chatte",
            "la vache",
            "la jument",
        ],
        verb: "n'a pas pu traverser",
        objects: &["la rue", "l'avenue", "la place", "la route"],
        of_subject: &["fatiguée", "malade", "blessée", "effrayée", "pressée", "endormie"],
        of_object: &["en travaux", "barrée", "inondée", "verglacée", "bloquée"],
    },
    Schema {
        she: false,
        subjects: &["le garçon", "le chien", "le chat", "le cheval", "le voisin", "le facteur", "le renard", "l'âne"],
        verb: "n'a pas pu traverser",
        objects: &["le pont", "le carrefour", "le boulevard", "le chemin"],
        of_subject: &["fatigué", "malade", "blessé", "effrayé", "endormi", "timide"],
        of_object: &["en travaux", "barré", "inondé", "verglacé", "bloqué"],
    },
    Schema {
        she: false,
        subjects: &["le chien", "le chat", "le lapin", "le garçon", "le cheval", "le mouton"],
        verb: "n'a pas traversé à la nage",
        objects: &["le fleuve", "le lac", "le canal", "l'étang"],
        of_subject: &["trop fatigué", "trop faible", "trop jeune", "trop peureux"],
        of_object: &["trop profond", "trop large", "trop froid", "trop agité"],
    },
    Schema {
        she: true,
        subjects: &["la chatte", "la chèvre", "la poule", "la fille", "l'ourse"],
        verb: "n'a pas pu escalader",
        objects: &["la colline", "la barrière", "la falaise", "la grille"],
        of_subject: &["trop paresseuse", "trop fatiguée", "trop vieille", "trop maladroite"],
        of_object: &["trop raide", "trop glissante", "trop lisse", "trop pointue"],
    },
    Schema {
        she: false,
        subjects: &["le trophée", "le livre", "le violon", "le vase", "le chapeau"],
        verb: "n'entrait pas dans",
        objects: &["le sac", "le tiroir", "le carton", "le coffre", "le placard"],
        of_subject: &["trop gros", "trop grand", "trop long", "trop épais"],
        of_object: &["trop petit", "trop étroit", "trop plein", "trop court"],
    },
    Schema {
        she: true,
        subjects: &["la lampe", "la guitare", "la pendule", "la poupée", "la cage"],
        verb: "n'entrait pas dans",
        objects: &["la valise", "la boîte", "l'armoire", "la malle"],
        of_subject: &["trop grosse", "trop grande", "trop longue", "trop haute"],
        of_object: &["trop petite", "trop étroite", "trop pleine"],
    },
    Schema {
        she: false,
        subjects: &["le robot", "le garçon", "l'âne", "le cheval", "le berger"],
        verb: "n'a pas pu soulever",
        objects: &["le rocher", "le piano", "le tonneau", "le tronc"],
        of_subject: &["trop faible", "trop vieux", "trop jeune", "trop fatigué"],
        of_object: &["trop lourd", "trop glissant", "trop massif"],
    },
    Schema {
        she: false,
        subjects: &["le camion", "le tracteur", "l'autobus", "le chariot"],
        verb: "n'a pas pu prendre",
        objects: &["le chemin", "le sentier", "le tunnel", "le passage"],
        of_subject: &["trop large", "trop lourd", "trop chargé"],
        of_object: &["trop étroit", "trop raide", "trop boueux", "trop tortueux"],
    },
    Schema {
        she: true,
        subjects: &["la balle", "la pierre", "la branche", "la boule"],
        verb: "a cassé",
        objects: &["la vitre", "la fenêtre", "l'assiette", "la lanterne"],
        of_subject: &["trop lourde", "trop dure", "trop rapide"],
        of_object: &["trop mince", "trop fragile", "trop fine"],
    },
    Schema {
        she: true,
        subjects: &["la clé", "la cheville", "la vis", "la tige"],
        verb: "n'entrait pas dans",
        objects: &["la serrure", "la fente", "l'ouverture", "la rainure"],
        of_subject: &["trop épaisse", "tordue", "trop grosse"],
        of_object: &["trop étroite", "bouchée", "rouillée"],
    },
];

/// Both sentences, each with the question and its answer.
pub(in super::super) fn pronoun(rng: &mut Rng) -> [(String, String); 2] {
    let schema = &SCHEMAS[rng.below(SCHEMAS.len() as u64) as usize];
    let (subject, object) = (of(rng, schema.subjects), of(rng, schema.objects));
    let il = if schema.she { "elle" } else { "il" };
    let because = if rng.below(2) == 0 { format!(", {il}") } else { format!(" parce qu'{il}") };
    let words = [(subject, of(rng, schema.of_subject)), (object, of(rng, schema.of_object))];
    words.map(|(meant, last)| {
        let sentence = format!("{} {} {object}{because} était {last}.", capital(subject), schema.verb);
        (format!("{sentence} Qui ou quoi était {last} ?"), capital(&format!("{meant}.")))
    })
}
