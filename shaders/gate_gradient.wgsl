// dgate = dy up f'(gate), dup = dy f(gate), written or added; dy can become f(gate) up. One thread an element of dy.
//!use activation

struct Params {
    rows: u32,
    width: u32, // F
    kind: u32, // the activation's code
    accumulate: u32, // 1: add to what is there
    restore: u32, // 1: dy becomes y
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R, 2F)
@group(0) @binding(1) var<storage, read_write> dy: array<f32>; // (R, F)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (R, 2F)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn gate_gradient(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.rows * p.width) {
        return;
    }
    let at = i + i / p.width * p.width;
    var dgate = dy[i] * x[at + p.width] * activate_gradient(p.kind, x[at]);
    var dup = dy[i] * activate(p.kind, x[at]);
    if (p.accumulate == 1u) {
        dgate += dx[at];
        dup += dx[at + p.width];
    }
    dx[at] = dgate;
    dx[at + p.width] = dup;
    if (p.restore == 1u) {
        dy[i] = activate(p.kind, x[at]) * x[at + p.width];
    }
}
