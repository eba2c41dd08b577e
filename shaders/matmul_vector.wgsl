// As matmul.wgsl, where all widths, strides and offsets are multiples of four. One workgroup a tile.
//!use activation
//!use matmul_params
//!use matmul_fours
//!use matmul_tile
const TALL: u32 = 64u; // rows of a tile
const WIDE: u32 = 64u; // columns of a tile

@compute @workgroup_size(256)
fn matmul_vector_nn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let place = place_of(group, groups);
    if (place.z >= p.batch) {
        return;
    }
    let tile = product(place, t, true, false, false);
    finish_tile(place, t, tile);
}

@compute @workgroup_size(256)
fn matmul_vector_nn_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let place = place_of(group, groups);
    if (place.z >= p.batch) {
        return;
    }
    let tile = product(place, t, true, false, false);
    store_tile_pre(place, t, tile);
    finish_tile(place, t, tile);
}

@compute @workgroup_size(256)
fn matmul_vector_nt(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let place = place_of(group, groups);
    if (place.z >= p.batch) {
        return;
    }
    let tile = product(place, t, true, true, false);
    finish_tile(place, t, tile);
}

@compute @workgroup_size(256)
fn matmul_vector_nt_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let place = place_of(group, groups);
    if (place.z >= p.batch) {
        return;
    }
    let tile = product(place, t, true, true, false);
    store_tile_pre(place, t, tile);
    finish_tile(place, t, tile);
}

@compute @workgroup_size(256)
fn matmul_vector_tn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let place = place_of(group, groups);
    if (place.z >= p.batch) {
        return;
    }
    let tile = product(place, t, false, false, false);
    finish_tile(place, t, tile);
}

@compute @workgroup_size(256)
fn matmul_vector_tn_sums(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    let place = place_of(group, groups);
    if (place.z >= p.batch) {
        return;
    }
    let tile = product(place, t, false, false, true);
    store_tile_sums(place, t, tile);
    finish_tile(place, t, tile);
}
