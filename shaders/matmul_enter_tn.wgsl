// As matmul_enter.wgsl where A lies across: the gradients of weights, and the sums of lines that give a bias's.

fn enter_tn(group: vec3<u32>, groups: vec3<u32>, t: u32) {
    let place = place_of(group, groups);
    if (place.z < p.batch) {
        let tile = product(place, t, false, false, false);
        finish_tile(place, t, tile);
    }
}

fn enter_tn_sums(group: vec3<u32>, groups: vec3<u32>, t: u32) {
    let place = place_of(group, groups);
    if (place.z < p.batch) {
        let tile = product(place, t, false, false, true);
        store_tile_sums(place, t, tile);
        finish_tile(place, t, tile);
    }
}
