// Gradients of keys and values: a workgroup takes 64 keys of one head of keys and goes over the group's heads and tiles of
// 32 queries. p = exp(logit - lse), ds = p (dp - delta); dV = pᵀ dO, dK = dsᵀ Q. No atomics: nobody else writes these keys.
//!use live
//!use rng
//!use attention_reach
//!use attention_load

const HEAD: u32 = 64u; // D
const VECTORS: u32 = (HEAD + 3u) / 4u;
const OWN: u32 = (VECTORS + 15u) / 16u; // vectors of a row a thread keeps
const VALUES: u32 = max(1u, min(32u, 384u / VECTORS)); // rows in workgroup memory at a time

@group(0) @binding(0) var<storage, read> query: array<f32>; // (B, Tq, query_stride)
@group(0) @binding(1) var<storage, read> keys: array<f32>; // (B, Tk, key_stride), keys and values
@group(0) @binding(2) var<storage, read> spans: array<u32>; // (B, 2) or (B, Tq, 2)
@group(0) @binding(3) var<storage, read> bias: array<f32>; // (H, 2R - 1)
@group(0) @binding(4) var<storage, read> dout: array<f32>; // (B, Tq, H, D)
@group(0) @binding(5) var<storage, read> stats: array<f32>; // (B, H, Tq, 2): lse, delta
@group(0) @binding(6) var<storage, read_write> dkeys: array<f32>; // (B, Tk, key_stride)

var<workgroup> slab: array<vec4<f32>, 384>;
var<workgroup> tile: array<f32, 2112>; // 64 rows of 33

fn four_of_dout(at: u32, d: u32) -> vec4<f32> {
    var v = vec4<f32>();
    for (var i = 0u; i < 4u; i++) {
        if (d + i < HEAD) {
            v[i] = dout[at + d + i];
        }
    }
    return v;
}

fn add(at: u32, value: f32) {
    if (p.accumulate == 1u) {
        dkeys[at] += value;
    } else {
        dkeys[at] = value;
    }
}

