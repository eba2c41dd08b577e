//! The devices that are present, and the one way a case is checked on all of them.

use griot::device::{Device, Host, Ledger};
use griot::kernels::Case;

/// Every device of this machine with its name.
pub fn all() -> Vec<(&'static str, Device)> {
    vec![("cpu", Device::cpu(Host::native(), Ledger::new(None)))]
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
