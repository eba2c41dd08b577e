// The sums of all blocks, in their order, into the gradients of scale and bias. One thread a column.

struct Params {
    blocks: u32,
    width: u32, // C
    accumulate_scale: u32, // 1: add to what is there
    accumulate_bias: u32,
}

@group(0) @binding(0) var<storage, read> sums: array<f32>; // (blocks, 2, C)
@group(0) @binding(1) var<storage, read_write> dscale: array<f32>; // (C)
@group(0) @binding(2) var<storage, read_write> dbias: array<f32>; // (C)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(64)
fn norm_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    let c = id.x;
    if (c >= p.width) {
        return;
    }
    var sum = vec2<f32>(0.0);
    for (var block = 0u; block < p.blocks; block++) {
        sum += vec2<f32>(sums[2u * block * p.width + c], sums[(2u * block + 1u) * p.width + c]);
    }
    if (p.accumulate_scale == 1u) {
        sum.x += dscale[c];
    }
    if (p.accumulate_bias == 1u) {
        sum.y += dbias[c];
    }
    dscale[c] = sum.x;
    dbias[c] = sum.y;
}
