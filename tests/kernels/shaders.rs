//! Every shader is parsed and validated by naga without a device, and its declarations compared with the Rust side:
//! entry point, bindings, access, the layout of `Params`.

use griot::kernels::{ALL, Access, Kernel, compose};
use naga::valid::{Capabilities, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};

/// What naga asks for beyond its own core and every WebGPU device has: `unpack2x16float`.
const CORE: Capabilities = Capabilities::SHADER_FLOAT16_IN_FLOAT32;

fn problems(kernel: &Kernel) -> Vec<String> {
    let case = (kernel.check)();
    let text = match compose::compose(kernel.wgsl, &case.constants, compose::Variant::default()) {
        Ok(text) => text,
        Err(error) => return vec![format!("{}: {error:?}", kernel.name)],
    };
    let module = match naga::front::wgsl::parse_str(&text) {
        Ok(module) => module,
        Err(error) => return vec![format!("{}: {}", kernel.name, error.emit_to_string(&text))],
    };
    let mut found = Vec::new();
    if let Err(error) = Validator::new(ValidationFlags::all(), CORE).validate(&module) {
        found.push(format!("{}: {}", kernel.name, error.emit_to_string(&text)));
    }
    let Some(entry) = module.entry_points.iter().find(|entry| entry.name == kernel.name) else {
        found.push(format!("{}: the WGSL has no entry point of this name", kernel.name));
        return found;
    };
    let invocations: u32 = entry.workgroup_size.iter().product();
    if invocations > 256 {
        found.push(format!("{}: {invocations} invocations, WebGPU guarantees 256", kernel.name));
    }
    for (place, binding) in kernel.bindings.iter().enumerate() {
        let variable = module.global_variables.iter().find(|(_, variable)| {
            variable.binding.as_ref().is_some_and(|b| (b.group, b.binding) == (0, place as u32))
                && variable.name.as_deref() == Some(binding.name)
        });
        let Some((_, variable)) = variable else {
            found.push(format!("{}: no `{}` at binding {place}", kernel.name, binding.name));
            continue;
        };
        let writes = match variable.space {
            naga::AddressSpace::Storage { access } => access.contains(naga::StorageAccess::STORE),
            _ => false,
        };
        if writes != (binding.access == Access::Write) {
            found.push(format!("{}: `{}` is declared otherwise in the WGSL", kernel.name, binding.name));
        }
    }
    let params = module
        .global_variables
        .iter()
        .find(|(_, v)| v.binding.as_ref().is_some_and(|b| (b.group, b.binding) == (1, 0)));
    let Some((_, params)) = params else {
        found.push(format!("{}: no `Params` at group 1, binding 0", kernel.name));
        return found;
    };
    if let naga::TypeInner::Struct { members, .. } = &module.types[params.ty].inner {
        // Scalars of four bytes without gaps are what `#[repr(C)]` gives, so member n must lie at byte 4n.
        if members.len() != kernel.params_words {
            found.push(format!("{}: {} members, Params has {} words", kernel.name, members.len(), kernel.params_words));
        }
        for (at, member) in members.iter().enumerate() {
            let scalar = matches!(module.types[member.ty].inner, naga::TypeInner::Scalar(s) if s.width == 4);
            if member.offset as usize != at * 4 || !scalar {
                found.push(format!("{}: member {:?} is no word at byte {}", kernel.name, member.name, at * 4));
            }
        }
    }
    found
}

#[test]
fn every_subgroup_variant_is_valid() {
    let mut found = Vec::new();
    let mut variants = 0;
    for kernel in ALL {
        let case = (kernel.check)();
        let text = |subgroups| {
            let variant = compose::Variant { subgroups, enable_subgroups: false };
            compose::compose(kernel.wgsl, &case.constants, variant).unwrap()
        };
        let text = if text(true) == text(false) { continue } else { text(true) };
        variants += 1;
        let module = naga::front::wgsl::parse_str(&text).unwrap();
        let mut validator = Validator::new(ValidationFlags::all(), CORE | Capabilities::SUBGROUP);
        validator.subgroup_stages(ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
        if let Err(error) = validator.validate(&module) {
            found.push(format!("{}: {}", kernel.name, error.emit_to_string(&text)));
        }
    }
    assert!(found.is_empty() && variants > 5, "{variants} variants\n{}", found.join("\n"));
}

#[test]
fn every_shader_is_valid_and_agrees_with_its_rust_side() {
    let found: Vec<String> = ALL.iter().flat_map(|kernel| problems(kernel)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_kernel_agrees_with_its_reference_in_its_own_check() {
    crate::devices::agree(ALL.iter().map(|kernel| ("own check".to_owned(), (kernel.check)())));
}

#[test]
fn every_binding_count_is_within_what_every_device_has() {
    for kernel in ALL {
        assert!(kernel.bindings.len() <= 7, "{}: {} storage bindings", kernel.name, kernel.bindings.len());
        assert!(kernel.params_words * 4 <= 256, "{}: Params over 256 bytes", kernel.name);
    }
}

/// Chromium's compiler with SwiftShader gives a variable without an initialiser its zero only once, also in a loop.
#[test]
fn every_local_variable_says_what_it_begins_with() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for (at, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("var ") && !line.contains('=') {
                found.push(format!("{}:{}: {}", entry.file_name().to_string_lossy(), at + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "write `var x = T();`:\n{}", found.join("\n"));
}
