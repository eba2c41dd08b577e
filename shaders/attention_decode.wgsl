// Attention of few queries over a cache: a workgroup takes one row's queries of one head of keys and goes over the cache up to the
// live past, 256 keys at a time. Scores: one thread a key. Output: LANES threads a position of the head, the rest share the keys.
//!use live
//!use rng
//!use attention_reach

const HEAD: u32 = 64u; // D
const ROWS: u32 = 1u; // queries of one head of keys, heads times positions; a power of two, at most 8
const LANES: u32 = 64u; // D, up to a power of two

const SHARE: u32 = 256u / ROWS; // threads a row when rows are reduced
const PARTS: u32 = 256u / LANES;

@group(0) @binding(0) var<storage, read> query: array<f32>; // (B, Tq, query_stride)
@group(0) @binding(1) var<storage, read> keys: array<f32>; // (blocks, capacity, key_stride), keys and values
@group(0) @binding(2) var<storage, read> spans: array<u32>; // (B, 2)
@group(0) @binding(3) var<storage, read> bias: array<f32>; // (H, 2R - 1)
@group(0) @binding(4) var<storage, read> places: array<u32>; // (B) or (B, Tk), the cache block of each row or key
@group(0) @binding(5) var<storage, read_write> out: array<f32>; // (B, Tq, H, D)
@group(0) @binding(6) var<storage, read_write> lse: array<f32>; // (B, H, Tq)

var<workgroup> q: array<f32, ROWS * HEAD>;
var<workgroup> weights: array<f32, ROWS * 256u>;
var<workgroup> parts: array<f32, 256>;
var<workgroup> most: array<f32, ROWS>;
var<workgroup> total: array<f32, ROWS>;
var<workgroup> fade: array<f32, ROWS>;

// The line of the cache that key k of row b lies in.
fn line_of(b: u32, k: u32) -> u32 {
    if (p.lineage == 1u) {
        return places[b * p.keys + k] * p.keys + k;
    }
    return places[b] * p.keys + k;
}

@compute @workgroup_size(256)
fn attention_decode(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let unit = wg.y * groups.x + wg.x;
    let kv = unit % p.kv_heads;
    let b = unit / p.kv_heads;
    if (b >= p.batch) {
        return;
    }
    let share = p.heads / p.kv_heads;
    let used = share * p.queries; // rows that are there
    let key_at = p.key_offset + kv * HEAD;
    let value_at = p.value_offset + kv * HEAD;
    for (var i = t; i < used * HEAD; i += 256u) {
        let r = i / HEAD;
        let at = (b * p.queries + r / share) * p.query_stride + (kv * share + r % share) * HEAD + i % HEAD;
        q[i] = query[at] * p.scale;
    }
    if (t < ROWS) {
        most[t] = -1e30;
        total[t] = 0.0;
    }
    let range = reach_of_block(b, 0u, p.queries);
    let row = t / SHARE;
    let column = t % LANES;
    var o = array<f32, ROWS>();

    for (var k0 = range.x; k0 < range.y; k0 += 256u) {
        workgroupBarrier();
        let k = k0 + t;
        var score = array<f32, ROWS>();
        if (k < range.y) {
            let at = key_at + line_of(b, k) * p.key_stride;
            for (var d = 0u; d < HEAD; d++) {
                let x = keys[at + d];
                for (var r = 0u; r < used; r++) {
                    score[r] = fma(q[r * HEAD + d], x, score[r]);
                }
            }
        }
        for (var r = 0u; r < ROWS; r++) {
            var logit = -1e30;
            if (r < used) {
                let sees = reach(b, r / share);
                if (k >= sees.x && k < sees.y) {
                    logit = cap(score[r]).x;
                    if (p.reach > 0u) {
                        logit += bias[bias_at(kv * share + r % share, r / share + past(), k)];
                    }
                }
            }
            weights[r * 256u + t] = logit;
        }
        workgroupBarrier();
        var top = -1e30;
        for (var j = t % SHARE; j < 256u; j += SHARE) {
            top = max(top, weights[row * 256u + j]);
        }
        parts[t] = top;
        for (var step = SHARE / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            if (t % SHARE < step) {
                parts[t] = max(parts[t], parts[t + step]);
            }
        }
        workgroupBarrier();
        let before = most[row];
        top = max(before, parts[row * SHARE]);
        workgroupBarrier();
        var sum = 0.0;
        for (var j = t % SHARE; j < 256u; j += SHARE) {
            let logit = weights[row * 256u + j];
            let e = select(0.0, exp(logit - top), logit > -1e30);
            weights[row * 256u + j] = e;
            sum += e;
        }
        parts[t] = sum;
        for (var step = SHARE / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            if (t % SHARE < step) {
                parts[t] += parts[t + step];
            }
        }
        if (t % SHARE == 0u) {
            fade[row] = exp(before - top);
            total[row] = total[row] * fade[row] + parts[t];
            most[row] = top;
        }
        workgroupBarrier();
        for (var r = 0u; r < used; r++) {
            o[r] *= fade[r];
        }
        if (column < HEAD) {
            for (var j = t / LANES; j < min(256u, range.y - k0); j += PARTS) {
                let v = keys[value_at + line_of(b, k0 + j) * p.key_stride + column];
                for (var r = 0u; r < used; r++) {
                    o[r] = fma(weights[r * 256u + j], v, o[r]);
                }
            }
        }
    }

    for (var r = 0u; r < used; r++) {
        workgroupBarrier();
        parts[t] = o[r];
        workgroupBarrier();
        let h = kv * share + r % share;
        let position = b * p.queries + r / share;
        if (t < min(LANES, HEAD)) {
            var sum = 0.0;
            for (var part = 0u; part < PARTS; part++) {
                sum += parts[part * LANES + t];
            }
            out[(position * p.heads + h) * HEAD + t] = select(sum / total[r], 0.0, total[r] == 0.0);
        }
        if (t == 0u) {
            let at = (b * p.heads + h) * p.queries + r / share;
            lse[at] = select(most[r] + log(total[r]), 0.0, total[r] == 0.0);
        }
    }
}
