// bias[h][d] = table[bucket(d)][h]: a table of buckets over all distances. One thread a number.
//!use relative_bucket

@group(0) @binding(0) var<storage, read> table: array<f32>; // (buckets, H)
@group(0) @binding(1) var<storage, read_write> bias: array<f32>; // (H, 2R - 1)

@compute @workgroup_size(64)
fn relative_bias(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let i = (wg.y * groups.x + wg.x) * 64u + t;
    let width = 2u * p.reach - 1u;
    if (i < p.heads * width) {
        bias[i] = table[bucket(i % width) * p.heads + i / width];
    }
}
