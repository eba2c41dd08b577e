// Losses of rows of logits against real targets, and their gradients: squares, or binary cross entropy. One thread a row.

struct Params {
    rows: u32, // R
    labels: u32, // L
    binary: u32, // 1: binary cross entropy, 0: squares
    gradient: u32, // 1: write dlogits
    accumulate: u32, // 1: add to what is there
}

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (R, L)
@group(0) @binding(1) var<storage, read> targets: array<f32>; // (R, L)
@group(0) @binding(2) var<storage, read> coefficients: array<f32>; // (R)
@group(0) @binding(3) var<storage, read_write> each: array<f32>; // (R)
@group(0) @binding(4) var<storage, read_write> terms: array<f32>; // (R)
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>; // (R, L)
@group(1) @binding(0) var<uniform> p: Params;

// The loss of one label and its slope.
fn label(z: f32, y: f32) -> vec2<f32> {
    if (p.binary == 0u) {
        return vec2<f32>((z - y) * (z - y), 2.0 * (z - y));
    }
    let e = exp(-abs(z));
    let sigmoid = select(e, 1.0, z >= 0.0) / (1.0 + e);
    return vec2<f32>(max(z, 0.0) - z * y + log(1.0 + e), sigmoid - y);
}

@compute @workgroup_size(64)
fn label_loss(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + thread;
    if (row >= p.rows) {
        return;
    }
    let c = coefficients[row];
    var loss = 0.0;
    for (var at = row * p.labels; at < (row + 1u) * p.labels; at++) {
        var slope = 0.0;
        if (c != 0.0) {
            let one = label(logits[at], targets[at]);
            loss += one.x;
            slope = c * one.y;
        }
        if (p.gradient == 1u) {
            if (p.accumulate == 1u) {
                slope += dlogits[at];
            }
            dlogits[at] = slope;
        }
    }
    each[row] = loss;
    terms[row] = c * loss;
}
