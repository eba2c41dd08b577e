//! The house's laws that a compiler does not hold: who may name whom, budgets, names, heads of files.
//!
//! In: the tree. Out: every violation at once, as `path:line: what`. See `CONTRIBUTING.md`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Groups of rooms, from the door down. A room names only rooms of later groups.
const GROUPS: [&[&str]; 11] = [
    &["js"],
    &["tasks"],
    &["train", "generate", "study"],
    &["data", "models", "checkpoint", "tokenizer"],
    &["nn"],
    &["ops"],
    &["graph"],
    &["plan"],
    &["device"],
    &["kernels"],
    &["rng", "order", "error"],
];

/// What is allowed inside a group.
const WITHIN: [(&str, &str); 4] = [("data", "tokenizer"), ("checkpoint", "models"), ("rng", "error"), ("order", "rng")];

/// Lines that a file may have, by the end of its name.
const BUDGETS: [(&str, usize); 3] = [("rs", 500), ("wgsl", 200), ("ts", 300)];

/// Files that may be longer, each with its reason. `(path, lines, reason)`
const LONGER: [(&str, usize, &str); 0] = [];

const FORBIDDEN: [&str; 6] = ["base", "utils", "helpers", "misc", "common", "types"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files of ours under a folder with one of these endings, as paths relative to the root.
fn files(folder: &str, endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", "node_modules", "dist", "golden", "wasm"].contains(&name.as_str())
                    && !name.starts_with('.')
                {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| endings.contains(&e.to_string_lossy().as_ref())) {
                found.push(path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn ours(endings: &[&str]) -> Vec<String> {
    ["src", "shaders", "pkg", "www", "tests", "benches", "examples", "parts", "xtask"]
        .iter()
        .flat_map(|folder| files(folder, endings))
        .collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn holds(law: &str, violations: Vec<String>) {
    assert!(violations.is_empty(), "{law}:\n{}", violations.join("\n"));
}

/// The room of a file under `src/`.
fn room(path: &str) -> &str {
    path.trim_start_matches("src/").split('/').next().unwrap_or("").trim_end_matches(".rs")
}

/// The rooms that one line of code names: `crate::room…`, `crate::{room, other::…}`.
fn named_rooms(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or("");
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue; // `$crate::` stands in a macro, for whoever calls it.
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let mut depth = 0;
                let parts = list.split(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    depth == 0 && c == ','
                });
                rooms.extend(parts.map(|part| word(part.trim())));
            }
            None => rooms.push(word(rest)),
        }
    }
    rooms
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn rank(room: &str) -> Option<usize> {
    GROUPS.iter().position(|group| group.contains(&room))
}

#[test]
fn a_room_names_only_rooms_below_it() {
    let mut violations = Vec::new();
    for path in files("src", &["rs"]) {
        let from = room(&path).to_string();
        let Some(level) = rank(&from) else {
            if from != "lib" {
                violations.push(format!("{path}: the room `{from}` stands in no group"));
            }
            continue;
        };
        let text = read(&path).replace(['\n', '\r'], " \u{1}");
        // A `use` may span lines: whole statements are looked at.
        for (number, line) in statements(&text) {
            for to in named_rooms(&line) {
                let allowed = match rank(&to) {
                    None => true, // `crate::Error`, `crate::Result`, macros
                    Some(other) => other > level || from == to || WITHIN.contains(&(&from, &to)),
                };
                if !allowed {
                    violations.push(format!("{path}:{number}: `{from}` names `{to}`"));
                }
            }
        }
    }
    holds("dependencies run downwards (ARCHITECTURE.md)", violations);
}

/// Statements with the line they begin on; comments are cut out.
fn statements(text: &str) -> Vec<(usize, String)> {
    let (mut all, mut current, mut start) = (Vec::new(), String::new(), 1);
    for (number, line) in text.split('\u{1}').enumerate() {
        let code = line.split("//").next().unwrap_or("").trim();
        if current.is_empty() {
            start = number + 1;
        }
        current.push_str(code);
        current.push(' ');
        if code.ends_with([';', '}']) || !current.contains("use ") {
            all.push((start, std::mem::take(&mut current)));
        }
    }
    all.push((start, current));
    all
}

/// Where the standard library sorts: millions of items, or memory that must not grow.
const SORTS: [&str; 3] = [
    "src/tokenizer/count.rs",
    "src/study/ngram/counts.rs",
    "src/data/stories", // compiled without the library too
];

#[test]
fn sorting_is_compiled_once() {
    let mut violations = Vec::new();
    for path in files("src", &["rs"]) {
        if SORTS.iter().any(|place| path.starts_with(place)) || path.ends_with("tests.rs") || path == "src/order.rs" {
            continue;
        }
        for (number, line) in read(&path).lines().enumerate().take_while(|(_, line)| *line != "mod tests {") {
            if [".sort(", ".sort_by", ".sort_unstable", ".select_nth"].iter().any(|sort| line.contains(sort)) {
                violations.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    holds("the library sorts by `order` (src/order.rs says why)", violations);
}

#[test]
fn a_file_keeps_its_budget_of_lines() {
    let mut violations = Vec::new();
    for (ending, budget) in BUDGETS {
        for path in ours(&[ending]) {
            let lines = read(&path).lines().count();
            let allowed = LONGER.iter().find(|(longer, ..)| *longer == path).map_or(budget, |(_, lines, _)| *lines);
            if lines > allowed {
                violations.push(format!("{path}: {lines} lines of {allowed}"));
            }
        }
    }
    holds("budgets of lines", violations);
}

#[test]
fn a_file_is_named_for_what_it_holds() {
    let named = |path: &String| {
        Path::new(path).file_stem().is_some_and(|stem| FORBIDDEN.contains(&stem.to_string_lossy().as_ref()))
    };
    let violations = ours(&["rs", "wgsl", "ts", "js", "html", "css"]).into_iter().filter(named).collect();
    holds("forbidden names: base, utils, helpers, misc, common, types", violations);
}

#[test]
fn a_file_begins_by_saying_what_it_is() {
    let mut violations = Vec::new();
    for path in ours(&["rs", "wgsl", "ts"]) {
        let text = read(&path);
        let first = text.lines().next().unwrap_or("");
        let said = if path.ends_with(".rs") {
            first.starts_with("//!")
        } else {
            first.starts_with("//") || first.starts_with("/*")
        };
        if !said {
            violations.push(format!("{path}:1: no head comment"));
        }
    }
    holds("a file begins with what comes in, what goes out, and what it refuses to know", violations);
}

#[test]
fn a_todo_names_its_issue() {
    let mut violations = Vec::new();
    let word = concat!("TO", "DO");
    for path in ours(&["rs", "wgsl", "ts", "js", "html"]) {
        for (number, line) in read(&path).lines().enumerate() {
            for (at, _) in line.match_indices(word) {
                let rest = &line[at + word.len()..];
                let numbered =
                    rest.strip_prefix("(#").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
                if !numbered {
                    violations.push(format!("{path}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    holds("a note on work to do names its issue", violations);
}

/// Paths in backticks inside comments, such as `src/error.rs`.
fn paths_in_comment(line: &str) -> Vec<&str> {
    let Some(comment) = line.find("//").map(|at| &line[at..]) else { return Vec::new() };
    let endings = [".rs", ".ts", ".wgsl", ".md", ".toml", ".json"];
    comment
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.contains('/') && endings.iter().any(|ending| word.ends_with(ending)))
        .filter(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)))
        .collect()
}

#[test]
fn a_path_in_a_comment_exists() {
    let mut violations = Vec::new();
    for path in ours(&["rs", "wgsl", "ts"]) {
        let folder = Path::new(&path).parent().map(Path::to_path_buf).unwrap_or_default();
        for (number, line) in read(&path).lines().enumerate() {
            for named in paths_in_comment(line) {
                if !root().join(named).exists() && !root().join(&folder).join(named).exists() {
                    violations.push(format!("{path}:{}: `{named}` is not there", number + 1));
                }
            }
        }
    }
    holds("comments name paths that exist", violations);
}

#[test]
fn a_kernel_has_its_four_places() {
    let stem = |path: &String| Path::new(path).file_stem().unwrap().to_string_lossy().into_owned();
    let kernels: HashSet<String> = files("src/kernels", &["rs"]).iter().map(stem).collect();
    let tests: HashSet<String> = files("tests/kernels", &["rs"]).iter().map(stem).collect();
    let mut violations = Vec::new();
    for path in files("shaders", &["wgsl"]) {
        let text = read(&path);
        if !text.contains("@compute") {
            continue; // included by others: no kernel of its own
        }
        let name = stem(&path);
        if name.contains('.') {
            continue; // a variant, such as `reduce.subgroup.wgsl`
        }
        // A family split over several shaders (`norm`, `norm_gradient`) may share its first name's Rust file and test.
        let family = |there: &HashSet<String>| {
            name.match_indices('_').map(|(at, _)| &name[..at]).chain([name.as_str()]).any(|first| there.contains(first))
        };
        if !family(&kernels) {
            violations.push(format!("{path}: no src/kernels/{name}.rs"));
        }
        if !family(&tests) {
            violations.push(format!("{path}: no tests/kernels/{name}.rs"));
        }
        for entry in text.match_indices("@compute").filter_map(|(at, _)| text[at..].split("fn ").nth(1)) {
            let entry = word(entry);
            if entry != name && !entry.starts_with(&format!("{name}_")) {
                violations.push(format!("{path}: the entry point `{entry}` is not named after the file"));
            }
        }
    }
    holds("one name, four places", violations);
}

#[test]
fn the_scanner_sees_what_it_must() {
    assert_eq!(named_rooms("use crate::{error::Result, graph::{Node, Shape}};"), ["error", "graph"]);
    assert_eq!(named_rooms("let x = crate::plan::Plan::new(); // crate::js"), ["plan"]);
    assert_eq!(named_rooms("$crate::bail!(Shape)"), Vec::<String>::new());
    assert_eq!(room("src/tokenizer/train/bpe.rs"), "tokenizer");
    assert_eq!(paths_in_comment("// see `src/error.rs` and `word`"), ["src/error.rs"]);
    assert_eq!(statements("use crate::{\u{1}graph,\u{1}};\u{1}fn x() {").len(), 3);
}
