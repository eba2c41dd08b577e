//! The jobs, each a list of stages.
//!
//! In: nothing but the tree. Out: whether all stages passed. A stage stands here as one line: name and command.
//! It refuses to know how a stage is run (`stage.rs`), how wasm is made (`wasm.rs`) or what a machine lacks (`setup.rs`).

use crate::setup::{self, command, root};
use crate::stage::Stages;
use crate::{pack, wasm, wasm_size};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::Path;

/// Bytes that each wasm of the package may weigh, gzipped (`ARCHITECTURE.md`, "What weighs what"), and all JavaScript of a page.
const WASM_BUDGET: usize = 850_000;
const SCRIPT_BUDGET: usize = 60_000;

/// The fast subset for the hand at work: no wasm, no browser.
pub fn check() -> bool {
    let mut stages = Stages::new();
    static_checks(&mut stages);
    stages
        .command("structure", &mut command("cargo", &["test", "--quiet", "--package", "griot", "--test", "structure"]));
    stages.command("unit tests", &mut command("cargo", &["test", "--quiet", "--workspace", "--lib", "--bins"]));
    if stages.run("npm packages", setup::npm_packages) {
        stages.command("types", &mut command("npm", &["run", "--silent", "types"]));
    }
    stages.finish()
}

/// The package with the wasm that tests drive.
pub fn build() -> bool {
    let mut stages = Stages::new();
    stages.run("setup: wasm target", setup::wasm_target);
    stages.run("setup: npm packages", setup::npm_packages);
    stages.run("wasm", || wasm::compile("wasm-dev", false).and_then(|files| wasm::bind(&files)));
    stages.command("package", &mut command("npm", &["run", "--silent", "build"]));
    stages.finish()
}

/// Every test there is.
pub fn test() -> bool {
    let mut stages = Stages::new();
    let ready = [
        stages.run("setup: wasm target", setup::wasm_target),
        stages.run("setup: npm packages", setup::npm_packages),
        stages.run("setup: browser", || setup::chromium().map(|path| println!("{}", path.display()))),
    ];
    stages.run("setup: Vulkan", setup::vulkan);
    static_checks(&mut stages);
    stages.command("lints of the wasm half", command("cargo", &WASM_CLIPPY).args(["--", "-D", "warnings"]));
    stages.command("cargo test", &mut command("cargo", &["test", "--workspace", "--no-fail-fast"]));
    stages.command("without the GPU", &mut command("cargo", &["check", "--package", "griot", "--no-default-features"]));
    let built =
        ready[0] && stages.run("wasm", || wasm::compile("wasm-dev", false).and_then(|files| wasm::bind(&files)));
    let packaged = ready[1] && built && stages.command("package", &mut command("npm", &["run", "--silent", "build"]));
    if packaged {
        stages.command("types", &mut command("npm", &["run", "--silent", "types:all"]));
        stages.command("package in Node", &mut command("npm", &["run", "--silent", "test:node"]));
        stages.command("pages", &mut command("npm", &["run", "--silent", "build:www"]));
        if let (true, Ok(browser)) = (ready[2], setup::chromium()) {
            let mut tests = command("npm", &["run", "--silent", "test:browser"]);
            stages.command("package in Chromium", tests.env("CHROMIUM", browser));
        }
        match setup::firefox() {
            Some(browser) => {
                let mut tests = command("npm", &["run", "--silent", "test:firefox"]);
                stages.command("package in Firefox", tests.env("FIREFOX", browser));
            }
            None => stages.skip("package in Firefox", "there is none here; install it, or set FIREFOX to its path"),
        }
    } else {
        stages.run("package in Node and Chromium", || {
            Err("cannot run: an earlier stage did not build the package".into())
        });
    }
    stages.finish()
}

const WASM_CLIPPY: [&str; 8] = [
    "clippy",
    "--package",
    "griot",
    "--no-default-features",
    "--features",
    "js,gpu",
    "--target",
    "wasm32-unknown-unknown",
];

fn static_checks(stages: &mut Stages) {
    stages.command("format", &mut command("cargo", &["fmt", "--all", "--check"]));
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    stages.command("lints", &mut command("cargo", &clippy));
}

/// Builds the shipped pair and the package, prints what weighs what, and packs it.
pub fn pkg() -> bool {
    let mut stages = Stages::new();
    stages.run("setup: wasm target", setup::wasm_target);
    stages.run("setup: npm packages", setup::npm_packages);
    let mut files = Vec::new();
    stages.run("wasm", || {
        files = wasm::compile("wasm", true)?;
        wasm::bind(&files)
    });
    stages.run("wasm by crate", || files.first().map_or(Err("not built".into()), |file| print_crates(file)));
    stages.run("files of the package", pack::prepare);
    stages.command("package", &mut command("npm", &["run", "--silent", "build"]));
    stages.run("budgets", budgets);
    stages.run("pack", pack::pack);
    stages.finish()
}

fn print_crates(file: &Path) -> Result<(), String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let crates = wasm_size::by_crate(&bytes).ok_or("the wasm file cannot be read")?;
    let all: usize = crates.iter().map(|(_, size)| size).sum();
    for (name, size) in crates.iter().filter(|(_, size)| *size * 500 > all) {
        println!("{size:>9} bytes {:>5.1} %  {name}", 100.0 * *size as f64 / all as f64);
    }
    Ok(())
}

