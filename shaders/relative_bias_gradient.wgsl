// dtable[bucket][h] = sum of dbias[h] over the distances of the bucket. One workgroup a number.
//!use relative_bucket

@group(0) @binding(0) var<storage, read> dbias: array<f32>; // (H, 2R - 1)
@group(0) @binding(1) var<storage, read_write> dtable: array<f32>; // (buckets, H)

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn relative_bias_gradient(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let unit = wg.y * groups.x + wg.x;
    if (unit >= p.buckets * p.heads) {
        return;
    }
    let width = 2u * p.reach - 1u;
    var sum = 0.0;
    for (var at = t; at < width; at += 64u) {
        if (bucket(at) == unit / p.heads) {
            sum += dbias[(unit % p.heads) * width + at];
        }
    }
    parts[t] = sum;
    for (var step = 32u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (t < step) {
            parts[t] += parts[t + step];
        }
    }
    if (t == 0u) {
        dtable[unit] = select(parts[0], dtable[unit] + parts[0], p.accumulate == 1u);
    }
}
