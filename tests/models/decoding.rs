//! Decoding: both loops and beam search against the stored sequences, several decoders at once, and what is left after an end.

use griot::device::{Device, Signal};
use griot::generate::settings::{Choices, EarlyStopping, Settings};
use griot::generate::{Decoder, End, Flow, Pace, beams, run};
use griot::tasks::Model;
use serde_json::Value;
use std::rc::Rc;

use crate::golden::Golden;
use crate::seat::{devices, load};

/// The prompts of a record, without padding.
fn prompts(record: &Value) -> Vec<Vec<u32>> {
    let rows = |key: &str| -> Vec<Vec<u32>> { serde_json::from_value(record[key].clone()).unwrap() };
    let (ids, mask) = (rows("input_ids"), rows("attention_mask"));
    let seen = |(ids, mask): (Vec<u32>, Vec<u32>)| ids.into_iter().zip(mask).filter(|(_, m)| *m == 1).map(|(id, _)| id);
    ids.into_iter().zip(mask).map(|pair| seen(pair).collect()).collect()
}

/// What stands after the prompt in the stored sequences, up to the end token.
fn expected(record: &Value, two: bool, end: Option<u32>) -> Vec<Vec<u32>> {
    let sequences: Vec<Vec<u32>> = serde_json::from_value(record["sequences"].clone()).unwrap();
    let before = if two { 1 } else { record["input_ids"][0].as_array().unwrap().len() };
    sequences.iter().map(|row| row[before..].iter().copied().take_while(|&id| Some(id) != end).collect()).collect()
}

fn greedy(most: usize, end: Option<u32>) -> Settings {
    let choices = Choices {
        temperature: Some(0.0),
        max_tokens: Some(most),
        stop_tokens: Some(end.into_iter().collect()),
        ..Choices::default()
    };
    choices.settle(None, &[]).unwrap()
}

fn write(decoder: &mut Decoder, settings: &Settings, pace: Pace) -> (Vec<Vec<u32>>, Vec<End>) {
    let mut made = vec![Vec::new(); decoder.count()];
    let mut emit = async |fresh: &[Option<griot::generate::sampler::Chosen>]| {
        made.iter_mut().zip(fresh).for_each(|(made, chosen)| made.extend(chosen.as_ref().map(|chosen| chosen.id)));
        Ok(Flow::On)
    };
    let ends = pollster::block_on(run(decoder, settings, pace, &Signal::default(), &mut emit)).unwrap();
    (made, ends)
}

#[test]
fn both_loops_write_the_reference_sequences() {
    for case in ["gpt2", "qwen3", "mistral", "t5"] {
        let golden = Golden::open(case);
        for (name, device) in devices() {
            let model = load(&device, &golden);
            for kind in ["single", "batch", "batch_eos"] {
                let record = &golden.record["greedy"][kind];
                let end = record["eos_token_id"].as_u64().map(|id| id as u32);
                let most = record["max_new_tokens"].as_u64().unwrap() as usize;
                let expected = expected(record, case == "t5", end);
                for pace in [Pace::Stepped, Pace::Ahead] {
                    let mut decoder = model.decoder(&prompts(record)).unwrap();
                    let (made, ends) = write(&mut decoder, &greedy(most, end), pace);
                    assert_eq!(made, expected, "{case} {kind} on {name}, {pace:?}");
                    for (made, end) in made.iter().zip(ends) {
                        assert_eq!(end, if made.len() < most { End::Stop } else { End::Length });
                    }
                }
            }
        }
    }
}

fn beam_settings(options: &Value) -> Settings {
    let number = |key: &str| options[key].as_f64();
    let choices = Choices {
        beams: number("num_beams").map(|n| n as usize),
        max_tokens: number("max_new_tokens").map(|n| n as usize),
        length_penalty: number("length_penalty").map(|n| n as f32),
        early_stopping: Some(match &options["early_stopping"] {
            Value::Bool(true) => EarlyStopping::Yes,
            Value::String(_) => EarlyStopping::Never,
            _ => EarlyStopping::No,
        }),
        no_repeat_ngram: number("no_repeat_ngram_size").map(|n| n as usize),
        repetition_penalty: number("repetition_penalty").map(|n| n as f32),
        ..Choices::default()
    };
    let file = serde_json::json!({});
    Choices { stop_tokens: Some(Vec::new()), ..choices }.settle(Some(&file), &[]).unwrap()
}

