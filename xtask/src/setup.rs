//! Makes a machine that has only rustup and Node ready for the project.
//!
//! In: nothing. Out: the wasm target, npm packages, and on Debian as root Chromium and a software Vulkan device;
//! elsewhere one clear sentence on what is missing and how to get it. Everything here may be run again at no cost.
//! It refuses to know what is then built.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Where cargo builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// A command that runs in the root of the repository.
pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command with its output passed through; an error names the command.
pub fn run(command: &mut Command) -> Result<(), String> {
    let name = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name} does not start: {error}")),
    }
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(program, arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// The target that the browser's half is compiled for. A file that names a toolchain cannot be relied on for it:
/// `RUSTUP_AUTO_INSTALL=0` may be set.
pub fn wasm_target() -> Result<(), String> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let there = output("rustc", &["--print", "target-libdir", "--target", TARGET])
        .is_some_and(|dir| Path::new(dir.trim()).is_dir());
    if there {
        return Ok(());
    }
    run(&mut command("rustup", &["target", "add", TARGET])).map_err(|error| {
        format!("the Rust target {TARGET} is missing; install rustup or add the target by hand ({error})")
    })
}

/// The npm packages of the lock file, unless they are there already. No script of a package runs.
pub fn npm_packages() -> Result<(), String> {
    match output("node", &["--version"])
        .as_deref()
        .map(|v| v.trim().trim_start_matches('v').split('.').next().unwrap_or("").parse::<u32>())
    {
        Some(Ok(major)) if major >= 20 => {}
        Some(version) => return Err(format!("Node 20 or newer is needed, {version:?} is here: https://nodejs.org")),
        None => return Err("Node 20 or newer is needed and none is here: https://nodejs.org".into()),
    }
    let lock =
        std::fs::read(root().join("package-lock.json")).map_err(|error| format!("package-lock.json: {error}"))?;
    let stamp = root().join("node_modules/.griot-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(&mut command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    std::fs::write(stamp, lock).map_err(|error| format!("node_modules: {error}"))
}

/// A Chromium to test with: `$CHROMIUM`, or one of the usual names; on Debian as root it is installed.
pub fn chromium() -> Result<PathBuf, String> {
    if let Some(path) = find_chromium() {
        return Ok(path);
    }
    install(&["chromium", "chromium-driver"])?;
    find_chromium().ok_or_else(|| "chromium is installed and not found; set CHROMIUM to its path".into())
}

fn find_chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Some(path.into());
    }
    let mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    names.into_iter().find_map(on_path).or_else(|| Some(PathBuf::from(mac)).filter(|path| path.exists()))
}

/// A Firefox to test with, where there is one: `$FIREFOX`, or one of the usual names.
pub fn firefox() -> Option<PathBuf> {
    let names = ["firefox-esr", "firefox"];
    std::env::var_os("FIREFOX").map(PathBuf::from).or_else(|| names.into_iter().find_map(on_path))
}

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// A Vulkan device to test with: the machine's own, or Mesa's software one.
pub fn vulkan() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Ok(()); // Metal and DirectX come with the system.
    }
    let there = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
        .iter()
        .any(|dir| std::fs::read_dir(dir).is_ok_and(|mut files| files.next().is_some()));
    if there { Ok(()) } else { install(&["mesa-vulkan-drivers"]) }
}

fn install(packages: &[&str]) -> Result<(), String> {
    let names = packages.join(" ");
    let is_root = output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if on_path("apt-get").is_none() || !is_root {
        return Err(format!(
            "{names} missing: install with your system's package manager (Debian: sudo apt-get install {names})"
        ));
    }
    // An index that is out of date is the usual reason why an installation fails, so it is read anew.
    run(&mut command("apt-get", &["update", "-qq"]))?;
    let mut apt = command("apt-get", &["install", "-y", "-qq", "--no-install-recommends"]);
    run(apt.args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}