@compute @workgroup_size(256)
fn attention_keys(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let blocks = (p.keys + 63u) / 64u;
    let index = wg.y * groups.x + wg.x;
    let k0 = (index % blocks) * 64u;
    let kv = (index / blocks) % p.kv_heads;
    let b = index / (blocks * p.kv_heads);
    if (b >= p.batch) {
        return;
    }
    let k1 = min(k0 + 64u, p.keys);
    let range = queries_of_block(b, k0, k1);
    let share = p.heads / p.kv_heads;
    let key_at = b * p.keys * p.key_stride + p.key_offset + kv * HEAD;
    let value_at = b * p.keys * p.key_stride + p.value_offset + kv * HEAD;
    let row4 = (t / 16u) * 4u;
    let col = t % 16u;
    var dk = array<vec4<f32>, 4u * OWN>();
    var dv = array<vec4<f32>, 4u * OWN>();

    for (var h = kv * share; h < (kv + 1u) * share; h++) {
        let key = mask_key(b, h);
        let line = (b * p.heads + h) * p.queries;
        for (var q0 = range.x; q0 < range.y; q0 += 32u) {
            var s = array<vec2<f32>, 4>(); // scores, later their gradients
            var dp = array<vec2<f32>, 4>();
            for (var d = 0u; d < VECTORS; d += 2u) {
                workgroupBarrier();
                let dd = d + t % 2u;
                let k = k0 + (t % 128u) / 2u;
                var v = vec4<f32>();
                if (dd < VECTORS && k < k1 && alive(b, k)) {
                    v = four_of_keys(select(value_at, key_at, t < 128u) + k * p.key_stride, 4u * dd);
                }
                slab[t] = v;
                if (t < 128u) {
                    let q = q0 + (t % 64u) / 2u;
                    v = vec4<f32>();
                    if (dd < VECTORS && q < range.y && t < 64u) {
                        v = four_of_query((b * p.queries + q) * p.query_stride + h * HEAD, 4u * dd);
                    } else if (dd < VECTORS && q < range.y) {
                        v = four_of_dout(((b * p.queries + q) * p.heads + h) * HEAD, 4u * dd);
                    }
                    slab[256u + t] = v;
                }
                workgroupBarrier();
                for (var i = 0u; i < 2u; i++) {
                    let qa = slab[256u + col * 2u + i];
                    let qb = slab[288u + col * 2u + i];
                    let oa = slab[320u + col * 2u + i];
                    let ob = slab[352u + col * 2u + i];
                    for (var r = 0u; r < 4u; r++) {
                        let k4 = slab[(row4 + r) * 2u + i];
                        let v4 = slab[128u + (row4 + r) * 2u + i];
                        s[r] += vec2<f32>(dot(k4, qa), dot(k4, qb));
                        dp[r] += vec2<f32>(dot(v4, oa), dot(v4, ob));
                    }
                }
            }
            for (var c = 0u; c < 2u; c++) {
                let q = q0 + col + 16u * c;
                var sees = vec2<u32>(0u, 0u);
                if (q < range.y) {
                    sees = reach(b, q);
                }
                for (var r = 0u; r < 4u; r++) {
                    let k = k0 + row4 + r;
                    var weight = 0.0;
                    var slope = 0.0;
                    if (k >= sees.x && k < sees.y) {
                        let capped = cap(s[r][c] * p.scale);
                        var logit = capped.x;
                        if (p.reach > 0u) {
                            logit += bias[bias_at(h, q, k)];
                        }
                        let e = exp(logit - stats[2u * (line + q)]);
                        let keep = kept(key, q, k);
                        weight = e * keep;
                        slope = e * (keep * dp[r][c] - stats[2u * (line + q) + 1u]) * capped.y * p.scale;
                    }
                    tile[(row4 + r) * 33u + col + 16u * c] = weight;
                    s[r][c] = slope;
                }
            }
            // dV from the weights, then dK from the slopes, through the same memory.
            for (var turn = 0u; turn < 2u; turn++) {
                for (var j0 = 0u; j0 < 32u; j0 += VALUES) {
                    workgroupBarrier();
                    for (var i = t; i < VALUES * VECTORS; i += 256u) {
                        let q = q0 + j0 + i / VECTORS;
                        var v = vec4<f32>();
                        if (q < range.y && (p.own == 0u || alive(b, q))) {
                            if (turn == 0u) {
                                v = four_of_dout(((b * p.queries + q) * p.heads + h) * HEAD, 4u * (i % VECTORS));
                            } else {
                                v = four_of_query((b * p.queries + q) * p.query_stride + h * HEAD, 4u * (i % VECTORS));
                            }
                        }
                        slab[i] = v;
                    }
                    workgroupBarrier();
                    for (var j = 0u; j < min(VALUES, 32u - j0); j++) {
                        for (var c = 0u; c < OWN; c++) {
                            let v = slab[min(j * VECTORS + c * 16u + col, 383u)];
                            for (var r = 0u; r < 4u; r++) {
                                let w = tile[(row4 + r) * 33u + j0 + j];
                                if (turn == 0u) {
                                    dv[r * OWN + c] += w * v;
                                } else {
                                    dk[r * OWN + c] += w * v;
                                }
                            }
                        }
                    }
                }
                workgroupBarrier();
                for (var r = 0u; r < 4u; r++) {
                    tile[(row4 + r) * 33u + col] = s[r].x;
                    tile[(row4 + r) * 33u + col + 16u] = s[r].y;
                }
            }
        }
    }

    for (var r = 0u; r < 4u; r++) {
        let k = k0 + row4 + r;
        for (var i = 0u; i < 4u * OWN; i++) {
            let d = ((i / 4u) * 16u + col) * 4u + i % 4u;
            if (k < k1 && d < HEAD) {
                add(key_at + k * p.key_stride + d, dk[r * OWN + i / 4u][i % 4u]);
                add(value_at + k * p.key_stride + d, dv[r * OWN + i / 4u][i % 4u]);
            }
        }
    }
}
