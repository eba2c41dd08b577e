// y = factor * x, or y += factor * x. One thread an element.

struct Params {
    count: u32,
    accumulate: u32, // 1: add to what is there
    factor: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (N)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn scale(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.count) {
        return;
    }
    if (p.accumulate == 1u) {
        y[i] += p.factor * x[i];
    } else {
        y[i] = p.factor * x[i];
    }
}
