// stats = (lse, delta) with delta = out . dout over the head. One thread a row of (B, H, Tq).

struct Params {
    batch: u32,
    heads: u32,
    head: u32,
    queries: u32,
}

@group(0) @binding(0) var<storage, read> out: array<f32>; // (B, Tq, H, D)
@group(0) @binding(1) var<storage, read> dout: array<f32>; // (B, Tq, H, D)
@group(0) @binding(2) var<storage, read> lse: array<f32>; // (B, H, Tq)
@group(0) @binding(3) var<storage, read_write> stats: array<f32>; // (B, H, Tq, 2)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(64)
fn attention_delta(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let i = (wg.y * groups.x + wg.x) * 64u + t;
    if (i >= p.batch * p.queries * p.heads) {
        return;
    }
    // Threads go along the heads of one position, as the memory does.
    let h = i % p.heads;
    let q = (i / p.heads) % p.queries;
    let b = i / (p.heads * p.queries);
    var sum = 0.0;
    for (var d = i * p.head; d < (i + 1u) * p.head; d++) {
        sum = fma(out[d], dout[d], sum);
    }
    let row = (b * p.heads + h) * p.queries + q;
    stats[2u * row] = lse[row];
    stats[2u * row + 1u] = sum;
}
