//! What the tests of losses share: stored numbers, and how they are compared.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use griot::kernels::Case;
use serde_json::Value;

/// A gradient's binding: added to, or poisoned with room after its end.
pub fn gradient(case: Case, count: usize, accumulate: u32) -> Case {
    if accumulate == 1 { case.accumulate(count, 1.0) } else { case.output(count + 1) }
}

/// A file of stored losses.
pub fn golden(name: &str) -> Value {
    let text = std::fs::read_to_string(format!("tests/golden/losses/{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// All numbers of nested lists.
pub fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap() as f32],
    }
}

/// The sum of binding `terms`, and the numbers of binding `dlogits`, near what is stored.
pub fn near(case: &Case, terms: usize, dlogits: usize, loss: f64, gradient: &[f32]) {
    let got = case.expected();
    let total: f64 = got[terms].iter().sum::<f64>();
    assert!((total - loss).abs() <= 1e-5 * loss.abs(), "loss {total}, stored {loss}");
    let scale = gradient.iter().fold(0.0f32, |most, g| most.max(g.abs()));
    for (got, stored) in got[dlogits].iter().zip(gradient) {
        assert!((got - f64::from(*stored)).abs() <= 1e-5 * f64::from(scale), "{got} stored {stored}");
    }
}
