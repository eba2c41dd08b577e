// dx = dy f'(x), or dx += dy f'(x); dy can become f(x). One thread an element.
//!use activation

struct Params {
    count: u32,
    kind: u32, // the activation's code
    accumulate: u32, // 1: add to what is there
    restore: u32, // 1: dy becomes f(x)
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> dy: array<f32>; // (N)
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // (N)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn unary_gradient(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.count) {
        return;
    }
    var sum = dy[i] * activate_gradient(p.kind, x[i]);
    if (p.accumulate == 1u) {
        sum += dx[i];
    }
    dx[i] = sum;
    if (p.restore == 1u) {
        dy[i] = activate(p.kind, x[i]);
    }
}
