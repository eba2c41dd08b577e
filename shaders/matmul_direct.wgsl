// As matmul.wgsl, without workgroup memory: for adapters in software, where barriers cost more than loads. One thread 4 x 4 sums.
//!use activation
//!use matmul_params
//!use matmul_enter
//!use matmul_enter_tn
//!use matmul_scalar
const TALL: u32 = 32u; // rows of a tile
const WIDE: u32 = 32u; // columns of a tile
const HALF: u32 = 0u; // 1: B is f16

fn corner(place: vec3<u32>, t: u32) -> vec2<u32> {
    return vec2<u32>(TALL * place.x + 4u * (t / 8u), WIDE * place.y + 4u * (t % 8u));
}

fn product(place: vec3<u32>, t: u32, a_along: bool, b_along: bool, with_columns: bool) -> Tile {
    let steps = depth(place.z);
    let at = corner(place, t);
    let a_start = p.a_start + place.z * p.a_batch;
    let b_start = p.b_start + place.z * p.b_batch;
    // Eight threads hold the lines that a tile adds up: along its first row of threads, or down its first column.
    let first = with_columns && sums_here(place) && select(t / 8u, t % 8u, p.sums_of_a == 1u) == 0u;
    var tile = Tile();
    for (var k = 0u; k < steps; k += 4u) {
        let x = a_block(a_start, at.x, k, steps, a_along);
        let y = b_block(b_start, at.y, k, steps, b_along);
        tile = add_step(tile, x[0], y[0]);
        tile = add_step(tile, x[1], y[1]);
        tile = add_step(tile, x[2], y[2]);
        tile = add_step(tile, x[3], y[3]);
        if (first) {
            if (p.sums_of_a == 1u) {
                tile.columns += x[0];
                tile.columns += x[1];
                tile.columns += x[2];
                tile.columns += x[3];
            } else {
                tile.columns += y[0];
                tile.columns += y[1];
                tile.columns += y[2];
                tile.columns += y[3];
            }
        }
    }
    return tile;
}

fn finish_tile(place: vec3<u32>, t: u32, tile: Tile) {
    finish_four(place.z, corner(place, t), tile);
}

fn store_tile_pre(place: vec3<u32>, t: u32, tile: Tile) {
    store_four_pre(place.z, corner(place, t), tile);
}

fn store_tile_sums(place: vec3<u32>, t: u32, tile: Tile) {
    let at = corner(place, t);
    if (sums_here(place) && select(t / 8u, t % 8u, p.sums_of_a == 1u) == 0u) {
        store_sums(place.z, select(at.y, at.x, p.sums_of_a == 1u), tile.columns);
    }
}

@compute @workgroup_size(64)
fn matmul_direct_nn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nn(group, groups, t);
}

@compute @workgroup_size(64)
fn matmul_direct_nn_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nn_pre(group, groups, t);
}

@compute @workgroup_size(64)
fn matmul_direct_nt(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nt(group, groups, t);
}

@compute @workgroup_size(64)
fn matmul_direct_nt_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nt_pre(group, groups, t);
}

@compute @workgroup_size(64)
fn matmul_direct_tn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_tn(group, groups, t);
}

@compute @workgroup_size(64)
fn matmul_direct_tn_sums(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_tn_sums(group, groups, t);
}
