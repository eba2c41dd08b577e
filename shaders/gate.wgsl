// y = f(gate) up, for rows that hold F gates and then F ups. One thread an element of y.
//!use activation

struct Params {
    rows: u32,
    width: u32, // F
    kind: u32, // the activation's code
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R, 2F)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (R, F)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn gate(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.rows * p.width) {
        return;
    }
    let at = i + i / p.width * p.width;
    y[i] = activate(p.kind, x[at]) * x[at + p.width];
}
