//! Objectives from text and examples: rows worked out by hand, and models of every family that learn from them.

use std::rc::Rc;

use griot::data::document::{Document, Entity, Example, Label};
use griot::data::objective::Objective;
use griot::data::row::{IGNORED, Row};
use griot::tasks::Model;
use griot::tokenizer::Kind;
use griot::tokenizer::Tokenizer;
use griot::tokenizer::train::{TrainOptions, train};
use griot::train::options::{Optimizer, Options};
use serde_json::{Value, json};

use crate::bench::{Corpus, begin, cpu, devices, model, run};

/// Words and their ids: special tokens of BERT first, sentinels after them, then the words in the order of their text.
fn words(text: &str, special: &[&str]) -> Rc<Tokenizer> {
    let options = TrainOptions {
        preset: Some("bert".to_owned()),
        special_tokens: special.iter().map(|token| (*token).to_owned()).collect(),
        vocab_size: Some(200),
        min_frequency: Some(1),
        ..TrainOptions::new(Kind::WordPiece)
    };
    Rc::new(train([text, text, text], options).unwrap())
}

fn bert(vocab: usize, architecture: &str) -> Value {
    json!({ "model_type": "bert", "architectures": [architecture], "vocab_size": vocab, "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 24, "num_labels": 3,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0 })
}

fn t5(vocab: usize, end: u32) -> Value {
    json!({ "model_type": "t5", "vocab_size": vocab, "n_positions": 24, "d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2,
        "num_heads": 2, "dropout_rate": 0.0, "pad_token_id": 0, "eos_token_id": end, "decoder_start_token_id": 0 })
}

fn gpt(vocab: usize, end: u32) -> Value {
    json!({ "model_type": "gpt2", "vocab_size": vocab, "n_positions": 48, "n_embd": 32, "n_layer": 2, "n_head": 2,
        "eos_token_id": end, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0 })
}

fn example(example: Example) -> Document {
    Document::Example(Box::new(example))
}

fn first_rows(model: &Model, options: &Options, documents: Vec<Document>, count: usize) -> Vec<Row> {
    let mut supply = Corpus::of(documents).supply(model, options).unwrap();
    (0..count).map(|_| supply.row().unwrap().unwrap()).collect()
}

/// Learns a little on every device; the loss must fall to a share of what it was.
fn learns(config: &Value, tokenizer: &Rc<Tokenizer>, options: &Options, documents: &[Document], share: f32) -> Model {
    let optimizer = Optimizer { lr: Some(5e-3), ..Optimizer::default() };
    let options = Options { steps: Some(40), batch: 4, optimizer, ..options.clone() };
    let mut last = None;
    for (name, device) in devices() {
        let model = model(&device, config, tokenizer);
        let mut corpus = Corpus::of(documents.to_vec());
        let mut trainer = begin(&model, &options, &mut corpus, false).unwrap();
        let reports = run(&mut trainer, &mut corpus, usize::MAX).unwrap();
        let (before, after) = (reports[0].loss, reports[39].loss);
        assert!(after < share * before, "from {before} to {after} on {name}");
        let labels = trainer.supply().unwrap().maker().labels().names().to_vec();
        drop(trainer);
        model.name_labels(&labels);
        last = Some(model);
    }
    last.unwrap()
}

const TALE: &str = "le chat noir dort sur le lit et la souris grise mange le pain blanc";

#[test]
fn masked_words_are_predicted_where_they_stood() {
    let tokenizer = words(TALE, &[]);
    let config = bert(tokenizer.vocab_size(), "BertForMaskedLM");
    let options = Options { steps: Some(1), shuffle: false, ..Options::default() };
    let text = Document::Text(TALE.to_owned());
    let plain = tokenizer.ids(TALE, true).unwrap();
    let model = learns(&config, &tokenizer, &options, std::slice::from_ref(&text), 0.9);
    let rows = first_rows(&model, &options, vec![text.clone()], 6);
    let mask = tokenizer.token_to_id("[MASK]").unwrap();
    for row in &rows {
        assert_eq!(row.ids.len(), plain.len());
        let mut counted = 0;
        for ((&id, &target), &was) in row.ids.iter().zip(&row.targets).zip(&plain) {
            assert!(if target == IGNORED { id == was } else { target == was });
            counted += usize::from(target != IGNORED);
        }
        assert!((1..8).contains(&counted) && row.targets[0] == IGNORED);
    }
    assert!(rows.iter().any(|row| row.ids.contains(&mask)) && rows[0] != rows[1], "a mask for each visit");
    assert_eq!(rows, first_rows(&model, &options, vec![text], 6));
}

#[test]
fn corrupted_spans_are_written_behind_their_sentinels() {
    let tokenizer = words(TALE, &["<extra_id_0>", "<extra_id_1>", "</s>"]);
    let (sentinel, end) = (tokenizer.token_to_id("<extra_id_0>").unwrap(), tokenizer.token_to_id("</s>").unwrap());
    let config = t5(tokenizer.vocab_size(), end);
    let options = Options { objective: Some(Objective::Spans), steps: Some(1), ..Options::default() };
    let text = Document::Text(TALE.to_owned());
    let plain = tokenizer.ids(TALE, false).unwrap();
    let model = learns(&config, &tokenizer, &options, std::slice::from_ref(&text), 0.9);
    for row in first_rows(&model, &options, vec![text], 4) {
        // 14 words: two of them in one span.
        let at = row.source.iter().position(|&id| id == sentinel).unwrap();
        assert_eq!(row.targets.len(), 4);
        let harmed = [&row.source[..at], &row.targets[1..3], &row.source[at + 1..]].concat();
        assert_eq!(harmed, [&plain[..], &[end]].concat());
        assert_eq!((row.targets[0], row.targets[3]), (sentinel, end));
        assert_eq!(row.ids, [0, sentinel, row.targets[1], row.targets[2]]);
    }
}

#[test]
fn one_text_is_written_from_another() {
    let tokenizer = words("le chat dort qui dort combien un deux trois", &["</s>"]);
    let end = tokenizer.token_to_id("</s>").unwrap();
    let id = |word: &str| tokenizer.token_to_id(word).unwrap();
    let pair = |input: &str, output: &str| {
        example(Example { input: Some(input.into()), output: Some(output.into()), ..Example::default() })
    };
    let documents = [pair("qui dort", "le chat"), pair("combien", "un deux trois")];
    let options = Options { steps: Some(1), shuffle: false, ..Options::default() };
    let model = learns(&t5(tokenizer.vocab_size(), end), &tokenizer, &options, &documents, 0.5);
    let rows = first_rows(&model, &options, documents.to_vec(), 2);
    let whole = tokenizer.ids("le chat", true).unwrap();
    let targets = [&whole[..], &[end]].concat();
    assert_eq!(rows[0].targets, targets);
    assert_eq!(rows[0].ids, [&[0], &whole[..]].concat());
    assert!(rows[0].source.contains(&id("qui")) && rows[0].source.last() == Some(&end));
    let wrong = vec![Document::Text("le chat".into())];
    assert_eq!(Corpus::of(wrong).supply(&model, &options).err().unwrap().code(), "bad-input");
}

#[test]
fn texts_and_tokens_get_the_labels_of_their_examples() {
    let tokenizer = words("ada aime paris bob dort ici", &[]);
    let classified = |text: &str, label: &str| {
        let label = Some(Label::Name(label.into()));
        example(Example { text: Some(text.into()), label, ..Example::default() })
    };
    let documents = [classified("ada aime paris", "gai"), classified("bob dort ici", "triste")];
    let options = Options { steps: Some(1), shuffle: false, ..Options::default() };
    let config = bert(tokenizer.vocab_size(), "BertForSequenceClassification");
    let model = learns(&config, &tokenizer, &options, &documents, 0.5);
    assert_eq!(model.labels(), ["gai", "triste", "LABEL_2"]);
    assert_eq!(model.config_json()["id2label"], json!({"0": "gai", "1": "triste", "2": "LABEL_2"}));
    let rows = first_rows(&model, &options, documents.to_vec(), 2);
    assert_eq!((rows[0].targets[0], rows[1].targets[0], rows[0].targets[1]), (0, 1, IGNORED));

    let entity = |start, end, label: &str| Entity { start, end, label: label.into() };
    let tagged = |text: &str, entities| {
        example(Example { text: Some(text.into()), entities: Some(entities), ..Example::default() })
    };
    let documents = [
        tagged("ada aime paris", vec![entity(0, 3, "X"), entity(9, 14, "X")]),
        tagged("bob dort ici", vec![entity(0, 8, "X")]),
    ];
    let config = bert(tokenizer.vocab_size(), "BertForTokenClassification");
    let model = learns(&config, &tokenizer, &options, &documents, 0.5);
    let names = model.labels();
    assert!(["O", "B-X", "I-X"].iter().all(|name| names.contains(&(*name).to_owned())), "{names:?}");
    let rows = first_rows(&model, &options, documents.to_vec(), 2);
    let named = |row: &Row| -> Vec<String> {
        let label = |&target: &u32| if target == IGNORED { "-".to_owned() } else { names[target as usize].clone() };
        row.targets.iter().map(label).collect()
    };
    assert_eq!(named(&rows[0]), ["-", "B-X", "O", "B-X", "-"]);
    assert_eq!(named(&rows[1]), ["-", "B-X", "I-X", "O", "-"]);
}

#[test]
fn answers_are_found_in_the_part_of_the_context_that_holds_them() {
    let tokenizer = words("qui dort ici le chat noir et la souris grise sur le grand lit", &[]);
    let context = "la souris grise et le chat noir et la souris grise et la souris grise et le grand lit";
    let asked = |answer: &str, start| {
        example(Example {
            question: Some("qui dort".into()),
            context: Some(context.into()),
            answer: Some(answer.into()),
            start: Some(start),
            ..Example::default()
        })
    };
    let options = Options { steps: Some(1), context: Some(16), shuffle: false, ..Options::default() };
    let config = bert(tokenizer.vocab_size(), "BertForQuestionAnswering");
    let documents = [asked("le chat noir", 19)];
    let model = learns(&config, &tokenizer, &options, &documents, 0.8);
    // 18 words, 11 a part after the question, the next part begins 5 words before.
    let rows = first_rows(&model, &options, documents.to_vec(), 3);
    assert_eq!(rows[0].answer, Some([8, 10]));
    assert_eq!(rows[0].types, [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    let second = rows[1].answer.unwrap();
    assert!(second == [0, 0] || rows[1].ids[second[0] as usize] == tokenizer.token_to_id("le").unwrap());
    let wrong = Corpus::of(vec![asked("le chat noir", 18)]).supply(&model, &options);
    assert_eq!(wrong.err().unwrap().code(), "bad-input");
}

#[test]
fn only_what_the_assistant_says_is_learned() {
    let template = "{% for m in messages %}[CLS]{{ m.role }} {{ m.content }}[SEP]{% endfor %}{% if add_generation_prompt %}[CLS]assistant {% endif %}";
    let plain = words("user assistant qui dort le chat et la souris", &[]);
    let text = plain.to_json();
    let config = json!({ "chat_template": template }).to_string();
    let tokenizer = Rc::new(Tokenizer::from_json(&text).unwrap().with_config(&config).unwrap());
    let end = tokenizer.token_to_id("[SEP]").unwrap();
    let messages = json!([{"role": "user", "content": "qui dort"}, {"role": "assistant", "content": "le chat"}]);
    let talk = [example(Example { messages: Some(messages), ..Example::default() })];
    let options = Options { objective: Some(Objective::Chat), steps: Some(1), ..Options::default() };
    let model = learns(&gpt(tokenizer.vocab_size(), end), &tokenizer, &options, &talk, 0.5);
    let row = &first_rows(&model, &options, talk.to_vec(), 1)[0];
    let said: Vec<&str> =
        row.targets.iter().filter(|&&target| target != IGNORED).map(|&id| tokenizer.id_to_token(id).unwrap()).collect();
    assert_eq!(said, ["le", "chat", "[SEP]"]);
}

#[test]
fn an_objective_that_a_model_has_no_head_for_and_options_of_another_are_refused() {
    let tokenizer = words(TALE, &[]);
    let model = model(&cpu(), &bert(tokenizer.vocab_size(), "BertForMaskedLM"), &tokenizer);
    for options in [
        Options { objective: Some(Objective::Causal), ..Options::default() },
        Options { objective: Some(Objective::Classify), ..Options::default() },
        Options { cross_documents: Some(true), ..Options::default() },
        Options { spans: Some(Default::default()), ..Options::default() },
    ] {
        let options = Options { steps: Some(1), ..options };
        let refused = Corpus::texts(&[TALE.to_owned()]).supply(&model, &options);
        assert_eq!(refused.err().unwrap().code(), "bad-option");
    }
}

#[test]
fn a_text_that_was_read_in_slices_gives_the_rows_of_the_text() {
    let tokenizer = words(TALE, &["<extra_id_0>", "<extra_id_1>", "</s>"]);
    let end = tokenizer.token_to_id("</s>").unwrap();
    let (_, device) = devices().remove(0);
    let size = tokenizer.vocab_size();
    for (config, objective) in [(gpt(size, end), Objective::Causal), (t5(size, end), Objective::Spans)] {
        let model = model(&device, &config, &tokenizer);
        let options = Options { objective: Some(objective), shuffle: false, context: Some(8), ..Options::default() };
        let text = Document::Text([TALE; 20].join(" "));
        let supply = Corpus::of(vec![text.clone()]).supply(&model, &options).unwrap();
        let mut read = supply.maker().read(&text).unwrap().unwrap();
        let mut slices = 1;
        while !read.advance(7).unwrap() {
            slices += 1;
        }
        assert!(slices > 100);
        let tokens = Document::Tokens(read.finish().unwrap());
        assert_eq!(first_rows(&model, &options, vec![tokens], 5), first_rows(&model, &options, vec![text], 5));
    }
}
