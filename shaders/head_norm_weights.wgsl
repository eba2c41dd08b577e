// The gradients of the scales of head_norm: the sum of dy * x * rstd over rows and heads. One workgroup a column of one scale;
// each thread takes every 128th head of a row, then the threads' sums are added in a fixed tree.

struct Params {
    rows: u32, // R
    heads: u32, // H
    kv_heads: u32, // K
    head: u32, // D
    eps: f32,
    offset: f32,
    accumulate: u32,
    accumulate_queries: u32, // 1: dqueries adds to what is there
    accumulate_keys: u32, // 1: dkeys adds to what is there
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R, (H + 2K) D)
@group(0) @binding(1) var<storage, read> dy: array<f32>; // (R, (H + 2K) D)
@group(0) @binding(2) var<storage, read> stats: array<f32>; // (R, H + 2K)
@group(0) @binding(3) var<storage, read_write> dqueries: array<f32>; // (D)
@group(0) @binding(4) var<storage, read_write> dkeys: array<f32>; // (D)
@group(1) @binding(0) var<uniform> p: Params;

var<workgroup> sums: array<f32, 128>;

@compute @workgroup_size(128)
fn head_norm_weights(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let d = group.x % p.head;
    let of_keys = group.x >= p.head;
    let count = select(p.heads, p.kv_heads, of_keys);
    let first = select(0u, p.heads, of_keys);
    let across = p.heads + 2u * p.kv_heads;
    var sum = 0.0;
    for (var i = thread; i < p.rows * count; i += 128u) {
        let unit = (i / count) * across + first + i % count;
        sum += dy[unit * p.head + d] * x[unit * p.head + d] * stats[unit];
    }
    sums[thread] = sum;
    for (var half = 64u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (thread < half) {
            sums[thread] += sums[thread + half];
        }
    }
    if (thread == 0u) {
        if (of_keys) {
            dkeys[d] = sums[0] + select(0.0, dkeys[d], p.accumulate_keys == 1u);
        } else {
            dqueries[d] = sums[0] + select(0.0, dqueries[d], p.accumulate_queries == 1u);
        }
    }
}
