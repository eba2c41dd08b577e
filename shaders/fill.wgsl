// y = 0. One thread an element.

struct Params {
    count: u32,
}

@group(0) @binding(0) var<storage, read_write> y: array<f32>; // (N)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn fill(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i < p.count) {
        y[i] = 0.0;
    }
}
