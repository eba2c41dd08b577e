// c t² KL(teacher || student) of rows of logits at temperature t, and its gradient c t (student - teacher). A workgroup a row.
//!use reduce

const THREADS: u32 = 256u;

struct Params {
    rows: u32, // R
    vocab: u32, // V
    temperature: f32, // t
    gradient: u32, // 1: write dlogits
    accumulate: u32, // 1: add to what is there
}

@group(0) @binding(0) var<storage, read> student: array<f32>; // (R, V)
@group(0) @binding(1) var<storage, read> teacher: array<f32>; // (R, V)
@group(0) @binding(2) var<storage, read> coefficients: array<f32>; // (R)
@group(0) @binding(3) var<storage, read_write> each: array<f32>; // (R)
@group(0) @binding(4) var<storage, read_write> terms: array<f32>; // (R)
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>; // (R, V)
@group(1) @binding(0) var<uniform> p: Params;

fn put(at: u32, value: f32) {
    if (p.accumulate == 1u) {
        dlogits[at] += value;
    } else {
        dlogits[at] = value;
    }
}

@compute @workgroup_size(THREADS)
fn distill(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.y * groups.x + group.x;
    if (row >= p.rows) {
        return;
    }
    let start = row * p.vocab;
    let c = coefficients[row];
    if (c == 0.0) {
        if (p.gradient == 1u) {
            for (var v = thread; v < p.vocab; v += THREADS) {
                put(start + v, 0.0);
            }
        }
        if (thread == 0u) {
            each[row] = 0.0;
            terms[row] = 0.0;
        }
        return;
    }
    var most = vec2<f32>(-3.4e38);
    for (var v = thread; v < p.vocab; v += THREADS) {
        most = max(most, vec2<f32>(student[start + v], teacher[start + v]));
    }
    most = vec2<f32>(reduce_max(thread, most.x), reduce_max(thread, most.y)) / p.temperature;
    var sum = vec2<f32>(0.0);
    for (var v = thread; v < p.vocab; v += THREADS) {
        sum += exp(vec2<f32>(student[start + v], teacher[start + v]) / p.temperature - most);
    }
    let log_sum = most + log(vec2<f32>(reduce_sum(thread, sum.x), reduce_sum(thread, sum.y)));
    var own = 0.0;
    for (var v = thread; v < p.vocab; v += THREADS) {
        let logs = vec2<f32>(student[start + v], teacher[start + v]) / p.temperature - log_sum;
        let shares = exp(logs);
        if (shares.y > 0.0) {
            own += shares.y * (logs.y - logs.x);
        }
        if (p.gradient == 1u) {
            put(start + v, c * p.temperature * (shares.x - shares.y));
        }
    }
    let loss = p.temperature * p.temperature * reduce_sum(thread, own);
    if (thread == 0u) {
        each[row] = loss;
        terms[row] = c * loss;
    }
}
