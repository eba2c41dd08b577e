// One step of Adam or AdamW over a stretch of weights. Where a gradient is not finite nothing moves.
//!use live

const RATE: u32 = 2u;
const CORRECTION_1: u32 = 3u;
const CORRECTION_2: u32 = 4u;

struct Params {
    count: u32,
    beta1: f32,
    beta2: f32,
    eps: f32,
    decay: f32,
    apart: u32, // 1: decay apart from the gradient (AdamW)
}

@group(0) @binding(0) var<storage, read> g: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> report: array<f32>; // norm, scale, finite
@group(0) @binding(2) var<storage, read_write> w: array<f32>; // (N)
@group(0) @binding(3) var<storage, read_write> m: array<f32>; // (N)
@group(0) @binding(4) var<storage, read_write> v: array<f32>; // (N)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn adam(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.count || report[2] == 0.0) {
        return;
    }
    var weight = w[i];
    var gradient = g[i] * report[1];
    let rate = live_f32(RATE);
    if (p.apart == 1u) {
        weight -= rate * p.decay * weight;
    } else {
        gradient += p.decay * weight;
    }
    let mean = p.beta1 * m[i] + (1.0 - p.beta1) * gradient;
    let square = p.beta2 * v[i] + (1.0 - p.beta2) * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    w[i] = weight - rate * (mean * live_f32(CORRECTION_1)) / (sqrt(square * live_f32(CORRECTION_2)) + p.eps);
}
