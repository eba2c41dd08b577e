//! Objectives from text and examples: rows worked out by hand, and models of every family that learn from them.

use std::rc::Rc;

use griot::data::document::{Document, Entity, Example, Label};
use griot::data::draft::Read;
use griot::data::objective::{Maker, Objective};
use griot::data::row::{IGNORED, Row};
use griot::tasks::Model;
use griot::tokenizer::Kind;
use griot::tokenizer::Tokenizer;
use griot::tokenizer::encode::{EncodeOptions, Strategy, Truncation};
use griot::tokenizer::encoding::Encoding;
use griot::tokenizer::train::{TrainOptions, train};
use griot::train::objective::maker;
use griot::train::options::{Optimizer, Options};
use serde_json::{Value, json};

use crate::bench::{Corpus, begin, cpu, devices, model, run, tales, tokenizer};

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

/// A document read with a budget, and in how many slices.
fn read_in(maker: &Maker, document: &Document, budget: usize) -> (Read, usize) {
    let mut draft = maker.draft(document.clone()).unwrap();
    let mut slices = 2;
    while !draft.write(maker).unwrap() {
        slices += 1;
    }
    let mut reader = maker.begin(&draft).unwrap();
    while !reader.advance(budget).unwrap() {
        slices += 1;
    }
    (reader.finish().unwrap(), slices)
}

/// A tokenizer with all that objectives ask for, a long text and documents of it for each.
fn long_documents() -> (Rc<Tokenizer>, String, Vec<(Value, Objective, Document)>) {
    let tokenizer = words(&format!("{TALE} user assistant"), &["<extra_id_0>", "<extra_id_1>", "</s>"]);
    let template = "{% for m in messages %}[CLS]{{ m.role }} {{ m.content }}[SEP]{% endfor %}{% if add_generation_prompt %}[CLS]assistant {% endif %}";
    let config = json!({ "chat_template": template }).to_string();
    let tokenizer = Rc::new(Tokenizer::from_json(&tokenizer.to_json()).unwrap().with_config(&config).unwrap());
    let (end, size) = (tokenizer.token_to_id("</s>").unwrap(), tokenizer.vocab_size());
    let text = [TALE; 60].join(" ");
    let some = || Some(text.clone());
    let messages: Vec<Value> =
        ["user", "assistant", "user", "assistant"].map(|role| json!({"role": role, "content": text})).to_vec();
    let entity = Entity { start: 3, end: 12, label: "X".into() };
    let of = |objective, fields: Example| {
        let config = match objective {
            Objective::Masked => bert(size, "BertForMaskedLM"),
            Objective::Classify => bert(size, "BertForSequenceClassification"),
            Objective::Tag => bert(size, "BertForTokenClassification"),
            Objective::Answer => bert(size, "BertForQuestionAnswering"),
            Objective::Spans | Objective::Seq2seq => t5(size, end),
            Objective::Causal | Objective::Chat => gpt(size, end),
        };
        (config, objective, example(fields))
    };
    let plain = || Example { text: some(), ..Example::default() };
    let all = vec![
        of(Objective::Causal, plain()),
        of(Objective::Masked, plain()),
        of(Objective::Spans, plain()),
        of(Objective::Classify, Example { label: Some(Label::Number(1.0)), ..plain() }),
        of(Objective::Tag, Example { entities: Some(vec![entity]), ..plain() }),
        of(Objective::Seq2seq, Example { input: some(), output: some(), ..Example::default() }),
        of(
            Objective::Answer,
            Example {
                question: Some("le chat dort".into()),
                context: some(),
                answer: Some("souris".into()),
                start: Some(35),
                ..Example::default()
            },
        ),
        of(Objective::Chat, Example { messages: Some(messages.into()), ..Example::default() }),
    ];
    (tokenizer, text, all)
}

#[test]
fn every_objective_reads_a_long_document_in_slices_and_makes_the_same_of_it() {
    let (tokenizer, text, documents) = long_documents();
    for (config, objective, document) in documents {
        let model = model(&cpu(), &config, &tokenizer);
        let options = Options { objective: Some(objective), context: Some(16), ..Options::default() };
        let maker = maker(model.config(), tokenizer.clone(), &options, model.labels()).unwrap();
        let whole = maker.read(document.clone()).unwrap();
        for budget in [1, 7, 64, 1000, usize::MAX] {
            let (read, slices) = read_in(&maker, &document, budget);
            assert_eq!(read, whole, "{objective:?} {budget}");
            let fits = matches!(objective, Objective::Classify | Objective::Tag | Objective::Seq2seq | Objective::Chat);
            let least = if fits { 40 } else { text.len() };
            // A slice ends with a piece, so that it may be somewhat longer than its budget.
            assert!(slices >= least / budget.max(8).saturating_mul(2), "{objective:?} {budget}: {slices} slices");
        }
    }
}

