// Gradient of queries: a workgroup takes 64 queries of one head and goes over tiles of 32 keys.
// p = exp(logit - lse), ds = p (dp - delta); dQ = ds K. No atomics: nobody else writes these queries.
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
@group(0) @binding(6) var<storage, read_write> dquery: array<f32>; // (B, Tq, query_stride)

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

@compute @workgroup_size(256)
fn attention_queries(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let blocks = (p.queries + 63u) / 64u;
    let index = wg.y * groups.x + wg.x;
    let q0 = (index % blocks) * 64u;
    let h = (index / blocks) % p.heads;
    let b = index / (blocks * p.heads);
    if (b >= p.batch) {
        return;
    }
    let q1 = min(q0 + 64u, p.queries);
    let range = reach_of_block(b, q0, q1);
    let kv = h / (p.heads / p.kv_heads);
    let key_at = b * p.keys * p.key_stride + p.key_offset + kv * HEAD;
    let value_at = b * p.keys * p.key_stride + p.value_offset + kv * HEAD;
    let key = mask_key(b, h);
    let row4 = (t / 16u) * 4u;
    let col = t % 16u;
    var sees = array<vec2<u32>, 4>();
    var line = array<vec2<f32>, 4>(); // lse, delta
    for (var r = 0u; r < 4u; r++) {
        let q = q0 + row4 + r;
        if (q < q1) {
            let row = (b * p.heads + h) * p.queries + q;
            sees[r] = reach(b, q);
            line[r] = vec2<f32>(stats[2u * row], stats[2u * row + 1u]);
        }
    }
    var dq = array<vec4<f32>, 4u * OWN>();

    for (var k0 = range.x; k0 < range.y; k0 += 32u) {
        var s = array<vec2<f32>, 4>();
        var dp = array<vec2<f32>, 4>();
        for (var d = 0u; d < VECTORS; d += 2u) {
            workgroupBarrier();
            let dd = d + t % 2u;
            let q = q0 + (t % 128u) / 2u;
            var v = vec4<f32>();
            if (dd < VECTORS && q < q1 && t < 128u) {
                v = four_of_query((b * p.queries + q) * p.query_stride + h * HEAD, 4u * dd);
            } else if (dd < VECTORS && q < q1) {
                v = four_of_dout(((b * p.queries + q) * p.heads + h) * HEAD, 4u * dd);
            }
            slab[t] = v;
            if (t < 128u) {
                let k = k0 + (t % 64u) / 2u;
                v = vec4<f32>();
                if (dd < VECTORS && k < range.y) {
                    v = four_of_keys(select(value_at, key_at, t < 64u) + k * p.key_stride, 4u * dd);
                }
                slab[256u + t] = v;
            }
            workgroupBarrier();
            for (var i = 0u; i < 2u; i++) {
                let ka = slab[256u + col * 2u + i];
                let kb = slab[288u + col * 2u + i];
                let va = slab[320u + col * 2u + i];
                let vb = slab[352u + col * 2u + i];
                for (var r = 0u; r < 4u; r++) {
                    let q4 = slab[(row4 + r) * 2u + i];
                    let o4 = slab[128u + (row4 + r) * 2u + i];
                    s[r] += vec2<f32>(dot(q4, ka), dot(q4, kb));
                    dp[r] += vec2<f32>(dot(o4, va), dot(o4, vb));
                }
            }
        }
        for (var r = 0u; r < 4u; r++) {
            let q = q0 + row4 + r;
            for (var c = 0u; c < 2u; c++) {
                let k = k0 + col + 16u * c;
                var slope = 0.0;
                if (k >= sees[r].x && k < sees[r].y) {
                    let capped = cap(s[r][c] * p.scale);
                    var logit = capped.x;
                    if (p.reach > 0u) {
                        logit += bias[bias_at(h, q, k)];
                    }
                    let e = exp(logit - line[r].x);
                    slope = e * (kept(key, q, k) * dp[r][c] - line[r].y) * capped.y * p.scale;
                }
                tile[(row4 + r) * 33u + col + 16u * c] = slope;
            }
        }
        for (var j0 = 0u; j0 < 32u; j0 += VALUES) {
            workgroupBarrier();
            for (var i = t; i < VALUES * VECTORS; i += 256u) {
                let k = k0 + j0 + i / VECTORS;
                var v = vec4<f32>();
                if (k < range.y && alive(b, k)) {
                    v = four_of_keys(key_at + k * p.key_stride, 4u * (i % VECTORS));
                }
                slab[i] = v;
            }
            workgroupBarrier();
            for (var j = 0u; j < min(VALUES, 32u - j0); j++) {
                for (var c = 0u; c < OWN; c++) {
                    let v = slab[min(j * VECTORS + c * 16u + col, 383u)];
                    for (var r = 0u; r < 4u; r++) {
                        dq[r * OWN + c] += tile[(row4 + r) * 33u + j0 + j] * v;
                    }
                }
            }
        }
    }

    for (var r = 0u; r < 4u; r++) {
        let q = q0 + row4 + r;
        for (var i = 0u; i < 4u * OWN; i++) {
            let d = ((i / 4u) * 16u + col) * 4u + i % 4u;
            if (q < q1 && d < HEAD) {
                let at = (b * p.queries + q) * p.query_stride + h * HEAD + d;
                let value = dq[r * OWN + i / 4u][i % 4u];
                dquery[at] = select(value, dquery[at] + value, p.accumulate == 1u);
            }
        }
    }
}
