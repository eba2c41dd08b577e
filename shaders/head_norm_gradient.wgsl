// The gradient of head_norm with respect to x, and the rstd of each head for the scales' own. One thread a head of a row.
// g = dy * scale; dx = rstd * (g - n * mean(g * n)), n = x * rstd.

struct Params {
    rows: u32, // R
    heads: u32, // H
    kv_heads: u32, // K
    head: u32, // D
    eps: f32,
    offset: f32, // added to the scales
    accumulate: u32, // 1: dx adds to what is there
    accumulate_queries: u32,
    accumulate_keys: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R, (H + 2K) D)
@group(0) @binding(1) var<storage, read> queries: array<f32>; // (D)
@group(0) @binding(2) var<storage, read> keys: array<f32>; // (D)
@group(0) @binding(3) var<storage, read> dy: array<f32>; // (R, (H + 2K) D)
@group(0) @binding(4) var<storage, read_write> dx: array<f32>; // (R, (H + 2K) D)
@group(0) @binding(5) var<storage, read_write> stats: array<f32>; // (R, H + 2K)
@group(1) @binding(0) var<uniform> p: Params;

fn scale(place: u32, d: u32) -> f32 {
    if (place < p.heads) {
        return queries[d] + p.offset;
    }
    return keys[d] + p.offset;
}

fn give(at: u32, value: f32) {
    if (p.accumulate == 1u) {
        dx[at] += value;
    } else {
        dx[at] = value;
    }
}

@compute @workgroup_size(64)
fn head_norm_gradient(
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
        stats[unit] = 0.0;
        for (var d = 0u; d < p.head; d++) {
            give(start + d, dy[start + d]);
        }
        return;
    }
    var square = 0.0;
    var dot = 0.0;
    for (var d = 0u; d < p.head; d++) {
        square += x[start + d] * x[start + d];
        dot += dy[start + d] * scale(place, d) * x[start + d];
    }
    let rstd = 1.0 / sqrt(square / f32(p.head) + p.eps);
    let mean = dot * rstd / f32(p.head);
    stats[unit] = rstd;
    for (var d = 0u; d < p.head; d++) {
        give(start + d, rstd * (dy[start + d] * scale(place, d) - x[start + d] * rstd * mean));
    }
}
