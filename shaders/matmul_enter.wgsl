// What is done with each workgroup's tile, whatever its form: multiplied, stored, finished; and four rows of four columns of it.

fn finish_four(batch: u32, at: vec2<u32>, tile: Tile) {
    finish(batch, at.x, at.y, biased(at.y, tile.r0));
    finish(batch, at.x + 1u, at.y, biased(at.y, tile.r1));
    finish(batch, at.x + 2u, at.y, biased(at.y, tile.r2));
    finish(batch, at.x + 3u, at.y, biased(at.y, tile.r3));
}

fn store_four_pre(batch: u32, at: vec2<u32>, tile: Tile) {
    store_pre(batch, at.x, at.y, biased(at.y, tile.r0));
    store_pre(batch, at.x + 1u, at.y, biased(at.y, tile.r1));
    store_pre(batch, at.x + 2u, at.y, biased(at.y, tile.r2));
    store_pre(batch, at.x + 3u, at.y, biased(at.y, tile.r3));
}

fn enter_nn(group: vec3<u32>, groups: vec3<u32>, t: u32) {
    let place = place_of(group, groups);
    if (place.z < p.batch) {
        let tile = product(place, t, true, false, false);
        finish_tile(place, t, tile);
    }
}

fn enter_nn_pre(group: vec3<u32>, groups: vec3<u32>, t: u32) {
    let place = place_of(group, groups);
    if (place.z < p.batch) {
        let tile = product(place, t, true, false, false);
        store_tile_pre(place, t, tile);
        finish_tile(place, t, tile);
    }
}

fn enter_nt(group: vec3<u32>, groups: vec3<u32>, t: u32) {
    let place = place_of(group, groups);
    if (place.z < p.batch) {
        let tile = product(place, t, true, true, false);
        finish_tile(place, t, tile);
    }
}

fn enter_nt_pre(group: vec3<u32>, groups: vec3<u32>, t: u32) {
    let place = place_of(group, groups);
    if (place.z < p.batch) {
        let tile = product(place, t, true, true, false);
        store_tile_pre(place, t, tile);
        finish_tile(place, t, tile);
    }
}
