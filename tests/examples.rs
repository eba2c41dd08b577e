//! The programs under `examples/`, one for each lesson: they run to their end, and what they state is so.
//!
//! Their own assertions are the truth here; built for tests they learn for less long.

#[path = "../examples/01_counting.rs"]
mod counting;
#[path = "../examples/02_tokens.rs"]
mod tokens;
#[path = "../examples/03_attention.rs"]
mod attention;
#[path = "../examples/04_families.rs"]
mod families;
#[path = "../examples/05_objectives.rs"]
mod objectives;
#[path = "../examples/06_training.rs"]
mod training;
#[path = "../examples/07_generating.rs"]
mod generating;

#[test]
fn counting_gives_the_probabilities_of_the_course() {
    counting::main().unwrap();
}

#[test]
fn merges_come_in_the_order_of_the_paper_and_vocabularies_shorten_texts() {
    tokens::main().unwrap();
}

#[test]
fn attention_is_a_distribution_and_a_decoder_sees_nothing_ahead() {
    attention::main().unwrap();
}

#[test]
fn every_family_learns_the_same_tasks_in_its_own_way() {
    families::main().unwrap();
}

#[test]
fn objectives_hide_parts_of_a_text() {
    objectives::main().unwrap();
}

#[test]
fn a_right_rate_learns_and_a_wrong_one_does_not() {
    training::main().unwrap();
}

#[test]
fn settings_leave_as_many_tokens_as_they_say_and_a_seed_repeats() {
    generating::main().unwrap();
}
