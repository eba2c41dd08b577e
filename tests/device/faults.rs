//! What is missing, refused, lost or wrong: each fault and its coded error.

use std::cell::RefCell;
use std::rc::Rc;

use griot::device::{Choice, Device, Event, Feigned, Host, Ledger, Options, Runtime, Signal};
use griot::kernels::{Live, sum};
use pollster::block_on;

use crate::bench::{additions, at_tick, both, code, give_up_after, gpu, gpu_with, halting, table, ticking};

fn feigning(feigned: Feigned) -> Options {
    Options { feigned, ..Options::default() }
}

#[test]
fn without_an_adapter_webgpu_is_unavailable_and_auto_is_the_cpu() {
    let options = feigning(Feigned { no_adapter: true, ..Feigned::default() });
    let open = |choice| {
        let runtime = Runtime::new(choice, Host::native(), options.clone(), None);
        block_on(runtime.report())
    };
    let error = open(Choice::WebGpu).unwrap_err();
    assert_eq!(error.code(), "device-unavailable");
    assert!(error.hint_text().unwrap().contains("cpu"));
    let report = open(Choice::Auto).unwrap();
    assert_eq!(report.kind, "cpu");
    assert!(report.reason.contains("no WebGPU"), "{}", report.reason);
    assert_eq!(open(Choice::Cpu).unwrap().reason, "the CPU was asked for");
}

#[test]
fn auto_says_its_own_reason_when_the_cpu_was_opened_by_name_before() {
    let runtime =
        Runtime::new(Choice::Auto, Host::native(), feigning(Feigned { no_adapter: true, ..Feigned::default() }), None);
    assert_eq!(block_on(runtime.device(Some(Choice::Cpu))).unwrap().report().reason, "the CPU was asked for");
    let report = block_on(runtime.report()).unwrap();
    assert!(report.reason.contains("no WebGPU"), "{}", report.reason);
}

#[test]
fn auto_takes_the_cpu_when_the_adapter_is_software() {
    let Some(gpu) = gpu(&Ledger::new(None)) else { return };
    let (software, name) = (gpu.software(), gpu.report().name);
    drop(gpu);
    let runtime = Runtime::new(Choice::Auto, Host::native(), Options::default(), None);
    let report = block_on(runtime.report()).unwrap();
    assert_eq!(report.kind, if software { "cpu" } else { "webgpu" });
    assert!(!software || report.reason.contains(&name), "{}", report.reason);
}

#[test]
fn a_refused_device_and_a_low_limit_are_unavailable() {
    let ledger = Ledger::new(None);
    if gpu(&ledger).is_none() {
        return;
    }
    let open = |feigned| block_on(Device::gpu(Host::native(), ledger.clone(), &feigning(feigned)));
    let refused = open(Feigned { refused: true, ..Feigned::default() }).unwrap_err();
    assert_eq!(refused.code(), "device-unavailable");
    let low = open(Feigned { buffer_bytes: Some(1 << 20), ..Feigned::default() }).unwrap_err();
    assert_eq!(low.code(), "device-unavailable");
    assert!(low.to_string().contains("BufferBindingSize is 1048576"), "{low}");
    assert_eq!(ledger.live(), 0);
}

#[test]
fn a_shader_that_does_not_compile_names_the_kernel_and_says_why() {
    let ledger = Ledger::new(None);
    let text = sum::SUM.wgsl.replace("y[i] = x[i];", "y[i] = no_such_thing;");
    let options = feigning(Feigned { shaders: vec![("sum".to_owned(), text)], ..Feigned::default() });
    let Some(gpu) = gpu_with(Host::native(), &ledger, &options) else { return };
    let error = block_on(gpu.run(&(sum::SUM.check)())).unwrap_err();
    assert_eq!(error.code(), "unsupported");
    assert!(error.to_string().contains("sum") && error.to_string().contains("no_such_thing"), "{error}");
    assert!(error.hint_text().is_some());
    // Another kernel is none the worse for it.
    let other = griot::kernels::ALL.iter().find(|kernel| kernel.name != "sum").unwrap();
    block_on(gpu.run(&(other.check)())).unwrap();
    drop(gpu);
    assert_eq!(ledger.live(), 0);
}

