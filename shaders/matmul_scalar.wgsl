// Bindings, loads and stores of the matmul kernels for any size, stride and offset: number by number, each within bounds.
// The same functions stand in matmul_fours.wgsl for multiples of four.

@group(0) @binding(0) var<storage, read> a: array<f32>; // (M, K), TN: (K, M)
@group(0) @binding(1) var<storage, read> b: array<u32>; // (K, N), NT: (N, K); f32 by their bits, or f16 two to a word
@group(0) @binding(2) var<storage, read> bias: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> residual: array<f32>; // (M, N)
@group(0) @binding(4) var<storage, read_write> c: array<f32>; // (M, N)
@group(0) @binding(5) var<storage, read_write> pre: array<f32>; // (M, N)
@group(0) @binding(5) var<storage, read_write> sums: array<f32>; // (batch, N or M)

fn a_at(at: u32, inside: bool) -> f32 {
    if (inside) {
        return a[at];
    }
    return 0.0;
}

fn b_at(at: u32, inside: bool) -> f32 {
    if (!inside) {
        return 0.0;
    }
    if (HALF == 1u) {
        let pair = unpack2x16float(b[at / 2u]);
        return select(pair.x, pair.y, at % 2u == 1u);
    }
    return bitcast<f32>(b[at]);
}

// Four steps from k on of four lanes from `across` on, a column a step. `along`: lines run along K.
fn a_block(start: u32, across: u32, k: u32, steps: u32, along: bool) -> mat4x4<f32> {
    let lane = select(1u, p.a_step, along);
    let step = select(p.a_step, 1u, along);
    let at = start + across * lane + k * step;
    let w = vec4<bool>(across < p.m, across + 1u < p.m, across + 2u < p.m, across + 3u < p.m);
    return mat4x4<f32>(
        a_lanes(at, lane, w, k < steps),
        a_lanes(at + step, lane, w, k + 1u < steps),
        a_lanes(at + 2u * step, lane, w, k + 2u < steps),
        a_lanes(at + 3u * step, lane, w, k + 3u < steps),
    );
}

fn a_lanes(at: u32, lane: u32, w: vec4<bool>, k: bool) -> vec4<f32> {
    return vec4<f32>(
        a_at(at, w.x && k), a_at(at + lane, w.y && k), a_at(at + 2u * lane, w.z && k), a_at(at + 3u * lane, w.w && k));
}

fn b_block(start: u32, across: u32, k: u32, steps: u32, along: bool) -> mat4x4<f32> {
    let lane = select(1u, p.b_step, along);
    let step = select(p.b_step, 1u, along);
    let at = start + across * lane + k * step;
    let w = vec4<bool>(across < p.n, across + 1u < p.n, across + 2u < p.n, across + 3u < p.n);
    return mat4x4<f32>(
        b_lanes(at, lane, w, k < steps),
        b_lanes(at + step, lane, w, k + 1u < steps),
        b_lanes(at + 2u * step, lane, w, k + 2u < steps),
        b_lanes(at + 3u * step, lane, w, k + 3u < steps),
    );
}

fn b_lanes(at: u32, lane: u32, w: vec4<bool>, k: bool) -> vec4<f32> {
    return vec4<f32>(
        b_at(at, w.x && k), b_at(at + lane, w.y && k), b_at(at + 2u * lane, w.z && k), b_at(at + 3u * lane, w.w && k));
}

// The sums of four columns of a row, with the bias.
fn biased(column: u32, sum: vec4<f32>) -> vec4<f32> {
    var out = sum;
    if (p.bias == 1u) {
        for (var i = 0u; i < 4u; i++) {
            if (column + i < p.n) {
                out[i] += bias[column + i];
            }
        }
    }
    return out;
}

// What is left of the epilogue, and the store.
fn finish(batch: u32, row: u32, column: u32, sum: vec4<f32>) {
    if (row >= p.m) {
        return;
    }
    let at = p.c_start + batch * p.c_batch + row * p.c_step + column;
    for (var i = 0u; i < 4u; i++) {
        if (column + i < p.n) {
            var value = activate(p.activation, sum[i]);
            if (p.residual == 1u) {
                value += residual[at + i];
            }
            if (p.accumulate == 1u) {
                value += c[at + i];
            }
            c[at + i] = value;
        }
    }
}

fn store_pre(batch: u32, row: u32, column: u32, sum: vec4<f32>) {
    if (row >= p.m) {
        return;
    }
    let at = p.c_start + batch * p.c_batch + row * p.c_step + column;
    for (var i = 0u; i < 4u; i++) {
        if (column + i < p.n) {
            pre[at + i] = sum[i];
        }
    }
}

fn store_sums(batch: u32, column: u32, sum: vec4<f32>) {
    let lines = select(p.n, p.m, p.sums_of_a == 1u);
    for (var i = 0u; i < 4u; i++) {
        if (column + i < lines) {
            let at = batch * lines + column + i;
            sums[at] = select(0.0, sums[at], p.sums_accumulate == 1u) + sum[i];
        }
    }
}
