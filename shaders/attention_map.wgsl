// Attention's probabilities, materialised, for looking at. One workgroup a row of keys; each thread comes back to its own keys.
//!use live
//!use rng
//!use attention_reach

@group(0) @binding(0) var<storage, read> query: array<f32>; // (B, Tq, query_stride)
@group(0) @binding(1) var<storage, read> keys: array<f32>; // (B, Tk, key_stride)
@group(0) @binding(2) var<storage, read> spans: array<u32>; // (B, 2) or (B, Tq, 2)
@group(0) @binding(3) var<storage, read> bias: array<f32>; // (H, 2R - 1)
@group(0) @binding(4) var<storage, read_write> map: array<f32>; // (B, H, Tq, Tk)

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn attention_map(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let row = wg.y * groups.x + wg.x;
    let q = row % p.queries;
    let h = (row / p.queries) % p.heads;
    let b = row / (p.queries * p.heads);
    if (b >= p.batch) {
        return;
    }
    let sees = reach(b, q);
    let query_at = (b * p.queries + q) * p.query_stride + h * p.head;
    let key_at = b * p.keys * p.key_stride + p.key_offset + h / (p.heads / p.kv_heads) * p.head;
    var most = -1e30;
    for (var k = t; k < p.keys; k += 64u) {
        var logit = 0.0;
        if (k >= sees.x && k < sees.y) {
            for (var d = 0u; d < p.head; d++) {
                logit = fma(query[query_at + d], keys[key_at + k * p.key_stride + d], logit);
            }
            logit = cap(logit * p.scale).x;
            if (p.reach > 0u) {
                logit += bias[bias_at(h, q, k)];
            }
            most = max(most, logit);
        }
        map[row * p.keys + k] = logit;
    }
    parts[t] = most;
    for (var step = 32u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (t < step) {
            parts[t] = max(parts[t], parts[t + step]);
        }
    }
    workgroupBarrier();
    most = parts[0];
    workgroupBarrier();
    var sum = 0.0;
    for (var k = t; k < p.keys; k += 64u) {
        if (k >= sees.x && k < sees.y) {
            let e = exp(map[row * p.keys + k] - most);
            map[row * p.keys + k] = e;
            sum += e;
        }
    }
    parts[t] = sum;
    for (var step = 32u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (t < step) {
            parts[t] += parts[t + step];
        }
    }
    workgroupBarrier();
    for (var k = t; k < p.keys; k += 64u) {
        if (k >= sees.x && k < sees.y) {
            map[row * p.keys + k] /= parts[0];
        }
    }
}
