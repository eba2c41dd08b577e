// As matmul.wgsl, where all widths, strides and offsets are multiples of four. One workgroup a tile.
//!use activation
//!use matmul_params
//!use matmul_enter
//!use matmul_enter_tn
//!use matmul_fours
//!use matmul_tile
const TALL: u32 = 64u; // rows of a tile
const WIDE: u32 = 64u; // columns of a tile
const HALF: u32 = 0u; // 1: B is f16

@compute @workgroup_size(256)
fn matmul_vector_nn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nn(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_vector_nn_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nn_pre(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_vector_nt(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nt(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_vector_nt_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nt_pre(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_vector_tn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_tn(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_vector_tn_sums(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_tn_sums(group, groups, t);
}
