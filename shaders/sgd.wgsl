// One step of gradient descent with momentum over a stretch of weights. Where a gradient is not finite nothing moves.
//!use live

const RATE: u32 = 2u;

struct Params {
    count: u32,
    momentum: f32,
    decay: f32,
}

@group(0) @binding(0) var<storage, read> g: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> report: array<f32>; // norm, scale, finite
@group(0) @binding(2) var<storage, read_write> w: array<f32>; // (N)
@group(0) @binding(3) var<storage, read_write> m: array<f32>; // (N)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn sgd(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.count || report[2] == 0.0) {
        return;
    }
    let moved = p.momentum * m[i] + g[i] * report[1] + p.decay * w[i];
    m[i] = moved;
    w[i] -= live_f32(RATE) * moved;
}
