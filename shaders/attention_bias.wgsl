// The gradient of the bias by distance: dbias[h][d] = sum over rows and queries of ds(q, q + d). One workgroup a number.
//!use live
//!use rng
//!use attention_reach

@group(0) @binding(0) var<storage, read> query: array<f32>; // (B, Tq, query_stride)
@group(0) @binding(1) var<storage, read> keys: array<f32>; // (B, Tk, key_stride), keys and values
@group(0) @binding(2) var<storage, read> spans: array<u32>; // (B, 2) or (B, Tq, 2)
@group(0) @binding(3) var<storage, read> bias: array<f32>; // (H, 2R - 1)
@group(0) @binding(4) var<storage, read> dout: array<f32>; // (B, Tq, H, D)
@group(0) @binding(5) var<storage, read> stats: array<f32>; // (B, H, Tq, 2): lse, delta
@group(0) @binding(6) var<storage, read_write> dbias: array<f32>; // (H, 2R - 1)

var<workgroup> parts: array<f32, 64>;

// The gradient of one logit before the cap.
fn slope(b: u32, h: u32, q: u32, k: u32, weight_bias: f32) -> f32 {
    let kv = h / (p.heads / p.kv_heads);
    let query_at = (b * p.queries + q) * p.query_stride + h * p.head;
    let key_at = (b * p.keys + k) * p.key_stride + p.key_offset + kv * p.head;
    let value_at = (b * p.keys + k) * p.key_stride + p.value_offset + kv * p.head;
    let out_at = ((b * p.queries + q) * p.heads + h) * p.head;
    var score = 0.0;
    var dp = 0.0;
    for (var d = 0u; d < p.head; d++) {
        score = fma(query[query_at + d], keys[key_at + d], score);
        dp = fma(dout[out_at + d], keys[value_at + d], dp);
    }
    let row = 2u * ((b * p.heads + h) * p.queries + q);
    let e = exp(cap(score * p.scale).x + weight_bias - stats[row]);
    return e * (kept(mask_key(b, h), q, k) * dp - stats[row + 1u]);
}

@compute @workgroup_size(64)
fn attention_bias(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let width = 2u * p.reach - 1u;
    let unit = wg.y * groups.x + wg.x;
    if (unit >= p.heads * width) {
        return;
    }
    let h = unit / width;
    var sum = 0.0;
    for (var i = t; i < p.batch * p.queries; i += 64u) {
        let b = i / p.queries;
        let q = i % p.queries;
        // Below 0 it wraps, and no reach is as far.
        let k = q + unit % width + 1u - p.reach;
        let sees = reach(b, q);
        if (k >= sees.x && k < sees.y) {
            sum += slope(b, h, q, k, bias[unit]);
        }
    }
    parts[t] = sum;
    for (var step = 32u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (t < step) {
            parts[t] += parts[t + step];
        }
    }
    if (t == 0u) {
        dbias[unit] = select(parts[0], dbias[unit] + parts[0], p.accumulate == 1u);
    }
}
