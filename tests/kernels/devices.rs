//! The devices that are present, and the one way a case is checked on all of them.

use griot::device::{Device, Host, Ledger, Options};
use griot::kernels::Case;

/// Every device of this machine with its name. A device that is not there is named on standard output.
#[expect(clippy::print_stdout, reason = "a test says on which devices it ran")]
pub fn all() -> Vec<(String, Device)> {
    let mut devices = vec![("cpu".to_owned(), Device::cpu(Host::native(), Ledger::new(None)))];
    match pollster::block_on(Device::gpu(Host::native(), Ledger::new(None), &Options::default())) {
        Ok(gpu) => {
            println!("on the GPU {}", gpu.report().name);
            devices.push((gpu.report().name, gpu));
        }
        Err(error) => println!("no GPU: {error}"),
    }
    devices
}

/// Runs the cases on every device and fails with the list of those that are off.
pub fn agree(cases: impl IntoIterator<Item = (String, Case)>) {
    let devices = all();
    let mut wrong = Vec::new();
    for (name, case) in cases {
        for (device_name, device) in &devices {
            match pollster::block_on(device.run(&case)) {
                Ok(outcome) => {
                    let error = case.error(&outcome);
                    if error.is_nan() || error > case.tolerance {
                        wrong.push(format!("{} {name} on {device_name}: off by {error:.2e}", case.kernel.name));
                    }
                }
                Err(error) => wrong.push(format!("{} {name} on {device_name}: {error:?}", case.kernel.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases are off:\n{}", wrong.len(), wrong.join("\n"));
}