fn budgets() -> Result<(), String> {
    let mut over = Vec::new();
    for name in ["griot.wasm", "griot-relaxed.wasm", "chat.wasm"] {
        let size = gzipped(&[wasm::folder().join(name)])?;
        println!("{name}: {size} bytes gzipped of {WASM_BUDGET}");
        if size > WASM_BUDGET {
            over.push(name);
        }
    }
    let scripts = bundled()?;
    let size = gzipped(&scripts)?;
    println!("JavaScript of a page and its worker, bundled: {size} bytes gzipped of {SCRIPT_BUDGET}");
    if size > SCRIPT_BUDGET {
        over.push("JavaScript");
    }
    if over.is_empty() { Ok(()) } else { Err(format!("over the budget: {}", over.join(", "))) }
}

/// What a page that imports the package loads of it, as a bundler leaves it.
fn bundled() -> Result<Vec<std::path::PathBuf>, String> {
    let folder = root().join("target/bundle");
    let _ = std::fs::remove_dir_all(&folder); // of an earlier run, if there was one
    let out = format!("--outdir={}", folder.display());
    let entries = ["node_modules/esbuild/bin/esbuild", "pkg/dist/index.js", "pkg/dist/worker.js"];
    let options = ["--bundle", "--splitting", "--minify", "--format=esm", "--log-level=error", &out];
    setup::run(command("node", &entries).args(options))?;
    let made = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(made.flatten().map(|entry| entry.path()).collect())
}

fn gzipped(files: &[std::path::PathBuf]) -> Result<usize, String> {
    let mut total = 0;
    for file in files {
        let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes).map_err(|error| error.to_string())?;
        total += encoder.finish().map_err(|error| error.to_string())?.len();
    }
    Ok(total)
}

/// Builds everything and serves the pages until it is stopped.
pub fn demo(port: &str) -> bool {
    let mut stages = Stages::new();
    stages.run("setup: wasm target", setup::wasm_target);
    stages.run("setup: npm packages", setup::npm_packages);
    stages.run("wasm", || wasm::compile("wasm", false).and_then(|files| wasm::bind(&files)));
    stages.command("package", &mut command("npm", &["run", "--silent", "build"]));
    stages.command("pages", &mut command("npm", &["run", "--silent", "build:www"]));
    stages.finish() && setup::run(&mut command("node", &["tests/browser/server.js", "www/dist", port])).is_ok()
}

/// The benches that run beside peers, which only they compile.
const WITH_PEERS: [&str; 2] = ["tokenizer_encode", "tokenizer_train"];
/// The benches of the built package, in Node and Chromium: the first two beside what npm has, the last beside a bare `fetch`.
const OF_THE_PACKAGE: [&str; 3] = ["tokenizer", "forward", "loading"];

/// Runs the benches, or one of them.
pub fn bench(name: Option<&str>) -> bool {
    let mut stages = Stages::new();
    let wanted = |bench: &str| name.is_none_or(|name| name == bench);
    let beside = WITH_PEERS.into_iter().filter(|bench| wanted(bench)).collect::<Vec<_>>();
    let package = OF_THE_PACKAGE.into_iter().filter(|bench| wanted(bench)).collect::<Vec<_>>();
    if beside.is_empty() && package.is_empty() || name.is_none() {
        let mut benches = command("cargo", &["bench", "--package", "griot"]);
        if let Some(name) = name {
            benches.args(["--bench", name]);
        }
        stages.command("benches", &mut benches);
    }
    if !beside.is_empty() {
        let mut cargo = command("cargo", &["bench", "--manifest-path", "benches/peers/Cargo.toml"]);
        cargo.env("CARGO_TARGET_DIR", setup::target_dir().join("peers"));
        if has_python() {
            cargo.args(["--features", "rustbpe"]);
        } else {
            println!("rustbpe is left out: there is no python3 with a shared library");
        }
        for bench in beside {
            cargo.args(["--bench", bench]);
        }
        stages.command("benches beside peers", &mut cargo);
    }
    if !package.is_empty() {
        stages.run("setup: wasm target", setup::wasm_target);
        stages.run("setup: npm packages", setup::npm_packages);
        stages.run("wasm", || wasm::compile("wasm", false).and_then(|files| wasm::bind(&files)));
        stages.command("package", &mut command("npm", &["run", "--silent", "build"]));
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", "benches/peers"];
        stages.command("setup: peers", &mut command("npm", &install));
        if let Ok(browser) = setup::chromium() {
            for bench in package {
                let mut node = command("node", &[&format!("benches/{bench}.mjs")]);
                stages.command(&format!("package beside peers: {bench}"), node.env("CHROMIUM", &browser));
            }
        }
    }
    stages.finish()
}

/// Whether there is a Python that a program can hold.
fn has_python() -> bool {
    let ask = "import sys, sysconfig; sys.exit(not sysconfig.get_config_var('Py_ENABLE_SHARED'))";
    command("python3", &["-c", ask]).status().is_ok_and(|status| status.success())
}
