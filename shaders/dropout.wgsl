// y = residual + x kept / (1 - rate), or added to y. An element is kept or not by the counter generator; two share a draw.
//!use live
//!use rng

const STEP: u32 = 0u;
const SEED: u32 = 1u;
const MICRO: u32 = 6u;

struct Params {
    count: u32,
    stream: u32,
    rate: f32,
    residual: u32, // 1: plus `residual`
    accumulate: u32, // 1: add to what is there
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read> residual: array<f32>; // (N)
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (N)
@group(1) @binding(0) var<uniform> p: Params;

fn put(i: u32, word: u32) {
    if (i >= p.count) {
        return;
    }
    var out = select(x[i] * (1.0 / (1.0 - p.rate)), 0.0, unit(word) < p.rate);
    if (p.residual == 1u) {
        out += residual[i];
    }
    if (p.accumulate == 1u) {
        out += y[i];
    }
    y[i] = out;
}

@compute @workgroup_size(256)
fn dropout(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let pair = (group.y * groups.x + group.x) * 256u + thread;
    let step = live(STEP) ^ (live(MICRO) << 24u);
    let words = threefry(vec2<u32>(live(SEED), p.stream), vec2<u32>(pair, step));
    put(2u * pair, words.x);
    put(2u * pair + 1u, words.y);
}