#[test]
fn a_kernel_that_disagrees_is_a_numeric_mismatch_and_the_report_says_so() {
    let ledger = Ledger::new(None);
    let text = sum::SUM.wgsl.replace("y[i] += x[i];", "y[i] += x[i] * 1.01;");
    let options = feigning(Feigned { shaders: vec![("sum".to_owned(), text)], ..Feigned::default() });
    let Some(gpu) = gpu_with(Host::native(), &ledger, &options) else { return };
    let table = table(&gpu, 4, 100).unwrap();
    let error = block_on(gpu.prepare(&additions(4, 100, 1), &table)).unwrap_err();
    assert_eq!(error.code(), "numeric-mismatch");
    assert!(error.to_string().starts_with("sum: "), "{error}");
    let details: Vec<&str> = error.details().iter().map(|(name, _)| *name).collect();
    assert_eq!(details, ["error", "tolerance"]);
    let checks = gpu.report().checks;
    assert_eq!(checks.len(), 1);
    assert!(checks[0].kernel == "sum" && checks[0].error > checks[0].tolerance);
    drop((gpu, table));
    assert_eq!(ledger.live(), 0);
}

#[test]
fn a_good_kernel_is_checked_once_and_reported() {
    let Some(gpu) = gpu(&Ledger::new(None)) else { return };
    let table = table(&gpu, 2, 10).unwrap();
    for _ in 0..2 {
        block_on(gpu.prepare(&additions(2, 10, 1), &table)).unwrap();
    }
    let checks = gpu.report().checks;
    assert_eq!(checks.len(), 1);
    assert!(checks[0].error <= checks[0].tolerance && !checks[0].fell_back);
}

#[test]
fn a_device_destroyed_while_a_plan_runs_is_lost_and_another_can_be_opened() {
    let ledger = Ledger::new(None);
    let Some(gpu) = gpu_with(ticking(), &ledger, &Options::default()) else { return };
    let gpu = Rc::new(gpu);
    let (steps, count) = (40, 1000);
    let buffers = table(&gpu, steps, count).unwrap();
    let prepared = block_on(gpu.prepare(&additions(steps, count, 1 << 40), &buffers)).unwrap();
    let before = gpu.read_later(&buffers[1], 0, 10).unwrap();
    let doomed = gpu.clone();
    at_tick(20, move || doomed.destroy());
    assert_eq!(code(block_on(gpu.play(&prepared, &[Live::default()], &Signal::default()))), "device-lost");
    assert_eq!(code(block_on(gpu.play(&prepared, &[Live::default()], &Signal::default()))), "device-lost");
    assert_eq!(code(block_on(gpu.prepare(&additions(steps, count, 1), &buffers))), "device-lost");
    assert_eq!(code(block_on(gpu.allocate("more", 10))), "device-lost");
    assert_eq!(code(gpu.write(&buffers[0], 0, &[1])), "device-lost");
    assert_eq!(code(gpu.clear(&buffers[0])), "device-lost");
    assert_eq!(code(block_on(gpu.read(&buffers[1], 0, 10))), "device-lost");
    // What was asked for before the loss either came or is lost, but does not hang.
    if let Err(error) = block_on(before.words()) {
        assert_eq!(error.code(), "device-lost");
    }
    drop((prepared, buffers, gpu));
    assert_eq!(ledger.live(), 0, "{:?}", ledger.owners());
    let again = gpu_with(Host::native(), &ledger, &Options::default()).unwrap();
    block_on(again.run(&(sum::SUM.check)())).unwrap();
}

