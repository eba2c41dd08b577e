// What the attention family shares: its parameters, and which keys a query sees. See src/kernels/attention.rs.

struct Params {
    batch: u32,
    heads: u32,
    kv_heads: u32,
    head: u32,
    queries: u32,
    keys: u32,
    query_stride: u32,
    key_stride: u32,
    key_offset: u32,
    value_offset: u32,
    segments: u32, // 1: spans are (B, Tq, 2)
    own: u32, // 1: queries and keys are the same positions
    cached: u32,
    lineage: u32, // 1: places are (B, Tk), the cache block of each key
    causal: u32,
    window: u32,
    reach: u32, // R of the bias (H, 2R - 1)
    accumulate: u32,
    stream: u32,
    scale: f32,
    softcap: f32,
    dropout: f32,
}

@group(1) @binding(0) var<uniform> p: Params;

fn past() -> u32 {
    if (p.cached == 1u) {
        return live(5u);
    }
    return 0u;
}

fn span_of(b: u32, q: u32) -> vec2<u32> {
    var at = b;
    if (p.segments == 1u) {
        at = b * p.queries + q;
    }
    return vec2<u32>(spans[2u * at], min(spans[2u * at + 1u], p.keys));
}

// Where the keys that query q of row b sees begin and end; there are none where the end is not after the beginning.
fn ends(b: u32, q: u32) -> vec2<u32> {
    let at = q + past();
    let span = span_of(b, q);
    var lo = span.x;
    var hi = span.y;
    if (p.own == 1u && (at < lo || at >= hi)) {
        return vec2<u32>(0u, 0u);
    }
    if (p.causal == 1u) {
        hi = min(hi, at + 1u);
    }
    if (p.window > 0u) {
        lo = max(lo, at + 1u - min(at + 1u, p.window));
        if (p.causal == 0u) {
            hi = min(hi, at + p.window);
        }
    }
    return vec2<u32>(lo, hi);
}

// The keys that query q of row b sees: from x up to y, or (0, 0).
fn reach(b: u32, q: u32) -> vec2<u32> {
    let keys = ends(b, q);
    return select(vec2<u32>(0u, 0u), keys, keys.x < keys.y);
}

// The keys that any of the queries from q0 up to q1 sees.
fn reach_of_block(b: u32, q0: u32, q1: u32) -> vec2<u32> {
    var low = q0;
    var high = q1;
    if (p.segments == 0u && p.own == 1u) {
        let span = span_of(b, 0u);
        low = max(q0, span.x - min(span.x, past()));
        high = min(q1, span.y - min(span.y, past()));
    }
    if (low >= high) {
        return vec2<u32>(0u, 0u);
    }
    if (p.segments == 0u) {
        // Both ends grow with the query, also where one sees nothing.
        let keys = vec2<u32>(ends(b, low).x, ends(b, high - 1u).y);
        return select(vec2<u32>(0u, 0u), keys, keys.x < keys.y);
    }
    var all = vec2<u32>(0xffffffffu, 0u);
    for (var q = low; q < high; q++) {
        let one = reach(b, q);
        if (one.y > 0u) {
            all = vec2<u32>(min(all.x, one.x), max(all.y, one.y));
        }
    }
    return all;
}

// Whether a key's own segment holds it: what lies between segments is never read.
fn alive(b: u32, k: u32) -> bool {
    if (p.segments == 0u) {
        return true;
    }
    let span = span_of(b, k);
    return k >= span.x && k < span.y;
}

// The queries that may see a key from k0 up to k1.
fn queries_of_block(b: u32, k0: u32, k1: u32) -> vec2<u32> {
    var all = vec2<u32>(0u, p.queries);
    if (p.segments == 1u) {
        all = vec2<u32>(0xffffffffu, 0u);
        for (var k = k0; k < k1; k++) {
            if (alive(b, k)) {
                let span = span_of(b, k);
                all = vec2<u32>(min(all.x, span.x), max(all.y, span.y));
            }
        }
    } else if (p.own == 1u) {
        all = span_of(b, 0u);
    }
    if (p.causal == 1u) {
        all.x = max(all.x, k0);
    }
    if (p.window > 0u) {
        all.y = min(all.y, k1 - 1u + p.window);
        if (p.causal == 0u) {
            all.x = max(all.x, k0 + 1u - min(k0 + 1u, p.window));
        }
    }
    return all;
}

// The soft cap of a score and its slope there.
fn cap(score: f32) -> vec2<f32> {
    if (p.softcap == 0.0) {
        return vec2<f32>(score, 1.0);
    }
    let t = tanh(clamp(score / p.softcap, -15.0, 15.0));
    return vec2<f32>(p.softcap * t, 1.0 - t * t);
}

fn mask_key(b: u32, h: u32) -> vec2<u32> {
    return threefry(vec2<u32>(live(1u), p.stream), vec2<u32>(b * p.heads + h, live(0u) ^ (live(6u) << 24u)));
}

// 0, or 1 / (1 - rate).
fn kept(key: vec2<u32>, q: u32, k: u32) -> f32 {
    if (p.dropout == 0.0) {
        return 1.0;
    }
    let words = threefry(key, vec2<u32>(q, k / 2u));
    if (unit(select(words.x, words.y, (k & 1u) == 1u)) < p.dropout) {
        return 0.0;
    }
    return 1.0 / (1.0 - p.dropout);
}

fn bias_at(h: u32, at: u32, k: u32) -> u32 {
    return h * (2u * p.reach - 1u) + k + p.reach - 1u - at;
}
