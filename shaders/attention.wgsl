// Attention forward: a workgroup takes 64 queries of one head and goes over tiles of 32 keys with an online softmax.
// Scores are a 64 x 32 product of 16 x 16 threads, 4 x 2 numbers a thread, over slabs of 16 numbers of the head;
// each thread keeps 4 rows of every 16th vector of the output. 16 KiB of workgroup memory for any head size.
//!use live
//!use rng
//!use attention_reach
//!use attention_load

const HEAD: u32 = 64u; // D
const VECTORS: u32 = (HEAD + 3u) / 4u;
const OWN: u32 = (VECTORS + 15u) / 16u; // vectors of an output row a thread keeps
const VALUES: u32 = max(1u, min(32u, 384u / VECTORS)); // values in workgroup memory at a time

@group(0) @binding(0) var<storage, read> query: array<f32>; // (B, Tq, query_stride)
@group(0) @binding(1) var<storage, read> keys: array<f32>; // (B, Tk, key_stride), keys and values
@group(0) @binding(2) var<storage, read> spans: array<u32>; // (B, 2) or (B, Tq, 2)
@group(0) @binding(3) var<storage, read> bias: array<f32>; // (H, 2R - 1)
@group(0) @binding(4) var<storage, read> places: array<u32>; // (B) or (B, Tk), the cache block of each row or key
@group(0) @binding(5) var<storage, read_write> out: array<f32>; // (B, Tq, H, D)
@group(0) @binding(6) var<storage, read_write> lse: array<f32>; // (B, H, Tq)

var<workgroup> slab: array<vec4<f32>, 384>; // queries then keys; later values
var<workgroup> tile: array<f32, 2112>; // 64 rows of 33
var<workgroup> most: array<f32, 64>;
var<workgroup> total: array<f32, 64>;
var<workgroup> fade: array<f32, 64>;
var<workgroup> parts: array<f32, 256>;

// The line of the keys that key k of row b lies in.
fn line_of(b: u32, k: u32) -> u32 {
    if (p.cached == 0u) {
        return b * p.keys + k;
    }
    if (p.lineage == 1u) {
        return places[b * p.keys + k] * p.keys + k;
    }
    return places[b] * p.keys + k;
}

@compute @workgroup_size(256)
fn attention(
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
    let key_at = p.key_offset + kv * HEAD;
    let value_at = p.value_offset + kv * HEAD;

    let row = t / 4u; // softmax: 4 threads a row, 8 keys each
    let part = t % 4u;
    let mine = q0 + row;
    var sees = vec2<u32>(0u, 0u);
    if (mine < q1) {
        sees = reach(b, mine);
    }
    let key = mask_key(b, h);
    let row4 = (t / 16u) * 4u; // products: 4 rows, every 16th column
    let col = t % 16u;
    var o = array<vec4<f32>, 4u * OWN>();
    if (t < 64u) {
        most[t] = -1e30;
        total[t] = 0.0;
    }

    for (var k0 = range.x; k0 < range.y; k0 += 32u) {
        var s = array<vec2<f32>, 4>();
        for (var d = 0u; d < VECTORS; d += 4u) {
            workgroupBarrier();
            let dd = d + t % 4u;
            var v = vec4<f32>();
            if (dd < VECTORS && q0 + t / 4u < q1) {
                v = four_of_query((b * p.queries + q0 + t / 4u) * p.query_stride + h * HEAD, 4u * dd);
            }
            slab[t] = v;
            if (t < 128u) {
                v = vec4<f32>();
                if (dd < VECTORS && k0 + t / 4u < range.y) {
                    v = four_of_keys(key_at + line_of(b, k0 + t / 4u) * p.key_stride, 4u * dd);
                }
                slab[256u + t] = v;
            }
            workgroupBarrier();
            for (var i = 0u; i < 4u; i++) {
                let ka = slab[256u + col * 4u + i];
                let kb = slab[320u + col * 4u + i];
                for (var r = 0u; r < 4u; r++) {
                    let a = slab[(row4 + r) * 4u + i];
                    s[r] += vec2<f32>(dot(a, ka), dot(a, kb));
                }
            }
        }
        for (var r = 0u; r < 4u; r++) {
            tile[(row4 + r) * 33u + col] = s[r].x;
            tile[(row4 + r) * 33u + col + 16u] = s[r].y;
        }
        workgroupBarrier();

        var top = -1e30;
        for (var j = part * 8u; j < part * 8u + 8u; j++) {
            let k = k0 + j;
            if (k >= sees.x && k < sees.y) {
                var logit = cap(tile[row * 33u + j] * p.scale).x;
                if (p.reach > 0u) {
                    logit += bias[bias_at(h, mine + past(), k)];
                }
                tile[row * 33u + j] = logit;
                top = max(top, logit);
            }
        }
        parts[t] = top;
        workgroupBarrier();
        let before = most[row];
        top = max(max(parts[row * 4u], parts[row * 4u + 1u]), max(parts[row * 4u + 2u], parts[row * 4u + 3u]));
        top = max(top, before);
        var sum = 0.0;
        for (var j = part * 8u; j < part * 8u + 8u; j++) {
            let k = k0 + j;
            var e = 0.0;
            if (k >= sees.x && k < sees.y) {
                e = exp(tile[row * 33u + j] - top);
                sum += e;
                e *= kept(key, mine, k);
            }
            tile[row * 33u + j] = e;
        }
        workgroupBarrier();
        parts[t] = sum;
        workgroupBarrier();
        if (part == 0u) {
            fade[row] = exp(before - top);
            let four = (parts[t] + parts[t + 1u]) + (parts[t + 2u] + parts[t + 3u]);
            total[row] = total[row] * fade[row] + four;
            most[row] = top;
        }
        workgroupBarrier();

        for (var r = 0u; r < 4u; r++) {
            for (var c = 0u; c < OWN; c++) {
                o[r * OWN + c] *= fade[row4 + r];
            }
        }
        for (var k = 0u; k < 32u; k += VALUES) {
            workgroupBarrier();
            for (var i = t; i < VALUES * VECTORS; i += 256u) {
                let at = k0 + k + i / VECTORS;
                var v = vec4<f32>();
                if (at < range.y && alive(b, at)) {
                    v = four_of_keys(value_at + line_of(b, at) * p.key_stride, 4u * (i % VECTORS));
                }
                slab[i] = v;
            }
            workgroupBarrier();
            for (var j = 0u; j < min(VALUES, 32u - k); j++) {
                for (var c = 0u; c < OWN; c++) {
                    let v = slab[min(j * VECTORS + c * 16u + col, 383u)];
                    for (var r = 0u; r < 4u; r++) {
                        o[r * OWN + c] += tile[(row4 + r) * 33u + k + j] * v;
                    }
                }
            }
        }
    }

    workgroupBarrier();
    for (var r = 0u; r < 4u; r++) {
        let q = q0 + row4 + r;
        let sum = total[row4 + r];
        if (q < q1) {
            let at = (b * p.queries + q) * p.heads * HEAD + h * HEAD;
            for (var c = 0u; c < OWN; c++) {
                let v = select(o[r * OWN + c] / sum, vec4<f32>(), sum == 0.0);
                for (var i = 0u; i < 4u; i++) {
                    let d = (c * 16u + col) * 4u + i;
                    if (d < HEAD) {
                        out[at + d] = v[i];
                    }
                }
            }
            if (col == 0u) {
                lse[(b * p.heads + h) * p.queries + q] = select(most[row4 + r] + log(sum), 0.0, sum == 0.0);
            }
        }
    }
}