#[test]
fn an_abort_in_the_middle_of_a_play_stops_it_and_leaves_the_device_usable() {
    for device in both(ticking()) {
        let (steps, count) = (40, 1000);
        let buffers = table(&device, steps, count).unwrap();
        let prepared = block_on(device.prepare(&additions(steps, count, 1 << 40), &buffers)).unwrap();
        let signal = Signal::default();
        let wish = signal.clone();
        at_tick(12, move || wish.abort());
        let lives = [Live::default(); 3];
        assert_eq!(code(block_on(device.play(&prepared, &lives, &signal))), "aborted");
        let last = block_on(device.read(&buffers[1], (steps - 1) * 1024, 1)).unwrap();
        assert!(f32::from_bits(last[0]) < 3.0, "the whole of it was played");
        // A second play adds exactly one to wherever the first one stopped.
        let before = block_on(device.read(&buffers[1], 0, 1)).unwrap();
        block_on(device.play(&prepared, &[Live::default()], &Signal::default())).unwrap();
        let after = block_on(device.read(&buffers[1], 0, 1)).unwrap();
        assert_eq!(f32::from_bits(after[0]), f32::from_bits(before[0]) + 1.0);
    }
}

#[test]
fn a_play_given_up_in_the_middle_stops_there_and_a_whole_one_is_finished() {
    let device = Device::cpu(halting(), Ledger::new(None));
    let (steps, count) = (12, 1000);
    for (whole, sums) in [(false, 0.0), (true, 2.0)] {
        let buffers = table(&device, steps, count).unwrap();
        let prepared = block_on(device.prepare(&additions(steps, count, 1 << 30), &buffers)).unwrap();
        let lives = [Live::default(); 2];
        let came_to_its_end = match whole {
            true => give_up_after(3, device.play_whole(&prepared, &lives)),
            false => give_up_after(3, device.play(&prepared, &lives, &Signal::default())),
        };
        assert!(!came_to_its_end);
        let last = block_on(device.read(&buffers[1], (steps - 1) * 1024, count)).unwrap();
        assert!(last.iter().all(|&word| f32::from_bits(word) == sums), "whole: {whole}");
    }
}

#[test]
fn a_lost_gpu_is_opened_again_twice_and_then_given_up() {
    if gpu(&Ledger::new(None)).is_none() {
        return;
    }
    let host = Host { tell: hear, ..Host::native() };
    let runtime = Runtime::new(Choice::WebGpu, host, Options::default(), None);
    let open = || block_on(runtime.device(None));
    for _ in 0..3 {
        let device = open().unwrap();
        assert!(Rc::ptr_eq(&device, &open().unwrap()), "a second one was opened");
        assert!(!device.lost());
        device.destroy();
        assert!(device.lost());
    }
    assert_eq!(code(open()), "device-unavailable");
    assert_eq!(block_on(runtime.device(Some(Choice::Auto))).unwrap().report().kind, "cpu");
    assert_eq!(runtime.ledger().live(), 0);
    assert_eq!(HEARD.take(), ["lost", "recovered", "lost", "recovered", "lost", "fallback"]);
}

thread_local! {
    static HEARD: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn hear(event: &Event) {
    let name = match event {
        Event::Lost(_) => "lost",
        Event::Recovered(_) => "recovered",
        Event::Fallback(_) => "fallback",
    };
    HEARD.with_borrow_mut(|heard| heard.push(name));
}

#[test]
fn nobody_hears_of_a_device_that_is_closed() {
    let host = Host { tell: hear, ..Host::native() };
    let Some(gpu) = gpu_with(host, &Ledger::new(None), &Options::default()) else { return };
    drop(gpu);
    assert_eq!(HEARD.take(), [] as [&str; 0]);
}

#[test]
fn what_another_device_made_is_refused() {
    let devices = both(Host::native());
    let [cpu, gpu] = devices.as_slice() else { return };
    let buffers = table(cpu, 1, 10).unwrap();
    assert_eq!(code(gpu.write(&buffers[0], 0, &[1])), "internal");
    assert_eq!(code(block_on(gpu.prepare(&additions(1, 10, 1), &buffers))), "internal");
    let prepared = block_on(cpu.prepare(&additions(1, 10, 1), &buffers)).unwrap();
    assert_eq!(code(block_on(gpu.play(&prepared, &[Live::default()], &Signal::default()))), "internal");
    let buffers = table(gpu, 1, 10).unwrap();
    assert_eq!(code(block_on(cpu.prepare(&additions(1, 10, 1), &buffers))), "internal");
}
