// A tile of 4 rows by 32 columns for 256 threads: 8 fours of columns by 32 parts of K, added up in workgroup memory in one
// order. For one token a sequence, where reading B is all there is to do and a square tile would leave the device idle.

var<workgroup> parts: array<vec4<f32>, 256>; // 32 parts of 8 fours of columns

fn product(place: vec3<u32>, t: u32, a_along: bool, b_along: bool, _columns: bool) -> Tile {
    let steps = depth(place.z);
    // Threads side by side read what lies side by side.
    let four = select(t % 8u, t / 32u, b_along);
    let part = select(t / 8u, t % 32u, b_along);
    let column = WIDE * place.y + 4u * four;
    let a_start = p.a_start + place.z * p.a_batch;
    let b_start = p.b_start + place.z * p.b_batch;
    var tile = Tile();
    for (var k = 4u * part; k < steps; k += 128u) {
        let x = a_block(a_start, TALL * place.x, k, steps, a_along);
        let y = b_block(b_start, column, k, steps, b_along);
        tile = add_step(tile, x[0], y[0]);
        tile = add_step(tile, x[1], y[1]);
        tile = add_step(tile, x[2], y[2]);
        tile = add_step(tile, x[3], y[3]);
    }
    let to = 8u * part + four;
    tile.r0 = add_up(t, to, tile.r0);
    tile.r1 = add_up(t, to, tile.r1);
    tile.r2 = add_up(t, to, tile.r2);
    tile.r3 = add_up(t, to, tile.r3);
    return tile;
}

// The sum over the parts of K; thread t < 8 gets that of the t-th four of columns.
fn add_up(t: u32, to: u32, own: vec4<f32>) -> vec4<f32> {
    workgroupBarrier();
    parts[to] = own;
    workgroupBarrier();
    for (var half = 128u; half >= 8u; half >>= 1u) {
        if (t < half) {
            parts[t] += parts[t + half];
        }
        workgroupBarrier();
    }
    return parts[t];
}

fn finish_tile(place: vec3<u32>, t: u32, tile: Tile) {
    if (t < 8u) {
        finish_four(place.z, vec2<u32>(TALL * place.x, WIDE * place.y + 4u * t), tile);
    }
}

fn store_tile_pre(place: vec3<u32>, t: u32, tile: Tile) {
    if (t < 8u) {
        store_four_pre(place.z, vec2<u32>(TALL * place.x, WIDE * place.y + 4u * t), tile);
    }
}