#[test]
fn beam_search_finds_the_reference_sequences_and_scores() {
    for case in ["gpt2", "t5"] {
        let golden = Golden::open(case);
        let two = case == "t5";
        for (name, device) in devices() {
            let model = load(&device, &golden);
            for (at, record) in golden.record["beam_search"].as_array().unwrap().iter().enumerate() {
                let options = &record["options"];
                let end = options["eos_token_id"].as_u64().map(|id| id as u32);
                let settings = Settings { stop_tokens: end.into_iter().collect(), ..beam_settings(options) };
                let prompts = prompts(record);
                let mut decoder = model.decoder(&prompts).unwrap();
                let mut pulse = async || Ok(Flow::On);
                let signal = Signal::default();
                let search = beams::search(&mut decoder, &settings, &signal, |_| false, &mut pulse);
                let found = pollster::block_on(search).unwrap();
                let wanted = options["num_return_sequences"].as_u64().unwrap_or(1) as usize;
                let got: Vec<_> = found.iter().flat_map(|found| &found[..wanted]).collect();
                let scores: Vec<f64> = serde_json::from_value(record["sequences_scores"].clone()).unwrap();
                for (row, (got, expected)) in got.iter().zip(expected(record, two, end)).enumerate() {
                    let ids: Vec<u32> = got.tokens.iter().map(|chosen| chosen.id).collect();
                    assert_eq!(ids, expected, "{case} {at} {options} on {name}, row {row}");
                    let off = (got.score - scores[row]).abs();
                    assert!(off < 1e-3, "{case} {at} on {name}, row {row}: {} for {}", got.score, scores[row]);
                    let sum: f64 = got.tokens.iter().map(|chosen| chosen.logprob).sum();
                    assert!(sum <= 0.0 && (got.end == End::Length) == (ids.len() == 16), "{at} {row} {:?}", got.end);
                }
                assert_eq!(got.len(), scores.len());
            }
        }
    }
}

fn sampling(device: &Rc<Device>, golden: &Golden, choices: &Choices) -> [(Vec<Vec<u32>>, Vec<End>); 2] {
    let model = load(device, golden);
    let settings = choices.settle(None, &[7]).unwrap();
    let record = &golden.record["greedy"]["batch"];
    [Pace::Stepped, Pace::Ahead].map(|pace| write(&mut model.decoder(&prompts(record)).unwrap(), &settings, pace))
}

#[test]
fn both_loops_draw_the_same_tokens_under_all_options() {
    let golden = Golden::open("gpt2");
    let plain = Choices { max_tokens: Some(24), seed: Some(5), ..Choices::default() };
    let some = |change: &dyn Fn(&mut Choices)| {
        let mut choices = plain.clone();
        change(&mut choices);
        choices
    };
    let all = [
        plain.clone(),
        some(&|c| c.temperature = Some(0.6)),
        some(&|c| c.top_k = Some(5)),
        some(&|c| c.top_p = Some(0.4)),
        some(&|c| c.min_p = Some(0.3)),
        some(&|c| c.typical_p = Some(0.3)),
        some(&|c| (c.temperature, c.repetition_penalty) = (Some(0.0), Some(1.3))),
        some(&|c| (c.temperature, c.frequency_penalty) = (Some(0.0), Some(0.3))),
        some(&|c| (c.temperature, c.presence_penalty) = (Some(0.0), Some(0.9))),
        some(&|c| c.logit_bias = Some([(3, 6.0), (236, f32::NEG_INFINITY)].into())),
        some(&|c| (c.min_tokens, c.stop_tokens) = (Some(9), Some((0..200).collect()))),
    ];
    for (name, device) in devices() {
        let mut seen = Vec::new();
        for choices in &all {
            let [stepped, ahead] = sampling(&device, &golden, choices);
            assert_eq!(stepped, ahead, "{choices:?} on {name}");
            assert!(!seen.contains(&stepped), "{choices:?} changed nothing on {name}");
            seen.push(stepped);
        }
        let (made, ends) = &seen[10];
        assert!(made.iter().all(|made| made.len() >= 9) && ends.iter().all(|&end| end == End::Stop), "{made:?}");
        assert!(seen[9].0.iter().flatten().any(|&id| id == 3) && !seen[9].0.iter().flatten().any(|&id| id == 236));
    }
}

