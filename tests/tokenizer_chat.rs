//! Chat templates against the reference's renderings.

use griot::tokenizer::chat::{ChatOptions, ChatTemplate};
use serde_json::{Map, Value, json};

fn render(source: &str, messages: Value) -> griot::Result<String> {
    ChatTemplate::new(source)?.render(&messages, &ChatOptions::default())
}

#[test]
fn stored_templates_render_exactly() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/chat");
    let stored: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{folder}/cases.json")).unwrap()).unwrap();
    let cases = stored["cases"].as_array().unwrap();
    assert!(cases.len() > 80);
    for case in cases {
        let name = case["template"].as_str().unwrap();
        let source = std::fs::read_to_string(format!("{folder}/templates/{name}.jinja")).unwrap();
        let template = ChatTemplate::new(&source).unwrap();
        let mut variables: Map<String, Value> = case["variables"].as_object().unwrap().clone();
        for token in ["bos_token", "eos_token", "unk_token", "pad_token"] {
            variables.insert(token.into(), stored[token].clone());
        }
        let options = ChatOptions {
            add_generation_prompt: case["add_generation_prompt"].as_bool().unwrap(),
            continue_final_message: case.get("continue_final_message").is_some_and(|v| v.as_bool().unwrap()),
            tools: case.get("tools").filter(|tools| !tools.is_null()).cloned(),
            variables,
            now: None,
        };
        let rendered = template.render(&case["messages"], &options);
        match (case.get("error"), rendered) {
            (Some(error), Err(ours)) => {
                assert_eq!(ours.to_string(), format!("chat template: {}", error.as_str().unwrap()));
                assert_eq!(ours.code(), "bad-input");
            }
            (None, Ok(ours)) => assert_eq!(ours, case["output"].as_str().unwrap(), "{name}"),
            (error, ours) => panic!("{name}: expected error {error:?}, got {ours:?}"),
        }
    }
}

#[test]
fn methods_and_filters_give_what_python_gives() {
    let cases = [
        ("{{ '  a b '.strip() }}|{{ 'xxay'.lstrip('x') }}|{{ 'ay..'.rstrip('.') }}", "a b|ay|ay"),
        (
            "{{ 'a,b,c'.split(',') }}|{{ ' a  b c'.split(maxsplit=1) }}|{{ 'a b c'.rsplit(' ', 1) }}",
            "['a', 'b', 'c']|['a', 'b c']|['a b', 'c']",
        ),
        (
            "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'bc')) }} {{ 'abc'.find('c') }} {{ 'é→b'.find('b') }}",
            "True True 2 2",
        ),
        ("{{ \"they're bill's\".title() }}|{{ 'hELLO w'.capitalize() }}|{{ 'a'.upper() }}", "They'Re Bill'S|Hello w|A"),
        (
            "{{ {'a': 1}.get('b', 2) }} {{ {'a': 1}.get('b') }} {% for k, v in {'b': 1, 'a': 2}.items() %}{{ k }}{{ v }}{% endfor %}",
            "2 None b1a2",
        ),
        (
            "{{ [1, none, true, 1.0, 'it\\'s'] }} {{ true }} {{ none }} {{ 1e20 }} {{ 'a\\n'.splitlines() }}",
            "[1, None, True, 1.0, \"it's\"] True None 1e+20 ['a']",
        ),
        ("{{ {'b': [1, 2.0, 'é<&\\''], 'a': {}} | tojson }}", "{\"b\": [1, 2.0, \"é<&'\"], \"a\": {}}"),
        ("{{ {'b': [1], 'a': []} | tojson(indent=2, sort_keys=true) }}", "{\n  \"a\": [],\n  \"b\": [\n    1\n  ]\n}"),
        (
            "{{ 'x' | tojson(separators=(',', ':')) }}{{ {'a': [1, 2]} | tojson(separators=(',', ':')) }}",
            "\"x\"{\"a\":[1,2]}",
        ),
        (
            "{{ '{} and {0} {name}'.format('a', name='n') }}|{{ '7'.zfill(3) }}|{{ ', '.join(['a', 'b']) }}",
            "a and a n|007|a, b",
        ),
        ("{% generation %}kept{% endgeneration %}|{%- set x %}cap{% endset %}{{ x }}", "kept|cap"),
        (
            "{% for m in messages %}{% if m.content == 'b' %}{% continue %}{% endif %}{{ loop.index0 }}{{ m.content }}{% endfor %}",
            "0a2c",
        ),
        (
            "{{ messages[::-1][0].content }}{{ messages[-1]['role'] }}{{ messages[1:] | length }}{{ missing }}{{ missing is defined }}",
            "cuser2False",
        ),
        (
            "{% macro f(x, n=2) %}{{ x * n }}{% endmacro %}{{ f('a') }}{{ f('b', n=3) }}{{ 'A-b'.swapcase() }}",
            "aabbba-B",
        ),
    ];
    let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]);
    for (source, expected) in cases {
        assert_eq!(render(source, messages.clone()).unwrap(), expected, "{source}");
    }
}

