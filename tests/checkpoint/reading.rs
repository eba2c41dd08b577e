//! Files that lie, and files in other types.

use griot::checkpoint::{Dtype, Header, Index, Loading, Reader, write_header};
use griot::kernels::Format;
use griot::models::{Config, build};
use griot::{Error, Kind};
use half::{bf16, f16};
use serde_json::json;

fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

fn read(bytes: &[u8], size: u64) -> Result<Vec<(String, u64, Vec<f32>)>, Error> {
    let mut reader = Reader::new(size);
    let mut got = Vec::new();
    reader.feed(bytes, |stretch| {
        got.push((stretch.entry.name.clone(), stretch.offset, stretch.numbers.to_vec()));
        Ok(())
    })?;
    reader.finish()?;
    Ok(got)
}

#[test]
fn half_precision_becomes_f32_as_it_passes() {
    let header = r#"{"b":{"dtype":"BF16","shape":[3],"data_offsets":[4,10]},"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},
        "mask":{"dtype":"BOOL","shape":[1,1],"data_offsets":[10,11]}}"#;
    let mut bytes = file(header, 0);
    for x in [1.5f32, -65504.0] {
        bytes.extend(f16::from_f32(x).to_le_bytes());
    }
    for x in [3.0f32, -1e30, f32::INFINITY] {
        bytes.extend(bf16::from_f32(x).to_le_bytes());
    }
    bytes.push(1);
    let whole = read(&bytes, bytes.len() as u64).unwrap();
    assert_eq!(whole[0], ("a".to_owned(), 0, vec![1.5, -65504.0]));
    assert_eq!(whole[1].2, [3.0, bf16::from_f32(-1e30).to_f32(), f32::INFINITY]);
    assert_eq!(whole.len(), 2);
    // The same byte by byte.
    let mut reader = Reader::new(bytes.len() as u64);
    let mut single = Vec::new();
    for byte in &bytes {
        reader
            .feed(std::slice::from_ref(byte), |stretch| {
                single.push((stretch.entry.name.clone(), stretch.offset, stretch.numbers[0]));
                Ok(())
            })
            .unwrap();
    }
    reader.finish().unwrap();
    assert_eq!(single.len(), 5);
    assert_eq!(single[4], ("b".to_owned(), 2, f32::INFINITY));
}

