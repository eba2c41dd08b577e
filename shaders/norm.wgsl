// y = (x - mean) rstd (scale + offset) + bias + residual, a row to a workgroup. RMS: the mean is 0 and rstd comes from the mean square.
//!use reduce
//!use norm_value

const THREADS: u32 = 256u;

struct Params {
    rows: u32,
    width: u32, // C
    eps: f32,
    centred: u32, // 1: LayerNorm, 0: RMSNorm
    scaled: u32, // 1: times `scale`
    shifted: u32, // 1: plus `bias`
    offset: f32, // added to every scale
    residual: u32, // 1: plus `residual`
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R, C)
@group(0) @binding(1) var<storage, read> scale: array<f32>; // (C)
@group(0) @binding(2) var<storage, read> bias: array<f32>; // (C)
@group(0) @binding(3) var<storage, read> residual: array<f32>; // (R, C)
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // (R, C)
@group(0) @binding(5) var<storage, read_write> stats: array<f32>; // (R, 2): mean, rstd
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(THREADS)
fn norm(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.y * groups.x + group.x;
    if (row >= p.rows) {
        return;
    }
    let start = row * p.width;
    var mean = 0.0;
    if (p.centred == 1u) {
        var sum = 0.0;
        for (var c = thread; c < p.width; c += THREADS) {
            sum += x[start + c];
        }
        mean = reduce_sum(thread, sum) / f32(p.width);
    }
    var square = 0.0;
    for (var c = thread; c < p.width; c += THREADS) {
        let d = x[start + c] - mean;
        square += d * d;
    }
    let rstd = inverseSqrt(reduce_sum(thread, square) / f32(p.width) + p.eps);
    if (thread == 0u) {
        stats[2u * row] = mean;
        stats[2u * row + 1u] = rstd;
    }
    for (var c = thread; c < p.width; c += THREADS) {
        var out = norm_value(x[start + c], mean, rstd, c);
        if (p.residual == 1u) {
            out += residual[start + c];
        }
        y[start + c] = out;
    }
}
