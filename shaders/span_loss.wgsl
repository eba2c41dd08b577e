// The loss of where a span starts and where it ends: cross entropy over the places of a row, once for each of the two logits
// of a place, and its gradient. A workgroup for a row and one of the two.
//!use reduce

const THREADS: u32 = 256u;

struct Params {
    rows: u32, // B
    time: u32, // T
    gradient: u32, // 1: write dlogits
    accumulate: u32, // 1: add to what is there
}

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (B, T, 2)
@group(0) @binding(1) var<storage, read> spans: array<u32>; // (B, 2): the places that take part, first and end
@group(0) @binding(2) var<storage, read> targets: array<u32>; // (B, 2): start, end
@group(0) @binding(3) var<storage, read> coefficients: array<f32>; // (B, 2)
@group(0) @binding(4) var<storage, read_write> each: array<f32>; // (B, 2)
@group(0) @binding(5) var<storage, read_write> terms: array<f32>; // (B, 2)
@group(0) @binding(6) var<storage, read_write> dlogits: array<f32>; // (B, T, 2)
@group(1) @binding(0) var<uniform> p: Params;

fn put(at: u32, value: f32) {
    if (p.gradient == 0u) {
        return;
    }
    if (p.accumulate == 1u) {
        dlogits[at] += value;
    } else {
        dlogits[at] = value;
    }
}

@compute @workgroup_size(THREADS)
fn span_loss(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let line = group.y * groups.x + group.x;
    if (line >= 2u * p.rows) {
        return;
    }
    let row = line / 2u;
    let start = row * p.time * 2u + line % 2u;
    let first = spans[2u * row];
    let end = min(spans[2u * row + 1u], p.time);
    let label = targets[line];
    let c = select(coefficients[line], 0.0, label < first || label >= end);
    var most = -3.4e38;
    for (var t = first + thread; t < end; t += THREADS) {
        most = max(most, logits[start + 2u * t]);
    }
    most = reduce_max(thread, most);
    var sum = 0.0;
    for (var t = first + thread; t < end; t += THREADS) {
        sum += exp(logits[start + 2u * t] - most);
    }
    let log_sum = most + log(reduce_sum(thread, sum));
    for (var t = thread; t < p.time; t += THREADS) {
        var slope = 0.0;
        if (c != 0.0 && t >= first && t < end) {
            slope = c * (exp(logits[start + 2u * t] - log_sum) - select(0.0, 1.0, t == label));
        }
        put(start + 2u * t, slope);
    }
    if (thread == 0u) {
        var loss = 0.0;
        if (c != 0.0) {
            loss = log_sum - logits[start + 2u * label];
        }
        each[line] = loss;
        terms[line] = c * loss;
    }
}
