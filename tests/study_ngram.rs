//! The counting baseline: the course's example, hand-computed smoothing, and that probabilities are probabilities.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use griot::data::stories::{Language, Stories, Story, StoryKind};
use griot::study::ngram::{END, Ngram, NgramCounting, NgramModel, NgramTrainer, Sampling, Smoothing};
use griot::tokenizer::Kind;
use griot::tokenizer::train::{TrainOptions, train};
use proptest::prelude::*;

fn ngram(documents: &[&str], order: usize, smoothing: Smoothing) -> Ngram {
    Ngram::train(documents, order, smoothing).unwrap()
}

#[test]
fn the_example_of_the_course_counts_as_in_the_course() {
    let ngram = ngram(&["je suis content", "je suis"], 2, Smoothing::None);
    assert_eq!(ngram.probability("suis", &["je"]), 1.0);
    assert_eq!(ngram.probability("content", &["suis"]), 0.5);
    assert_eq!(ngram.probability(END, &["suis"]), 0.5);
    let next = ngram.next(&["suis"], 5);
    assert_eq!(
        next.iter().map(|next| (next.token.as_str(), next.count)).collect::<Vec<_>>(),
        [(END, 1), ("content", 1)]
    );
    let first = ngram.next_after("", 5).unwrap();
    assert_eq!((first.len(), first[0].token.as_str(), first[0].p, first[0].count), (1, "je", 1.0, 2));
    // P = 1 · 1 · 1/2 · 1: two words, one more, and the end.
    let evaluation = ngram.evaluate(["je suis content"]).unwrap();
    assert_eq!(evaluation.tokens, 4);
    assert!((evaluation.log_likelihood - 0.5f64.ln()).abs() < 1e-12);
    assert!((evaluation.perplexity - 2f64.powf(0.25)).abs() < 1e-12);
}

#[test]
fn add_k_counts_everything_k_times_more() {
    let ngram = ngram(&["je suis content", "je suis"], 2, Smoothing::Add(0.5));
    // Tokens: <unk>, <end>, je, suis, content.
    assert_eq!(ngram.vocab(), 5);
    assert_eq!(ngram.probability("suis", &["je"]), 2.5 / 4.5);
    assert_eq!(ngram.probability("jamais", &["je"]), 0.5 / 4.5);
    assert_eq!(ngram.probability("je", &["jamais"]), 0.2);
}

#[test]
fn kneser_ney_is_what_one_computes_by_hand() {
    // Documents: a b a, a b. Bigrams with the mark ^ and the end $: ^a 2, ab 2, ba 1, a$ 1, b$ 1.
    let ngram = ngram(&["a b a", "a b"], 2, Smoothing::KneserNey);
    // Length 2: n1 = 3 (ba, a$, b$), n2 = 2 (^a, ab): D = 3/7.
    // Length 1: tokens before: a 2 (^, b), b 1 (a), $ 2 (a, b); n1 = 1, n2 = 2: D = 1/5. Total 5, three kinds. V = 4.
    let (d2, d1) = (3.0 / 7.0, 0.2);
    let unigram = |own: f64| (own - d1).max(0.0) / 5.0 + d1 * 3.0 / 5.0 / 4.0;
    // After a: b 2, $ 1: total 3, two kinds.
    let b_after_a = (2.0 - d2) / 3.0 + d2 * 2.0 / 3.0 * unigram(1.0);
    assert!((ngram.probability("b", &["a"]) - b_after_a).abs() < 1e-15);
    let a_after_a = d2 * 2.0 / 3.0 * unigram(2.0);
    assert!((ngram.probability("a", &["a"]) - a_after_a).abs() < 1e-15);
    let unknown = d2 * 2.0 / 3.0 * unigram(0.0);
    assert!((ngram.probability("z", &["a"]) - unknown).abs() < 1e-15);
    assert!((ngram.probability("b", &["z"]) - unigram(1.0)).abs() < 1e-15);
    assert!((ngram.probability("b", &[]) - unigram(1.0)).abs() < 1e-15);
}

fn model(order: usize, documents: &[Vec<u32>], smoothing: Smoothing) -> NgramModel {
    let mut counting = NgramCounting::new(order).unwrap();
    for document in documents {
        counting.push(document).unwrap();
        counting.end(6).unwrap();
    }
    counting.finish(7, smoothing).unwrap()
}

proptest! {
    #[test]
    fn probabilities_sum_to_one_after_any_context(
        documents in prop::collection::vec(prop::collection::vec(0u32..5, 0..12), 1..12),
        context in prop::collection::vec(0u32..6, 0..5),
        order in 1usize..5,
        from_the_beginning in any::<bool>(),
    ) {
        for smoothing in [Smoothing::None, Smoothing::Add(0.3), Smoothing::KneserNey] {
            let model = model(order, &documents, smoothing);
            let mut whole = if from_the_beginning { model.beginning() } else { Vec::new() };
            whole.extend(&context);
            let p = model.distribution(&whole);
            prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{:?}", p);
            for (id, &p) in p.iter().enumerate() {
                prop_assert!((model.probability(id as u32, &whole) - p).abs() < 1e-14);
                prop_assert!(smoothing == Smoothing::None || p > 0.0);
            }
        }
    }
}

