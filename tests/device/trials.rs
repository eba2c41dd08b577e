//! Kernels on trial: with the constants of a plan, with chosen sizes, with another text.

use griot::device::{Device, Feigned, Host, Ledger, Options};
use griot::kernels::{ALL, adam, compose, matmul_tiling, norm, sum};
use pollster::block_on;

use crate::bench::{both, code, gpu, gpu_with};

#[test]
fn every_kernel_with_several_constants_says_how_each_is_checked() {
    let sizes = [1u32, 2, 4, 8, 16, 20, 32, 48, 64, 80, 96, 128, 256];
    for device in both(Host::native()) {
        for kernel in ALL {
            let case = (kernel.check)();
            if case.constants.iter().all(|(name, _)| !["HEAD", "THREADS"].contains(name)) {
                continue;
            }
            for size in sizes.into_iter().filter(|size| kernel.name.starts_with("att") || size.is_power_of_two()) {
                let decode = kernel.name == "attention_decode";
                let rows = if decode && size > 96 { 4 } else { 8 };
                let value = |name: &str, own: u32| match name {
                    "HEAD" | "THREADS" => size,
                    "LANES" => size.next_power_of_two(),
                    "ROWS" => rows,
                    _ => own,
                };
                // A head of one, or a row on one thread, is nothing that a plan asks for.
                if size < 4 || (decode && size > 256) {
                    continue;
                }
                let constants: Vec<_> = case.constants.iter().map(|&(name, own)| (name, value(name, own))).collect();
                let case = case.clone().at(&constants).unwrap();
                assert_eq!(case.constants, constants);
                let error = case.error(&block_on(device.run(&case)).unwrap());
                assert!(
                    error <= case.tolerance,
                    "{} {constants:?} on {}: {error:.1e}",
                    kernel.name,
                    device.report().name
                );
            }
        }
    }
    assert_eq!(code((sum::SUM.check)().at(&[("THREADS", 3)]).map(|_| ())), "internal");
}

#[test]
fn a_plan_is_checked_with_its_own_constants_and_the_report_names_each_kernel_once() {
    let Some(gpu) = gpu(&Ledger::new(None)) else { return };
    for threads in [32, 128] {
        let case = (norm::NORM.check)().at(&[("THREADS", threads)]).unwrap();
        block_on(gpu.run(&case)).unwrap();
    }
    let checks = gpu.report().checks;
    assert_eq!(checks.iter().map(|check| check.kernel.as_str()).collect::<Vec<_>>(), ["norm"]);
}

#[test]
fn sizes_are_chosen_by_name_and_bounded() {
    for device in both(Host::native()) {
        let resized = |kernel: &'static griot::kernels::Kernel, sizes: &[(&str, u32)]| {
            (kernel.check)().resized(&sizes.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect::<Vec<_>>())
        };
        let wide = resized(&norm::NORM, &[("width", 1000)]).unwrap();
        let tall = resized(&matmul_tiling::VECTOR_NN, &[("rows", 4), ("inner", 128)]).unwrap();
        for case in [wide, tall, resized(&sum::SUM, &[("count", 70_001)]).unwrap()] {
            let trial = block_on(device.trial(&case, None)).unwrap();
            assert!(trial.error <= case.tolerance && trial.ms >= 0.0, "{:?}: {trial:?}", case.kernel);
        }
        let code = |case: griot::Result<_>| code(case.map(|_: griot::kernels::Case| ()));
        assert_eq!(code(resized(&sum::SUM, &[("size", 1)])), "bad-option");
        assert_eq!(code(resized(&sum::SUM, &[("count", 0)])), "bad-option");
        assert_eq!(code(resized(&sum::SUM, &[("count", 1 << 30)])), "bad-option");
        assert_eq!(code(resized(&matmul_tiling::VECTOR_NN, &[("inner", 7)])), "bad-option");
        assert_eq!(code(resized(&adam::ADAM, &[("count", 7)])), "unsupported");
    }
}

#[test]
fn another_text_is_compiled_aloud_run_and_forgotten() {
    let cpu = Device::cpu(Host::native(), Ledger::new(None));
    let case = (sum::SUM.check)();
    assert_eq!(code(block_on(cpu.trial(&case, Some(sum::SUM.wgsl)))), "unsupported");
    let ledger = Ledger::new(None);
    let Some(gpu) = gpu(&ledger) else { return };
    let trial = |text: &str| block_on(gpu.trial(&case, Some(text))).unwrap();
    let good = trial(sum::SUM.wgsl);
    let before = ledger.live();
    assert!(good.error <= case.tolerance && good.messages.is_empty(), "{good:?}");
    let wrong = trial(&sum::SUM.wgsl.replace("y[i] += x[i];", "y[i] += x[i] * 1.5;"));
    assert!(wrong.error > 0.1 && wrong.messages.is_empty(), "{wrong:?}");
    let broken = trial(&sum::SUM.wgsl.replace("y[i] += x[i];", "y[i] += nothing;"));
    let line = sum::SUM.wgsl.lines().position(|line| line.contains("y[i] += x[i];")).unwrap() as u32 + 1;
    assert_eq!(broken.error, f64::INFINITY);
    assert!(broken.messages.iter().any(|m| m.kind == "error" && m.line == line), "line {line}: {broken:?}");
    let renamed = trial(&sum::SUM.wgsl.replace("fn sum(", "fn total("));
    assert!(renamed.error.is_infinite() && !renamed.messages.is_empty(), "{renamed:?}");
    assert_eq!((ledger.live(), gpu.report().checks.len()), (before, 0));
    block_on(gpu.run(&case)).unwrap();
}

#[test]
fn both_variants_of_a_kernel_agree_with_its_reference() {
    let ledger = Ledger::new(None);
    let open = |subgroups| gpu_with(Host::native(), &ledger, &Options { subgroups, ..Options::default() });
    let (Some(base), Some(best)) = (open(false), open(true)) else { return };
    assert!(base.report().features.is_empty());
    let variant = |subgroups| compose::Variant { subgroups, enable_subgroups: false };
    for kernel in ALL {
        let case = (kernel.check)();
        let text = |subgroups| compose::compose(kernel.wgsl, &case.constants, variant(subgroups)).unwrap();
        if text(true) == text(false) {
            continue;
        }
        for gpu in [&base, &best] {
            let error = case.error(&block_on(gpu.run(&case)).unwrap());
            assert!(error <= case.tolerance, "{} with {:?}: {error:.1e}", kernel.name, gpu.report().features);
        }
    }
    assert!(best.report().checks.iter().all(|check| !check.fell_back), "{:?}", best.report().checks);
}

#[test]
fn a_subgroup_variant_that_is_no_good_gives_way_to_the_base() {
    // To a sum by halves the numbers of invocations are all the same, with subgroups of eight they are not.
    let text = norm::NORM.wgsl.replace("reduce_sum(thread,", "reduce_sum(thread / 8u + thread % 8u * 8u,");
    let feigned = Feigned { shaders: vec![("norm".to_owned(), text)], ..Feigned::default() };
    let options = Options { feigned, ..Options::default() };
    let Some(gpu) = gpu_with(Host::native(), &Ledger::new(None), &options) else { return };
    if gpu.report().features.is_empty() {
        return;
    }
    let case = (norm::NORM.check)();
    let error = case.error(&block_on(gpu.run(&case)).unwrap());
    let check = &gpu.report().checks[0];
    assert!(error <= case.tolerance && check.fell_back && check.error <= check.tolerance, "{check:?}");
}
