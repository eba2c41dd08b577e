//! What only lessons and tests may reach, through `griot/lab`.

use wasm_bindgen::prelude::*;

/// Traps, as a defect of ours would: the tests inject it to see the runtime replaced.
#[wasm_bindgen]
#[expect(clippy::panic, reason = "the trap is the purpose")]
pub fn trap_for_tests() {
    panic!("injected by a test");
}
