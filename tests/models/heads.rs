//! One body, several heads: what a checkpoint has is kept, what a task needs and lacks begins afresh.

use griot::device::Signal;
use griot::kernels::Format;
use griot::models::{Config, Task};
use griot::tasks::{Extras, Given, Loading, Model};

use crate::golden::{Golden, agree};
use crate::seat::{at_tokens, batch, devices, seen};

fn load(case: &str, task: Task) -> griot::Result<Model> {
    let (_, device) = devices().remove(0);
    let golden = Golden::open(case);
    let bytes = golden.bytes("model.safetensors");
    pollster::block_on(async {
        let mut loading = Loading::new(device, &golden.config, None, (Some(task), None), Format::F32).await?;
        loading.header("model.safetensors", bytes.len() as u64, &bytes)?;
        loading.judge()?;
        loading.feed(0, &bytes)?;
        loading.finish(1)
    })
}

#[test]
fn a_stored_body_takes_every_head_of_its_family_and_saves_what_it_then_is() {
    for case in
        ["bert-mlm", "bert-seqcls", "distilbert-mlm", "families/roberta-mlm", "families/flaubert-qa", "gpt2", "llama"]
    {
        let golden = Golden::open(case);
        let given = batch(&golden, "in");
        let plain = Given { labels: None, starts: None, ends: None, ..given.clone() };
        let own = Config::from_json(&golden.config).unwrap();
        for task in Task::ALL {
            if own.with_task(task).is_err() {
                assert_eq!(load(case, task).unwrap_err().code(), "bad-option", "{case} for {}", task.name());
                continue;
            }
            let model = load(case, task).unwrap();
            let extras = Extras { hidden: true, attentions: false };
            let made = pollster::block_on(model.forward(&plain, extras, &Signal::default())).unwrap();
            // The body is the stored one, whatever stands on it. To answer, padding is read too, which changes nothing else.
            for (layer, state) in made.main.hidden.iter().enumerate() {
                let expected = golden.numbers(&format!("out.hidden_states.{layer}"));
                let places = seen(&plain);
                let (got, expected) = (at_tokens(&state.data, &places), at_tokens(&expected.data, &places));
                agree(&format!("{case} for {}, layer {layer}", task.name()), &got, &expected, 1e-4);
            }
            let outputs = model.config().outputs();
            let last = if task == Task::Embed { model.config().width } else { outputs };
            assert_eq!(made.logits.shape.last(), Some(&last), "{case} for {}", task.name());
            assert!(made.logits.data.iter().all(|n| n.is_finite()));
            let again = Config::from_json(&model.config().to_json()).unwrap();
            assert_eq!(again.task, task, "{case}");
        }
    }
}

#[test]
fn fewer_positions_are_honoured_and_more_are_refused() {
    let golden = Golden::open("gpt2");
    let (_, device) = devices().remove(0);
    let with = |context| {
        pollster::block_on(Loading::new(device.clone(), &golden.config, None, (None, Some(context)), Format::F32))
    };
    assert_eq!(with(1 << 20).err().map(|error| error.code()), Some("bad-option"));
    assert_eq!(with(0).err().map(|error| error.code()), Some("bad-option"));
    let mut loading = with(8).unwrap();
    let bytes = golden.bytes("model.safetensors");
    loading.header("model.safetensors", bytes.len() as u64, &bytes).unwrap();
    loading.judge().unwrap();
    loading.feed(0, &bytes).unwrap();
    let model = loading.finish(0).unwrap();
    let run = |time: usize| {
        let given = Given { input_ids: vec![vec![5; time]], ..Given::default() };
        pollster::block_on(model.forward(&given, Extras::default(), &Signal::default())).map(|made| made.logits.shape)
    };
    assert_eq!(run(8).unwrap()[1], 8);
    assert_eq!(run(9).unwrap_err().code(), "context-overflow");
}
