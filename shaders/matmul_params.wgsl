// What all matmul kernels share: their parameters, the tile of a workgroup, four steps of sixteen sums.

struct Params {
    m: u32, // rows of C
    n: u32, // columns of C
    k: u32, // steps of the sums
    k_last: u32, // those of the last batch
    a_step: u32, // numbers between two lines
    b_step: u32,
    c_step: u32,
    a_start: u32, // the first number
    b_start: u32,
    c_start: u32,
    batch: u32,
    a_batch: u32, // numbers between two batches
    b_batch: u32,
    c_batch: u32,
    bias: u32, // 1: add bias to every row
    activation: u32,
    residual: u32, // 1: add residual, which lies as C does
    accumulate: u32, // 1: add to what is there
    sums_of_a: u32, // 1: sums are those of A's columns, 0: of B's
    sums_accumulate: u32,
}

@group(1) @binding(0) var<uniform> p: Params;

// A thread's sums: four rows of four columns.
struct Tile {
    r0: vec4<f32>,
    r1: vec4<f32>,
    r2: vec4<f32>,
    r3: vec4<f32>,
    columns: vec4<f32>, // sums of A's or B's columns, where asked for
}

fn depth(batch: u32) -> u32 {
    return select(p.k, p.k_last, batch + 1u == p.batch);
}

// Tile row, tile column and batch of a workgroup; rows come fastest, so that neighbours share B.
fn place_of(group: vec3<u32>, groups: vec3<u32>) -> vec3<u32> {
    let index = group.y * groups.x + group.x;
    let down = (p.m + TALL - 1u) / TALL;
    let along = (p.n + WIDE - 1u) / WIDE;
    return vec3<u32>(index % down, index / down % along, index / (down * along));
}

// Each column of the summed factor is added up by one tile: the first that meets it.
fn sums_here(place: vec3<u32>) -> bool {
    return select(place.x, place.y, p.sums_of_a == 1u) == 0u;
}

fn add_step(tile: Tile, x: vec4<f32>, y: vec4<f32>) -> Tile {
    return Tile(
        fma(vec4<f32>(x.x), y, tile.r0),
        fma(vec4<f32>(x.y), y, tile.r1),
        fma(vec4<f32>(x.z), y, tile.r2),
        fma(vec4<f32>(x.w), y, tile.r3),
        tile.columns,
    );
}