#[test]
fn no_more_of_a_document_is_read_than_its_row_shows() {
    let (tokenizer, text, documents) = long_documents();
    let (config, objective, _) = &documents[3];
    let model = model(&cpu(), config, &tokenizer);
    let options = Options { objective: Some(*objective), context: Some(16), ..Options::default() };
    let maker = maker(model.config(), tokenizer.clone(), &options, model.labels()).unwrap();
    let of = |text: String| Example { text: Some(text), label: Some(Label::Number(1.0)), ..Example::default() };
    let (long, slices) = read_in(&maker, &example(of([text.as_str(); 250].join(" "))), 1 << 14);
    assert_eq!(long, maker.read(example(of(text))).unwrap());
    assert!(slices < 12, "{slices} slices of a megabyte");
}

#[test]
fn rows_of_a_long_document_are_the_parts_that_the_tokenizer_cuts_it_into() {
    let (tokenizer, text, documents) = long_documents();
    let cut = |strategy, stride| Truncation { length: 16, strategy, stride, ..Truncation::default() };
    for (config, objective, document) in documents {
        let model = model(&cpu(), &config, &tokenizer);
        let options = Options { objective: Some(objective), context: Some(16), ..Options::default() };
        let maker = maker(model.config(), tokenizer.clone(), &options, model.labels()).unwrap();
        let read = maker.read(document).unwrap();
        let encode = |text: &str, pair: Option<&str>, truncation| {
            let options = EncodeOptions { pair, truncate: Some(truncation), ..EncodeOptions::default() };
            tokenizer.encode(text, &options).unwrap()
        };
        let parts = |whole: Encoding| -> Vec<Vec<u32>> {
            std::iter::once(whole.ids).chain(whole.overflow.into_iter().map(|part| part.ids)).collect()
        };
        match (objective, read) {
            (Objective::Masked, Read::Rows(rows)) => {
                let wanted = parts(encode(&text, None, cut(Strategy::Longest, 0)));
                assert!(wanted.len() > 50);
                assert_eq!(rows.iter().map(|row| row.ids.clone()).collect::<Vec<_>>(), wanted);
                assert!(rows.iter().all(|row| row.words[0] == -1 && row.words[1] >= 0));
            }
            (Objective::Answer, Read::Rows(rows)) => {
                let wanted = encode("le chat dort", Some(&text), cut(Strategy::Second, 5));
                assert_eq!(rows[1].types, wanted.overflow[0].type_ids);
                assert_eq!(rows.into_iter().map(|row| row.ids).collect::<Vec<_>>(), parts(wanted));
            }
            (Objective::Classify, Read::Labelled(encoding, _)) => {
                assert_eq!(encoding.ids, encode(&text, None, cut(Strategy::Longest, 0)).ids);
            }
            (Objective::Tag, Read::Tagged(encoding, _)) => {
                assert_eq!(
                    encoding,
                    Encoding { overflow: Vec::new(), ..encode(&text, None, cut(Strategy::Longest, 0)) }
                );
            }
            (Objective::Seq2seq, Read::Rows(rows)) => {
                let ids = tokenizer.ids(&text, true).unwrap();
                assert_eq!(rows[0].source[..15], ids[..15]);
                assert_eq!(rows[0].source.len(), 16);
            }
            (Objective::Causal, Read::Tokens(ids)) => assert_eq!(ids, tokenizer.ids(&text, false).unwrap()),
            (Objective::Spans, Read::Rows(rows)) => {
                let joined: Vec<u32> = rows.iter().flat_map(|row| row.ids.clone()).collect();
                assert_eq!(joined, tokenizer.ids(&text, false).unwrap());
            }
            (Objective::Chat, Read::Rows(rows)) => assert!(rows.is_empty(), "cut off before the first answer"),
            (_, read) => panic!("{objective:?} gives {read:?}"),
        }
    }
}

#[test]
fn a_row_has_room_for_a_token_of_its_text() {
    let (tokenizer, _, documents) = long_documents();
    for (config, objective, document) in documents {
        let fails = matches!(objective, Objective::Masked | Objective::Classify | Objective::Tag | Objective::Answer);
        let model = model(&cpu(), &config, &tokenizer);
        let options = Options { objective: Some(objective), context: Some(2), ..Options::default() };
        let Ok(maker) = maker(model.config(), tokenizer.clone(), &options, model.labels()) else { continue };
        let read = maker.read(document);
        assert_eq!(read.err().map(|error| error.code().to_owned()), fails.then(|| "bad-option".to_owned()));
    }
}

#[test]
fn a_model_made_for_a_tokenizer_has_its_vocabulary_and_its_end() {
    let tokenizer = tokenizer(&tales(20));
    let mut config = json!({ "model_type": "gpt2", "n_positions": 16, "n_embd": 16, "n_layer": 1, "n_head": 1 });
    let made = |config: &Value| pollster::block_on(Model::create_for(cpu(), config, tokenizer.clone(), 1)).unwrap();
    let end = tokenizer.role("eos").unwrap().1;
    let model = made(&config);
    assert_eq!((model.config().vocab, &model.config().special.eos), (tokenizer.vocab_size(), &vec![end]));
    config["vocab_size"] = json!(500);
    config["eos_token_id"] = json!(7);
    let model = made(&config);
    assert_eq!((model.config().vocab, &model.config().special.eos), (500, &vec![7]), "what the config says stays");
}
