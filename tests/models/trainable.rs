//! Patterns of trainable parameters: what they name changes, and nothing else does.

use griot::device::Signal;
use griot::tasks::Given;
use griot::train::options::Options;
use griot::train::{Source, Trainer};

use crate::golden::Golden;
use crate::seat::{devices, load, training_batches};

fn options(pattern: &str) -> Options {
    Options { steps: Some(2), trainable: Some(vec![pattern.to_owned()]), ..Options::default() }
}

#[test]
fn only_the_named_parameters_change_also_where_several_lie_together() {
    for (case, pattern, part) in [
        ("llama", "*.k_proj.weight", ".k_proj.weight"),
        ("qwen2", "layers.1.self_attn.v_proj.weight", "layers.1.self_attn.v_proj.weight"),
        ("gpt2", "transformer.h.0.*", "transformer.h.0."),
    ] {
        let golden = Golden::open(case);
        for (name, device) in devices() {
            let model = load(&device, &golden);
            let batches: Vec<_> =
                training_batches(&golden).iter().map(|given: &Given| given.batch(model.config()).unwrap()).collect();
            pollster::block_on(async {
                let before = model.weights(None).await.unwrap();
                let source = Source::Batches(batches);
                let mut trainer =
                    Trainer::new(model.placed().clone(), options(pattern), source, 1e-3, model.training(), false)
                        .await
                        .unwrap();
                while trainer.advance(&Signal::default()).await.unwrap().is_some() {}
                for ((parameter, old), (_, new)) in before.iter().zip(model.weights(None).await.unwrap()) {
                    let changed = old.data != new.data;
                    assert_eq!(changed, parameter.contains(part), "{case}, {parameter} on {name}");
                }
            });
        }
    }
}

#[test]
fn a_pattern_that_names_nothing_is_refused_by_name() {
    let golden = Golden::open("gpt2");
    for (_, device) in devices() {
        let model = load(&device, &golden);
        let batches: Vec<_> =
            training_batches(&golden).iter().map(|given: &Given| given.batch(model.config()).unwrap()).collect();
        let made = Trainer::new(
            model.placed().clone(),
            options("h.7."),
            Source::Batches(batches),
            1e-3,
            model.training(),
            false,
        );
        let error = pollster::block_on(made).unwrap_err();
        assert!(error.code() == "bad-option" && error.to_string().contains("h.7."), "{error:?}");
    }
}
