// RMSNorm of every query and key head within a packed tensor; values are copied. One thread a head of a row.

struct Params {
    rows: u32, // R
    heads: u32, // H
    kv_heads: u32, // K
    head: u32, // D
    eps: f32,
    offset: f32, // added to the scales
    accumulate: u32,
    accumulate_queries: u32,
    accumulate_keys: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R, (H + 2K) D)
@group(0) @binding(1) var<storage, read> queries: array<f32>; // (D)
@group(0) @binding(2) var<storage, read> keys: array<f32>; // (D)
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // (R, (H + 2K) D)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(64)
fn head_norm(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let unit = (group.y * groups.x + group.x) * 64u + thread;
    let across = p.heads + 2u * p.kv_heads;
    if (unit >= p.rows * across) {
        return;
    }
    let place = unit % across;
    let start = unit * p.head;
    if (place >= p.heads + p.kv_heads) {
        for (var d = 0u; d < p.head; d++) {
            y[start + d] = x[start + d];
        }
        return;
    }
    var square = 0.0;
    for (var d = 0u; d < p.head; d++) {
        square += x[start + d] * x[start + d];
    }
    let rstd = 1.0 / sqrt(square / f32(p.head) + p.eps);
    for (var d = 0u; d < p.head; d++) {
        var scale = 0.0;
        if (place < p.heads) {
            scale = queries[d];
        } else {
            scale = keys[d];
        }
        y[start + d] = x[start + d] * rstd * (scale + p.offset);
    }
}