#[test]
fn a_longer_memory_and_smoothing_read_stories_better() {
    let stories: Vec<String> =
        Stories::new(Language::French, StoryKind::Tale, 1).take(600).map(Story::into_text).collect();
    let (learn, judge) = stories.split_at(500);
    let perplexity = |order, smoothing| {
        let ngram = Ngram::train(learn, order, smoothing).unwrap();
        ngram.evaluate(judge.iter().map(String::as_str)).unwrap().perplexity
    };
    let [one, two, three] = [1, 2, 3].map(|order| perplexity(order, Smoothing::KneserNey));
    assert!(three < two && two < one, "{one} {two} {three}");
    assert!(three < perplexity(3, Smoothing::Add(1.0)));
}

#[test]
fn text_is_generated_again_from_the_same_seed_and_stops_at_the_end() {
    let ngram = ngram(&["je suis content", "je suis", "tu es là, content"], 3, Smoothing::None);
    let how = Sampling { max_tokens: 20, seed: 3, ..Sampling::default() };
    let mut pieces = String::new();
    let text = ngram.generate("", how, |piece| {
        pieces.push_str(piece);
        true
    });
    assert_eq!(text.as_ref().unwrap(), &pieces);
    assert_eq!(ngram.generate("", how, |_| true).unwrap(), text.unwrap());
    assert_eq!(ngram.generate("tu", Sampling { temperature: 0.0, ..how }, |_| true).unwrap(), "es là, content");
    let all: std::collections::HashSet<String> =
        (0..50).map(|seed| ngram.generate("", Sampling { seed, ..how }, |_| true).unwrap()).collect();
    assert_eq!(all.len(), 3);
    assert_eq!(ngram.generate("", how, |_| false).unwrap().split(' ').count(), 1);
}

#[test]
fn with_a_tokenizer_its_tokens_are_counted() {
    let documents = ["le chat dort", "le chien dort", "le chat noir court"];
    let options = TrainOptions { vocab_size: Some(270), ..TrainOptions::new(Kind::Bpe) };
    let tokenizer = train(documents, options).unwrap();
    let mut trainer = NgramTrainer::new(3, Some(tokenizer.clone()), Smoothing::KneserNey).unwrap();
    documents.iter().for_each(|document| trainer.feed(document).unwrap());
    let ngram = trainer.finish().unwrap();
    assert_eq!(ngram.vocab(), tokenizer.vocab_size() + 1);
    let text =
        ngram.generate("le", Sampling { max_tokens: 40, temperature: 0.0, ..Sampling::default() }, |_| true).unwrap();
    assert!(documents.iter().any(|document| document.ends_with(text.trim())), "{text}");
}

#[test]
fn what_cannot_be_is_refused() {
    assert_eq!(NgramTrainer::new(0, None, Smoothing::None).err().unwrap().code(), "bad-option");
    let empty = NgramTrainer::new(2, None, Smoothing::None).unwrap();
    assert_eq!(empty.finish().err().unwrap().code(), "bad-input");
    assert_eq!(Smoothing::of("add", None).unwrap(), Smoothing::Add(1.0));
    assert!(Smoothing::of("none", Some(1.0)).is_err());
    assert!(Smoothing::of("good-turing", None).is_err());
    let mut trainer = NgramTrainer::new(2, None, Smoothing::Add(-1.0)).unwrap();
    trainer.feed("").unwrap();
    assert_eq!(trainer.finish().err().unwrap().code(), "bad-option");
}

#[test]
fn a_draw_keeps_to_the_tokens_that_are_left_to_it() {
    // After "a" come b 5 times, c 3 times, d twice.
    let documents: Vec<String> = [("b", 5), ("c", 3), ("d", 2)]
        .iter()
        .flat_map(|&(next, times)| std::iter::repeat_n(format!("a {next}"), times))
        .collect();
    let ngram = ngram(&documents.iter().map(String::as_str).collect::<Vec<_>>(), 2, Smoothing::None);
    let seen = |how: Sampling| {
        let one = |seed| ngram.generate("a", Sampling { max_tokens: 1, seed, ..how }, |_| true).unwrap();
        (0..200).map(one).collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let plain = Sampling::default();
    assert_eq!(seen(plain), ["b", "c", "d"]);
    assert_eq!(seen(Sampling { top_k: Some(2), ..plain }), ["b", "c"]);
    assert_eq!(seen(Sampling { top_p: Some(0.5), ..plain }), ["b"]);
    assert_eq!(seen(Sampling { top_p: Some(0.51), ..plain }), ["b", "c"]);
    assert_eq!(seen(Sampling { min_p: Some(0.5), ..plain }), ["b", "c"]);
    assert_eq!(ngram.begin("a b", plain).unwrap().prompt_tokens(), 2);
    for wrong in [Sampling { top_k: Some(0), ..plain }, Sampling { top_p: Some(1.5), ..plain }] {
        assert_eq!(ngram.begin("a", wrong).err().unwrap().code(), "bad-option");
    }
}
