// Turns pairs of numbers by the angles of their position, or back; copies the rest. One thread a number.

struct Params {
    rows: u32,
    width: u32,
    turned: u32, // numbers of a position that are heads which turn
    head: u32,
    rotary: u32,
    positions: u32,
    interleaved: u32, // 1: pairs are neighbours
    inverse: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>; // (R, W)
@group(0) @binding(1) var<storage, read> positions: array<u32>; // (R)
@group(0) @binding(2) var<storage, read> table: array<f32>; // (P, rotary): cosines, sines
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // (R, W)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn rope(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.rows * p.width) {
        return;
    }
    let c = i % p.width;
    let d = c % p.head;
    var value = x[i];
    if (c < p.turned && d < p.rotary) {
        let half = p.rotary / 2u;
        var pair = d % half;
        var second = d >= half;
        var other = select(i + half, i - half, second);
        if (p.interleaved == 1u) {
            pair = d / 2u;
            second = d % 2u == 1u;
            other = select(i + 1u, i - 1u, second);
        }
        let at = min(positions[i / p.width], p.positions - 1u) * p.rotary + pair;
        var sine = table[at + half];
        if (second != (p.inverse == 1u)) {
            sine = -sine;
        }
        value = value * table[at] - x[other] * sine;
    }
    if (p.accumulate == 1u) {
        value += y[i];
    }
    y[i] = value;
}
