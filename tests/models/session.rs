//! Conversations that go on: each part is what one generation over the whole gives, and what was read is not read again.

use std::rc::Rc;

use griot::device::{Device, Signal};
use griot::generate::settings::{Choices, Settings};
use griot::tasks::{Flow, Piece, Prompt, Session, Told, fit};
use griot::tasks::{Model, Tensor};
use griot::tokenizer::Kind;
use griot::tokenizer::train::{TrainOptions, train};
use serde_json::{Value, json};

use crate::golden::Golden;
use crate::seat::{devices, load};

fn now<T>(future: impl Future<Output = griot::Result<T>>) -> T {
    pollster::block_on(future).unwrap()
}

fn talker(device: &Rc<Device>, case: &str) -> Model {
    let model = load(device, &Golden::open(case));
    let options = TrainOptions { vocab_size: Some(30), ..TrainOptions::new(Kind::Char) };
    model.set_tokenizer(Some(Rc::new(train(["la reine chante"], options).unwrap()))).unwrap();
    model
}

fn settings(most: usize, temperature: f32, beams: usize) -> Settings {
    let choices = Choices {
        max_tokens: Some(most),
        temperature: Some(temperature),
        beams: Some(beams),
        stop_tokens: Some(Vec::new()),
        seed: Some(3),
        ..Choices::default()
    };
    choices.settle(None, &[]).unwrap()
}

/// What was told, each log-probability, and how much did not have to be read.
type Said = (Told, Vec<Option<f64>>, usize);

fn ask(model: &Model, session: &Session, ids: &[u32], settings: &Settings) -> Said {
    let mut logs = Vec::new();
    let emit = async |piece: Piece| {
        logs.push(piece.logprob);
        Ok(Flow::On)
    };
    let (prompt, signal) = (Prompt::from(ids.to_vec()), Signal::default());
    let said = session.prompt(model, prompt, settings, &[], &signal, emit, async || Ok(Flow::On));
    let (told, stays) = now(said);
    (told, logs, stays)
}

/// The same without a session.
fn whole(model: &Model, ids: &[u32], settings: &Settings) -> Said {
    let mut logs = Vec::new();
    let emit = async |piece: Piece| {
        logs.push(piece.logprob);
        Ok(Flow::On)
    };
    let told = now(model.generate(ids.to_vec(), settings, &[], &Signal::default(), emit));
    (told, logs, 0)
}

fn agree(what: &str, said: &Said, wanted: &Said) {
    assert_eq!(said.0.ids, wanted.0.ids, "{what}");
    // On one device reading in parts changes no bit of what matters; log-probabilities show what it changes at all.
    for (a, b) in said.1.iter().zip(&wanted.1) {
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{what}: {a} for {b}");
    }
}

#[test]
fn each_part_is_what_one_generation_over_the_whole_gives_and_nothing_is_read_twice() {
    for case in ["gpt2", "qwen3", "mistral"] {
        for (name, device) in devices() {
            for temperature in [0.0, 1.0] {
                let model = talker(&device, case);
                let session = Session::new(&model).unwrap();
                let mut ids = vec![5, 9, 2, 30, 7];
                for part in 0..5 {
                    let settings = settings(3 + part, temperature, 1);
                    let said = ask(&model, &session, &ids, &settings);
                    agree(&format!("{case} on {name}, part {part}"), &said, &whole(&model, &ids, &settings));
                    // All but the new ids; the answer's last token was never fed.
                    assert_eq!(said.2, if part == 0 { 0 } else { ids.len() - 3 }, "{case} on {name}, part {part}");
                    ids.extend(&said.0.ids);
                    ids.extend([11, 12 + part as u32]);
                }
            }
        }
    }
}

#[test]
fn a_copy_goes_its_own_way_and_has_read_what_the_first_had() {
    for (name, device) in devices() {
        let model = talker(&device, "gpt2");
        let (first, plan) = (Session::new(&model).unwrap(), settings(4, 0.0, 1));
        let begin = vec![5, 9, 2, 30, 7];
        let ids = [begin.clone(), ask(&model, &first, &begin, &plan).0.ids].concat();
        let second = now(first.fork());
        let (one, two) = ([ids.clone(), vec![40, 41]].concat(), [ids.clone(), vec![50]].concat());
        for (session, ids) in [(&first, &one), (&second, &two), (&first, &one), (&second, &two)] {
            let said = ask(&model, session, ids, &plan);
            agree(name, &said, &whole(&model, ids, &plan));
            assert!(said.2 >= 8, "{} stay on {name}", said.2);
        }
        pollster::block_on(first.free());
        let said = ask(&model, &second, &two, &plan);
        agree(name, &said, &whole(&model, &two, &plan));
        assert_eq!(said.2, two.len() - 1, "what the first gave back was not the second's, on {name}");
    }
}

