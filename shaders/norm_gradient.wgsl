// The gradient of norm: dx = rstd (g - mean g - n mean(g n)) with n = (x - mean) rstd and g = dy (scale + offset); RMS has no mean g.
// A block of rows to a workgroup, which also writes the block's sums of dy n (for scale) and dy (for bias), column by column.
// dy can become y again.
//!use reduce
//!use norm_value

const THREADS: u32 = 256u;
const MOST: u32 = 32u; // rows of a block, at most

struct Params {
    rows: u32,
    width: u32, // C
    block: u32, // rows to a workgroup
    centred: u32, // 1: LayerNorm
    scaled: u32, // 1: times `scale`
    shifted: u32, // 1: plus `bias`
    offset: f32,
    accumulate: u32, // 1: add to what dx holds
    restore: u32, // 1: dy becomes y
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R, C)
@group(0) @binding(1) var<storage, read> scale: array<f32>; // (C)
@group(0) @binding(2) var<storage, read> bias: array<f32>; // (C)
@group(0) @binding(3) var<storage, read> stats: array<f32>; // (R, 2)
@group(0) @binding(4) var<storage, read_write> dy: array<f32>; // (R, C)
@group(0) @binding(5) var<storage, read_write> dx: array<f32>; // (R, C)
@group(0) @binding(6) var<storage, read_write> sums: array<f32>; // (blocks, 2, C)
@group(1) @binding(0) var<uniform> p: Params;

var<workgroup> means: array<vec2<f32>, MOST>; // of g and of g n, by row of the block

fn factor(c: u32) -> f32 {
    if (p.scaled == 1u) {
        return scale[c] + p.offset;
    }
    return 1.0;
}

fn row_means(first: u32, last: u32, thread: u32) {
    for (var row = first; row < last; row++) {
        let mean = stats[2u * row];
        let rstd = stats[2u * row + 1u];
        var g_sum = 0.0;
        var gn_sum = 0.0;
        for (var c = thread; c < p.width; c += THREADS) {
            let g = dy[row * p.width + c] * factor(c);
            g_sum += g;
            gn_sum += g * (x[row * p.width + c] - mean) * rstd;
        }
        let g_mean = reduce_sum(thread, g_sum) / f32(p.width);
        let gn_mean = reduce_sum(thread, gn_sum) / f32(p.width);
        if (thread == 0u) {
            means[row - first] = vec2<f32>(g_mean * f32(p.centred), gn_mean);
        }
    }
    workgroupBarrier();
}

// The column's share of dx, row by row, and its sums of dy n and dy.
fn column(first: u32, last: u32, c: u32) -> vec2<f32> {
    let scaling = factor(c);
    var sum = vec2<f32>(0.0);
    for (var row = first; row < last; row++) {
        let at = row * p.width + c;
        let rstd = stats[2u * row + 1u];
        let n = (x[at] - stats[2u * row]) * rstd;
        let mean = means[row - first];
        var out = rstd * (dy[at] * scaling - mean.x - n * mean.y);
        if (p.accumulate == 1u) {
            out += dx[at];
        }
        dx[at] = out;
        sum += dy[at] * vec2<f32>(n, 1.0);
        if (p.restore == 1u) {
            dy[at] = norm_value(x[at], stats[2u * row], rstd, c);
        }
    }
    return sum;
}

@compute @workgroup_size(THREADS)
fn norm_gradient(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let block = group.y * groups.x + group.x;
    let first = block * p.block;
    if (first >= p.rows) {
        return;
    }
    let last = min(first + p.block, p.rows);
    row_means(first, last, thread);
    for (var c = thread; c < p.width; c += THREADS) {
        let sum = column(first, last, c);
        sums[2u * block * p.width + c] = sum.x;
        sums[(2u * block + 1u) * p.width + c] = sum.y;
    }
}

@compute @workgroup_size(THREADS)
fn norm_gradient_plain(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first = (group.y * groups.x + group.x) * p.block;
    if (first >= p.rows) {
        return;
    }
    let last = min(first + p.block, p.rows);
    row_means(first, last, thread);
    for (var c = thread; c < p.width; c += THREADS) {
        column(first, last, c);
    }
}
