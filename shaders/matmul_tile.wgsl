// A tile of 64 x 64 sums by 256 threads, 4 x 4 each, 32 steps of K a slab, 16 KiB of workgroup memory.
// 128 threads load A, 128 load B, a block of 4 x 4 each, stored step by step, so that both are read as vec4. The column is
// mixed with the block's step, which keeps the threads that store at once on different banks.

var<workgroup> slab: array<vec4<f32>, 1024>; // A: 32 steps of 16, then B

fn product(place: vec3<u32>, t: u32, a_along: bool, b_along: bool, with_columns: bool) -> Tile {
    let steps = depth(place.z);
    let loads_a = t < 128u;
    let half = t % 128u;
    let along = select(b_along, a_along, loads_a);
    // Threads side by side read what lies side by side.
    let block_k = select(half / 16u, half % 8u, along);
    let block_across = select(half % 16u, half / 8u, along);
    let across = 64u * select(place.y, place.x, loads_a) + 4u * block_across;
    let start = select(p.b_start + place.z * p.b_batch, p.a_start + place.z * p.a_batch, loads_a);
    let to = select(512u, 0u, loads_a) + 64u * block_k + (block_across ^ block_k);
    let x = t % 16u;
    let y = t / 16u;
    var tile = Tile();
    for (var k = 0u; k < steps; k += 32u) {
        var block = mat4x4<f32>();
        if (loads_a) {
            block = a_block(start, across, k + 4u * block_k, steps, along);
        } else {
            block = b_block(start, across, k + 4u * block_k, steps, along);
        }
        workgroupBarrier();
        slab[to] = block[0];
        slab[to + 16u] = block[1];
        slab[to + 32u] = block[2];
        slab[to + 48u] = block[3];
        workgroupBarrier();
        for (var four = 0u; four < 8u; four++) {
            let at_a = 64u * four + (y ^ four);
            let at_b = 512u + 64u * four + (x ^ four);
            tile = add_step(tile, slab[at_a], slab[at_b]);
            tile = add_step(tile, slab[at_a + 16u], slab[at_b + 16u]);
            tile = add_step(tile, slab[at_a + 32u], slab[at_b + 32u]);
            tile = add_step(tile, slab[at_a + 48u], slab[at_b + 48u]);
        }
        if (with_columns && sums_here(place)) {
            for (var four = 0u; four < 8u; four++) {
                let at = select(512u, 0u, p.sums_of_a == 1u) + 64u * four + (x ^ four);
                tile.columns += slab[at];
                tile.columns += slab[at + 16u];
                tile.columns += slab[at + 32u];
                tile.columns += slab[at + 48u];
            }
        }
    }
    return tile;
}

fn corner(place: vec3<u32>, t: u32) -> vec2<u32> {
    return vec2<u32>(64u * place.x + 4u * (t / 16u), 64u * place.y + 4u * (t % 16u));
}

fn finish_tile(place: vec3<u32>, t: u32, tile: Tile) {
    finish_four(place.z, corner(place, t), tile);
}

fn store_tile_pre(place: vec3<u32>, t: u32, tile: Tile) {
    store_four_pre(place.z, corner(place, t), tile);
}

fn store_tile_sums(place: vec3<u32>, t: u32, tile: Tile) {
    if (sums_here(place) && t < 16u) {
        store_sums(place.z, 64u * select(place.y, place.x, p.sums_of_a == 1u) + 4u * t, tile.columns);
    }
}
