//! Compiles the library to the two wasm files of the package and writes the JavaScript that goes with them.
//!
//! In: a cargo profile. Out: `pkg/wasm/griot.wasm` (SIMD), `griot-relaxed.wasm` (relaxed SIMD: fused multiply-add),
//! one `griot.js` with `griot.d.ts` that serves both, so the two builds must ask for the same glue, letter by letter;
//! `chat.wasm`, the engine of chat templates; and `stories.wasm`, the story world alone.
//! It refuses to optimise: the profiles in `Cargo.toml` do.

use crate::setup::{command, root, run, target_dir};
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

/// The two variants: name in the package, target features.
const VARIANTS: [(&str, &str); 2] = [("griot", "+simd128"), ("griot-relaxed", "+simd128,+relaxed-simd")];

/// The glue starts one instance for good; after a trap, or for another file, the direct binding needs the next.
const START: &str = "
export function start(module) {
    wasmModule = module;
    __wbg_reset_state();
}
";
const START_TYPE: &str = "
/** Starts a new instance of a compiled module; what the one before held is gone. */
export function start(module: WebAssembly.Module): void;
";

/// Where the generated files go; git ignores it.
pub fn folder() -> PathBuf {
    root().join("pkg/wasm")
}

/// Compiles both variants with a profile of `Cargo.toml`, with symbol names kept if asked. Returns the raw wasm files.
pub fn compile(profile: &str, names: bool) -> Result<Vec<PathBuf>, String> {
    VARIANTS.iter().map(|(name, features)| compile_one(profile, names, name, features)).collect()
}

fn compile_one(profile: &str, names: bool, name: &str, features: &str) -> Result<PathBuf, String> {
    let mut cargo = command("cargo", &["build", "--package", "griot", "--lib", "--no-default-features"]);
    cargo.args(["--features", "js,gpu", "--target", "wasm32-unknown-unknown", "--profile", profile]);
    // The shadow stack is 1 MiB by default; deep but legal inputs (nested JSON, templates) want no more.
    cargo.env("RUSTFLAGS", format!("-C target-feature={features}"));
    // The two variants live in two folders: cargo would take turns overwriting the one file.
    let folder = target_dir().join(name);
    cargo.env("CARGO_TARGET_DIR", &folder);
    if names {
        cargo.arg("--config").arg(format!("profile.{profile}.strip=false"));
    }
    run(&mut cargo)?;
    Ok(folder.join("wasm32-unknown-unknown").join(profile).join("griot.wasm"))
}

/// Writes `pkg/wasm` from the compiled pair.
pub fn bind(files: &[PathBuf]) -> Result<(), String> {
    let folder = folder();
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let mut glue: Option<String> = None;
    for (file, (name, _)) in files.iter().zip(VARIANTS) {
        let mut bindgen = Bindgen::new();
        bindgen.input_path(file).out_name("griot");
        bindgen.web(true).map_err(|error| error.to_string())?;
        // The package says where the wasm is; a second address in the glue would make bundlers ship it twice.
        bindgen.omit_default_module_path(true);
        // After a trap the direct binding starts a new instance in the same thread.
        bindgen.reset_state_function(true).typescript(true);
        bindgen.remove_name_section(true).remove_producers_section(true);
        let mut output = bindgen.generate_output().map_err(|error| format!("{name}: {error:#}"))?;
        let wasm = output.wasm_mut().emit_wasm();
        write(folder.join(format!("{name}.wasm")), &wasm)?;
        match &glue {
            None => {
                glue = Some(output.js().to_string());
                write(folder.join("griot.js"), format!("{}{START}", output.js()).as_bytes())?;
                write(
                    folder.join("griot.d.ts"),
                    format!("{}{START_TYPE}", output.ts().unwrap_or_default()).as_bytes(),
                )?;
            }
            Some(first) if first != output.js() => {
                write(folder.join(format!("{name}.differs.js")), output.js().as_bytes())?;
                return Err(format!(
                    "the glue of {name} differs from that of {}: one file cannot serve both",
                    VARIANTS[0].0
                ));
            }
            Some(_) => {}
        }
    }
    chat()?;
    stories()
}

/// Compiles the engine of chat templates: always for size, as it ships.
fn chat() -> Result<(), String> {
    let mut cargo = command("cargo", &["build", "--package", "griot-chat", "--lib", "--features", "engine"]);
    cargo.args(["--target", "wasm32-unknown-unknown", "--profile", "wasm"]);
    let target = target_dir().join("chat");
    cargo.env("CARGO_TARGET_DIR", &target);
    run(&mut cargo)?;
    let made = target.join("wasm32-unknown-unknown/wasm/griot_chat.wasm");
    let bytes = std::fs::read(&made).map_err(|error| format!("{}: {error}", made.display()))?;
    write(folder().join("chat.wasm"), &bytes)
}

/// Compiles the story world by itself: a file without the library, which a page can start while it waits.
fn stories() -> Result<(), String> {
    let made = target_dir().join("stories.wasm");
    let mut rustc = command("rustc", &["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "stories"]);
    rustc.args(["--target", "wasm32-unknown-unknown", "-C", "opt-level=s", "-C", "codegen-units=1", "-C", "lto=fat"]);
    rustc.args(["-C", "panic=abort", "-C", "strip=symbols", "pkg/stories/lib.rs", "-o"]).arg(&made);
    run(&mut rustc)?;
    let bytes = std::fs::read(&made).map_err(|error| format!("{}: {error}", made.display()))?;
    write(folder().join("stories.wasm"), &bytes)
}

/// Writes a file unless it holds the same bytes: what was built from it then stays fresh.
fn write(path: PathBuf, bytes: &[u8]) -> Result<(), String> {
    if std::fs::read(&path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}
