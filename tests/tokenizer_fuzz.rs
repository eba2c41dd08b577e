//! Hostile texts and hostile chat templates: encoding any text, and rendering any template, ends in time and without a panic.
//!
//! A bounded number of seeded rounds runs with the tests; GRIOT_FUZZ_SECONDS=n goes on for n seconds for each target, from a
//! seed of the clock, and prints the seed of what it finds, which GRIOT_FUZZ_SEED=n runs again. What was found stands as a case under `found_`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says with what seed")]

#[path = "tokenizers/random.rs"]
mod random;
#[path = "tokenizers/stored.rs"]
mod stored;

use griot::tokenizer::chat::{ChatOptions, ChatTemplate};
use griot::tokenizer::{EncodeOptions, Tokenizer, Truncation};
use random::Random;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};
use stored::{NAMES, read};

/// Expressions that go through an engine.
const EXPRESSIONS: [&str; 8] = [
    r"\w+|[^\w\s]+|\s+",
    r"(?i:'s|'t)|\p{L}+|\p{N}{1,3}|\s+(?!\S)|\s+",
    r"(a+)+b",
    r"(?=(\d{3})+(?!\d))",
    r"[^\r\n\p{L}\p{N}]?+\p{L}+",
    r"",
    r"(?<=a)b|^.|.$",
    r"[\p{Han}&&[^一]]+|\R",
];

static ALL: LazyLock<Vec<Tokenizer>> = LazyLock::new(|| {
    let stored = NAMES.map(|name| read(name, "tokenizer.json").unwrap());
    let split = |expression: &str, behavior: &str| {
        json!({"model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1}, "unk_token": "[UNK]"},
            "pre_tokenizer": {"type": "Split", "pattern": {"Regex": expression}, "behavior": behavior, "invert": false}})
        .to_string()
    };
    let behaviors = ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"];
    let own = EXPRESSIONS.iter().enumerate().map(|(at, expression)| split(expression, behaviors[at % 5]));
    stored.into_iter().chain(own).map(|json| Tokenizer::from_json(&json).unwrap()).collect()
});

impl Random {
    fn one_of<'s>(&mut self, list: &[&'s str]) -> &'s str {
        list[self.below(list.len())]
    }

    /// Any character, mostly of a plane that is in use; a place of a surrogate becomes what decoders write for one.
    fn char(&mut self) -> char {
        let limit = [0x80, 0x800, 0x3000, 0xFFFF, 0x1_F900, 0x10_FFFF][self.below(6)];
        char::from_u32(self.below(limit + 1) as u32).unwrap_or('\u{fffd}')
    }
}

const FRAGMENTS: [&str; 24] = [
    "a",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u{a0}",
    "'s",
    "'ſ",
    "123",
    "é",
    "e\u{301}\u{323}",
    "각",
    "\u{1100}\u{1161}\u{11a8}",
    "中文",
    "👩\u{200d}💻",
    "🇫🇷",
    "<s>",
    "[MASK]",
    "<|eot_id|>",
    "foo",
    "▁",
    "Ġ",
    "\u{feff}",
];

/// A text of anything, now and then long and of one thing only.
fn text(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(30) {
        match random.below(12) {
            0..=5 => text.push_str(random.one_of(&FRAGMENTS)),
            6..=9 => text.push(random.char()),
            10 => {
                let (times, what) = (1 + random.below(300), random.one_of(&FRAGMENTS));
                text.push_str(&what.repeat(times));
            }
            _ => {
                let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.below(256) as u8).collect();
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }
    text
}

/// Encodes a text with every tokenizer and holds the result against what must be so.
fn encode(seed: u64) {
    let mut random = Random(seed);
    let (text, pair) = (text(&mut random), text(&mut random));
    let units = text.encode_utf16().count() as u32;
    // Engines may take their million steps: one of them in some of the rounds.
    let own = NAMES.len() + random.below(10 * EXPRESSIONS.len());
    for (_, tokenizer) in ALL.iter().enumerate().filter(|(at, _)| *at < NAMES.len() || *at == own) {
        let options = EncodeOptions { special: false, ..EncodeOptions::default() };
        // An expression may give up on a text; that is an error and no end.
        let Ok(encoding) = tokenizer.encode(&text, &options) else { continue };
        assert_eq!(tokenizer.ids(&text, false).unwrap(), encoding.ids, "{text:?}");
        let mut before = 0;
        for &(start, end) in &encoding.offsets {
            assert!(before <= start && start <= end && end <= units, "{text:?}: {:?}", encoding.offsets);
            before = start;
        }
        let decoded = tokenizer.decode(&encoding.ids, false).unwrap();
        let mut stream = tokenizer.stream(false);
        let mut streamed: String = encoding.ids.iter().map(|&id| stream.push(id).unwrap()).collect();
        streamed += &stream.finish().unwrap();
        assert_eq!(streamed, decoded, "{text:?}");
        let truncate =
            Some(Truncation { length: 2 + random.below(20), stride: random.below(2), ..Truncation::default() });
        let _ = tokenizer.encode(&text, &EncodeOptions { pair: Some(&pair), truncate, ..EncodeOptions::default() });
        if text.len() < 400 {
            let _ = tokenizer.explain(&text);
        }
    }
    for tokenizer in &ALL[2..4] {
        assert_eq!(tokenizer.decode(&tokenizer.ids(&text, false).unwrap(), false).unwrap(), text);
    }
}

static TEMPLATES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/chat/templates");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
});

