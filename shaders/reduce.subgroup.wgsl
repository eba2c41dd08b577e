// Sums and maxima over a workgroup of THREADS invocations, a power of two that the using file declares, first within each subgroup.
// Fixed order. Every invocation must call, and gets the result. Where a device numbers lanes in another way than invocations, the
// kernel's check finds it out.
var<workgroup> reduce_memory: array<f32, THREADS>;

// How many invocations share a subgroup: the built-in size may count lanes that are not there.
fn reduce_lanes() -> u32 {
    return subgroupAdd(1u);
}

fn reduce_sum(thread: u32, value: f32) -> f32 {
    let lanes = reduce_lanes();
    let part = subgroupAdd(value);
    workgroupBarrier();
    if (thread % lanes == 0u) {
        reduce_memory[thread / lanes] = part;
    }
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < THREADS / lanes; i++) {
        sum += reduce_memory[i];
    }
    return sum;
}

fn reduce_max(thread: u32, value: f32) -> f32 {
    let lanes = reduce_lanes();
    let part = subgroupMax(value);
    workgroupBarrier();
    if (thread % lanes == 0u) {
        reduce_memory[thread / lanes] = part;
    }
    workgroupBarrier();
    var most = reduce_memory[0];
    for (var i = 1u; i < THREADS / lanes; i++) {
        most = max(most, reduce_memory[i]);
    }
    return most;
}
