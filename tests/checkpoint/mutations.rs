//! Mutated files: whatever bytes come, the readers answer with a coded error or a result, and never with a trap.

use std::fs;

use griot::checkpoint::{Index, Loading, Reader};
use griot::models::{Config, build};
use griot::rng::Rng;
use serde_json::Value;

use crate::models::{MODELS, config, path};

/// Rounds of each test; `GRIOT_FUZZ_SECONDS` makes them last that long instead, from a seed of the clock that is told.
const ROUNDS: usize = 3000;

/// Numbers of rounds, and where their random numbers begin.
fn rounds(name: &str, seed: u64) -> (impl Iterator<Item = usize>, Rng) {
    let seconds = std::env::var("GRIOT_FUZZ_SECONDS").ok().and_then(|text| text.parse::<u64>().ok());
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = if seconds.is_some() { clock ^ seed } else { seed };
    if seconds.is_some() {
        eprintln!("{name}: seed {seed}");
    }
    let began = std::time::Instant::now();
    let on = move |_: &usize| match seconds {
        Some(seconds) => began.elapsed().as_secs() < seconds,
        None => true,
    };
    let name = name.to_owned();
    let told = move |round: usize| {
        let done = round + 1;
        if seconds.is_some() && done.is_multiple_of(100_000) {
            eprintln!("{name}: {done} rounds");
        }
        round
    };
    ((0..seconds.map_or(ROUNDS, |_| usize::MAX)).take_while(on).map(told), Rng::new(seed, 0))
}

/// Bytes of `from`, a little spoilt: flips, cuts, doublings, numbers grown.
fn spoil(from: &[u8], reach: usize, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = from.to_vec();
    for _ in 0..1 + rng.below(4) {
        let reach = reach.min(bytes.len());
        if reach == 0 {
            break;
        }
        let at = rng.below(reach as u64) as usize;
        match rng.below(6) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = b"{}[],:\"0-9eEtn\\"[rng.below(15) as usize],
            2 => bytes.truncate(at),
            3 => {
                let end = (at + rng.below(40) as usize).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                bytes.splice(at..at, *b"99999999");
            }
            _ => {
                let end = (at + rng.below(40) as usize).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
    bytes
}

#[test]
fn spoilt_safetensors_never_trap_and_never_give_numbers_outside_their_tensor() {
    let (rounds, mut rng) = rounds("safetensors", 1);
    for round in rounds {
        let model = MODELS[round % MODELS.len()];
        let stored = fs::read(path(model, "model.safetensors")).unwrap();
        let length = u64::from_le_bytes(*stored.first_chunk().unwrap()) as usize;
        let bytes = spoil(&stored, length + 40, &mut rng);
        let mut reader = Reader::new(bytes.len() as u64);
        let half = rng.below(bytes.len() as u64 + 1) as usize;
        let judge = |reader: &mut Reader, bytes: &[u8]| {
            reader.feed(bytes, |stretch| {
                assert!(stretch.offset + stretch.numbers.len() as u64 <= stretch.entry.words());
                Ok(())
            })
        };
        if judge(&mut reader, &bytes[..half]).and_then(|()| judge(&mut reader, &bytes[half..])).is_err() {
            continue;
        }
        if let Some(header) = reader.header() {
            let config = config(model, "config.json");
            let inventory = build(&config).inventory();
            let mut loading = Loading::new(&config, &inventory).unwrap();
            if loading.file(header).and_then(|()| loading.finish()).is_ok() {
                for entry in &header.entries {
                    if let Some(target) = loading.target(&entry.name) {
                        let room = inventory.at(target.parameter).unwrap().words() - target.offset;
                        assert!(entry.words() as usize <= room, "{model} {}", entry.name);
                    }
                }
            }
        }
    }
}

#[test]
fn spoilt_configs_never_trap_and_what_is_taken_can_be_built() {
    let (rounds, mut rng) = rounds("configs", 2);
    let mut sources: Vec<Vec<u8>> = crate::configs::all().iter().map(|value| value.to_string().into_bytes()).collect();
    for model in MODELS {
        sources.push(fs::read(path(model, "config.json")).unwrap());
        sources.push(fs::read(path(model, "config.v4.json")).unwrap());
    }
    let mut taken = 0;
    for round in rounds {
        let source = &sources[round % sources.len()];
        let bytes = spoil(source, source.len(), &mut rng);
        let Ok(value) = serde_json::from_slice::<Value>(&bytes) else { continue };
        if let Ok(config) = Config::from_json(&value) {
            taken += 1;
            build(&config).inventory().check().unwrap();
            assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
        }
    }
    assert!(taken > 50, "only {taken} were taken: the test tries too little");
}

#[test]
fn values_of_the_wrong_kind_in_every_field_never_trap() {
    let strange: Vec<Value> =
        ["null", "true", "-1", "0", "0.5", "1e30", "16777216", "\"x\"", "[]", "[1]", "{}", "{\"a\": {}}"]
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
    for source in crate::configs::all().into_iter().chain(MODELS.map(|model| config(model, "config.json").to_json())) {
        for name in source.as_object().unwrap().keys() {
            for value in &strange {
                let mut spoilt = source.clone();
                spoilt[name] = value.clone();
                if let Ok(config) = Config::from_json(&spoilt) {
                    build(&config).inventory().check().unwrap();
                }
            }
        }
    }
}

#[test]
fn spoilt_indexes_never_trap() {
    let good = br#"{"metadata": {"total_size": 8}, "weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}"#;
    let (rounds, mut rng) = rounds("indexes", 3);
    for _ in rounds {
        let _ = Index::parse(&spoil(good, good.len(), &mut rng));
    }
}