#[test]
fn beams_a_changed_weight_and_a_conversation_that_was_rewritten_are_heeded() {
    for (name, device) in devices() {
        let model = talker(&device, "gpt2");
        let (session, plan) = (Session::new(&model).unwrap(), settings(4, 0.0, 1));
        let mut ids = vec![5, 9, 2, 30, 7];
        let beams = settings(5, 0.0, 3);
        let said = ask(&model, &session, &ids, &beams);
        agree(&format!("beams on {name}"), &said, &whole(&model, &ids, &beams));
        ids.extend(&said.0.ids);
        let said = ask(&model, &session, &ids, &plan);
        agree(&format!("after beams on {name}"), &said, &whole(&model, &ids, &plan));
        // Another middle: what stands before it stays.
        ids[3] = 31;
        let said = ask(&model, &session, &ids, &plan);
        agree(&format!("rewritten on {name}"), &said, &whole(&model, &ids, &plan));
        assert_eq!(said.2, 3);
        // A shorter one, wholly known: only its last id is read.
        let said = ask(&model, &session, &ids[..6], &plan);
        agree(&format!("shorter on {name}"), &said, &whole(&model, &ids[..6], &plan));
        let (weight, Tensor { shape, data }) = now(model.weights(None)).swap_remove(0);
        let data = data.iter().map(|x| x * 1.5 + 0.01).collect();
        model.set_weights(&[(weight, Tensor { shape, data })]).unwrap();
        let said = ask(&model, &session, &ids, &plan);
        agree(&format!("other weights on {name}"), &said, &whole(&model, &ids, &plan));
        assert_eq!(said.2, 0, "what other weights computed is of no use");
    }
}

#[test]
fn a_part_that_is_given_up_in_the_middle_leaves_the_session_as_good_as_before() {
    for (name, device) in devices() {
        let model = talker(&device, "gpt2");
        let (session, plan) = (Session::new(&model).unwrap(), settings(6, 0.0, 1));
        let ids = vec![5, 9, 2, 30, 7];
        for pieces in 0..5 {
            let mut seen = 0;
            // The receiver never comes back: the future is dropped where it stands.
            let emit = async |_: Piece| {
                seen += 1;
                if seen > pieces {
                    std::future::pending::<()>().await;
                }
                Ok(Flow::On)
            };
            let signal = Signal::default();
            let said = session.prompt(&model, ids.clone().into(), &plan, &[], &signal, emit, async || Ok(Flow::On));
            {
                let mut said = std::pin::pin!(said);
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                for _ in 0..200 {
                    assert!(said.as_mut().poll(&mut context).is_pending());
                    std::thread::sleep(std::time::Duration::from_micros(200));
                }
            }
            let said = ask(&model, &session, &ids, &plan);
            agree(&format!("after {pieces} pieces on {name}"), &said, &whole(&model, &ids, &plan));
        }
        let overflow = vec![1; model.config().context + 1];
        let emit = async |_: Piece| Ok(Flow::On);
        let signal = Signal::default();
        let said = session.prompt(&model, overflow.into(), &plan, &[], &signal, emit, async || Ok(Flow::On));
        assert_eq!(pollster::block_on(said).unwrap_err().code(), "context-overflow");
        let said = ask(&model, &session, &ids, &plan);
        assert_eq!(said.2, ids.len() - 1, "a refusal takes nothing away");
    }
}

#[test]
fn what_sessions_hold_is_given_back_with_them() {
    for (name, device) in devices() {
        let model = talker(&device, "gpt2");
        let cache = || {
            let owners = device.ledger().owners();
            owners.into_iter().find(|(owner, _)| owner == "cache").map_or(0, |(_, bytes)| bytes)
        };
        let plan = settings(4, 0.0, 1);
        let before = cache();
        let first = Session::new(&model).unwrap();
        ask(&model, &first, &[5, 9, 2], &plan);
        let one = cache();
        let second = now(first.fork());
        ask(&model, &second, &[5, 9, 2], &plan);
        assert!(one > before && cache() > one, "{name}: {before}, {one}, {}", cache());
        pollster::block_on(first.free());
        assert_eq!(cache(), one, "{name}");
        pollster::block_on(second.free());
        assert!(cache() <= before + 4096, "{name}: {} of {before}", cache());
    }
}

/// Each message is as many tokens as its content has characters.
fn letters(messages: &[Value]) -> griot::Result<Prompt> {
    let all: String = messages.iter().map(|message| message["content"].as_str().unwrap()).collect();
    Ok(Prompt { ids: all.bytes().map(u32::from).collect(), text: Some(all) })
}

#[test]
fn a_window_slides_over_whole_turns_and_keeps_the_system_and_the_question() {
    let said = |role: &str, text: &str| json!({ "role": role, "content": text });
    let talk = [
        said("system", "ss"),
        said("user", "aaa"),
        said("assistant", "bbb"),
        said("user", "cc"),
        said("assistant", "dd"),
        said("user", "ee"),
    ];
    let fitted = |window, room| fit(&talk, 1, window, room, letters);
    assert_eq!(fitted(14, Some(0)).unwrap().left_out, 1..1);
    assert_eq!(fitted(14, None).unwrap().prompt.text.unwrap(), "ssaaabbbccddee");
    assert_eq!(fitted(13, None).unwrap_err().details(), [("tokens", 14.0), ("context", 13.0)]);
    let slid = fitted(13, Some(2)).unwrap();
    assert_eq!((slid.left_out, slid.prompt.text.unwrap()), (1..3, "ssccddee".to_owned()));
    assert_eq!(fitted(9, Some(2)).unwrap().prompt.text.unwrap(), "ssee");
    assert_eq!(fitted(5, Some(4)).unwrap().prompt.text.unwrap(), "ssee", "less room than wished is better than none");
    assert_eq!(fitted(3, Some(1)).unwrap_err().code(), "context-overflow");
    let reader = load(&devices()[0].1, &Golden::open("bert-mlm"));
    assert_eq!(Session::new(&reader).unwrap_err().code(), "unsupported");
    let mute = load(&devices()[0].1, &Golden::open("gpt2"));
    assert_eq!(Session::new(&mute).unwrap_err().code(), "bad-input");
}
