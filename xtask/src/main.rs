//! The only automation of the project: `cargo xtask demo | test | check | build | bench | pkg`.
//!
//! In: the name of a job. Out: its stages, printed with their times; one failing stage hides no other, and the exit
//! code says whether all passed. Each job sets up what it needs by itself (see `setup.rs`).
//! It refuses to know what the library does.

mod pack;
mod setup;
mod stage;
mod steps;
mod wasm;
mod wasm_size;

use std::process::ExitCode;

const USAGE: &str = "cargo xtask demo [PORT]   build wasm, package and pages, and serve them
cargo xtask test          every test there is
cargo xtask check         the fast subset: format, lints, structure, unit tests, types; no wasm, no browser
cargo xtask bench [NAME]  the benches
cargo xtask build         the package with the wasm that tests drive, as `test` builds it
cargo xtask pkg           the publishable package, its content and weight checked, with the wasm's size by crate";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = arguments.get(1).map(String::as_str);
    let passed = match arguments.first().map(String::as_str) {
        Some("demo") => steps::demo(argument.unwrap_or("8080")),
        Some("test") => steps::test(),
        Some("check") => steps::check(),
        Some("build") => steps::build(),
        Some("bench") => steps::bench(argument),
        Some("pkg") => steps::pkg(),
        _ => {
            eprintln!("{USAGE}");
            false
        }
    };
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
