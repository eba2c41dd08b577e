// The norm of all gradients, in two stages and a fixed order: partial sums of squares, then norm, scale and whether all is finite.

struct Params {
    count: u32, // numbers (first stage), partial sums (second)
    clip: f32, // the largest norm; 0: no clipping
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (N / 4096) or (norm, scale, finite)
@group(1) @binding(0) var<uniform> p: Params;

const CHUNK = 4096u; // numbers of one workgroup

var<workgroup> sums: array<f32, 256>;

fn total(thread: u32) {
    workgroupBarrier();
    for (var half = 128u; half > 0u; half >>= 1u) {
        if (thread < half) {
            sums[thread] += sums[thread + half];
        }
        workgroupBarrier();
    }
}

@compute @workgroup_size(256)
fn gradient_norm(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let chunk = group.y * groups.x + group.x;
    let end = min((chunk + 1u) * CHUNK, p.count);
    var sum = 0.0;
    for (var i = chunk * CHUNK + thread; i < end; i += 256u) {
        sum = fma(x[i], x[i], sum);
    }
    sums[thread] = sum;
    total(thread);
    if (thread == 0u && chunk * CHUNK < p.count) {
        y[chunk] = sums[0];
    }
}

@compute @workgroup_size(256)
fn gradient_norm_finish(@builtin(local_invocation_index) thread: u32) {
    var sum = 0.0;
    for (var i = thread; i < p.count; i += 256u) {
        sum += x[i];
    }
    sums[thread] = sum;
    total(thread);
    if (thread == 0u) {
        // By bits: a compiler may assume that there is no infinity.
        let finite = (bitcast<u32>(sums[0]) & 0x7f800000u) != 0x7f800000u;
        let norm = sqrt(sums[0]);
        var scale = 1.0;
        if (p.clip > 0.0) {
            scale = min(1.0, p.clip / (norm + 1e-6));
        }
        y[0] = norm;
        y[1] = select(0.0, scale, finite);
        y[2] = select(0.0, 1.0, finite);
    }
}
