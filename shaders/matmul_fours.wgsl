// Bindings, loads and stores of the matmul kernels where all widths, strides and offsets are multiples of four: four numbers
// at a time. The same functions stand in matmul_scalar.wgsl for any size.

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>; // (M, K), TN: (K, M)
@group(0) @binding(1) var<storage, read> b: array<vec4<u32>>; // (K, N), NT: (N, K); f32 by their bits, or f16 two to a word
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>; // (N)
@group(0) @binding(3) var<storage, read> residual: array<vec4<f32>>; // (M, N)
@group(0) @binding(4) var<storage, read_write> c: array<vec4<f32>>; // (M, N)
@group(0) @binding(5) var<storage, read_write> pre: array<vec4<f32>>; // (M, N)
@group(0) @binding(5) var<storage, read_write> sums: array<vec4<f32>>; // (batch, N or M)

fn a_four(at: u32, inside: bool) -> vec4<f32> {
    if (inside) {
        return a[at / 4u];
    }
    return vec4<f32>();
}

// Four steps from k on of four lanes from `across` on, a column a step. `along`: lines run along K.
fn a_block(start: u32, across: u32, k: u32, steps: u32, along: bool) -> mat4x4<f32> {
    let line = select(k, across, along);
    let lines = select(steps, p.m, along);
    let inside = select(across < p.m, k < steps, along);
    let at = start + line * p.a_step + select(across, k, along);
    let block = mat4x4<f32>(
        a_four(at, inside && line < lines),
        a_four(at + p.a_step, inside && line + 1u < lines),
        a_four(at + 2u * p.a_step, inside && line + 2u < lines),
        a_four(at + 3u * p.a_step, inside && line + 3u < lines),
    );
    if (along) {
        return transpose(block);
    }
    return block;
}

fn b_four(at: u32, inside: bool) -> vec4<f32> {
    if (!inside) {
        return vec4<f32>();
    }
    if (HALF == 1u) {
        let words = b[at / 8u];
        let pair = select(words.xy, words.zw, at % 8u == 4u);
        return vec4<f32>(unpack2x16float(pair.x), unpack2x16float(pair.y));
    }
    return bitcast<vec4<f32>>(b[at / 4u]);
}

// Four steps from k on of four lanes from `across` on, a column a step. `along`: lines run along K.
fn b_block(start: u32, across: u32, k: u32, steps: u32, along: bool) -> mat4x4<f32> {
    let line = select(k, across, along);
    let lines = select(steps, p.n, along);
    let inside = select(across < p.n, k < steps, along);
    let at = start + line * p.b_step + select(across, k, along);
    let block = mat4x4<f32>(
        b_four(at, inside && line < lines),
        b_four(at + p.b_step, inside && line + 1u < lines),
        b_four(at + 2u * p.b_step, inside && line + 2u < lines),
        b_four(at + 3u * p.b_step, inside && line + 3u < lines),
    );
    if (along) {
        return transpose(block);
    }
    return block;
}

// The sums of four columns of a row, with the bias.
fn biased(column: u32, sum: vec4<f32>) -> vec4<f32> {
    if (p.bias == 1u && column < p.n) {
        return sum + bias[column / 4u];
    }
    return sum;
}

fn place_in_c(batch: u32, row: u32, column: u32) -> u32 {
    return (p.c_start + batch * p.c_batch + row * p.c_step + column) / 4u;
}

// What is left of the epilogue, and the store.
fn finish(batch: u32, row: u32, column: u32, sum: vec4<f32>) {
    if (row >= p.m || column >= p.n) {
        return;
    }
    let at = place_in_c(batch, row, column);
    var value = sum;
    if (p.activation != 0u) {
        for (var i = 0u; i < 4u; i++) {
            value[i] = activate(p.activation, sum[i]);
        }
    }
    if (p.residual == 1u) {
        value += residual[at];
    }
    if (p.accumulate == 1u) {
        value += c[at];
    }
    c[at] = value;
}

fn store_pre(batch: u32, row: u32, column: u32, sum: vec4<f32>) {
    if (row < p.m && column < p.n) {
        pre[place_in_c(batch, row, column)] = sum;
    }
}

fn store_sums(batch: u32, column: u32, sum: vec4<f32>) {
    let lines = select(p.n, p.m, p.sums_of_a == 1u);
    if (column >= lines) {
        return;
    }
    let at = (batch * lines + column) / 4u;
    if (p.sums_accumulate == 1u) {
        sums[at] += sum;
    } else {
        sums[at] = sum;
    }
}