#[test]
fn several_decoders_take_turns_and_each_writes_what_it_would_alone() {
    for case in ["gpt2", "t5"] {
        let golden = Golden::open(case);
        for (name, device) in devices() {
            let model = load(&device, &golden);
            let records = ["single", "batch"].map(|kind| &golden.record["greedy"][kind]);
            let alone = records.map(|record| expected(record, case == "t5", None));
            let mut decoders = records.map(|record| model.decoder(&prompts(record)).unwrap());
            let mut made = [vec![Vec::new(); 1], vec![Vec::new(); 3]];
            for turn in 0..8 {
                for (decoder, made) in decoders.iter_mut().zip(&mut made) {
                    let pace = if turn % 2 == 0 { Pace::Stepped } else { Pace::Ahead };
                    let (fresh, _) = write(decoder, &greedy(1 + turn % 3, None), pace);
                    made.iter_mut().zip(fresh).for_each(|(made, fresh)| made.extend(fresh));
                }
            }
            for (made, alone) in made.iter().flatten().zip(alone.iter().flatten()) {
                assert_eq!(made[..], alone[..made.len()], "{case} on {name}");
            }
        }
    }
}

#[test]
fn what_was_drawn_past_an_end_is_forgotten() {
    let golden = Golden::open("gpt2");
    let record = &golden.record["greedy"]["single"];
    let alone = expected(record, false, None).remove(0);
    for (name, device) in devices() {
        let model = load(&device, &golden);
        let mut decoder = model.decoder(&prompts(record)).unwrap();
        let mut made = Vec::new();
        // Each time the receiver has enough after three, although the loop is ahead of it.
        while made.len() < 12 {
            let before = made.len();
            let mut emit = async |fresh: &[Option<griot::generate::sampler::Chosen>]| {
                made.extend(fresh[0].as_ref().map(|chosen| chosen.id));
                Ok(if made.len() == before + 3 { Flow::End } else { Flow::On })
            };
            let (settings, signal) = (greedy(20, None), Signal::default());
            let ends = run(&mut decoder, &settings, Pace::Ahead, &signal, &mut emit);
            assert_eq!(pollster::block_on(ends).unwrap(), [End::Stopped]);
            assert_eq!(decoder.ids(0).len(), 6 + made.len());
        }
        assert_eq!(made, alone[..12], "on {name}");
    }
}

#[test]
fn a_text_grows_past_the_room_that_was_made_for_it() {
    let golden = Golden::open("gpt2");
    let record = &golden.record["greedy"]["single"];
    let alone = expected(record, false, None).remove(0);
    let model: Model = load(&devices()[0].1, &golden);
    let mut decoder = model.decoder(&prompts(record)).unwrap();
    let mut made = Vec::new();
    for _ in 0..30 {
        // Room for one more at a time: the cache is laid out anew now and then.
        made.extend(write(&mut decoder, &greedy(1, None), Pace::Stepped).0.remove(0));
    }
    assert_eq!(made, alone[..30]);
    let context = model.config().context;
    let (made, ends) = write(&mut decoder, &greedy(10_000, None), Pace::Ahead);
    assert_eq!((decoder.room(), ends[0], made[0].len()), (0, End::Length, context - 36));
}

#[test]
fn prompts_that_cannot_be_are_refused_before_anything_runs() {
    let golden = Golden::open("gpt2");
    let model = load(&devices()[0].1, &golden);
    let context = model.config().context;
    let code = |prompts: &[Vec<u32>]| model.decoder(prompts).unwrap_err().code();
    assert_eq!(code(&[vec![1], vec![]]), "bad-input");
    assert_eq!(code(&[]), "bad-input");
    assert_eq!(code(&[vec![1, 256]]), "bad-input");
    assert_eq!(code(&[vec![1; context + 1]]), "context-overflow");
    let reader = load(&devices()[0].1, &Golden::open("bert-mlm"));
    assert_eq!(reader.decoder(&[vec![1]]).unwrap_err().code(), "unsupported");
    let choices = Choices { logit_bias: Some([(256, 1.0)].into()), ..Choices::default() };
    assert_eq!(model.settings(&choices).unwrap_err().code(), "bad-option");
}
