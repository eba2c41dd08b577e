// y = the sum of x, or y += it: one workgroup, fixed order.
//!use reduce

const THREADS: u32 = 256u;

struct Params {
    count: u32,
    accumulate: u32, // 1: add to what is there
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (N)
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // (1)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(THREADS)
fn total(@builtin(local_invocation_index) thread: u32) {
    var sum = 0.0;
    for (var i = thread; i < p.count; i += THREADS) {
        sum += x[i];
    }
    sum = reduce_sum(thread, sum);
    if (thread == 0u) {
        if (p.accumulate == 1u) {
            sum += y[0];
        }
        y[0] = sum;
    }
}