#[test]
fn the_time_is_the_one_that_was_given() {
    let template = ChatTemplate::new("{{ strftime_now('%d %b %Y') }}").unwrap();
    let options = ChatOptions { now: Some(1_709_219_045), ..Default::default() };
    assert_eq!(template.render(&json!([]), &options).unwrap(), "29 Feb 2024");
    let refused = template.render(&json!([]), &ChatOptions::default()).unwrap_err();
    assert!(refused.to_string().contains("no time was given"), "{refused}");
}

#[test]
fn hostile_templates_end_soon_with_an_error() {
    let hostile = [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s | length }}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s | length }}",
        "{% set ns = namespace(s=['x']) %}{% for i in range(90) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[]) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}",
        "{% macro f(x, n) %}{% if n %}{{ f(x ~ x, n - 1) }}{% else %}{{ x | length }}{% endif %}{% endmacro %}{{ f('xxxxxxxx', 60) }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set s = 'x' * 90000000 %}{{ s | length }}",
        "{% set s = 'x' * 1000000 %}{% for i in range(9999) %}{{ s }}{% endfor %}",
        "{% set ns = namespace(s='aaaaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s | replace('a', ns.s) %}{% endfor %}{{ ns.s | length }}",
        "{{ 'x'.center(999999999999) }}",
        "{{ 'x' | indent(999999999999) }}",
        "{% set x %}{% for i in range(99999) %}{% for i in range(99999) %}aaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}{% endfor %}{% endset %}{{ x | length }}",
    ];
    for source in hostile {
        let start = std::time::Instant::now();
        let result = render(source, json!([]));
        assert!(result.is_err(), "{source}: {:?}", result.map(|text| text.len()));
        assert!(start.elapsed().as_secs() < 20, "{source}: {:?}", start.elapsed());
    }
}

#[test]
fn a_broken_template_names_its_line() {
    let error = ChatTemplate::new("a\n{% if %}").unwrap_err();
    assert!(error.to_string().starts_with("chat template: line 2: "), "{error}");
    let error = render("{{ messages.nothing.at_all }}", json!([])).unwrap_err();
    assert_eq!(error.code(), "bad-input");
    let error = render("{{ 'a'.explode() }}", json!([])).unwrap_err();
    assert!(error.to_string().contains("explode"), "{error}");
}

#[test]
fn templates_of_any_text_never_panic() {
    // Every pair of pieces, among which tags that open and never close.
    let pieces = [
        "{%",
        "%}",
        "{{",
        "}}",
        "{#",
        "#}",
        "set a",
        "=",
        "'",
        "\"",
        "raw",
        "endraw",
        "-",
        "macro f(",
        ")",
        "é",
        "\n",
        "generation",
        "{% raw %}",
        "~",
        "(",
        "[",
        "|",
    ];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                let source = format!("{a} {b}{c}{a}");
                let _ = render(&source, json!([]));
            }
        }
    }
}
