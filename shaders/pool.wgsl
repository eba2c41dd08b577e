// One vector for each span of places: their mean or sum, or the first or the last of them. And the way back.

struct Params {
    rows: u32, // B
    time: u32, // T
    width: u32, // C
    spans: u32, // of each row, S
    kind: u32, // 0: mean, 1: first, 2: last, 3: sum
    accumulate: u32, // 1: add to what dx holds; 0 forward
    written: u32, // numbers that are written
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (B, T, C), or dy (B, S, C)
@group(0) @binding(1) var<storage, read> spans: array<u32>; // (B, S, 2): first and end of each span
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (B, S, C), or dx (B, T, C)
@group(1) @binding(0) var<uniform> p: Params;

// The places of a span that are taken.
fn taken(span: u32) -> vec2<u32> {
    let end = min(spans[2u * span + 1u], p.time);
    let first = min(spans[2u * span], end);
    if (p.kind == 1u) {
        return vec2<u32>(first, min(first + 1u, end));
    }
    if (p.kind == 2u) {
        return vec2<u32>(max(end, first + 1u) - 1u, end);
    }
    return vec2<u32>(first, end);
}

// What each of them counts.
fn share(places: vec2<u32>) -> f32 {
    return select(1.0 / max(f32(places.y - places.x), 1.0), 1.0, p.kind == 3u);
}

@compute @workgroup_size(64)
fn pool(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + thread;
    if (i >= p.written) {
        return;
    }
    let span = i / p.width;
    let places = taken(span);
    var sum = 0.0;
    for (var t = places.x; t < places.y; t++) {
        sum += x[(span / p.spans * p.time + t) * p.width + i % p.width];
    }
    y[i] = sum * share(places);
}

@compute @workgroup_size(64)
fn pool_gradient(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + thread;
    if (i >= p.written) {
        return;
    }
    let row = i / (p.time * p.width);
    let t = i / p.width % p.time;
    var out = 0.0;
    for (var span = row * p.spans; span < (row + 1u) * p.spans; span++) {
        let places = taken(span);
        if (t >= places.x && t < places.y) {
            out += x[span * p.width + i % p.width] * share(places);
        }
    }
    if (p.accumulate == 1u) {
        out += y[i];
    }
    y[i] = out;
}
