// The loss of a row of logits, and, in place, its gradient: a workgroup a row. z = softcap of the logits, p = softmax z.
// nll = lse - z[target]; term = c ((1 - e) nll + e (lse - mean z) + zeta lse²); dz = c (p (1 + 2 zeta lse) - (1 - e) [target] - e / V).
//!use reduce
//!use activation

const THREADS: u32 = 256u;

struct Params {
    rows: u32, // of this chunk
    vocab: u32, // V
    first: u32, // the chunk's first row among all R
    gradient: u32, // 1: replace the logits by their gradient
    smoothing: f32, // e
    z_loss: f32, // zeta
    softcap: f32, // 0: none
}

@group(0) @binding(0) var<storage, read> targets: array<u32>; // (R)
@group(0) @binding(1) var<storage, read> coefficients: array<f32>; // (R)
@group(0) @binding(2) var<storage, read_write> logits: array<f32>; // (rows, V)
@group(0) @binding(3) var<storage, read_write> nll: array<f32>; // (R)
@group(0) @binding(4) var<storage, read_write> terms: array<f32>; // (R)
@group(1) @binding(0) var<uniform> p: Params;

fn capped(logit: f32) -> f32 {
    if (p.softcap > 0.0) {
        return p.softcap * activation_tanh(logit / p.softcap);
    }
    return logit;
}

@compute @workgroup_size(THREADS)
fn cross_entropy(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let line = group.y * groups.x + group.x;
    if (line >= p.rows) {
        return;
    }
    let row = p.first + line;
    let start = line * p.vocab;
    let c = coefficients[row];
    let label = targets[row];
    if (c == 0.0 || label >= p.vocab) {
        if (p.gradient == 1u) {
            for (var v = thread; v < p.vocab; v += THREADS) {
                logits[start + v] = 0.0;
            }
        }
        if (thread == 0u) {
            nll[row] = 0.0;
            terms[row] = 0.0;
        }
        return;
    }
    var own_max = -3.4e38;
    var own_sum = 0.0; // of exp(z - own_max)
    var own_z = 0.0;
    var own_label = 0.0;
    for (var v = thread; v < p.vocab; v += THREADS) {
        let z = capped(logits[start + v]);
        if (z > own_max) {
            own_sum = own_sum * exp(own_max - z) + 1.0;
            own_max = z;
        } else {
            own_sum += exp(z - own_max);
        }
        own_z += z;
        if (v == label) {
            own_label = z;
        }
    }
    let most = reduce_max(thread, own_max);
    let lse = most + log(reduce_sum(thread, own_sum * exp(own_max - most)));
    let mean_z = reduce_sum(thread, own_z) / f32(p.vocab);
    let loss = lse - reduce_sum(thread, own_label);
    if (thread == 0u) {
        nll[row] = loss;
        terms[row] = c * ((1.0 - p.smoothing) * loss + p.smoothing * (lse - mean_z) + p.z_loss * lse * lse);
    }
    if (p.gradient == 0u) {
        return;
    }
    let spread = p.smoothing / f32(p.vocab);
    for (var v = thread; v < p.vocab; v += THREADS) {
        let z = capped(logits[start + v]);
        var dz = exp(z - lse) * (1.0 + 2.0 * p.z_loss * lse) - spread;
        if (v == label) {
            dz -= 1.0 - p.smoothing;
        }
        if (p.softcap > 0.0) {
            dz *= 1.0 - z / p.softcap * (z / p.softcap);
        }
        logits[start + v] = c * dz;
    }
}
