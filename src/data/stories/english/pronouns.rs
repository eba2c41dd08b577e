//! Sentences whose last word says what `it` is.
//!
//! After Winograd's schemas: the animal did not cross the street because it was too tired, or too wide.

use super::super::choose::{capital, of};
use crate::rng::Rng;

struct Schema {
    subjects: &'static [&'static str],
    verb: &'static str,
    objects: &'static [&'static str],
    /// What only the subject can be.
    of_subject: &'static [&'static str],
    /// What only the object can be.
    of_object: &'static [&'static str],
}

const ANIMALS: &[&str] = &["animal", "dog", "cat", "horse", "cow", "goat", "donkey", "fox", "hen", "rabbit"];

const SCHEMAS: [Schema; 10] = [
    Schema {
        subjects: ANIMALS,
        verb: "didn't cross",
        objects: &["street", "road", "avenue", "square", "motorway"],
        of_subject: &["tired", "hungry", "scared", "sick", "sleepy", "lazy"],
        of_object: &["wide", "busy", "noisy", "crowded"],
    },
    Schema {
        subjects: ANIMALS,
        verb: "couldn't swim across",
        objects: &["river", "lake", "canal", "stream", "bay"],
        of_subject: &["tired", "weak", "scared", "small", "young"],
        of_object: &["deep", "wide", "cold", "wild"],
    },
    Schema {
        subjects: &["cat", "boy's dog", "goat", "hen", "bear", "fox"],
        verb: "couldn't climb",
        objects: &["tree", "wall", "ladder", "rock", "mast"],
        of_subject: &["lazy", "tired", "old", "scared", "clumsy"],
        of_object: &["slippery", "steep", "smooth", "high"],
    },
    Schema {
        subjects: &["trophy", "book", "lamp", "violin", "vase", "clock"],
        verb: "didn't fit into",
        objects: &["suitcase", "box", "drawer", "cupboard", "bag"],
        of_subject: &["big", "large", "long", "thick"],
        of_object: &["small", "narrow", "full", "short"],
    },
    Schema {
        subjects: &["robot", "crane", "donkey", "horse", "machine"],
        verb: "couldn't lift",
        objects: &["stone", "piano", "barrel", "trunk", "bell"],
        of_subject: &["weak", "old", "small", "tired"],
        of_object: &["heavy", "slippery", "massive"],
    },
    Schema {
        subjects: &["boat", "ship", "barge", "ferry"],
        verb: "couldn't pass under",
        objects: &["bridge", "arch", "footbridge", "gate"],
        of_subject: &["tall", "high", "loaded"],
        of_object: &["low", "narrow"],
    },
    Schema {
        subjects: &["lorry", "bus", "tractor", "carriage", "van"],
        verb: "couldn't use",
        objects: &["lane", "path", "tunnel", "track", "alley"],
        of_subject: &["wide", "heavy", "big"],
        of_object: &["narrow", "steep", "muddy", "winding"],
    },
    Schema {
        subjects: &["ball", "stone", "hammer", "branch"],
        verb: "broke",
        objects: &["window", "mirror", "plate", "lantern"],
        of_subject: &["heavy", "hard", "fast"],
        of_object: &["thin", "fragile", "brittle"],
    },
    Schema {
        subjects: &["bird", "owl", "duck", "swan", "crow"],
        verb: "couldn't swallow",
        objects: &["fish", "nut", "snail", "worm", "cherry"],
        of_subject: &["full", "sick", "young"],
        of_object: &["big", "hard", "round", "long"],
    },
    Schema {
        subjects: &["key", "plug", "cork", "peg"],
        verb: "didn't go into",
        objects: &["lock", "socket", "bottle", "hole"],
        of_subject: &["thick", "bent", "big"],
        of_object: &["narrow", "rusty", "small"],
    },
];

/// Both sentences, each with the question and its answer.
pub(in super::super) fn pronoun(rng: &mut Rng) -> [(String, String); 2] {
    let schema = &SCHEMAS[rng.below(SCHEMAS.len() as u64) as usize];
    let subject = of(rng, schema.subjects);
    let object = loop {
        let object = of(rng, schema.objects);
        if object != subject {
            break object;
        }
    };
    let words = [(subject, of(rng, schema.of_subject)), (object, of(rng, schema.of_object))];
    words.map(|(meant, last)| {
        let sentence = format!("The {subject} {} the {object} because it was too {last}.", schema.verb);
        (format!("{sentence} What was too {last}?"), capital(&format!("the {meant}.")))
    })
}
