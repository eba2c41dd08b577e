//! Texts that are read: what each call says is what the logits say.

use std::rc::Rc;

use griot::device::{Device, Signal};
use griot::models::{Config, Task};
use griot::tasks::{Extras, Given, Labels, Model, Pooling, Views};
use griot::tokenizer::train::{TrainOptions, train};
use griot::tokenizer::{Kind, Tokenizer};

use crate::golden::{Golden, agree};
use crate::seat::{devices, load};

const TEXTS: [&str; 4] = [
    "la reine chante une longue histoire au village",
    "le griot raconte l'histoire de la reine et du lion",
    "un enfant écoute le griot sous le grand arbre",
    "le lion dort, la reine rit, l'enfant chante",
];

fn now<T>(future: impl Future<Output = griot::Result<T>>) -> T {
    pollster::block_on(future).unwrap()
}

/// A stored model with a tokenizer of its own, of a kind that has the special tokens of BERT or those of GPT-2.
fn reader(device: &Rc<Device>, case: &str, kind: Kind) -> (Model, Rc<Tokenizer>) {
    let golden = Golden::open(case);
    let model = load(device, &golden);
    let options = TrainOptions { vocab_size: Some(120), min_frequency: Some(1), ..TrainOptions::new(kind) };
    let tokenizer = Rc::new(train(TEXTS, options).unwrap());
    model.set_tokenizer(Some(tokenizer.clone())).unwrap();
    (model, tokenizer)
}

fn logits(model: &Model, given: &Given) -> Vec<f32> {
    now(model.forward(given, Extras::default(), &Signal::default())).logits.data
}

