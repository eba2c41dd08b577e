// Sums and maxima over a workgroup of THREADS invocations, a power of two that the using file declares. Fixed order.
// Every invocation must call, and gets the result.
var<workgroup> reduce_memory: array<f32, THREADS>;

fn reduce_sum(thread: u32, value: f32) -> f32 {
    workgroupBarrier();
    reduce_memory[thread] = value;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (thread < half) {
            reduce_memory[thread] += reduce_memory[thread + half];
        }
        workgroupBarrier();
    }
    return reduce_memory[0];
}

fn reduce_max(thread: u32, value: f32) -> f32 {
    workgroupBarrier();
    reduce_memory[thread] = value;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (thread < half) {
            reduce_memory[thread] = max(reduce_memory[thread], reduce_memory[thread + half]);
        }
        workgroupBarrier();
    }
    return reduce_memory[0];
}
