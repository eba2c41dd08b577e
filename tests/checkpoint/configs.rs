//! Configs: what is read, what is refused and how, for every model type.

use griot::models::{Config, Family, RopeScaling, Task, build};
use serde_json::{Value, json};

fn with(base: &Value, more: Value) -> Value {
    let mut all = base.clone();
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

pub fn llama() -> Value {
    json!({"model_type": "llama", "vocab_size": 11, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2,
        "num_key_value_heads": 1, "intermediate_size": 12, "max_position_embeddings": 16})
}

/// One small config of every model type.
pub fn all() -> Vec<Value> {
    let relative = |name: &str| with(&llama(), json!({"model_type": name}));
    let bert = json!({"model_type": "bert", "vocab_size": 9, "hidden_size": 4, "num_attention_heads": 2, "num_hidden_layers": 1,
        "intermediate_size": 6, "max_position_embeddings": 7});
    vec![
        json!({"model_type": "gpt2", "vocab_size": 7, "n_embd": 4, "n_head": 2, "n_layer": 1, "n_positions": 5}),
        relative("llama"),
        relative("mistral"),
        relative("qwen2"),
        relative("qwen3"),
        relative("gemma"),
        relative("gemma2"),
        relative("gemma3_text"),
        bert.clone(),
        with(&bert, json!({"model_type": "roberta", "pad_token_id": 1})),
        with(&bert, json!({"model_type": "camembert", "pad_token_id": 1})),
        json!({"model_type": "distilbert", "vocab_size": 9, "dim": 4, "n_heads": 2, "n_layers": 1, "hidden_dim": 6,
            "max_position_embeddings": 7}),
        json!({"model_type": "flaubert", "vocab_size": 9, "emb_dim": 4, "n_heads": 2, "n_layers": 1, "max_position_embeddings": 7,
            "pre_norm": true}),
        json!({"model_type": "t5", "vocab_size": 9, "d_model": 4, "d_kv": 3, "d_ff": 6, "num_heads": 2, "num_layers": 1,
            "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false}),
        json!({"model_type": "marian", "vocab_size": 9, "d_model": 4, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
            "encoder_layers": 1, "decoder_layers": 2, "encoder_ffn_dim": 6, "decoder_ffn_dim": 8, "max_position_embeddings": 7,
            "pad_token_id": 8}),
    ]
}

fn refused(value: &Value) -> String {
    let error = Config::from_json(value).unwrap_err();
    assert!(matches!(error.code(), "unsupported" | "bad-file"), "{error:?}");
    error.to_string()
}

#[test]
fn every_model_type_lists_its_parameters_and_names_them_for_every_task() {
    for value in all() {
        let config = Config::from_json(&value).unwrap();
        for task in Task::ALL {
            let Ok(config) = config.with_task(task) else { continue };
            let inventory = build(&config).inventory();
            inventory.check().unwrap();
            let saved = griot::checkpoint::saved(&config, &inventory).unwrap();
            let words: u64 = saved.iter().map(|saved| saved.words.len() as u64).sum();
            assert!(words >= inventory.count(), "{}", config.model_type.name());
            assert_eq!(Config::from_json(&config.to_json()).unwrap().task, task);
        }
    }
}

#[test]
fn an_unknown_type_and_unknown_options_are_refused_by_name() {
    assert!(refused(&json!({"model_type": "mamba"})).contains("mamba"));
    assert!(refused(&json!({"vocab_size": 3})).contains("model_type"));
    for value in all() {
        for (name, bad) in [
            ("logit_scale", json!(0.5)),
            ("quantization_config", json!({"bits": 4})),
            ("alibi", json!(true)),
            ("pruned_heads", json!({"0": [1]})),
        ] {
            assert!(refused(&with(&value, json!({name: bad}))).contains(name), "{name} in {value}");
        }
        // What says nothing about numbers may stay.
        Config::from_json(&with(&value, json!({"_name_or_path": "x", "transformers_version": "4.1", "alibi": false})))
            .unwrap();
    }
    assert!(refused(&with(&all()[8], json!({"position_embedding_type": "relative_key"}))).contains("relative_key"));
    assert!(refused(&with(&llama(), json!({"hidden_act": "mish"}))).contains("mish"));
    // Another family's word is no harmless text.
    assert!(refused(&with(&all()[0], json!({"hidden_act": "relu"}))).contains("hidden_act"));
    assert!(
        refused(&with(&llama(), json!({"position_embedding_type": "absolute"}))).contains("position_embedding_type")
    );
    let pair = all().into_iter().find(|value| value["model_type"] == "t5").unwrap();
    for buckets in [2, 7, 66] {
        let text = refused(&with(&pair, json!({"relative_attention_num_buckets": buckets})));
        assert!(text.contains("relative_attention_num_buckets"), "{text}");
    }
    assert!(
        refused(&with(&llama(), json!({"rope_scaling": {"rope_type": "longrope", "factor": 2.0}})))
            .contains("longrope")
    );
    assert!(refused(&with(&llama(), json!({"architectures": ["LlamaForSequenceClassification"]}))).contains("Llama"));
}

#[test]
fn numbers_may_be_whole_floats_but_neither_strings_nor_absurd() {
    let floats = with(&llama(), json!({"hidden_size": 8.0, "vocab_size": 11.0}));
    assert_eq!(Config::from_json(&floats).unwrap().width, 8);
    for (name, bad) in [
        ("hidden_size", json!("8")),
        ("hidden_size", json!(8.5)),
        ("hidden_size", json!(-8)),
        ("hidden_size", json!(0)),
        ("hidden_size", json!(1e300)),
        ("num_hidden_layers", json!(100_000)),
        ("num_attention_heads", json!(3)),
        ("num_key_value_heads", json!(0)),
        ("rms_norm_eps", json!("1e-6")),
        ("tie_word_embeddings", json!(1)),
        ("attention_dropout", json!(1.0)),
        ("head_dim", json!(3)),
        ("rope_theta", json!(0.0)),
        ("vocab_size", Value::Null),
        ("intermediate_size", json!([12])),
    ] {
        let text = refused(&with(&llama(), json!({name: bad})));
        assert!(text.contains(name), "{name} {bad}: {text}");
    }
    let absurd = json!({"vocab_size": 16_777_216, "hidden_size": 16_777_216, "num_hidden_layers": 1024, "head_dim": 2, "intermediate_size": 16_777_216});
    assert!(refused(&with(&llama(), absurd)).contains("numbers"));
}

#[test]
fn the_class_that_is_written_is_that_of_the_tensors_that_are() {
    let bert = all().into_iter().find(|value| value["model_type"] == "bert").unwrap();
    let class = |name: &str| {
        let read = Config::from_json(&with(&bert, json!({"architectures": [name]}))).unwrap();
        read.to_json()["architectures"].clone()
    };
    assert_eq!(class("BertForPreTraining"), json!(["BertForMaskedLM"]));
    assert_eq!(class("BertForTokenClassification"), json!(["BertForTokenClassification"]));
    assert_eq!(Config::from_json(&bert).unwrap().to_json(), bert);
}

fn family(value: &Value) -> griot::models::Llama {
    match Config::from_json(value).unwrap().family {
        Family::Llama(family) => family,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn windows_caps_and_ropes_follow_the_reference_when_the_file_is_silent() {
    let of = |name: &str, more: Value| family(&with(&with(&llama(), json!({"model_type": name})), more));
    assert_eq!(of("mistral", json!({})).windows, [Some(4096); 2]);
    assert_eq!(of("mistral", json!({"sliding_window": null})).windows, [None; 2]);
    assert_eq!(of("qwen2", json!({"sliding_window": 4})).windows, [None; 2]);
    let on = json!({"sliding_window": 4, "use_sliding_window": true, "max_window_layers": 1});
    assert_eq!(of("qwen2", on).windows, [None, Some(4)]);
    let gemma = of("gemma2", json!({"sliding_window": 4}));
    assert_eq!(
        (gemma.windows.clone(), gemma.score_cap, gemma.logit_cap),
        (vec![Some(4), None], Some(50.0), Some(30.0))
    );
    assert!(gemma.sandwich && gemma.offset_norms && gemma.tied && !gemma.head_norms);
    let gemma = of("gemma3_text", json!({"sliding_window": 4, "sliding_window_pattern": 2}));
    assert_eq!((gemma.windows, gemma.score_cap), (vec![Some(4), None], None));
    assert_eq!((gemma.rope.base, gemma.local_rope.unwrap().base), (1e6, 1e4));
    let new = json!({"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 4, "rope_parameters": {
        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
        "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}});
    let gemma = of("gemma3_text", new);
    assert_eq!(gemma.rope.scaling, RopeScaling::Linear { factor: 8.0 });
    assert_eq!(gemma.local_rope.unwrap().scaling, RopeScaling::None);
}

#[test]
fn ropes_are_read_in_both_spellings() {
    let scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8});
    let old = family(&with(&llama(), json!({"rope_theta": 5e5, "rope_scaling": scaling})));
    let new = family(&with(&llama(), json!({"rope_parameters": with(&scaling, json!({"rope_theta": 5e5}))})));
    assert_eq!(old.rope, new.rope);
    assert_eq!(old.rope.scaling, RopeScaling::Llama3 { factor: 8.0, low: 1.0, high: 4.0, original: 8 });
    let yarn = family(&with(&llama(), json!({"rope_scaling": {"type": "yarn", "factor": 4.0}})));
    match yarn.rope.scaling {
        RopeScaling::Yarn { attention, original, .. } => {
            assert!(original == 16 && (attention - (0.1 * 4f64.ln() + 1.0)).abs() < 1e-12);
        }
        other => unreachable!("{other:?}"),
    }
    assert!(refused(&with(&llama(), json!({"rope_scaling": {"type": "linear"}}))).contains("factor"));
    assert!(
        refused(&with(&llama(), json!({"rope_scaling": {"type": "linear", "factor": 2.0, "mystery": 3}})))
            .contains("mystery")
    );
}