fn softmax(scores: &[f32]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = scores.iter().map(|&z| f64::from(z - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}

fn largest(numbers: &[f64]) -> usize {
    (0..numbers.len()).max_by(|&a, &b| numbers[a].total_cmp(&numbers[b])).unwrap()
}

#[test]
fn a_score_is_the_loss_of_the_text_also_over_several_windows() {
    for (name, device) in devices() {
        let (model, _) = reader(&device, "gpt2", Kind::Char);
        let ids = model.prompt("la reine chante").unwrap();
        let scored = now(model.score("la reine chante", &Signal::default()));
        assert_eq!(scored.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids[1..]);
        let labels = Some(Labels::Tokens(vec![ids.iter().map(|&id| i64::from(id)).collect()]));
        let given = Given { input_ids: vec![ids], labels, ..Given::default() };
        let loss = now(model.forward(&given, Extras::default(), &Signal::default())).loss.unwrap();
        let mean = -scored.iter().map(|(_, p)| p).sum::<f64>() / scored.len() as f64;
        agree(&format!("score on {name}"), &[mean as f32], &[loss], 1e-5);
        // A text of more than one context: the beginning is what it is alone, and nothing is left out.
        let long = TEXTS.join(" ");
        let (all, context) = (model.prompt(&long).unwrap(), model.config().context);
        assert!(all.len() > 2 * context, "{} tokens", all.len());
        let scored = now(model.score(&long, &Signal::default()));
        assert_eq!(scored.iter().map(|(id, _)| *id).collect::<Vec<_>>(), all[1..]);
        let window = Given { input_ids: vec![all[context / 2..context / 2 + context].to_vec()], ..Given::default() };
        let rows = logits(&model, &window);
        let vocab = model.config().vocab;
        let at = context + 1;
        let p = softmax(&rows[(at - 1 - context / 2) * vocab..][..vocab])[all[at] as usize];
        assert!((scored[at - 1].1 - p.ln()).abs() < 1e-4, "{name}: {} and {}", scored[at - 1].1, p.ln());
    }
}

#[test]
fn a_masked_model_fills_what_is_hidden_and_scores_by_hiding() {
    for (name, device) in devices() {
        let (model, tokenizer) = reader(&device, "bert-mlm", Kind::WordPiece);
        let text = "la [MASK] chante le [MASK]";
        let encoding = tokenizer.encode(text, &Default::default()).unwrap();
        let mask = tokenizer.token_to_id("[MASK]").unwrap();
        let places: Vec<usize> = (0..encoding.len()).filter(|&at| encoding.ids[at] == mask).collect();
        let fillings = now(model.fill(text, 3, &Signal::default()));
        assert_eq!((fillings.len(), fillings[0].len()), (2, 3));
        let vocab = model.config().vocab;
        let rows = logits(&model, &Given { input_ids: vec![encoding.ids.clone()], ..Given::default() });
        for (&at, filling) in places.iter().zip(&fillings) {
            let p = softmax(&rows[at * vocab..(at + 1) * vocab]);
            assert_eq!(filling[0].id as usize, largest(&p), "{name}");
            assert!((filling[0].p - p[largest(&p)]).abs() < 1e-6 && filling[0].p >= filling[1].p);
            assert!(filling[0].text.starts_with("la ") && !filling[0].text.contains("[CLS]"), "{}", filling[0].text);
        }
        assert_eq!(pollster::block_on(model.fill("la reine", 3, &Signal::default())).unwrap_err().code(), "bad-input");
        let scored = now(model.score("la reine chante", &Signal::default()));
        let ids = tokenizer.ids("la reine chante", true).unwrap();
        assert_eq!(scored.len(), ids.len() - 2);
        let mut hidden = ids.clone();
        hidden[2] = mask;
        let rows = logits(&model, &Given { input_ids: vec![hidden], ..Given::default() });
        let p = softmax(&rows[2 * vocab..3 * vocab])[ids[2] as usize];
        assert!((scored[1].1 - p.ln()).abs() < 1e-4, "{name}");
    }
}

#[test]
fn classes_tags_and_answers_are_those_of_the_logits() {
    for (name, device) in devices() {
        let (model, tokenizer) = reader(&device, "bert-seqcls", Kind::WordPiece);
        let texts = TEXTS.map(str::to_owned);
        let short: Vec<String> =
            texts.iter().map(|text| text.split(' ').take(4).collect::<Vec<_>>().join(" ")).collect();
        let together = now(model.classify(&short, 9, &Signal::default()));
        for (text, labels) in short.iter().zip(&together) {
            let alone = now(model.classify(std::slice::from_ref(text), 9, &Signal::default()));
            assert!((alone[0][0].1 - labels[0].1).abs() < 1e-6 && alone[0][0].0 == labels[0].0, "{name}: {text}");
            let ids = tokenizer.ids(text, true).unwrap();
            let p = softmax(&logits(&model, &Given { input_ids: vec![ids], ..Given::default() }));
            assert_eq!(labels[0].0, model.config().labels[largest(&p)]);
            assert!((labels.iter().map(|(_, p)| p).sum::<f64>() - 1.0).abs() < 1e-6 && labels.len() == p.len());
        }
        assert_eq!(now(model.classify(&short[..1], 2, &Signal::default()))[0].len(), 2);

        let (model, _) = reader(&device, "bert-tokcls", Kind::WordPiece);
        let text = "É la reine chante 😀 le lion";
        let units: Vec<u16> = text.encode_utf16().collect();
        let entities = now(model.tag(text, &Signal::default()));
        assert!(!entities.is_empty(), "{name}: no entity");
        for (at, entity) in entities.iter().enumerate() {
            assert_eq!(String::from_utf16(&units[entity.start..entity.end]).unwrap(), entity.text);
            assert!(at == 0 || entities[at - 1].end <= entity.start);
            let inside = |at: usize| {
                units.get(at).is_some_and(|&unit| char::from_u32(unit.into()).is_some_and(char::is_alphabetic))
            };
            assert!(!inside(entity.end) && (entity.start == 0 || !inside(entity.start - 1)), "{name}: whole words");
        }

        let (model, tokenizer) = reader(&device, "bert-qa", Kind::WordPiece);
        let (question, context) = ("qui chante", "la reine chante, le lion dort");
        let answers = now(model.answer(question, context, 4, &Signal::default()));
        assert_eq!(answers.len(), 4, "{name}");
        for pair in answers.windows(2) {
            assert!(pair[0].p >= pair[1].p && (pair[0].start, pair[0].end) != (pair[1].start, pair[1].end));
        }
        assert!(
            answers.iter().all(|answer| context[answer.start..answer.end] == answer.text && !answer.text.is_empty())
        );
        // The best span, found by looking at all of them.
        let options = griot::tokenizer::EncodeOptions { pair: Some(context), ..Default::default() };
        let encoding = tokenizer.encode(question, &options).unwrap();
        let given = Given {
            input_ids: vec![encoding.ids.clone()],
            type_ids: Some(vec![encoding.type_ids.clone()]),
            ..Given::default()
        };
        let rows = logits(&model, &given);
        let own: Vec<usize> =
            (0..encoding.len()).filter(|&at| encoding.type_ids[at] == 1 && encoding.special_mask[at] == 0).collect();
        let side = |side: usize| softmax(&own.iter().map(|&at| rows[2 * at + side]).collect::<Vec<_>>());
        let (starts, ends) = (side(0), side(1));
        let mut best = (0.0, 0, 0);
        for start in 0..own.len() {
            for end in start..own.len() {
                let p = starts[start] * ends[end];
                if p > best.0 {
                    best = (p, encoding.offsets[own[start]].0, encoding.offsets[own[end]].1);
                }
            }
        }
        assert_eq!((answers[0].start as u32, answers[0].end as u32), (best.1, best.2), "{name}");
        assert!((answers[0].p - best.0).abs() < 1e-6);
        // A context of several parts: answers still lie in it.
        let long = [context; 6].join(" ");
        let answers = now(model.answer(question, &long, 3, &Signal::default()));
        assert!(answers.len() == 3 && answers.iter().all(|answer| long[answer.start..answer.end] == answer.text));
    }
}

#[test]
fn a_vector_is_the_mean_or_one_of_the_last_states() {
    for (name, device) in devices() {
        for (case, kind) in [("bert-mlm", Kind::WordPiece), ("gpt2", Kind::Char), ("t5", Kind::Char)] {
            let (model, tokenizer) = reader(&device, case, kind);
            let texts = ["la reine".to_owned(), "le lion".to_owned(), "un enfant".to_owned()];
            let vectors = now(model.embed(&texts, Pooling::Mean, false, &Signal::default()));
            let last = now(model.embed(&texts, Pooling::Last, false, &Signal::default()));
            for (text, (mean, last)) in texts.iter().zip(vectors.iter().zip(&last)) {
                let ids = tokenizer.ids(text, true).unwrap();
                let given = Given {
                    input_ids: vec![ids.clone()],
                    decoder_ids: (case == "t5").then(|| vec![vec![0]]),
                    ..Given::default()
                };
                let extras = Extras { hidden: true, attentions: false };
                let made = now(model.forward(&given, extras, &Signal::default()));
                let states = made.encoder.unwrap_or(made.main).hidden.pop().unwrap();
                let width = states.shape[2];
                let rows: Vec<&[f32]> = states.data.chunks(width).collect();
                let expected: Vec<f32> =
                    (0..width).map(|c| rows.iter().map(|row| row[c]).sum::<f32>() / rows.len() as f32).collect();
                agree(&format!("{case} on {name}: {text}"), mean, &expected, 1e-5);
                agree(&format!("{case} on {name}: {text}, last"), last, rows[rows.len() - 1], 1e-5);
            }
            let unit = now(model.embed(&texts[..1], Pooling::Cls, true, &Signal::default()));
            let length = unit[0].iter().map(|n| n * n).sum::<f32>().sqrt();
            assert!((length - 1.0).abs() < 1e-5, "{case}: a length of {length}");
        }
    }
}

#[test]
fn a_model_without_a_head_gives_its_last_hidden_state() {
    let (_, device) = devices().remove(0);
    for case in ["gpt2", "llama", "bert-mlm"] {
        let config = Config::from_json(&Golden::open(case).config).unwrap().with_task(Task::Embed).unwrap();
        let model = now(Model::create(device.clone(), &config.to_json(), 1));
        let given = Given { input_ids: vec![vec![5, 6, 7]], ..Given::default() };
        let run = |hidden| now(model.forward(&given, Extras { hidden, attentions: false }, &Signal::default()));
        let (plain, shown) = (run(false), run(true));
        assert_eq!(plain.logits.shape, [1, 3, model.config().width], "{case}");
        assert_eq!(Some(&plain.logits), shown.main.hidden.last(), "{case}");
        assert!(plain.main.hidden.is_empty() && shown.main.hidden.len() == model.config().layers() + 1);
    }
}

#[test]
fn inspecting_shows_what_forward_shows_and_the_lens_ends_in_the_logits() {
    for (name, device) in devices() {
        for (case, kind) in [("bert-mlm", Kind::WordPiece), ("llama", Kind::Char), ("t5", Kind::Char)] {
            let (model, tokenizer) = reader(&device, case, kind);
            let views = Views { attentions: true, hidden: true, lens: true };
            let trace = now(model.inspect("la reine", views, &Signal::default()));
            let ids = trace.ids.clone();
            let source = trace.encoder.as_ref().map(|encoder| encoder.ids.clone());
            let given = Given {
                input_ids: vec![source.clone().unwrap_or(ids.clone())],
                decoder_ids: source.is_some().then(|| vec![ids.clone()]),
                ..Given::default()
            };
            let made = now(model.forward(&given, Extras { hidden: true, attentions: true }, &Signal::default()));
            assert_eq!(trace.layers.len(), model.config().layers(), "{case}");
            for (at, layer) in trace.layers.iter().enumerate() {
                let (map, state) = (layer.attention.as_ref().unwrap(), layer.hidden.as_ref().unwrap());
                agree(&format!("{case} on {name}: map {at}"), &map.data, &made.main.attentions[at].data, 1e-5);
                agree(&format!("{case} on {name}: state {at}"), &state.data, &made.main.hidden[at + 1].data, 1e-5);
                assert_eq!((map.shape.len(), map.shape[1], state.shape[0]), (3, ids.len(), ids.len()));
                assert_eq!(layer.lens.as_ref().unwrap().len(), ids.len());
            }
            let vocab = model.config().vocab;
            let lens = trace.layers.last().unwrap().lens.as_ref().unwrap();
            for (guesses, row) in lens.iter().zip(made.logits.data.chunks(vocab)) {
                let p = softmax(row);
                let token = tokenizer.id_to_token(largest(&p) as u32).unwrap_or_default();
                assert!(guesses[0].0 == token && (guesses[0].1 - p[largest(&p)]).abs() < 1e-4, "{case} on {name}");
            }
            assert_eq!((trace.encoder.is_some(), trace.cross.len()), (case == "t5", made.cross.len()));
        }
    }
}
