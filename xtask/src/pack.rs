//! Packs the npm package, and holds what is in it against what must be.
//!
//! In: `pkg/` with its sources, and what was built from them. Out: `griot-VERSION.tgz` in the root. A source that leaves a file
//! out, a leftover of an older build, and a licence that is missing are errors, each named.
//! It refuses to know what the files hold.

use crate::setup::{command, root};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What stands in the root for the whole project, and belongs into the package too.
const FROM_THE_ROOT: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// What `wasm.rs` writes and the package needs.
const WASM: [&str; 5] =
    ["wasm/griot.js", "wasm/griot.wasm", "wasm/griot-relaxed.wasm", "wasm/chat.wasm", "wasm/stories.wasm"];

/// Takes out what older builds left, and puts in what stands in the root.
pub fn prepare() -> Result<(), String> {
    let _ = std::fs::remove_dir_all(root().join("pkg/dist")); // there is none after a clone
    for name in FROM_THE_ROOT {
        std::fs::copy(root().join(name), root().join("pkg").join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Packs, and compares the list of what was packed.
pub fn pack() -> Result<(), String> {
    let mut npm = command("npm", &["pack", "--json", "--ignore-scripts", "--pack-destination", ".."]);
    let output =
        npm.current_dir(root().join("pkg")).output().map_err(|error| format!("npm does not start: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let packed = paths(&String::from_utf8_lossy(&output.stdout));
    let expected = expected()?;
    compare(&expected, &packed)?;
    println!("{} files, all that must be there and nothing else", packed.len());
    Ok(())
}

/// The `"path"`s of npm's report.
fn paths(report: &str) -> BTreeSet<String> {
    let after = report.split("\"path\":").skip(1);
    after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next().map(str::to_string)).collect()
}

/// What must be in the package: for each source itself and the three files that it becomes.
fn expected() -> Result<BTreeSet<String>, String> {
    let pkg = root().join("pkg");
    let mut expected: BTreeSet<String> = FROM_THE_ROOT.into_iter().chain(WASM).map(str::to_string).collect();
    expected.insert("package.json".into());
    for source in sources(&pkg.join("src"))? {
        let path = source.strip_prefix(&pkg).map_err(|error| error.to_string())?.to_string_lossy().replace('\\', "/");
        if let Some(stem) = path.strip_prefix("src/").and_then(|path| path.strip_suffix(".ts")) {
            expected.extend([".js", ".js.map", ".d.ts"].map(|ending| format!("dist/{stem}{ending}")));
        }
        expected.insert(path);
    }
    Ok(expected)
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() { found.extend(sources(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

fn compare(expected: &BTreeSet<String>, packed: &BTreeSet<String>) -> Result<(), String> {
    let missing = expected.difference(packed).map(|path| format!("missing: {path}"));
    let beyond = packed.difference(expected).map(|path| format!("does not belong there: {path}"));
    let faults: Vec<String> = missing.chain(beyond).collect();
    if faults.is_empty() { Ok(()) } else { Err(format!("the package\n{}", faults.join("\n"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_too_much_is_named() {
        let set = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<BTreeSet<_>>();
        let report =
            r#"[{"id": "griot@1", "files": [{ "path": "dist/a.js", "size": 1 }, {"path":"old.js","size":2}]}]"#;
        assert_eq!(paths(report), set(&["dist/a.js", "old.js"]));
        assert!(compare(&set(&["dist/a.js", "old.js"]), &paths(report)).is_ok());
        let fault = compare(&set(&["dist/a.js", "LICENSE"]), &paths(report)).unwrap_err();
        assert!(fault.contains("missing: LICENSE") && fault.contains("does not belong there: old.js"), "{fault}");
    }
}
