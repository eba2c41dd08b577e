// y = Σ parts, or y += Σ parts, in the order of the parts: the second stage of sums over K that were cut into batches.

struct Params {
    count: u32, // numbers of y
    parts: u32,
    accumulate: u32, // 1: add to what is there
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (parts, count)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (count)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn matmul_fold(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.count) {
        return;
    }
    var sum = 0.0;
    for (var part = 0u; part < p.parts; part++) {
        sum += x[part * p.count + i];
    }
    if (p.accumulate == 1u) {
        sum += y[i];
    }
    y[i] = sum;
}
