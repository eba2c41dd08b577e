// As matmul.wgsl, for a few rows.
//!use activation
//!use matmul_params
//!use matmul_enter
//!use matmul_scalar
//!use matmul_part
const TALL: u32 = 4u; // rows of a tile
const WIDE: u32 = 32u; // columns of a tile
const HALF: u32 = 0u; // 1: B is f16

@compute @workgroup_size(256)
fn matmul_rows_nn(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nn(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_rows_nn_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nn_pre(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_rows_nt(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nt(group, groups, t);
}

@compute @workgroup_size(256)
fn matmul_rows_nt_pre(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) t: u32,
) {
    enter_nt_pre(group, groups, t);
}