#[test]
fn lying_headers_are_refused() {
    let one = |entry: &str| format!("{{\"t\":{entry}}}");
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "ends after"),
        ("seven bytes", vec![0; 7], "ends after"),
        ("a huge header", u64::MAX.to_le_bytes().to_vec(), "a header of"),
        ("a header of nothing", 0u64.to_le_bytes().to_vec(), "a header of"),
        ("no json", file("hello", 0), "malformed"),
        ("a list", file("[1, 2]", 0), "malformed"),
        (
            "a name twice",
            file(
                r#"{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                8,
            ),
            "comes twice",
        ),
        ("an unknown type", file(&one(r#"{"dtype":"F4","shape":[1],"data_offsets":[0,4]}"#), 4), "not known"),
        ("offsets turned round", file(&one(r#"{"dtype":"F32","shape":[1],"data_offsets":[4,0]}"#), 4), "impossible"),
        (
            "a shape too large",
            file(&one(r#"{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,4]}"#), 4),
            "impossible",
        ),
        ("negative sizes", file(&one(r#"{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}"#), 4), "malformed"),
        ("a shape that lies", file(&one(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#), 4), "needs 8 bytes"),
        ("past the end", file(&one(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#), 4), "cut short"),
        ("too much data", file(&one(r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#), 9), "the file at byte"),
        (
            "an overlap",
            file(
                r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                8,
            ),
            "begins at byte",
        ),
        (
            "a gap",
            file(
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
                12,
            ),
            "begins at byte",
        ),
        ("another field", file(&one(r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}"#), 4), "malformed"),
        ("deep nesting", file(&"[".repeat(100_000), 0), "malformed"),
    ];
    for (what, bytes, part) in cases {
        let error = read(&bytes, bytes.len() as u64).unwrap_err();
        assert!(matches!(error.kind(), Kind::BadFile | Kind::Unsupported), "{what}: {error:?}");
        assert!(error.to_string().contains(part), "{what}: {error}");
    }
}

#[test]
fn a_file_that_stops_halfway_or_goes_on_is_refused() {
    let bytes = file(r#"{"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, 16);
    for end in 0..bytes.len() {
        assert_eq!(read(&bytes[..end], bytes.len() as u64).unwrap_err().code(), "bad-file", "after {end}");
    }
    let mut more = bytes.clone();
    more.push(0);
    assert_eq!(read(&more, bytes.len() as u64).unwrap_err().code(), "bad-file");
}

#[test]
fn our_header_is_one_that_we_read() {
    let tensors = [("a\"é".to_owned(), vec![2, 3]), ("b".to_owned(), vec![]), ("c".to_owned(), vec![0])];
    let bytes = write_header(&tensors, Format::F32).unwrap();
    assert_eq!(bytes.len() % 8, 0);
    let header = Header::parse(&bytes[8..], bytes.len() as u64 + 28).unwrap();
    assert_eq!(header.entries.iter().map(|e| e.words()).collect::<Vec<_>>(), [6, 1, 0]);
    let halves = write_header(&tensors, Format::F16).unwrap();
    let header = Header::parse(&halves[8..], halves.len() as u64 + 14).unwrap();
    assert!(header.entries.iter().all(|e| e.dtype == Dtype::F16));
    assert_eq!(header.entries.iter().map(|e| e.words()).collect::<Vec<_>>(), [6, 1, 0]);
    assert!(write_header(&[("b".to_owned(), vec![1]), ("a".to_owned(), vec![1])], Format::F32).is_err());
}

fn tiny() -> Config {
    Config::from_json(
        &json!({"model_type": "gpt2", "vocab_size": 7, "n_embd": 4, "n_head": 2, "n_layer": 1, "n_positions": 5}),
    )
    .unwrap()
}

fn header(tensors: &[(String, Vec<usize>)]) -> Header {
    let bytes = write_header(tensors, Format::F32).unwrap();
    let data: usize = tensors.iter().map(|(_, shape)| 4 * shape.iter().product::<usize>()).sum();
    Header::parse(&bytes[8..], (bytes.len() + data) as u64).unwrap()
}

fn tensors(config: &Config) -> Vec<(String, Vec<usize>)> {
    let list = griot::checkpoint::saved(config, &build(config).inventory()).unwrap();
    list.into_iter().map(|saved| (saved.name, saved.shape)).collect()
}

#[test]
fn missing_unknown_and_misshapen_tensors_are_named() {
    let config = tiny();
    let inventory = build(&config).inventory();
    let all = tensors(&config);
    let judge = |list: &[(String, Vec<usize>)]| {
        let mut loading = Loading::new(&config, &inventory)?;
        loading.file(&header(list))?;
        loading.finish().map(|fresh| fresh.len())
    };
    assert_eq!(judge(&all).unwrap(), 0);
    let lacking: Vec<_> = all.iter().filter(|(name, _)| !name.ends_with("ln_f.bias")).cloned().collect();
    assert!(judge(&lacking).unwrap_err().to_string().contains("transformer.ln_f.bias"));
    let mut more = all.clone();
    more.push(("transformer.zebra".to_owned(), vec![1]));
    assert!(judge(&more).unwrap_err().to_string().contains("transformer.zebra"));
    let mut other = all.clone();
    other.last_mut().unwrap().1 = vec![8, 4];
    let error = judge(&other).unwrap_err();
    assert!(error.code() == "bad-file" && error.to_string().contains("[7, 4]"), "{error}");
    // Without the prefix, as the first GPT-2 files are, and with their masks.
    let mut bare: Vec<_> = all.iter().map(|(name, shape)| (name.replace("transformer.", ""), shape.clone())).collect();
    bare.push(("h.0.attn.bias".to_owned(), vec![1, 1, 5, 5]));
    bare.sort();
    assert_eq!(judge(&bare).unwrap(), 0);
}

#[test]
fn a_missing_head_may_start_afresh_and_older_names_are_read() {
    let json = json!({"model_type": "bert", "vocab_size": 9, "hidden_size": 4, "num_attention_heads": 2, "num_hidden_layers": 1,
        "intermediate_size": 6, "max_position_embeddings": 5});
    let masked = Config::from_json(&json).unwrap();
    let list: Vec<_> = tensors(&masked)
        .into_iter()
        .map(|(name, shape)| {
            (name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"), shape)
        })
        .collect();
    let mut sorted = list;
    sorted.push(("bert.embeddings.position_ids".to_owned(), vec![1, 5]));
    sorted.sort();
    let classify = masked.with_task(griot::models::Task::Classify).unwrap();
    for (config, fresh) in [(&masked, 0), (&classify, 4)] {
        let inventory = build(config).inventory();
        let mut loading = Loading::new(config, &inventory).unwrap();
        loading.file(&header(&sorted)).unwrap();
        assert_eq!(loading.finish().unwrap().len(), fresh);
    }
    assert_eq!(classify.to_json()["architectures"], json!(["BertForSequenceClassification"]));
}

#[test]
fn an_index_names_plain_files_only() {
    let good = br#"{"metadata": {"total_size": 8}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#;
    assert_eq!(Index::parse(good).unwrap().files.len(), 2);
    for bad in [
        r#"{"weight_map": {"a": "../model.safetensors"}}"#,
        r#"{"weight_map": {"a": "https://x/model.safetensors"}}"#,
        r#"{"weight_map": {"a": 3}}"#,
        r#"{"weight_map": {}}"#,
        "{}",
        "[",
    ] {
        assert_eq!(Index::parse(bad.as_bytes()).unwrap_err().code(), "bad-file", "{bad}");
    }
}
