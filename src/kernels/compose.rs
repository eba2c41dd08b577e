//! Puts one kernel's WGSL together: the file, what it `//!use`s, its constants and the player's header.
//!
//! The dialect is one directive, a WGSL comment, so that the files stay plain WGSL for every editor and validator:
//! `//!use reduce` at the start of a line is replaced by the file `reduce.wgsl` of `shaders`, or by `reduce.subgroup.wgsl` in the
//! subgroup variant where that file exists. Lines `const NAME: u32 = …;` take the launch's value for NAME.

use super::shader::shader;
use crate::error::Result;
use crate::{bail, ensure};

/// What the device offers beyond the base: decides which variant of a used file is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Subgroup operations are there and trusted.
    pub subgroups: bool,
    /// The header that enables them must be written (browsers want it, naga refuses it).
    pub enable_subgroups: bool,
}

/// The files that others use, by name: base text and subgroup text.
const USED: &[(&str, &str, Option<&str>)] = &[
    ("sample_filters", shader!("sample_filters"), None),
    ("select", shader!("select"), None),
    ("reduce", shader!("reduce"), Some(shader!("reduce.subgroup"))),
    ("activation", shader!("activation"), None),
    ("attention_load", shader!("attention_load"), None),
    ("attention_reach", shader!("attention_reach"), None),
    ("live", shader!("live"), None),
    ("matmul_enter", shader!("matmul_enter"), None),
    ("matmul_enter_tn", shader!("matmul_enter_tn"), None),
    ("matmul_fours", shader!("matmul_fours"), None),
    ("matmul_params", shader!("matmul_params"), None),
    ("matmul_part", shader!("matmul_part"), None),
    ("matmul_scalar", shader!("matmul_scalar"), None),
    ("matmul_tile", shader!("matmul_tile"), None),
    ("norm_value", shader!("norm_value"), None),
    ("relative_bucket", shader!("relative_bucket"), None),
    ("rng", shader!("rng"), None),
];

/// The whole WGSL of a kernel file for one variant and one set of constants.
///
/// Fails with `internal` if the text uses an unknown file or a constant has no line of its own.
pub fn compose(text: &str, constants: &[(&'static str, u32)], variant: Variant) -> Result<String> {
    let mut out = String::with_capacity(text.len() + 1024);
    if variant.subgroups && variant.enable_subgroups {
        out.push_str("enable subgroups;\n");
    }
    let mut placed = 0;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("//!use ") {
            out.push_str(used(name.trim(), variant)?);
        } else if let Some((name, value)) = constant_of(line, constants) {
            out.push_str(&format!("const {name}: u32 = {value}u;"));
            placed += 1;
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    ensure!(placed == constants.len(), Internal, "compose: of the constants {constants:?} only {placed} have a line");
    Ok(out)
}

fn constant_of(line: &str, constants: &[(&'static str, u32)]) -> Option<(&'static str, u32)> {
    let name = line.strip_prefix("const ")?.split(':').next()?;
    constants.iter().find(|(n, _)| *n == name).copied()
}

fn used(name: &str, variant: Variant) -> Result<&'static str> {
    for (known, base, subgroup) in USED {
        if *known == name {
            return Ok(match subgroup {
                Some(text) if variant.subgroups => text,
                _ => base,
            });
        }
    }
    bail!(Internal, "compose: no shader file is called `{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_replace_their_lines_and_uses_are_pasted() {
        let text = "//!use rng\nconst D: u32 = 64u; // head size\nfn f() {}\n";
        let whole = compose(text, &[("D", 48)], Variant::default()).unwrap();
        assert!(whole.contains("const D: u32 = 48u;") && whole.contains("fn threefry("));
    }

    #[test]
    fn a_constant_without_a_line_is_an_error() {
        assert!(compose("fn f() {}", &[("D", 48)], Variant::default()).is_err());
        assert!(compose("//!use nothing", &[], Variant::default()).is_err());
    }
}