const JINJA: [&str; 40] = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{%-",
    "-%}",
    "{% for i in range(9999999999) %}",
    "{% endfor %}",
    "{% if x %}",
    "{% endif %}",
    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "{% set x = 'a' * 999999999 %}",
    "{% set x = [x] * 1000 %}",
    "{{ x ~ x ~ x }}",
    "{{ messages | tojson(indent=9999999) }}",
    "{{ messages[-1] }}",
    "{{ 'a'.split('') }}",
    "{{ '%s' | format(1) }}",
    "{{ raise_exception('no') }}",
    "{{ strftime_now('%Y%-d%%%Q') }}",
    "{% generation %}",
    "{% endgeneration %}",
    "{% set ns = namespace(x=1) %}",
    "{% set ns.x = ns.x ** 99999 %}",
    "{{ 1 // 0 }}",
    "{{ 9223372036854775807 + 1 }}",
    "{{ -9223372036854775808 // -1 }}",
    "{{ 'x'.zfill(99999999999) }}",
    "{{ 'x'.center(9999999999) }}",
    "{{ (1, 2)[::0] }}",
    "{{ 'abc'[::-1] }}",
    "{% raw %}",
    "{% include 'x' %}",
    "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
    "{{ {}.__class__ }}",
    "{{ [] | sort | unique | first }}",
    "{{ 'é' | upper | replace('', 'aa') | replace('', 'aa') }}",
    "{% break %}",
];

/// Renders a broken template; a result or an error of the known kind.
fn render(seed: u64) {
    let mut random = Random(seed);
    let mut source = TEMPLATES[random.below(TEMPLATES.len())].clone();
    for _ in 0..1 + random.below(6) {
        let place = |random: &mut Random, source: &str| {
            let at = random.below(source.len() + 1);
            (at..=source.len()).find(|&at| source.is_char_boundary(at)).unwrap()
        };
        let at = place(&mut random, &source);
        match random.below(6) {
            0..=2 => source.insert_str(at, random.one_of(&JINJA)),
            3 => {
                let end = place(&mut random, &source).max(at).min(at + 60);
                let end = (end..=source.len()).find(|&end| source.is_char_boundary(end)).unwrap();
                source.replace_range(at..end, "");
            }
            4 => {
                let end = (at + random.below(80)).min(source.len());
                let end = (end..=source.len()).find(|&end| source.is_char_boundary(end)).unwrap();
                let copy = source[at..end].to_owned();
                let to = place(&mut random, &source);
                source.insert_str(to, &copy);
            }
            _ => source.insert(at, random.char()),
        }
    }
    let content = |random: &mut Random| match random.below(6) {
        0 => Value::Null,
        1 => json!(7),
        2 => json!([{"type": "text", "text": "x"}]),
        _ => json!(text(random)),
    };
    let messages: Vec<Value> = (0..random.below(5))
        .map(|_| json!({"role": random.one_of(&["user", "assistant", "system", "tool", ""]), "content": content(&mut random)}))
        .collect();
    let mut variables = Map::new();
    variables.insert("bos_token".into(), json!("<s>"));
    let options = ChatOptions {
        add_generation_prompt: random.below(2) == 0,
        continue_final_message: random.below(4) == 0,
        tools: (random.below(3) == 0).then(|| json!([{"name": "f"}])),
        variables,
        now: (random.below(2) == 0).then_some(1_700_000_000),
    };
    let rendered = ChatTemplate::new(&source).and_then(|template| template.render(&messages.into(), &options));
    if let Err(error) = rendered {
        assert!(["bad-input", "out-of-memory"].contains(&error.code()), "{error:?} of {source:?}");
    }
}

/// CPU seconds of this thread, since other work on the machine is no defect; the wall clock where the system does not tell.
fn cpu_seconds() -> f64 {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| STARTED.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Some rounds from fixed seeds, then as many as the time allows, none of which may take long.
fn rounds(name: &str, count: u64, longest: f64, run: fn(u64)) {
    (0..count).for_each(run);
    let seconds = std::env::var("GRIOT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(seconds);
    if let Some(seed) = std::env::var("GRIOT_FUZZ_SEED").ok().and_then(|text| text.parse().ok()) {
        let before = cpu_seconds();
        run(seed);
        println!("{name}: seed {seed} took {:.1} s", cpu_seconds() - before);
    }
    let mut seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut count = 0u64;
    while Instant::now() < until {
        let before = cpu_seconds();
        if let Err(panic) = std::panic::catch_unwind(|| run(seed)) {
            println!("{name}: seed {seed}");
            std::panic::resume_unwind(panic);
        }
        let took = cpu_seconds() - before;
        assert!(took < longest, "{name}: seed {seed} took {took:.1} s");
        seed = seed.wrapping_add(1);
        count += 1;
    }
    println!("{name}: {count} rounds in {seconds} s");
}

#[test]
fn any_text_is_encoded_as_the_laws_say() {
    rounds("encoder", 40, 20.0, encode);
}

#[test]
fn any_template_renders_or_is_refused() {
    rounds("templates", 200, 20.0, render);
}
