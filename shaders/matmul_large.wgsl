// As matmul_vector.wgsl with tiles of 128 x 128 for 256 threads, 8 x 8 sums each, 16 steps of K a slab: twice the work for each load.
//!use activation
//!use matmul_params
//!use matmul_enter
//!use matmul_enter_tn
//!use matmul_fours
const TALL: u32 = 128u; // rows of a tile
const WIDE: u32 = 128u; // columns of a tile
const HALF: u32 = 0u; // 1: B is f16

// Eight rows of eight columns: four tiles, 64 rows and 64 columns apart.
struct Quad {
    nw: Tile,
    ne: Tile,
    sw: Tile,
    se: Tile,
}

var<workgroup> slab: array<vec4<f32>, 1024>; // A: 16 steps of 32, then B

fn product(place: vec3<u32>, t: u32, a_along: bool, b_along: bool, with_columns: bool) -> Quad {
    let steps = depth(place.z);
    let loads_a = t < 128u;
    let half = t % 128u;
    let along = select(b_along, a_along, loads_a);
    // Threads side by side read what lies side by side.
    let block_k = select(half / 32u, half % 4u, along);
    let block_across = select(half % 32u, half / 4u, along);
    let across = 128u * select(place.y, place.x, loads_a) + 4u * block_across;
    let start = select(p.b_start + place.z * p.b_batch, p.a_start + place.z * p.a_batch, loads_a);
    // As in matmul_tile.wgsl, the column is mixed with the block's step against conflicts of banks.
    let to = select(512u, 0u, loads_a) + 128u * block_k + (block_across ^ (2u * block_k));
    let x = t % 16u;
    let y = t / 16u;
    var quad = Quad();
    for (var k = 0u; k < steps; k += 16u) {
        var block = mat4x4<f32>();
        if (loads_a) {
            block = a_block(start, across, k + 4u * block_k, steps, along);
        } else {
            block = b_block(start, across, k + 4u * block_k, steps, along);
        }
        workgroupBarrier();
        slab[to] = block[0];
        slab[to + 32u] = block[1];
        slab[to + 64u] = block[2];
        slab[to + 96u] = block[3];
        workgroupBarrier();
        for (var step = 0u; step < 16u; step++) {
            let mix = 2u * (step / 4u);
            let at_a = 32u * step + (y ^ mix);
            let at_b = 512u + 32u * step + (x ^ mix);
            let a0 = slab[at_a];
            let a1 = slab[at_a + 16u];
            let b0 = slab[at_b];
            let b1 = slab[at_b + 16u];
            quad.nw = add_step(quad.nw, a0, b0);
            quad.ne = add_step(quad.ne, a0, b1);
            quad.sw = add_step(quad.sw, a1, b0);
            quad.se = add_step(quad.se, a1, b1);
        }
        if (with_columns && sums_here(place)) {
            for (var step = 0u; step < 16u; step++) {
                let line = select(512u, 0u, p.sums_of_a == 1u) + 32u * step;
                quad.nw.columns += slab[line + ((t % 32u) ^ (2u * (step / 4u)))];
            }
        }
    }
    return quad;
}

fn corner(place: vec3<u32>, t: u32) -> vec2<u32> {
    return vec2<u32>(128u * place.x + 4u * (t / 16u), 128u * place.y + 4u * (t % 16u));
}

fn finish_tile(place: vec3<u32>, t: u32, quad: Quad) {
    let at = corner(place, t);
    finish_four(place.z, at, quad.nw);
    finish_four(place.z, at + vec2<u32>(0u, 64u), quad.ne);
    finish_four(place.z, at + vec2<u32>(64u, 0u), quad.sw);
    finish_four(place.z, at + vec2<u32>(64u, 64u), quad.se);
}

fn store_tile_pre(place: vec3<u32>, t: u32, quad: Quad) {
    let at = corner(place, t);
    store_four_pre(place.z, at, quad.nw);
    store_four_pre(place.z, at + vec2<u32>(0u, 64u), quad.ne);
    store_four_pre(place.z, at + vec2<u32>(64u, 0u), quad.sw);
    store_four_pre(place.z, at + vec2<u32>(64u, 64u), quad.se);
}

fn store_tile_sums(place: vec3<u32>, t: u32, quad: Quad) {
    if (sums_here(place) && t < 32u) {
        store_sums(place.z, 128u * select(place.y, place.x, p.sums_of_a == 1u) + 4u * t, quad.nw.columns);
    }
}

@compute @workgroup_size(256)
fn matmul_large_nn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nn(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_large_nn_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nn_pre(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_large_nt(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nt(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_large_nt_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nt_pre(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_large_tn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_tn(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_large_tn_sums(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_tn_sums(group, groups, t);
}
