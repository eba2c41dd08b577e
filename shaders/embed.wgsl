// y = residual + scale table[id - first], a row for each id; an id outside the table gives the residual alone. One thread an element.

struct Params {
    rows: u32,
    width: u32, // C
    vocab: u32, // V
    first: u32, // the id of the table's first row
    residual: u32, // 1: plus `residual`, 2: plus what y holds
    scale: f32,
}

@group(0) @binding(0) var<storage, read> ids: array<u32>; // (R)
@group(0) @binding(1) var<storage, read> table: array<u32>; // (V, C); f32 by their bits, or f16 two to a word
@group(0) @binding(2) var<storage, read> residual: array<f32>; // (R, C)
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // (R, C)
@group(1) @binding(0) var<uniform> p: Params;

const HALF: u32 = 0u; // 1: the table is f16

fn entry(at: u32) -> f32 {
    if (HALF == 1u) {
        let pair = unpack2x16float(table[at / 2u]);
        return select(pair.x, pair.y, at % 2u == 1u);
    }
    return bitcast<f32>(table[at]);
}

@compute @workgroup_size(256)
fn embed(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if (i >= p.rows * p.width) {
        return;
    }
    let id = ids[i / p.width] - p.first;
    var out = 0.0;
    if (id < p.vocab) {
        out = p.scale * entry(id * p.width + i % p.width);
    }
    if (p.residual == 1u) {
        out += residual[i];
    } else if (p.residual == 2u) {
        out += y[i];
    }
    y[i] = out;
}
